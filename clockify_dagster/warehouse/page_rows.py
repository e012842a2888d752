"""What the reader of a listing must know of a page whose rows are staged already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import numpy as np
import numpy.typing as npt

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class PageRows:
    """What the reader of a listing must know of a page whose rows are staged: ids and starts, in the page's order.

    `starts` are microseconds since 1970, for a table that has an instant; empty for any other.
    """

    ids: Sequence[str]
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """How many documents the page has."""
        return len(self.ids)

    @property
    def oldest(self) -> datetime | None:
        """The earliest start, in UTC; None on an empty page."""
        return _EPOCH + timedelta(microseconds=int(self.starts.min())) if len(self.starts) else None

    @property
    def is_newest_first(self) -> bool:
        """Whether no document starts later than the one before it."""
        return bool((self.starts[:-1] >= self.starts[1:]).all())

    def count_until(self, moment: datetime) -> int:
        """How many documents start at the moment or before."""
        return int((self.starts <= microseconds(moment)).sum())

    def ids_between(self, start: datetime | None, end: datetime | None) -> list[str]:
        """The ids of the documents that start from one moment to before another; None is no bound."""
        low = np.iinfo(np.int64).min if start is None else microseconds(start)
        high = np.iinfo(np.int64).max if end is None else microseconds(end)
        within: list[str] = np.asarray(self.ids, object)[(self.starts >= low) & (self.starts < high)].tolist()
        return within


def microseconds(moment: datetime) -> int:
    """A moment as microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
