"""The HTTP server: sockets, compression, latency, the record of requests. It knows no route."""

from __future__ import annotations

import gzip
import http.client
import ipaddress
import json
import socket
import sys
import time
import traceback
from datetime import timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .account import Account
from .faults import Faults
from .kinds import Connection, Kind
from .messages import Request, Response
from .routes import respond


class Sandbox:
    """A Clockify on loopback: `with Sandbox(account) as sandbox:`, or `start()` and `stop()`."""

    def __init__(self, account: Account | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Prepare a server; port 0 takes a free one, which it keeps when it is stopped and started again."""
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the sandbox serves this machine only; {host} is no loopback address")
        self.account = account or Account()
        self.faults = Faults()
        self.stopping = Event()
        self._host, self._port = host, port
        self._requests: list[Request] = []
        self._lock = Lock()
        self._server: _Server | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Sandbox:
        """Start serving."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        self.stop()

    def start(self) -> Sandbox:
        """Serve from a daemon thread; OSError when the port is taken."""
        self.stopping.clear()
        self._server = _Server((self._host, self._port), self)
        self._port = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving, and end every connection and every wait."""
        if self._server is None or self._thread is None:
            return
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.end_connections()
        self._server = self._thread = None

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://{self._host}:{self._port}"

    @property
    def api_url(self) -> str:
        """The address of the core API."""
        return f"{self.origin}/api/v1"

    @property
    def reports_url(self) -> str:
        """The address of the reports API; `/report/v1` on the same port answers alike."""
        return f"{self.origin}/v1"

    @property
    def api_key(self) -> str:
        """The key of the account's owner."""
        return self.account.key

    @property
    def requests(self) -> list[Request]:
        """What was asked so far, in the order in which it was answered; status 0 means no answer was sent."""
        with self._lock:
            return list(self._requests)

    def reset_requests(self) -> None:
        """Forget what was asked so far."""
        with self._lock:
            self._requests.clear()

    def record(self, request: Request) -> None:
        """Write a request down."""
        with self._lock:
            self._requests.append(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._open: set[socket.socket] = set()
        self._open_lock = Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """Wake the threads that wait for a next request on a connection kept alive; they then close it."""
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # noqa: PERF203 - the other side was faster
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Ignore a client that goes away in the middle of an answer; print every other error."""
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    do_PUT = do_POST  # noqa: N815
    do_PATCH = do_POST  # noqa: N815
    do_DELETE = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def _serve(self) -> None:
        sandbox = self.server.sandbox
        request = self._request()
        sandbox.stopping.wait(sandbox.account.latency_seconds)
        kinds = sandbox.faults.striking(self.command, self.path)
        response, body = _answered(sandbox.account, request, kinds)
        head, body = self._packed(response, body)
        connection = Connection(self.connection, sandbox.stopping)
        sender = next((kind for kind in kinds if kind.sends), Kind())
        request.status = 0 if sender.silent else response.status
        sandbox.record(request)
        sender.send(connection, head, body)
        if sender.closes:
            self.close_connection = True

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "x-api-key"}
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw
        query = parse_qs(parts.query, keep_blank_values=True)
        key = self.headers.get("X-Api-Key")
        return Request(self.command, parts.path, query, headers, body, time.monotonic(), key=key)

    def _packed(self, response: Response, body: bytes) -> tuple[bytes, bytes]:
        date = format_datetime(self.server.sandbox.account.now().astimezone(timezone.utc), usegmt=True)
        headers = {"Date": date, "Content-Type": response.content_type, **response.headers}
        if len(body) > 1000 and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(body))
        reason = http.client.responses.get(response.status, "")
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {response.status} {reason}\r\n{fields}\r\n".encode("latin-1"), body


def _answered(account: Account, request: Request, kinds: list[Kind]) -> tuple[Response, bytes]:
    """The answer and its bytes, made under the lock: no one may change a document while it is written."""
    try:
        for kind in kinds:  # outside of the lock, since a fault may wait for another request
            request = kind.ask(request)
        with account.lock:
            return _made_up(account, request, kinds)
    except Exception as error:  # whatever a test's callback or document does, it must be seen at once
        traceback.print_exc()
        payload = {"message": f"the sandbox itself failed: {error!r}", "code": 500}
        return Response(payload, 500), json.dumps(payload).encode()


def _made_up(account: Account, request: Request, kinds: list[Kind]) -> tuple[Response, bytes]:
    response = respond(account, request)
    for kind in kinds:
        response = kind.answer(request, response)
    payload = response.payload
    body = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
    for kind in kinds:
        kind.after(account)
    return response, body
