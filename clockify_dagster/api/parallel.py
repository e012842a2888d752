"""Several jobs at once: each runs in a thread to its end, and one consumer takes what they give."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import TypeVar

from clockify_dagster.api.clock import halted_by

T = TypeVar("T")


def side_by_side(
    jobs: Sequence[Callable[[], T]],
    workers: int,
    *,
    on_wait: Callable[[], object] = lambda: None,
    seconds: float = 15.0,
) -> Iterator[T]:
    """Run the jobs in threads, so many at a time; yield what they give, in the order in which they end.

    The first error is raised here. It halts the other jobs: their waits end and their requests are given up at once,
    and those that have not begun never begin. So does whatever ends this generator early. It ends when its threads
    have. With one worker or one job there are none: the caller runs the jobs.

    `on_wait` is called each time the next result has not come for so many seconds; never without threads.
    """
    if workers <= 1 or len(jobs) <= 1:
        for job in jobs:
            yield job()
        return
    halt = threading.Event()
    ended: SimpleQueue[Future[T]] = SimpleQueue()

    def run(job: Callable[[], T]) -> T:
        if halt.is_set():
            raise CancelledError
        with halted_by(halt):
            return job()

    def end(future: Future[T]) -> None:
        ended.put(future)  # before the halt: so the first error in the queue is none that the halt caused
        if future.cancelled() or future.exception():
            halt.set()

    pool = ThreadPoolExecutor(min(workers, len(jobs)), thread_name_prefix="clockify")
    try:
        for job in jobs:
            pool.submit(copy_context().run, run, job).add_done_callback(end)
        left = len(jobs)
        while left:
            try:
                future = ended.get(timeout=seconds)
            except Empty:
                on_wait()
                continue
            yield future.result()
            left -= 1
    finally:
        halt.set()
        pool.shutdown(cancel_futures=True)
