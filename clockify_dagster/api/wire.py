"""One exchange over a connection to Clockify: who we are, how long we wait, whether the answer came whole.

The key and nothing else proves who we are. What an answer means is for `answers.py`, another try for
`transport.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from clockify_dagster.api.answers import unpacked
from clockify_dagster.api.bounded import WHOLE_ANSWER, BoundedAdapter
from clockify_dagster.api.clock import Clock
from clockify_dagster.errors import AbortedError, UnreachableError
from clockify_dagster.version import __version__

_CHUNK = 1 << 16

Params = Mapping[str, str | int]
Raw = tuple[int, Mapping[str, str], bytes]


class _Key(AuthBase):
    """Puts the key into its header.

    It is the session's `auth`, not a mere header, so that requests never looks into a .netrc: it would add a
    second credential, which Clockify refuses, and which is none of Clockify's business.
    """

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Api-Key"] = self._key
        return request


class Wire:
    """Sessions that pass from thread to thread, each with connections that are kept alive."""

    def __init__(
        self,
        make: Callable[[], requests.Session],
        key: str,
        timeout: float,
        clock: Clock,
        is_halted: Callable[[], bool],
    ) -> None:
        """Nothing is opened yet. `make` makes a session, as many as threads ask at once."""
        self._make = make
        self._key = key
        self._timeout = timeout
        self._clock = clock
        self._is_halted = is_halted
        self._idle: deque[requests.Session] = deque()
        self._closed = False

    def close(self) -> None:
        """Close all connections; those in use as soon as their exchange ends."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def exchange(self, method: str, url: str, params: Params | None, body: Any, endpoint: str) -> Raw:
        """Status, headers and whole body of the answer. Raises `UnreachableError`."""
        try:
            with self._session() as session:
                return self._exchange(session, method, url, params, body, endpoint)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise UnreachableError(_unreachable(url, endpoint, error, self._timeout), endpoint=endpoint) from None

    def _exchange(
        self,
        session: requests.Session,
        method: str,
        url: str,
        params: Params | None,
        body: Any,
        endpoint: str,
    ) -> Raw:
        deadline = self._clock.monotonic() + WHOLE_ANSWER * self._timeout
        with session.request(
            method,
            url,
            params=cast("dict[str, str | int]", params),
            json=body,
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            packed = self._read(response, deadline, endpoint)
        encoding = response.headers.get("Content-Encoding", "")
        return response.status_code, response.headers, unpacked(packed, encoding, endpoint)

    def _read(self, response: requests.Response, deadline: float, endpoint: str) -> bytes:
        """The body as it came, within a limit on the whole of it.

        `read1` gives what one look at the socket brings. `iter_content` would fill its piece first, and look
        at no clock for hours while a server drips.
        """
        pieces = []
        while piece := response.raw.read1(_CHUNK, decode_content=False):
            pieces.append(piece)
            if self._is_halted():
                raise aborted(endpoint)
            if self._clock.monotonic() > deadline:
                raise UnreachableError(
                    f"{endpoint}: the answer came so slowly that it was not whole after "
                    f"{WHOLE_ANSWER * self._timeout:g} s. Try again later, or raise "
                    f"CLOCKIFY_TIMEOUT_SECONDS.",
                    endpoint=endpoint,
                )
        return b"".join(pieces)

    @contextmanager
    def _session(self) -> Iterator[requests.Session]:
        """A session that no other thread uses now."""
        try:
            session = self._idle.pop()
        except IndexError:
            session = self._new_session()
        try:
            yield session
        finally:
            self._idle.append(session)
            if self._closed:
                self.close()

    def _new_session(self) -> requests.Session:
        """Proxies and certificates of the environment hold; TLS is verified; cookies are not kept."""
        session = self._make()
        session.auth = _Key(self._key)
        session.verify = True
        for scheme in ("https://", "http://"):
            session.mount(scheme, BoundedAdapter())
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.update(
            {
                "User-Agent": f"clockify_dagster/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
            }
        )
        return session


def aborted(endpoint: str) -> AbortedError:
    """What to raise when a request is given up because nobody waits for it any more."""
    return AbortedError(
        f"{endpoint} was given up, since the run was stopped or another part of it failed.", endpoint=endpoint
    )


def _unreachable(url: str, endpoint: str, error: Exception, timeout: float) -> str:
    parts = urlsplit(url)
    host = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    text = str(error)
    if isinstance(error, requests.exceptions.SSLError):
        why = "its TLS certificate cannot be verified; is there a proxy between?"
    elif isinstance(error, requests.exceptions.ProxyError):
        why = "the proxy that the environment sets (HTTPS_PROXY) does not let us through"
    elif isinstance(error, requests.exceptions.ConnectTimeout):
        why = f"no connection within {timeout:g} s (CLOCKIFY_TIMEOUT_SECONDS)"
    elif isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        why = f"nothing came for {timeout:g} s (CLOCKIFY_TIMEOUT_SECONDS)"
    elif isinstance(error, urllib3.exceptions.ProtocolError):
        why = "the connection broke in the middle of the answer"
    elif "refused" in text:
        why = "nobody listens at that address"
    elif "resolve" in text or "getaddrinfo" in text:
        why = "the name of the host is unknown"
    else:
        why = f"the connection failed ({type(error).__name__})"
    return f"{endpoint} to {host}: {why}. Check the network and CLOCKIFY_REGION or CLOCKIFY_API_URL."
