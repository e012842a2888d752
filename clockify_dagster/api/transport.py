"""The one place that sends requests: time limits, pace, retries, no redirects with the key, counting.

It stands on `sessions.py` (one exchange over a connection), `limit.py` (what 429 means for all threads), and
`answers.py` (what an answer says).
"""

from __future__ import annotations

import logging
import random
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import requests

from clockify_dagster import errors
from clockify_dagster.api.answers import error_of, moment_of, parsed
from clockify_dagster.api.clock import Clock, is_context_halted
from clockify_dagster.api.limit import RateLimit
from clockify_dagster.api.sessions import SessionPool

MAX_TRIES = 6
TRIES_WHEN_DOWN = 2  # where a request before was given up, and none of its kind has got through since
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
LONGEST_TRYING = 900.0  # after so many seconds of failing there is no other try, however few there were

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """A good answer: its body as received and its headers, whose names match in any case."""

    body: bytes
    headers: Mapping[str, str]
    endpoint: str

    @cached_property
    def document(self) -> Any:
        """Its JSON. Raises `UnreadableAnswerError` where the body is not JSON."""
        return parsed(self.body, self.endpoint)


class Transport(AbstractContextManager["Transport"]):
    """Sends requests to Clockify, or raises an `ApiError`. Any thread may use it."""

    def __init__(
        self,
        api_key: str,
        *,
        requests_per_second: float = 10,
        timeout: float = 60,
        max_wait: float = 7200,
        sessions: Callable[[], requests.Session] = requests.Session,
        clock: Clock | None = None,
        log: logging.Logger | None = None,
    ) -> None:
        """Nothing is sent yet. Failed tries and waits are logged, by `log` or this module's logger.

        The pace is for all threads together. An answer may be silent for `timeout` seconds; `max_wait` are the seconds
        that may be spent waiting for 429 in all. `sessions` makes a session, one for each request under way.
        """
        self._key = api_key
        self._timeout = timeout
        self._clock = clock or Clock()
        self._log = log or logging.getLogger(__name__)
        self._limit = RateLimit(requests_per_second, max_wait, self._clock, self._log)
        self._closed = threading.Event()
        self._server_offset = timedelta(0)
        self._is_down = False
        self._failing: set[str] = set()  # workspaces, and lists by the last step of their path
        self._sessions = SessionPool(sessions, api_key, timeout, self._clock)

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def requests(self) -> int:
        """How many requests were sent, retries included."""
        return self._limit.permits

    @property
    def waited(self) -> float:
        """Seconds spent waiting because Clockify said 429, however many threads waited."""
        return self._limit.waited

    def expect_failure(self, endpoint: str) -> None:
        """Try requests of this endpoint's workspace, and for such a list in any workspace, twice only from now on.

        It ends for each of the two when a request gets through. For an endpoint that was given up while Clockify
        answers others: two hundred workspaces, or all tables of one, are not to be tried six times each.
        """
        self._failing.update(_parts(endpoint))

    def server_now(self) -> datetime:
        """Clockify's time of day, in UTC: ours, corrected by the last answer's date; to about a second."""
        return self._clock.now() + self._server_offset

    def close(self) -> None:
        """End all waits, in any thread: requests raise `AbortedError`. Nothing more is sent; connections are closed."""
        self._closed.set()
        self._sessions.close()

    def send(
        self,
        method: str,
        url: str,
        read: Callable[[Answer], T],
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        unreadable_tries: int = MAX_TRIES,
    ) -> T:
        """What `read` makes of the answer to a request, which is sent again where that can help.

        Raises the `ApiError` that fits, when tries or time are used up. `read` raises `UnreadableAnswerError` for an
        answer that is not what was asked for; that is tried again, too, `unreadable_tries` times at most. `params` are
        the query, a list in it is sent as repeated parameters; `body` is sent as JSON.
        """
        endpoint = f"{method} {urlsplit(url).path}"
        request = {"method": method, "url": url, "params": params, "json": body}
        began, waited, tries = self._clock.monotonic(), self.waited, 0
        while True:
            try:
                with self._limit.permit(endpoint, self._is_halted):  # a 429 ends this block, and is waited for
                    found = read(self._once(request, endpoint))
                    self._is_down = False
                    if self._failing:
                        self._failing.difference_update(_parts(endpoint))
                    return found
            except errors.ApiError as error:  # noqa: PERF203 - the loop is there for what fails
                if isinstance(error, errors.AbortedError | errors.RateLimitedError) or not error.can_retry:
                    raise
                tries = error.tries = tries + 1
                is_unreachable = isinstance(error, errors.UnreachableError)
                is_expected = (is_unreachable and self._is_down) or not self._failing.isdisjoint(_parts(endpoint))
                most = TRIES_WHEN_DOWN if is_expected else MAX_TRIES
                if isinstance(error, errors.UnreadableAnswerError):
                    most = min(most, unreadable_tries)
                spent = self._clock.monotonic() - began - (self.waited - waited)
                if tries >= most or spent > max(LONGEST_TRYING, 3 * self._timeout):
                    self._is_down = is_unreachable
                    raise
                # at random, so that threads do not come back at once
                pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)) * random.uniform(0.75, 1.25)  # noqa: S311
                self._log.warning(f"{error.args[0]} Trying again in {pause:.1f} s (try {tries} of {most} failed).")
                self._clock.wait_until(self._clock.monotonic() + pause, self._is_halted)

    def _once(self, request: Mapping[str, Any], endpoint: str) -> Answer:
        status, headers, content = self._sessions.exchange(request, endpoint, self._is_halted)
        now = self._clock.now()
        if date := moment_of(headers.get("Date", "")):
            self._server_offset = date - now
        error = error_of(status, headers, content, endpoint=endpoint, key=self._key, now=now)
        if error is not None:
            raise error
        return Answer(content, headers, endpoint)

    def _is_halted(self) -> bool:
        return self._closed.is_set() or is_context_halted()


def _parts(endpoint: str) -> list[str]:
    """The workspace and the list that an endpoint is about; none of the endpoints above workspaces."""
    found = re.search(r"/workspaces/([^/]+)/(?:.*/)?([^/]+)$", endpoint)
    return list(found.groups()) if found else []


def address(base: str, path: str, **facts: str) -> str:
    """A path's address, the names in braces filled in. Raises `NotThereError` for an id that cannot be one."""
    steps = [step.format_map(facts) for step in path.split("/")]
    for step in steps:
        # A step of dots leads elsewhere, and cannot be escaped: clients and servers fold "%2E%2E" all the same.
        if not step.strip("."):
            raise errors.NotThereError(f"{step!r} cannot be an id in Clockify.", endpoint="")
    return "/".join((base, *(quote(step, safe="") for step in steps)))
