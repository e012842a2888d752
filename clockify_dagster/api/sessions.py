"""HTTP sessions that are kept alive and reused, and one deadline over each exchange of a request and its answer.

The exchange runs in a thread of its own, and the caller waits for it: a socket's own time limit begins anew with every
byte, so a server that sends one now and then, be it in the headers, would hold the caller for ever.
"""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3

from clockify_dagster.api import network
from clockify_dagster.api.answers import decompressed
from clockify_dagster.api.clock import SLICE, Clock
from clockify_dagster.errors import AbortedError, UnreachableError
from clockify_dagster.version import __version__

WHOLE_ANSWER = 10  # a whole answer may take this many times the limit on a silence
_CHUNK = 1 << 16
_HEADERS = {"User-Agent": f"clockify_dagster/{__version__}", "Accept": "application/json", "Accept-Encoding": "gzip"}

Exchanged = tuple[int, Mapping[str, str], bytes]


class SessionPool:
    """Sessions that pass from thread to thread, each with a connection that is kept alive."""

    def __init__(self, make: Callable[[], requests.Session], key: str, timeout: float, clock: Clock) -> None:
        """Nothing is opened yet. `make` makes a session; there are as many as requests at once."""
        self._make = make
        self._key = key
        self._timeout = timeout
        self._clock = clock
        self._idle: deque[requests.Session] = deque()
        self._is_closed = False

    def close(self) -> None:
        """Close all connections; those in use as soon as their exchange ends."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    def exchange(self, request: Mapping[str, Any], endpoint: str, is_halted: Callable[[], bool]) -> Exchanged:
        """Status, headers and whole body of the answer. `request` is what `Session.request` takes.

        Raises `UnreachableError`, also where the answer is not whole in time, `ProxyRefusedError`, `AbortedError` when
        halted, and `SettingsError` where the environment names a proxy or certificates that cannot be used.
        """
        deadline = self._clock.monotonic() + WHOLE_ANSWER * self._timeout
        future: Future[Exchanged] = Future()
        given_up = threading.Event()
        # A daemon: a server may hold it after everybody has left.
        thread = threading.Thread(target=self._run, args=(request, future, given_up), name=endpoint, daemon=True)
        try:
            thread.start()
            while not wait([future], SLICE).done:
                if is_halted():
                    raise AbortedError(endpoint=endpoint)
                if self._clock.monotonic() > deadline:
                    raise UnreachableError(
                        f"{endpoint}: the answer came so slowly that it was not whole after "
                        f"{WHOLE_ANSWER * self._timeout:g} s. Try again later, or raise CLOCKIFY_TIMEOUT_SECONDS.",
                        endpoint=endpoint,
                    )
            status, headers, packed = future.result()
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
            raise network.error_of(error, str(request["url"]), endpoint, self._timeout) from None
        finally:
            given_up.set()
        return status, headers, decompressed(packed, headers.get("Content-Encoding", ""), endpoint)

    def new_session(self) -> requests.Session:
        """A new session, TLS verified, and no cookies stored. Of the environment it knows only what we ask of it."""
        session = self._make()
        # No .netrc, whose credential would go out beside the key; for the rest of the environment see `network.py`.
        session.trust_env = False
        session.auth = self._with_key
        session.verify = True
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.update(_HEADERS)
        return session

    def _run(self, request: Mapping[str, Any], future: Future[Exchanged], given_up: threading.Event) -> None:
        """Send a request and read the whole answer. Whoever gives it up leaves a session that nobody may use again."""
        try:
            try:
                session = self._idle.pop()
            except IndexError:
                session = self.new_session()
            try:
                options = {**network.way_to(str(request["url"])), "timeout": self._timeout}
                with session.request(**request, **options, allow_redirects=False, stream=True) as response:
                    # `read1` gives what one look at the socket brings, so that giving up is noticed soon. One buffer
                    # takes half the processor time of chunks that are joined in the end.
                    buffer = io.BytesIO()
                    while not given_up.is_set() and (chunk := response.raw.read1(_CHUNK, decode_content=False)):
                        buffer.write(chunk)
            finally:
                if given_up.is_set():
                    session.close()
                else:
                    self._idle.append(session)
                if self._is_closed:
                    self.close()
            future.set_result((response.status_code, response.headers, buffer.getvalue()))
        except BaseException as error:  # the caller raises it
            future.set_exception(error)

    def _with_key(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        network.check_key_may_go_to(str(request.url))
        request.headers["X-Api-Key"] = self._key
        return request
