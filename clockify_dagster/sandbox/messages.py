"""A request, a response and a refusal, as the routes see them; no sockets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .account import Account
from .state import Key, Workspace

NO_KEY, UNKNOWN_KEY, MISSING_ENTITY, UNKNOWN_ROUTE = 1000, 4003, 501, 3000


@dataclass
class Request:
    """What a client sent. The record of it keeps the headers without the key."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any = None
    started: float = 0.0
    status: int = 0
    key: str | None = field(default=None, repr=False)

    def one(self, name: str) -> str | None:
        """A parameter's value, the last one where it is repeated; None where it is missing."""
        values = self.query.get(name)
        return values[-1] if values else None

    def many(self, name: str) -> list[str]:
        """All values of a parameter that may be repeated, or written with commas between them."""
        return [part for value in self.query.get(name, []) for part in value.split(",") if part]

    def flag(self, name: str) -> bool | None:
        """A yes or no parameter; None where it is missing or empty."""
        value = self.one(name)
        return value.lower() == "true" if value else None


@dataclass
class Response:
    """What goes back: `payload` is written as JSON, or as it is when it is already bytes."""

    payload: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=UTF-8"


class Refusal(Exception):  # noqa: N818 - Clockify refuses; that is no error of the sandbox
    """Clockify's answer when it says no: a status and a body of `message` and `code`, nothing else."""

    def __init__(self, status: int, message: str, code: int, headers: dict[str, str] | None = None) -> None:
        """Make a refusal."""
        super().__init__(message)
        self.response = Response({"message": message, "code": code}, status, dict(headers or {}))


def missing(what: str, identity: str) -> Refusal:
    """Clockify answers 400 with code 501, not 404, for what was deleted or belongs to another workspace."""
    return Refusal(400, f"{what} with id {identity} doesn't belong to Workspace", MISSING_ENTITY)


def denied() -> Refusal:
    """The answer to a role, or to a plan, that may not do this."""
    return Refusal(403, "Access Denied", 403)


def invalid(message: str) -> Refusal:
    """The answer to a parameter that cannot be read; its code is the sandbox's guess."""
    return Refusal(400, message, 400)


@dataclass
class Call:
    """An accepted request: who sent it, to which workspace, and the variable parts of its path by name."""

    account: Account
    request: Request
    key: Key
    place: Workspace | None
    path_values: dict[str, str]

    @property
    def workspace(self) -> Workspace:
        """The workspace the path names."""
        if self.place is None:
            raise LookupError("this route has no workspace in its path")
        return self.place

    def is_self(self, user_id: str) -> bool:
        """Whether the key belongs to that person."""
        user = self.account.user_of(self.key)
        return user is not None and user["id"] == user_id

    def require_feature(self, name: str) -> None:
        """Refuse a workspace whose plan lacks the feature; one that says nothing of features has them all."""
        features = self.workspace.document.get("features")
        if features is not None and name not in features:
            raise denied()

    def require_admin(self) -> None:
        """Refuse plain members."""
        if self.key.role == "MEMBER":
            raise denied()
