"""A limit on the time that a whole answer may take, its headers included.

The time limit of a socket begins anew with every byte: a server that sends one now and then would hold us for ever.
"""

from __future__ import annotations

import http.client
import io
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

WHOLE_ANSWER = 10  # an answer may take this many times the limit between two pieces


class _Limited(io.RawIOBase):
    """Reads from a socket until a moment of `time.monotonic`; then it raises `TimeoutError`."""

    def __init__(self, source: io.RawIOBase, deadline: float) -> None:
        self._source = source
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        if time.monotonic() > self._deadline:
            raise TimeoutError("the answer was not whole in time")
        return self._source.readinto(buffer)

    def close(self) -> None:
        self._source.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer that must be read within so many times the socket's own time limit."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        patience = sock.gettimeout()
        if patience is not None:
            raw = self.fp.detach()  # of a buffered reader over the socket
            self.fp = io.BufferedReader(_Limited(raw, time.monotonic() + WHOLE_ANSWER * patience))


class _Connection(HTTPConnection):
    response_class = _Answer


class _TLSConnection(HTTPSConnection):
    response_class = _Answer


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


_POOLS: dict[str, type] = {"http": _Pool, "https": _TLSPool}


class BoundedAdapter(HTTPAdapter):
    """What a session sends its requests by, directly or through a proxy of HTTP."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the connections of our kind."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """Make those through a proxy of our kind as well."""
        manager = super().proxy_manager_for(*args, **options)
        if type(manager) is ProxyManager:
            manager.pool_classes_by_scheme = _POOLS
        return manager
