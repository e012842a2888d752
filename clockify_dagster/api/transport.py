"""The one place that sends requests: time limits, pace, retries, no redirects with the key, counting.

Known to sit above: `paging.py` (which pages to ask for) and `client.py` (which listings there are). Below:
`wire.py` (one exchange over a connection), `limit.py` (what 429 means for all threads), `answers.py` (what an
answer means).
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import requests

from clockify_dagster.api.answers import date_of, document_of, error_of
from clockify_dagster.api.clock import Clock, Pace, is_thread_halted
from clockify_dagster.api.limit import Gate, Ticket
from clockify_dagster.api.wire import Params, Wire, aborted
from clockify_dagster.errors import (
    AbortedError,
    ApiError,
    RateLimitedError,
    UnreachableError,
    UnreadableAnswerError,
)

MAX_TRIES = 6
TRIES_WHEN_DOWN = 2  # so often after a request before was given up as unreachable, and none has got through since
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
LONGEST_TRYING = 900.0  # after so many seconds of failing there is no other try, however few there were


@dataclass(frozen=True)
class Answer:
    """A good answer: its body and its headers, whose names match in any case."""

    body: bytes
    headers: Mapping[str, str]
    endpoint: str

    @cached_property
    def document(self) -> Any:
        """Its JSON. Raises `UnreadableAnswerError` where the body is none."""
        return document_of(self.body, self.endpoint)


Check = Callable[[Answer], object]


class Transport:
    """Sends requests to Clockify and gives JSON back, or raises an `ApiError`. Any thread may use it.

    Attributes:
        requests: how many requests went out, retries among them.
    """

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
        """Nothing is sent yet. Times are seconds; `sessions` makes a session for each thread that asks."""
        self.requests = 0
        self._key = api_key
        self._timeout = timeout
        self._clock = clock or Clock()
        self._log = log or logging.getLogger(__name__)
        self._pace = Pace(requests_per_second, self._clock)
        self._gate = Gate(max_wait, self._clock, self._log)
        self._count_lock = threading.Lock()
        self._aborted = threading.Event()
        self._server_ahead = timedelta(0)
        self._is_down = False
        self._wire = Wire(sessions, api_key, timeout, self._clock, self._is_halted)

    def __enter__(self) -> Transport:
        """Use it within `with`, to close it behind."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @property
    def waited(self) -> float:
        """Seconds spent waiting because Clockify said 429; by the clock, however many threads waited."""
        return self._gate.waited

    def server_now(self) -> datetime:
        """Clockify's time of day, in UTC: ours, set right by the last answer's date; to about a second."""
        return self._clock.now() + self._server_ahead

    def abort(self) -> None:
        """End all waits, in any thread: requests raise `AbortedError`, and nothing more is sent."""
        self._aborted.set()

    def close(self) -> None:
        """Abort what waits, and close the connections."""
        self.abort()
        self._wire.close()

    def send(
        self,
        method: str,
        url: str,
        params: Params | None = None,
        body: Any = None,
        *,
        check: Check | None = None,
        unreadable_tries: int = MAX_TRIES,
    ) -> Answer:
        """Send a request, again where that can help, and read its JSON.

        Args:
            method: GET, or POST for what only reads: it may be sent more than once.
            url: address without a query.
            params: the query.
            body: what is sent as JSON.
            check: raises `UnreadableAnswerError` for JSON of the wrong shape; that is tried again too. Without one,
                it only must be JSON.
            unreadable_tries: how often an answer may be unreadable before that is an error.

        Raises:
            ApiError: the kind that fits, when Clockify refuses, or tries or time are used up.
        """
        endpoint = f"{method} {urlsplit(url).path}"
        began, tries = self._clock.monotonic(), 0
        waited = self.waited
        while True:
            ticket = self._turn(endpoint)
            try:
                answer = self._once(method, url, params, body, endpoint)
                if check is None:
                    _ = answer.document
                else:
                    check(answer)
            except RateLimitedError as error:
                self._gate.refused(ticket, error)
                continue
            except ApiError as error:
                (self._gate.dropped if error.status is None else self._gate.passed)(ticket)
                tries = error.tries = tries + 1
                spent = self._clock.monotonic() - began - (self.waited - waited)
                if isinstance(error, AbortedError) or not error.can_retry:
                    error.tries = 1
                    raise
                if tries >= self._limit(error, unreadable_tries) or spent > max(LONGEST_TRYING, 3 * self._timeout):
                    self._is_down = isinstance(error, UnreachableError)
                    raise
                self._rest(error, tries)
            except BaseException:
                self._gate.dropped(ticket)
                raise
            else:
                self._gate.passed(ticket)
                self._is_down = False
                return answer

    def _limit(self, error: ApiError, unreadable_tries: int) -> int:
        """How often a request that fails in this way is sent."""
        if isinstance(error, UnreadableAnswerError):
            return unreadable_tries
        is_down = self._is_down and isinstance(error, UnreachableError)
        return TRIES_WHEN_DOWN if is_down else MAX_TRIES

    def _turn(self, endpoint: str) -> Ticket:
        """Wait until a request may go out."""
        while (ticket := self._gate.enter(self._is_halted)) is not None:
            try:
                self._pace.wait(self._is_halted)
            except BaseException:
                self._gate.dropped(ticket)
                raise
            if self._is_halted():
                self._gate.dropped(ticket)
                break
            if self._gate.is_good(ticket):
                return ticket
        raise aborted(endpoint)

    def _once(self, method: str, url: str, params: Params | None, body: Any, endpoint: str) -> Answer:
        with self._count_lock:
            self.requests += 1
        status, headers, content = self._wire.exchange(method, url, params, body, endpoint)
        now = self._clock.now()
        told = date_of(headers)
        if told is not None:
            self._server_ahead = told - now
        fault = error_of(status, headers, content, endpoint, self._key, now)
        if fault is not None:
            raise fault
        return Answer(content, headers, endpoint)

    def _rest(self, error: ApiError, tries: int) -> None:
        """Wait before another try: doubling, with some chance in it, lest threads come back all at once."""
        jitter = random.uniform(0.75, 1.25)  # noqa: S311 - spreads pauses, guards no secret
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)) * jitter
        self._log.warning(f"{error.args[0]} Trying again in {pause:.1f} s (try {tries} of {MAX_TRIES} failed).")
        self._clock.wait_until(self._clock.monotonic() + pause, self._is_halted)

    def _is_halted(self) -> bool:
        return self._aborted.is_set() or is_thread_halted()
