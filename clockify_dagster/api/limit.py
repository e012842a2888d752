"""What happens when Clockify says 429: everybody waits, one asks again, then all go on, within one allowance.

A free workspace has 30 requests an hour. Were each thread to wait and ask for itself, the questions "may we
again?" would use up what the hour gives.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from clockify_dagster.api.clock import Clock
from clockify_dagster.errors import RateLimitedError

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
SHORTEST_PAUSE = 1.0
_TRUSTED = 3  # so often in a row we believe a Retry-After that turns out too short; then pauses grow anyway
_SLICE = 0.1


@dataclass(frozen=True)
class Ticket:
    """A leave to send one request: of which opening of the gate it is, and whether it probes."""

    opening: int
    is_probe: bool = False


class Gate:
    """Open as long as Clockify answers; closed, with one probe at a time, as long as it says 429."""

    def __init__(self, max_wait: float, clock: Clock, log: logging.Logger) -> None:
        """Start open. `max_wait` bounds the seconds that the gate may be closed, all closures together."""
        self._max_wait = max_wait
        self._clock = clock
        self._log = log
        self._changed = threading.Condition()
        self._opening = 0
        self._closed_at: float | None = None
        self._until = 0.0
        self._refusals = 0  # in a row
        self._probing = False
        self._spent = 0.0
        self._given_up: RateLimitedError | None = None
        self._given_up_opening = -1

    @property
    def waited(self) -> float:
        """Seconds for which the gate has been closed so far."""
        with self._changed:
            return self._waited()

    def enter(self, is_halted: Callable[[], bool]) -> Ticket | None:
        """Wait for the leave to send; None when halted. Raises when waiting is given up meanwhile."""
        began: int | None = None
        while not is_halted():
            with self._changed:
                if began is not None and began == self._given_up_opening and self._given_up:
                    raise _again(self._given_up)
                if self._closed_at is None:
                    return Ticket(self._opening)
                began = self._opening
                moment = self._until
                if self._clock.monotonic() >= moment:
                    if not self._probing:
                        self._probing = True
                        return Ticket(self._opening, is_probe=True)
                    self._changed.wait(_SLICE)
                    continue
            self._clock.wait_until(moment, is_halted)
        return None

    def is_good(self, ticket: Ticket) -> bool:
        """Whether a ticket still counts: it probes, or the gate has not closed since it was given."""
        with self._changed:
            return ticket.is_probe or (self._closed_at is None and ticket.opening == self._opening)

    def passed(self, ticket: Ticket) -> None:
        """The request was answered by something else than 429: after a probe the gate opens for all."""
        if not ticket.is_probe:
            return
        with self._changed:
            self._log.info(f"Clockify answers again; {self._waited():.0f} s were spent waiting so far.")
            self._open()

    def dropped(self, ticket: Ticket) -> None:
        """The request came to nothing, so that nobody knows: another one may probe."""
        if ticket.is_probe:
            with self._changed:
                self._probing = False
                self._changed.notify_all()

    def refused(self, ticket: Ticket, error: RateLimitedError) -> None:
        """The request was answered by 429. Raises when the wait would be longer than we may."""
        with self._changed:
            if not ticket.is_probe and (self._closed_at is not None or ticket.opening != self._opening):
                return  # sent before another one was refused: that one has closed the gate already
            now = self._clock.monotonic()
            if self._closed_at is None:
                self._closed_at, self._refusals = now, 0
            self._refusals += 1
            self._probing = False
            pause, left = self._pause(error.retry_after), self._max_wait - self._waited()
            if error.retry_after is None and left >= SHORTEST_PAUSE:
                pause = min(pause, left)
            if pause > left:
                raise self._give_up(error, pause)
            self._until = now + pause
            self._tell(pause)
            self._changed.notify_all()

    def _pause(self, asked: float | None) -> float:
        if asked is None:
            return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._refusals - 1, 16)))
        untrue = self._refusals - _TRUSTED
        own = 0.0 if untrue <= 0 else min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(untrue - 1, 16))
        return max(asked, own, SHORTEST_PAUSE)

    def _give_up(self, error: RateLimitedError, pause: float) -> RateLimitedError:
        waited = self._waited()
        asks = "" if error.retry_after is None else f" Clockify asks us to wait {_spoken(error.retry_after)}."
        told = RateLimitedError(
            f"Clockify's request limit is reached ({error.endpoint}, 429).{asks} We waited "
            f"{_spoken(waited)} so far, and of the "
            f"{_spoken(self._max_wait)} that CLOCKIFY_MAX_WAIT_SECONDS allows, the next {_spoken(pause)} do "
            f"not fit in. "
            "A free workspace has 30 requests an hour: run it again later, or raise "
            "CLOCKIFY_MAX_WAIT_SECONDS.",
            endpoint=error.endpoint,
            retry_after=error.retry_after,
        )
        self._given_up, self._given_up_opening = told, self._opening
        self._open()
        return told

    def _open(self) -> None:
        self._spent = self._waited()
        self._closed_at = None
        self._probing = False
        self._opening += 1
        self._changed.notify_all()

    def _waited(self) -> float:
        since = 0.0 if self._closed_at is None else self._clock.monotonic() - self._closed_at
        return self._spent + since

    def _tell(self, pause: float) -> None:
        until = (self._clock.now() + timedelta(seconds=pause)).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
        self._log.warning(
            f"Clockify's request limit is reached; nothing is asked until {until} ({_spoken(pause)}). "
            f"Waited {_spoken(self._waited())} so far, of {_spoken(self._max_wait)} at most."
        )


def _again(error: RateLimitedError) -> RateLimitedError:
    """The same error for another thread: two threads must not share a traceback."""
    return RateLimitedError(error.args[0], endpoint=error.endpoint, retry_after=error.retry_after)


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
