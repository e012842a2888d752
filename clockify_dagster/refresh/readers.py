"""How a page of entries is read: as it was received, by DuckDB, or document by document where it must be.

Runs in the threads that fetch, so that pages are read side by side and their rows leave memory at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from clockify_dagster.api.paging import Documents, documents_of
from clockify_dagster.api.transport import Answer
from clockify_dagster.api.walk import DocumentRows
from clockify_dagster.contract.frames import flatten
from clockify_dagster.warehouse import Span
from clockify_dagster.warehouse.page_rows import PageRows
from clockify_dagster.warehouse.spool import Spool

# Where entries outside of the span count too, their documents are needed; then reading by DuckDB pays for itself only
# on pages that are mostly within.
_LARGE = 1_000_000
_START = "timeinterval_start"


@dataclass(frozen=True)
class EntryRows:
    """The rows of a page for `api.walk`, which are in the spool already.

    Attributes:
        within: the ids of those that start within the span.
        outside: the documents of those that do not, if they are to be kept. They stay when rows are taken out: of a row
            that came before, this may be the later state.
        keys: what every document of the page has; None where none was looked at.
    """

    rows: DocumentRows | PageRows
    within: frozenset[str]
    outside: Documents
    keys: frozenset[str] | None

    def __len__(self) -> int:
        """How many they are."""
        return len(self.rows)

    @property
    def identities(self) -> Sequence[str]:
        """Their ids, in the page's order."""
        return self.rows.identities

    @property
    def oldest(self) -> datetime | None:
        """The earliest start."""
        return self.rows.oldest

    @property
    def is_newest_first(self) -> bool:
        """Whether no start is later than the one before it."""
        return self.rows.is_newest_first

    def near(self, horizon: datetime | None) -> Iterator[tuple[int, datetime | None]]:
        """Place and start of the rows that start by the horizon."""
        yield from self.rows.near(horizon)

    def mark(self, place: int) -> object:
        """Stands for a row's whole content."""
        return self.rows.mark(place)

    def without(self, places: Set[int]) -> EntryRows:
        """The other rows."""
        identities = self.identities
        return replace(self, rows=self.rows.without(places), within=self.within - {identities[n] for n in places})


class EntryReader:
    """Reads answers of entries' listings into a spool."""

    def __init__(self, spool: Spool, span: Span | None, *, keep_documents: bool) -> None:
        """Read what starts within a span, with None everything. Keep documents where those outside it count too."""
        self._spool = spool
        self._span = span
        self.keep_documents = keep_documents

    def read(self, answer: Answer) -> EntryRows:
        """Take a page's rows. Raises `UnreadableAnswerError` or `ContractError`."""
        is_worth_it = not self.keep_documents or len(answer.body) > _LARGE
        rows = self._spool.read(answer.body) if is_worth_it else None
        if rows is None:
            return self._read_documents(answer)
        is_needed = self.keep_documents and not rows.is_within.all()
        ids = frozenset(rows.ids[rows.is_within].tolist())
        return _rows(rows, ids, documents_of(answer) if is_needed else [])

    def _read_documents(self, answer: Answer) -> EntryRows:
        documents = documents_of(answer)
        flattened, span = flatten(self._spool.family, documents), self._span
        within = flattened if span is None else flattened.between(span.start, span.end, _START)
        self._spool.add(within)
        root = self._spool.family[0]
        ids = frozenset(within.frames[root.name][root.primary_key[0]].tolist())
        return _rows(DocumentRows(documents), ids, documents if self.keep_documents else [])


def _rows(rows: DocumentRows | PageRows, within: frozenset[str], documents: Documents) -> EntryRows:
    outside = [document for document in documents if str(document.get("id")) not in within]
    keys = frozenset(documents[0]).intersection(*documents) if documents else None
    return EntryRows(rows, within, outside, keys)
