"""What happens when Clockify says 429: all threads wait, one asks again, then all go on, within one allowance.

A free workspace has 30 requests an hour. Were each thread to wait and ask for itself, the questions "may we again?"
would use up what the hour gives.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from clockify_dagster.api.clock import SLICE, Clock
from clockify_dagster.errors import RateLimitedError

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
SHORTEST_PAUSE = 1.0
_TRUSTED = 3  # so often in a row a Retry-After that turns out too short is believed; then pauses grow all the same


@dataclass(frozen=True)
class Permit:
    """Leave to send one request.

    Attributes:
        period: how often the limit had been lifted when it was given.
        is_probe: whether the request asks, for all threads, whether the limit still holds.
    """

    period: int
    is_probe: bool = False


class RateLimit:
    """Gives permits as long as Clockify answers; to one thread at a time, with pauses, as long as it says 429."""

    def __init__(self, max_wait: float, clock: Clock, log: logging.Logger) -> None:
        """No limit holds yet. `max_wait` bounds the seconds of all waiting together."""
        self._max_wait = max_wait
        self._clock = clock
        self._log = log
        self._lock = threading.Lock()
        self._period = 0
        self._limited_since: float | None = None
        self._until = 0.0
        self._refusals = 0  # in a row
        self._is_probed = False
        self._waited_before = 0.0
        self._failures: dict[int, RateLimitedError] = {}  # by period: why waiting was given up

    @property
    def waited(self) -> float:
        """Seconds for which the limit has held so far, however many threads waited."""
        with self._lock:
            return self._waited()

    def acquire(self, is_halted: Callable[[], bool]) -> Permit | None:
        """Wait for a permit; None when halted. Raises `RateLimitedError` when waiting is given up meanwhile."""
        period: int | None = None
        while not is_halted():
            with self._lock:
                if period in self._failures:
                    failure = self._failures[period]
                    # an error of its own for each thread: they must not share a traceback
                    raise RateLimitedError(failure.args[0], endpoint=failure.endpoint, retry_after=failure.retry_after)
                if self._limited_since is None:
                    return Permit(self._period)
                period, until = self._period, self._until
                is_over = self._clock.monotonic() >= until
                if is_over and not self._is_probed:
                    self._is_probed = True
                    return Permit(period, is_probe=True)
            if is_over:
                time.sleep(SLICE)  # no pause but a wait for another thread's request, which no clock can skip
            else:
                self._clock.wait_until(until, is_halted)
        return None

    def is_valid(self, permit: Permit) -> bool:
        """Whether a permit still counts: it is the probe's, or no limit was met since it was given."""
        with self._lock:
            return self._is_valid(permit)

    def succeeded(self, permit: Permit) -> None:
        """The request was answered by something else than 429: after a probe all threads go on."""
        if not permit.is_probe:
            return
        with self._lock:
            self._log.info(f"Clockify answers again; {self._waited():.0f} s were spent waiting so far.")
            self._lift()

    def released(self, permit: Permit) -> None:
        """The request had no answer, so nothing is known: another one may probe."""
        if permit.is_probe:
            with self._lock:
                self._is_probed = False

    def refused(self, permit: Permit, error: RateLimitedError) -> None:
        """The request was answered by 429. Raises `RateLimitedError` when the wait would be longer than allowed."""
        with self._lock:
            if not self._is_valid(permit):
                return  # sent before another request was refused: the limit is known already
            now = self._clock.monotonic()
            if self._limited_since is None:
                self._limited_since, self._refusals = now, 0
            self._refusals += 1
            self._is_probed = False
            pause, left = self._pause(error.retry_after), self._max_wait - self._waited()
            if error.retry_after is None and left >= SHORTEST_PAUSE:
                pause = min(pause, left)
            if pause > left:
                raise self._give_up(error, pause)
            self._until = now + pause
            until = (self._clock.now() + timedelta(seconds=pause)).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
            self._log.warning(
                f"Clockify's request limit is reached; no request is sent until {until} ({_in_words(pause)}). "
                f"Waited {_in_words(self._waited())} so far, of {_in_words(self._max_wait)} at most."
            )

    def _is_valid(self, permit: Permit) -> bool:
        return permit.is_probe or (self._limited_since is None and permit.period == self._period)

    def _pause(self, retry_after: float | None) -> float:
        if retry_after is None:
            return _growing(self._refusals)
        return max(retry_after, _growing(self._refusals - _TRUSTED), SHORTEST_PAUSE)

    def _give_up(self, error: RateLimitedError, pause: float) -> RateLimitedError:
        asks = "" if error.retry_after is None else f" Clockify asks us to wait {_in_words(error.retry_after)}."
        failure = RateLimitedError(
            f"Clockify's request limit is reached ({error.endpoint}, 429).{asks} We waited "
            f"{_in_words(self._waited())} so far. The next wait of {_in_words(pause)} would be longer than the "
            f"{_in_words(self._max_wait)} in all that CLOCKIFY_MAX_WAIT_SECONDS allows. A free workspace has 30 "
            "requests an hour: run it again later, or raise CLOCKIFY_MAX_WAIT_SECONDS.",
            endpoint=error.endpoint,
            retry_after=error.retry_after,
        )
        self._failures[self._period] = failure
        self._lift()
        return failure

    def _lift(self) -> None:
        self._waited_before = self._waited()
        self._limited_since = None
        self._is_probed = False
        self._period += 1

    def _waited(self) -> float:
        since = 0.0 if self._limited_since is None else self._clock.monotonic() - self._limited_since
        return self._waited_before + since


def _growing(refusals: int) -> float:
    """A pause that doubles with each refusal, up to five minutes; none before the first."""
    return 0.0 if refusals < 1 else float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(refusals - 1, 16)))


def _in_words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
