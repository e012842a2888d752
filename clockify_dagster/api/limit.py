"""When a request may be sent: at an even pace, and after a 429 all threads wait, one asks again, then all go on.

A free workspace has 30 requests an hour: if each thread asked again for itself, that would use them up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from clockify_dagster.api.clock import SLICE, Clock
from clockify_dagster.errors import AbortedError, ApiError, RateLimitedError
from clockify_dagster.progress import COVERED, Pause, report

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
SHORTEST_PAUSE = 1.0
_TRUSTED = 3  # so often in a row a Retry-After that turns out too short is believed; then pauses grow all the same


class RateLimit:
    """Lets requests go out: all as long as Clockify answers; one at a time, with pauses, as long as it says 429."""

    def __init__(self, per_second: float, max_wait: float, clock: Clock, log: logging.Logger) -> None:
        """No limit holds yet. `max_wait` bounds the seconds of all waiting for 429 together."""
        self.permits = 0  # how many requests were let go
        self._interval = 1 / per_second
        self._max_wait = max_wait
        self._clock = clock
        self._log = log
        self._lock = threading.RLock()
        self._next = 0.0  # when the pace lets the next request go out
        self._round = 0  # grows with each 429 that counts and each end of a limit: older requests say nothing new
        self._limited_since: float | None = None
        self._until = 0.0
        self._refusals = 0  # in a row
        self._is_probed = False  # whether a request is under way that finds out, for all threads, if the limit holds
        self._waited_before = 0.0
        self._failure: RateLimitedError | None = None  # why waiting was last given up

    @property
    def waited(self) -> float:
        """Seconds for which the limit has held so far, however many threads waited."""
        with self._lock:
            now = self._clock.monotonic()
            return self._waited_before + (now - self._limited_since if self._limited_since is not None else 0.0)

    @contextmanager
    def permit(self, endpoint: str, is_halted: Callable[[], bool]) -> Iterator[None]:
        """Wait until a request may be sent, which is what the block does. A 429 ends the block without an error.

        Raises `AbortedError` when halted, `RateLimitedError` when the wait would be longer than allowed.
        """
        number = self._acquire(endpoint, is_halted)
        is_answered = False
        try:
            yield
            is_answered = True
        except RateLimitedError as error:
            self._refused(number, error)
        except ApiError as error:
            is_answered = error.status is not None
            raise
        finally:
            with self._lock:
                if number == self._round and self._limited_since is not None:
                    self._is_probed = False
                    if is_answered:
                        waited = f"{self.waited:.0f} s were spent waiting so far."
                        self._log.info(f"Clockify answers again; {waited}", extra=COVERED)
                        self._lift()

    def _acquire(self, endpoint: str, is_halted: Callable[[], bool]) -> int:
        """Wait for limit and pace. Gives the round in which the request is sent."""
        known = self._failure
        while not is_halted():
            with self._lock:
                if self._failure is not None and self._failure is not known:
                    # an error of its own for each thread: they must not share a traceback
                    raise RateLimitedError(self._failure.args[0], endpoint=endpoint)
                now, opens = self._clock.monotonic(), max(self._next, self._until)
                if now >= opens and not self._is_probed:
                    self._is_probed = self._limited_since is not None
                    self._next = now + self._interval
                    self.permits += 1
                    return self._round
            if now >= opens:
                time.sleep(SLICE)  # no pause but a wait for another thread's request, which no clock can skip
            else:
                self._clock.wait_until(opens, is_halted)
        raise AbortedError(endpoint=endpoint)

    def _refused(self, number: int, error: RateLimitedError) -> None:
        """The request was answered by 429. Raises `RateLimitedError` when the wait would be longer than allowed."""
        with self._lock:
            if number != self._round:
                return  # sent before another request was refused: the limit is known already
            now = self._clock.monotonic()
            if self._limited_since is None:
                self._limited_since, self._refusals = now, 0
            self._round += 1
            self._refusals += 1
            self._is_probed = False
            left = self._max_wait - self.waited
            if error.retry_after is not None:
                pause = max(error.retry_after, _growing(self._refusals - _TRUSTED), SHORTEST_PAUSE)
            else:
                pause = min(_growing(self._refusals), max(left, SHORTEST_PAUSE))
            if pause > left:
                asks = "" if error.retry_after is None else f" Clockify asks us to wait {_in_words(error.retry_after)}."
                self._failure = RateLimitedError(
                    f"Clockify's request limit is reached ({error.endpoint}, 429).{asks} We waited "
                    f"{_in_words(self.waited)} so far. The next wait of {_in_words(pause)} would be longer than the "
                    f"{_in_words(self._max_wait)} in all that CLOCKIFY_MAX_WAIT_SECONDS allows. A free workspace has "
                    "30 requests an hour: run it again later, or raise CLOCKIFY_MAX_WAIT_SECONDS.",
                    endpoint=error.endpoint,
                    retry_after=error.retry_after,
                )
                self._lift()
                raise self._failure
            self._until = now + pause
            until = self._clock.now() + timedelta(seconds=pause)
            report(Pause(until, pause))
            self._log.warning(
                "Clockify's request limit is reached; no request is sent until "
                f"{until.astimezone().strftime('%Y-%m-%d %H:%M:%S %Z')} ({_in_words(pause)}). "
                f"Waited {_in_words(self.waited)} so far, of {_in_words(self._max_wait)} at most."
            )

    def _lift(self) -> None:
        self._waited_before = self.waited
        self._limited_since, self._until = None, 0.0
        self._is_probed = False
        self._round += 1


def _growing(refusals: int) -> float:
    """A pause that doubles with each refusal, up to five minutes; none before the first."""
    return 0.0 if refusals < 1 else float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(refusals - 1, 16)))


def _in_words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
