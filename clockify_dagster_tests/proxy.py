"""A real proxy on loopback, for tunnels (CONNECT) alone, which keeps what it was sent; and TLS for the sandbox."""

from __future__ import annotations

import base64
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import pytest
import trustme

from clockify_dagster.api.network import CERTIFICATES
from clockify_dagster.sandbox import Sandbox

HOST = "api.clockify.example"
"""A host that no name server knows, so that only the proxy can reach it."""
HANGS_UP = 0  # a status
TLS = b"\x16"  # how a client begins that wants to encrypt


def forget_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a proxy and certificates of a company in the environment."""
    for name in list(os.environ):
        if name.upper().endswith("_PROXY") or name in CERTIFICATES:
            monkeypatch.delenv(name)


@dataclass
class Proxy:
    """A proxy that leads to one server, whatever host it is asked for.

    Attributes:
        login: `user:password` that it asks for; empty for none.
        status: what it answers to CONNECT with, unless the login is missing.
        received: what it was sent, one text for each request; of a tunnel what came before it was open.
    """

    target: tuple[str, int]
    login: str = ""
    status: int = 200
    received: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                connection, _ = listener.accept()
            except ssl.SSLError:  # somebody who does not trust our certificate
                continue
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head and head[:1] != TLS and (received := connection.recv(65536)):
                head += received
            self.received.append(head.decode("latin-1"))
            expected = f"Proxy-Authorization: Basic {base64.b64encode(self.login.encode()).decode()}\r\n"
            status = 407 if self.login and expected not in self.received[-1] else self.status
            if status == HANGS_UP:
                return
            if status != 200 or not head.startswith(b"CONNECT "):
                connection.sendall(f"HTTP/1.1 {status} So be it\r\nContent-Length: 0\r\n\r\n".encode())
                return
            with socket.create_connection(self.target, timeout=30) as server:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pass_on, args=(server, connection), daemon=True)
                back.start()
                _pass_on(connection, server)
                back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def proxying(target: tuple[str, int], authority: trustme.CA | None = None, **options: object) -> Iterator[Proxy]:
    """A proxy in front of a server, itself with TLS where an authority is given; options are those of `Proxy`."""
    proxy = Proxy(target, **options)  # type: ignore[arg-type]
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        proxy.port = listener.getsockname()[1]
        if authority is not None:
            listener = stack.enter_context(_context(authority, "127.0.0.1").wrap_socket(listener, server_side=True))
        threading.Thread(target=proxy.serve, args=(listener,), daemon=True).start()
        try:
            yield proxy
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # which ends the thread's wait


@contextmanager
def with_certificate(sandbox: Sandbox, authority: trustme.CA, *hosts: str) -> Iterator[tuple[str, int]]:
    """Let the sandbox speak TLS for these hosts; gives its address."""
    server = sandbox._server
    assert server is not None
    plain, secure = server.socket, _context(authority, *hosts).wrap_socket(server.socket, server_side=True)
    server.socket = secure
    yield secure.getsockname()
    secure.close()
    plain.close()


def _context(authority: trustme.CA, *hosts: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    return context
