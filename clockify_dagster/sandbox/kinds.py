"""The kinds of fault: each changes the request, the answer, or how it is sent."""

# ruff: noqa: ARG002 - a kind takes what all kinds are given, and uses what it needs

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

from .account import Account
from .messages import Request, Response


@dataclass
class Connection:
    """The open connection, and the event that ends every wait when the server stops."""

    socket: socket.socket
    stopping: Event

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.socket.sendall(data)

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than the server lives."""
        self.stopping.wait(seconds)


class Kind:
    """A kind of fault; each does one of these four things, and leaves the rest as it is."""

    sends = False  # whether it sends the answer in a way of its own
    closes = False  # whether the connection is closed behind it
    silent = False  # whether no answer goes out at all

    def ask(self, request: Request) -> Request:
        """Change the request before it is answered."""
        return request

    def answer(self, request: Request, response: Response) -> Response:
        """Change the answer, or put another in its place."""
        return response

    def after(self, account: Account) -> None:
        """Do something once the answer is made up, before the client can see it."""

    def send(self, connection: Connection, head: bytes, body: bytes) -> None:
        """Send the answer in a way of its own."""
        connection.send(head + body)


@dataclass
class Status(Kind):
    """Another status. A `retry_after` goes out as it is: seconds, or an HTTP date."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: int | str | None = None

    def answer(self, request: Request, response: Response) -> Response:
        """Text bodies are HTML, as a proxy's are; without a body it is Clockify's own error object."""
        message = "Too many requests" if self.status == 429 else "Something went wrong"
        body = {"message": message, "code": self.status} if self.body is None else self.body
        wait = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if isinstance(body, str):
            return Response(body.encode(), self.status, {**self.headers, **wait}, "text/html")
        return Response(body, self.status, {**self.headers, **wait})


@dataclass
class EchoKey(Kind):
    """An error whose message repeats the key."""

    status: int = 500

    def answer(self, request: Request, response: Response) -> Response:
        """Put the key into the message."""
        return Response({"message": f"cannot serve key {request.key}", "code": self.status}, self.status)


@dataclass
class Redirect(Kind):
    """A redirect to another address."""

    url: str
    status: int = 307

    def answer(self, request: Request, response: Response) -> Response:
        """Name the other address."""
        return Response(b"", self.status, {"Location": self.url})


@dataclass
class Body(Kind):
    """A body that is no list: HTML with 200, half a JSON text, `null`, an object."""

    body: Any = "<html><body>Please sign in</body></html>"
    content_type: str = "text/html"

    def answer(self, request: Request, response: Response) -> Response:
        """Text goes out as it is, under that content type; all else as JSON."""
        if isinstance(self.body, str):
            return replace(response, payload=self.body.encode(), content_type=self.content_type)
        return replace(response, payload=self.body)


@dataclass
class LastPage(Kind):
    """Another Last-Page header: another value, another name, or none with `name=None`."""

    value: str | None = None
    name: str | None = "Last-Page"

    def answer(self, request: Request, response: Response) -> Response:
        """Take the header out and put the other in."""
        headers = {name: value for name, value in response.headers.items() if name.lower() != "last-page"}
        held = next((v for n, v in response.headers.items() if n.lower() == "last-page"), "false")
        if self.name is not None:
            headers[self.name] = held if self.value is None else self.value
        return replace(response, headers=headers)


@dataclass
class SamePage(Kind):
    """The same page again and again, whichever was asked for."""

    page: int = 1
    value: str | None = "false"

    def ask(self, request: Request) -> Request:
        """Ask for that page instead; the record of the request stays as it was sent."""
        if isinstance(request.body, dict):
            return replace(request, body=_on_page(self.page, request.body))
        return replace(request, query={**request.query, "page": [str(self.page)]})

    def answer(self, request: Request, response: Response) -> Response:
        """Say that more follows, unless `value` is None."""
        return response if self.value is None else LastPage(self.value).answer(request, response)


@dataclass
class Doubled(Kind):
    """Every row of a list twice."""

    def answer(self, request: Request, response: Response) -> Response:
        """Double the rows."""
        return replace(response, payload=_doubled(response.payload))


@dataclass
class After(Kind):
    """Something that happens to the account right after the request: entries come or go between pages."""

    do: Callable[[Account], object]

    def after(self, account: Account) -> None:
        """Let it happen."""
        self.do(account)


@dataclass
class Close(Kind):
    """The connection is closed without a byte of an answer."""

    sends = closes = silent = True

    def send(self, connection: Connection, head: bytes, body: bytes) -> None:
        """Send nothing."""


@dataclass
class Cut(Kind):
    """The body ends early, though Content-Length promises more."""

    sends = closes = True
    share: float = 0.5

    def send(self, connection: Connection, head: bytes, body: bytes) -> None:
        """Send a share of the body."""
        connection.send(head + body[: int(len(body) * self.share)])


@dataclass
class Reset(Kind):
    """The connection is reset in the middle of the body."""

    sends = closes = True

    def send(self, connection: Connection, head: bytes, body: bytes) -> None:
        """Send half; closing a socket that must not linger sends a reset."""
        connection.send(head + body[: len(body) // 2])
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@dataclass
class Stall(Kind):
    """Silence before the answer, or with `inside` in the middle of its body."""

    sends = True
    seconds: float
    inside: bool = False

    def send(self, connection: Connection, head: bytes, body: bytes) -> None:
        """Send the answer, with a silence."""
        half = len(body) // 2 if self.inside else 0
        if self.inside:
            connection.send(head + body[:half])
        connection.wait(self.seconds)
        connection.send(body[half:] if self.inside else head + body)


@dataclass
class Drip(Kind):
    """The body comes in small parts with pauses: never silent for long, never complete."""

    sends = True
    pause: float = 0.05
    size: int = 1

    def send(self, connection: Connection, head: bytes, body: bytes) -> None:
        """Send part by part until all is sent or the server stops."""
        connection.send(head)
        for position in range(0, len(body), self.size):
            if connection.stopping.is_set():
                break
            connection.send(body[position : position + self.size])
            connection.wait(self.pause)


def _doubled(payload: Any) -> Any:
    """A list's rows twice, also where the list stands within an envelope."""
    if isinstance(payload, dict):
        return {name: _doubled(value) for name, value in payload.items()}
    return [row for row in payload for _ in range(2)] if isinstance(payload, list) else payload


def _on_page(page: int, body: Any) -> Any:
    """A POST's body with another page, also where a report has it: in its own filter."""
    if not isinstance(body, dict):
        return body
    return {name: page if name == "page" else _on_page(page, value) for name, value in body.items()}
