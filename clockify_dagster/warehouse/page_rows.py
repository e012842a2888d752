"""What is known of a page whose rows are in the spool already."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import numpy as np
import numpy.typing as npt

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class PageRows:
    """What is known of a page's documents: their ids, their starts in microseconds, and which start within the span."""

    ids: npt.NDArray[np.object_]
    starts: npt.NDArray[np.int64]
    is_within: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """How many documents the page has."""
        return len(self.ids)

    @property
    def identities(self) -> list[str]:
        """The ids, in the page's order."""
        ids: list[str] = self.ids.tolist()
        return ids

    @property
    def oldest(self) -> datetime | None:
        """The earliest start; None on an empty page."""
        return _moment(int(np.min(self.starts))) if len(self.starts) else None

    @property
    def is_newest_first(self) -> bool:
        """Whether each document starts no later than the one before it."""
        return bool((self.starts[:-1] >= self.starts[1:]).all())

    def near(self, horizon: datetime | None) -> Iterator[tuple[int, datetime | None]]:
        """Place and start of the documents that start at the horizon or before; of all where it is None."""
        last = np.iinfo(np.int64).max if horizon is None else microseconds(horizon)
        for place in np.flatnonzero(self.starts <= last).tolist():
            yield place, _moment(int(self.starts[place]))

    def mark(self, place: int) -> object:
        """Stands for a document: the same as long as it starts at the same time.

        What else was edited meanwhile need not be told apart: the spool has every page whole, and the later row counts.
        """
        return int(self.starts[place])

    def without(self, places: Set[int]) -> PageRows:
        """The other documents."""
        left = np.ones(len(self.ids), dtype=bool)
        left[list(places)] = False
        return PageRows(self.ids[left], self.starts[left], self.is_within[left])


def microseconds(moment: datetime) -> int:
    """A moment as DuckDB counts it, from 1970 on."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
