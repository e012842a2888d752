"""Every error that this project raises on purpose, in one tree.

    ClockifyDagsterError
    ├── SettingsError               a setting or an argument is missing or wrong
    ├── MissingExtraError           a package that an optional part needs is not installed
    ├── ContractError               a document cannot become a row of its table
    ├── ApiError                    Clockify did not give what we asked for
    │   ├── KeyRefusedError         401: no key, an unknown key, a key of another region
    │   ├── NotAllowedError         403: the key's role or the workspace's plan does not allow it
    │   │   └── NotOnThisPlanError  of a table that not every plan or role has
    │   ├── NotThereError           400 with code 501, or 404: deleted, never there, or in another workspace
    │   ├── BadRequestError         any other 4xx, and redirects: asking again cannot help
    │   ├── RateLimitedError        429, for longer than we may wait
    │   ├── ServerFaultError        5xx, for longer than we try
    │   ├── UnreachableError        no connection, or it broke, or a time limit passed
    │   ├── ProxyRefusedError       the proxy that the environment sets wants a login, or forbids the host
    │   ├── UnreadableAnswerError   an answer that is not the JSON we asked for
    │   └── AbortedError            given up by us: the run was stopped, or another part failed
    ├── WarehouseError              the database cannot be read or written
    │   ├── DatabaseLockedError     another process holds the file, or the lock of who writes
    │   ├── DatabaseUnreachableError  a lake's catalog or its storage does not answer
    │   ├── LoadConflictError       another load has written the table while this one read
    │   ├── DatabaseUnusableError   no database, not writable, another version's, or no space left
    │   ├── OtherAccountError       the file holds the workspaces of another account
    │   └── NotLoadedError          a table is asked for that no run has loaded yet
    └── HistoryUnusableError        Dagster's own files cannot be written

The text of an error says what failed, for which workspace or day, why, and what to do. It never holds a key or
personal data. Each layer adds where it happened:
`error.at(workspace=..., project=..., user=..., day=...)`, or `with located(workspace=...):` around what may raise.
How errors become a failed Dagster run does not belong here (`defs/error_boundary.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

Error = TypeVar("Error", bound="ClockifyDagsterError")
_ORDER = ("workspace", "project", "user", "day")  # in which the places are named


class ClockifyDagsterError(Exception):
    """The root. `can_retry` says whether the same attempt, made later and unchanged, may succeed.

    Attributes:
        places: where it happened, as far as it is known: the ids of the workspace, project and user, the day.
        aside: what else the reader must know, such as which other workspaces failed; the text ends with it.
    """

    can_retry = False

    def __init__(self, message: str = "") -> None:
        """Keep the message; where it happened is added by `at`."""
        super().__init__(message)
        self.places: dict[str, str] = {}
        self.aside = ""

    def at(self: Error, **places: object) -> Error:
        """Add where it happened, and give the error back. What is known already stays, and None says nothing."""
        known = {name: str(value) for name, value in places.items() if value is not None} | self.places
        self.places = {name: known[name] for name in dict.fromkeys((*_ORDER, *known)) if name in known}
        return self

    def __str__(self) -> str:
        """The message, where it happened, and what else the reader must know."""
        return f"{self.reason} {self.aside}".rstrip()

    @property
    def reason(self) -> str:
        """The message, and where it happened."""
        where = ", ".join(f"{name} {value}" for name, value in self.places.items())
        return f"{super().__str__()} ({where})" if where else super().__str__()

    def facts(self) -> dict[str, str]:
        """What is known about the failure, by name: for metadata and logs. Holds no secrets."""
        return self.places


@contextmanager
def located(**places: object) -> Iterator[None]:
    """Add where it happened to every error of ours that passes through; see `ClockifyDagsterError.at`."""
    try:
        yield
    except ClockifyDagsterError as error:
        error.at(**places)
        raise


class SettingsError(ClockifyDagsterError):
    """A setting or argument is missing or wrong. The message names it, its fault, and a remedy."""


class MissingExtraError(ClockifyDagsterError):
    """An optional part of the project is used, and the package that it needs is not installed."""


class ContractError(ClockifyDagsterError):
    """A document cannot become a row of its table."""


class ApiError(ClockifyDagsterError):
    """Clockify did not give what we asked for.

    Attributes:
        status: the HTTP status, None where there was no answer.
        endpoint: method and path, without host, query and secrets.
        code: the code in Clockify's error body, None where it gave none.
        tries: how often the request was sent before we gave up.
    """

    def __init__(self, message: str, *, endpoint: str, status: int | None = None, code: int | None = None) -> None:
        """Keep the message and the facts of the failed request."""
        super().__init__(message)
        self.endpoint = endpoint
        self.status = status
        self.code = code
        self.tries = 1

    @property
    def reason(self) -> str:
        """The message, where it happened, and how often we tried if it was more than once."""
        return super().reason + (f" We tried {self.tries} times." if self.tries > 1 else "")

    def facts(self) -> dict[str, str]:
        """Where it happened; endpoint, and status, code and number of tries where there are any."""
        tries = self.tries if self.tries > 1 else None
        asked = {"endpoint": self.endpoint, "status": self.status, "code": self.code, "tries": tries}
        return {**super().facts(), **{name: str(value) for name, value in asked.items() if value is not None}}


class KeyRefusedError(ApiError):
    """401: the key is missing, unknown, or of another region."""


class NotAllowedError(ApiError):
    """403: the role of the key's owner, or the workspace's plan, does not allow the request."""


class NotOnThisPlanError(NotAllowedError):
    """A table is not there for this workspace: its plan lacks it, or the key's role may not read it."""


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


class ProxyRefusedError(ApiError):
    """The proxy that the environment sets answered with 4xx: it wants a login, or does not let us to the host."""


class UnreadableAnswerError(ApiError):
    """An answer that is not the JSON that the endpoint should give."""

    can_retry = True


class AbortedError(ApiError):
    """We gave the request up ourselves, since the run was stopped or another part of it failed."""

    can_retry = True

    def __init__(self, *, endpoint: str) -> None:
        """Say which request it was."""
        super().__init__(
            f"{endpoint} was given up, since the run was stopped or another part of it failed.", endpoint=endpoint
        )


class WarehouseError(ClockifyDagsterError):
    """The database cannot be read or written."""


class DatabaseLockedError(WarehouseError):
    """Another process holds the file, or the lock of who writes, for longer than we may wait."""

    can_retry = True


class LoadConflictError(WarehouseError):
    """Another load has written the table since this one began to read, so what this one read may be out of date."""

    can_retry = True


class DatabaseUnreachableError(WarehouseError):
    """The catalog of a lake, or the storage of its files, does not answer."""

    can_retry = True


class DatabaseUnusableError(WarehouseError):
    """The path holds no database that we can use, or it cannot be written."""


class OtherAccountError(WarehouseError):
    """The file holds workspaces, and the key sees others: it belongs to another account."""


class NotLoadedError(WarehouseError):
    """A table is asked for that no run has loaded yet."""


class HistoryUnusableError(ClockifyDagsterError):
    """Dagster's history cannot be written."""
