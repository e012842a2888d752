"""Every error that this project raises on purpose, in one tree.

    ClockifyDagsterError
    ├── SettingsError               a setting or an argument is missing or wrong
    ├── ContractError               a document cannot become a row: a key or an entry's start does not fit its type
    ├── ApiError                    Clockify did not give what we asked for
    │   ├── KeyRefusedError         401: no key, an unknown key, a key of another region
    │   ├── NotAllowedError         403: the key's role or the workspace's plan does not allow it
    │   ├── NotThereError           400 with code 501, or 404: deleted, never there, or in another workspace
    │   ├── BadRequestError         any other 4xx, and redirects: asking again cannot help
    │   ├── RateLimitedError        429, for longer than we may wait
    │   ├── ServerFaultError        5xx, for longer than we try
    │   ├── UnreachableError        no connection, or it broke, or a time limit passed
    │   └── UnreadableAnswerError   an answer that is not the JSON we asked for
    └── WarehouseError              the DuckDB file cannot be read or written
        ├── DatabaseLockedError     another process holds the file
        ├── DatabaseUnusableError   no database, not writable, another version's, or no space left
        └── NotLoadedError          a table is asked for that no run has loaded yet

The text of an error is for the person who reads it at night: what failed, for which workspace or day, why, what to do. It
never holds a key or personal data. What does not belong here: how errors become a failed Dagster run (`defs/failures.py`).
"""

from __future__ import annotations


class ClockifyDagsterError(Exception):
    """The root. `can_retry` says whether the same attempt, made later and unchanged, may succeed."""

    can_retry = False

    def facts(self) -> dict[str, str]:
        """What is known about the failure, by name: for metadata and logs. Holds no secrets."""
        return {}


class SettingsError(ClockifyDagsterError):
    """A setting or argument is missing or wrong. The message names it, its fault, and what to write instead."""


class ContractError(ClockifyDagsterError):
    """A document cannot become a row of its table."""


class ApiError(ClockifyDagsterError):
    """Clockify did not give what we asked for.

    Attributes:
        status: the HTTP status, None where there was no answer.
        endpoint: method and path, without host, query and secrets.
        code: the code in Clockify's error body, None where it gave none.
    """

    def __init__(
        self, message: str, *, endpoint: str, status: int | None = None, code: int | None = None
    ) -> None:
        """Keep the message and the facts of the failed request."""
        super().__init__(message)
        self.endpoint = endpoint
        self.status = status
        self.code = code

    def facts(self) -> dict[str, str]:
        """Endpoint, and status and code where there are any."""
        known = {"endpoint": self.endpoint, "status": self.status, "code": self.code}
        return {name: str(value) for name, value in known.items() if value is not None}


class KeyRefusedError(ApiError):
    """401: the key is missing, unknown, or of another region."""


class NotAllowedError(ApiError):
    """403: the role of the key's owner, or the workspace's plan, does not allow the request."""


class NotThereError(ApiError):
    """The entity or the route does not exist: 400 with code 501 (Clockify's way), or 404."""


class BadRequestError(ApiError):
    """Any other 4xx and every redirect: asking again cannot help."""


class RateLimitedError(ApiError):
    """429. `retry_after` is how many seconds Clockify asks us to wait, None where it does not say."""

    can_retry = True

    def __init__(self, message: str, *, endpoint: str, retry_after: float | None = None) -> None:
        """Keep the pause that the answer asks for."""
        super().__init__(message, endpoint=endpoint, status=429)
        self.retry_after = retry_after


class ServerFaultError(ApiError):
    """5xx: Clockify's side failed."""

    can_retry = True


class UnreachableError(ApiError):
    """No connection to the host, or it broke, or a time limit passed."""

    can_retry = True


class UnreadableAnswerError(ApiError):
    """An answer that is not the JSON that the endpoint should give."""

    can_retry = True


class WarehouseError(ClockifyDagsterError):
    """The DuckDB file cannot be read or written."""


class DatabaseLockedError(WarehouseError):
    """Another process holds the file, for longer than we may wait."""

    can_retry = True


class DatabaseUnusableError(WarehouseError):
    """The path holds no database that we can use, or it cannot be written."""


class NotLoadedError(WarehouseError):
    """A table is asked for that no run has loaded yet."""
