"""Listings that are read before they are asked for, while something else is waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import datetime, timezone
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
Job = tuple[K, Callable[[], V]]


class Ahead(Generic[K, V]):
    """What is read ahead, by key. Each is handed over once; what failed is raised then."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._lock = threading.Lock()
        self._found: dict[K, tuple[datetime, Future[V]]] = {}

    def begin(self, jobs: Iterable[Job[K, V]], workers: int) -> None:
        """Begin to read, in this order, so many at a time.

        What is under way is not begun again; what is there is read anew. With no workers nothing is begun.
        """
        if workers < 1:
            return
        with self._lock:
            under_way = {key for key, (_, future) in self._found.items() if not future.done()}
            new = [(key, read, Future[V]()) for key, read in jobs if key not in under_way]
            now = datetime.now(timezone.utc)
            self._found.update({key: (now, future) for key, _, future in new})
        left = iter(new)

        def work() -> None:
            while True:
                with self._lock:
                    job = next(left, None)
                if job is None:
                    return
                _, read, future = job
                try:
                    future.set_result(read())
                except BaseException as error:  # whoever takes it raises it
                    future.set_exception(error)

        # Daemons: one that hangs in a socket must not keep the process alive after everything else has ended.
        for number in range(min(workers, len(new))):
            threading.Thread(target=work, name=f"clockify-ahead-{number}", daemon=True).start()

    def take(self, key: K) -> V | None:
        """What was read, when it is there; None where it was not begun, or is taken already."""
        with self._lock:
            found = self._found.pop(key, None)
        return None if found is None else found[1].result()

    def forget(self, before: datetime) -> None:
        """What was begun before a moment is as if it never was."""
        with self._lock:
            self._found = {key: found for key, found in self._found.items() if found[0] >= before}
