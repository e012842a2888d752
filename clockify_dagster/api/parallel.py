"""Several listings at once: threads read, one consumer takes pages as they come, few wait in between."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from clockify_dagster.api.clock import halted_by
from clockify_dagster.errors import NotThereError

K = TypeVar("K")
P = TypeVar("P")
Job = tuple[K, Callable[[], Iterator[P]]]

_SLICE = 0.1  # how soon a thread notices that it should stop
# How long we wait for threads at the end; one that reads a socket ends by itself, within its time limit.
_PATIENCE = 1.0


@dataclass(frozen=True)
class Ended:
    """A job has no more pages. `error` where its listing is not there: a user who left the workspace."""

    error: NotThereError | None = None


def fetch_side_by_side(jobs: Sequence[Job[K, P]], workers: int) -> Iterator[tuple[K, P | Ended]]:
    """Run so many jobs at a time; yield `(key, page)` as pages come, `(key, Ended)` at a job's end.

    Jobs start in the order given; the pages of one job come in order. At most `workers` pages wait for the
    consumer, which bounds the memory. The first error is raised here, after the pages that came before it, and
    stops the other jobs: their waits end at once, their requests are given up. So does closing the generator.
    With one worker there are no threads.
    """
    if workers <= 1 or len(jobs) <= 1:
        for key, start in jobs:
            yield from _one_by_one(key, start)
        return
    crew = _Crew(jobs, workers)
    try:
        yield from crew.results()
    finally:
        crew.stop()


def _one_by_one(key: K, start: Callable[[], Iterator[P]]) -> Iterator[tuple[K, P | Ended]]:
    try:
        for page in start():
            yield key, page
    except NotThereError as error:
        yield key, Ended(error)
        return
    yield key, Ended()


class _Crew(Generic[K, P]):
    """The threads, the jobs they take, and the queue through which pages come."""

    def __init__(self, jobs: Sequence[Job[K, P]], workers: int) -> None:
        self._jobs = iter(jobs)
        self._left = len(jobs)
        self._jobs_lock = threading.Lock()
        self._queue: queue.Queue[tuple[K, P | Ended]] = queue.Queue(workers)
        self._stop = threading.Event()
        self._errors: list[BaseException] = []
        # Daemons: a thread that hangs in a socket must not keep the process alive after everything else has
        # ended.
        self._threads = [
            threading.Thread(target=self._work, name=f"clockify-{number}", daemon=True)
            for number in range(min(workers, len(jobs)))
        ]
        for thread in self._threads:
            thread.start()

    def results(self) -> Iterator[tuple[K, P | Ended]]:
        """What comes through the queue, until all jobs have ended or one has failed."""
        while self._left:
            taken = self._taken()
            if taken is None:
                if self._errors:
                    raise self._errors[0]
                continue
            key, result = taken
            if isinstance(result, Ended):
                self._left -= 1
            yield key, result

    def stop(self) -> None:
        """End the threads: their waits at once, their reading of sockets soon."""
        self._stop.set()
        until = time.monotonic() + _PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _taken(self) -> tuple[K, P | Ended] | None:
        try:
            return self._queue.get(timeout=_SLICE)
        except queue.Empty:
            return None

    def _work(self) -> None:
        try:
            with halted_by(self._stop):
                while not self._stop.is_set():
                    with self._jobs_lock:
                        job = next(self._jobs, None)
                    if job is None:
                        return
                    self._run(*job)
        except BaseException as error:  # the consumer raises it
            self._errors.append(error)
            self._stop.set()

    def _run(self, key: K, start: Callable[[], Iterator[P]]) -> None:
        try:
            for page in start():
                if not self._put(key, page):
                    return
        except NotThereError as error:
            self._put(key, Ended(error))
            return
        self._put(key, Ended())

    def _put(self, key: K, result: P | Ended) -> bool:
        """Hand a result over, waiting for room; False when there is no one to take it any more."""
        while not self._stop.is_set():
            try:
                self._queue.put((key, result), timeout=_SLICE)
            except queue.Full:
                continue
            return True
        return False
