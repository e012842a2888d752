"""What a refresh is about: the account it reads, the time it replaces, the time that the tables may hold at all."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from clockify_dagster.api import ClockifyClient
from clockify_dagster.warehouse import Span, Warehouse


@dataclass(frozen=True)
class Scope:
    """A refresh's surroundings.

    Attributes:
        root: the table of entries that is refreshed; its tags come with it.
        workspaces: by id, their names.
        span: the time whose rows are replaced; None means all time there is.
        limits: the time that the table may hold: from the start date's first moment to the end of today. An entry that
            starts later comes in with its day.
        lookups: how many entries may be asked for one by one, in each workspace.
        entries_from: whether a report is asked whose entries need to be listed: "users" never, "reports" always, "auto"
            where that costs fewer requests.
    """

    client: ClockifyClient
    warehouse: Warehouse
    root: str
    workspaces: Mapping[str, str]
    span: Span | None = None
    limits: Span | None = None
    concurrency: int = 8
    lookups: int = 100
    entries_from: str = "auto"
    log: logging.Logger | logging.LoggerAdapter[logging.Logger] = field(
        default_factory=lambda: logging.getLogger(__name__)
    )

    @property
    def is_whole(self) -> bool:
        """Whether everything that the table may hold is read anew, so that nothing can hide outside the span."""
        if self.span is None or self.limits is None:
            return True
        return self.span.start <= self.limits.start and self.limits.end <= self.span.end

    def allows(self, moment: datetime) -> bool:
        """Whether an entry with that start may be in the table."""
        return self.limits is None or self.limits.start <= moment < self.limits.end

    def replaces(self, moment: datetime) -> bool:
        """Whether an entry with that start is read anew by the listing."""
        return self.span is None or self.span.start <= moment < self.span.end
