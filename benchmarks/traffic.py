"""What goes to and from an S3 server: a forwarder on this machine that counts requests and bytes, headers included."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_REQUEST = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE) \S+ HTTP/1\.1\r\n")
_MEGABYTE = 1_000_000


@dataclass
class Traffic:
    """What was counted since the last `taken`; bytes as the client sees them."""

    requests: int = 0
    sent: int = 0
    received: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def taken(self) -> str:
        """The counts as columns of 10 characters, megabytes; they begin anew."""
        with self._lock:
            line = f"{self.requests:>10,}{self.sent / _MEGABYTE:>10.2f}{self.received / _MEGABYTE:>10.2f}"
            self.requests = self.sent = self.received = 0
        return line

    def count(self, part: bytes, *, is_sent: bool) -> None:
        """Count a part of what goes one way."""
        with self._lock:
            if is_sent:
                self.sent += len(part)
                self.requests += len(_REQUEST.findall(part))
            else:
                self.received += len(part)


HEADER = f"{'requests':>10}{'sent, MB':>10}{'got, MB':>10}"


@contextmanager
def counted() -> Iterator[Traffic]:
    """Count what goes to AWS_ENDPOINT_URL, which leads through here meanwhile; nothing where it is not set."""
    traffic, url = Traffic(), os.environ.get("AWS_ENDPOINT_URL", "")
    if not url:
        yield traffic
        return
    server = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_accept, args=(listening, server.hostname, server.port, traffic), daemon=True).start()
        os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            yield traffic
        finally:
            os.environ["AWS_ENDPOINT_URL"] = url


def _accept(listening: socket.socket, host: str, port: int, traffic: Traffic) -> None:
    with suppress(OSError):  # it is closed at the end
        while True:
            client, _ = listening.accept()
            server = socket.create_connection((host, port))
            for one, other, is_sent in ((client, server, True), (server, client, False)):
                threading.Thread(target=_forward, args=(one, other, traffic, is_sent), daemon=True).start()


def _forward(one: socket.socket, other: socket.socket, traffic: Traffic, is_sent: bool) -> None:
    with suppress(OSError):
        while part := one.recv(1 << 18):
            traffic.count(part, is_sent=is_sent)
            other.sendall(part)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)
