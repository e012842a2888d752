"""What a refresh works with: the account it reads, the warehouse it fills, the time it is about."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar, get_args
from zoneinfo import ZoneInfo

from clockify_dagster.api import ClockifyClient, side_by_side
from clockify_dagster.contract import Listing
from clockify_dagster.contract.listing import Plan
from clockify_dagster.days import Span
from clockify_dagster.errors import ClockifyDagsterError
from clockify_dagster.progress import counted
from clockify_dagster.warehouse import Load, Warehouse

P = TypeVar("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Workspace:
    """A workspace of the account. `plan` names its plan, `features` are what that has; None where it is unknown."""

    id: str
    name: str
    features: frozenset[str] | None = None
    plan: str | None = None

    @property
    def label(self) -> str:
        """Its name, or its id where it has none."""
        return self.name or self.id

    @property
    def full_label(self) -> str:
        """Its name with its id behind it."""
        return f"{self.name} ({self.id})" if self.name not in ("", self.id) else self.id

    def lacks(self, listing: Listing) -> str | None:
        """Why the plan is known not to have a list; None where it may have it.

        Where the official document does not tie a list to a feature, both the features and the plan must say so.
        """
        if listing.feature is None or self.features is None or listing.feature in self.features:
            return None
        if listing.plan is not None and not self._is_smaller_than(listing.plan):
            return None
        return f"the plan lacks {listing.feature}"

    def _is_smaller_than(self, plan: Plan) -> bool:
        """Whether the workspace's plan is known, and smaller: `STANDARD_2021` counts as STANDARD."""
        known = get_args(Plan)
        own = str(self.plan).partition("_")[0]
        return own in known and known.index(own) < known.index(plan)


@dataclass(frozen=True)
class RefreshContext:
    """What a refresh works with.

    Attributes:
        table: the name of the table that is refreshed; its children come with it.
        workspaces: by id, those that are read.
        unread: those that are not, whose rows stay; and why, as `record_workspaces` takes it.
        among: the workspaces that the run is about, None where it is about all; see `Load`.
        span: the time whose entries are replaced: whole days of the zone; None means all time there is.
        zone: the zone in which a day begins at midnight.
        limits: the time that the table may hold: from the start date's first moment to the end of today. An entry that
            starts later comes in with its day.
        period: the time that lists of plans are asked for: from the start date to a year from now.
        lookups: how many entries may be asked for one by one, in each workspace.
    """

    client: ClockifyClient
    warehouse: Warehouse
    table: str
    workspaces: Mapping[str, Workspace]
    span: Span | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    limits: Span | None = None
    period: Span | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    among: frozenset[str] | None = None
    concurrency: int = 8
    lookups: int = 100
    log: logging.Logger | logging.LoggerAdapter[logging.Logger] = field(
        default_factory=lambda: logging.getLogger(__name__)
    )

    def in_workspaces(self, read: Callable[[P], R], parts: Iterable[P], what: str) -> Iterator[R]:
        """What `read` gives of each part, such as a workspace or its id: side by side, and reported as progress.

        `what` says in the report what is read. The first error is raised.
        """
        jobs = [partial(read, each) for each in parts]
        return counted(side_by_side(jobs, self.concurrency), what, "workspaces", len(jobs))

    @property
    def concurrency_within(self) -> int:
        """How many requests one workspace may have under way, while all of them are read side by side."""
        return max(1, self.concurrency // max(1, len(self.workspaces)))

    @property
    def reads_all(self) -> bool:
        """Whether everything that the table may hold is read anew, so that nothing can hide outside the span."""
        return self.span is None or self.limits is None or self.span.covers(self.limits)


@dataclass(frozen=True)
class RefreshResult:
    """What was read of one or several families of tables that come from the same requests.

    Attributes:
        loads: of each family that is whole, what is to be written.
        refused: by workspace, why Clockify does not give the table there; its rows stay as they are.
        faults: why something is missing in the end: of families that are not among the loads, and of workspaces that
            were loaded before and could not be read. What is missing stays as it is.
        numbers: what was found besides the rows, by name, for metadata.
    """

    loads: Sequence[Load]
    refused: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[ClockifyDagsterError] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
