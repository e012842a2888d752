"""The change feeds of all workspaces: what they say, and what follows where one cannot be read.

The feed is experimental. Where an account does not have it, a sync goes on without, with a warning. Where it fails in
a way that may pass, changes would be missed in silence: that is a fault of its workspace, after all else is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from clockify_dagster.errors import (
    AbortedError,
    ApiError,
    BadRequestError,
    ClockifyDagsterError,
    NotAllowedError,
    NotThereError,
)
from clockify_dagster.refresh.changes import Changes, read_changes
from clockify_dagster.refresh.context import RefreshContext
from clockify_dagster.refresh.troubles import names_of, reasons_of
from clockify_dagster.warehouse.load_state import FeedState

_REFUSALS = (BadRequestError, NotAllowedError, NotThereError)
_MISSED = "the change feed cannot be read, so edits and deletions of entries outside the refreshed days are not seen"
_REFRESH = "`clockify-dagster sync --from ... --to ...`"


def read_feeds(
    context: RefreshContext, states: Mapping[str, FeedState], began: datetime
) -> tuple[dict[str, Changes], list[ClockifyDagsterError]]:
    """By workspace, what its feed says, and the fault of those that could not be read for a reason that may pass.

    `states` are where the feeds go on, of workspaces of which something was loaded before. A feed that is refused is
    logged. What could not be read has no `Changes.state`.
    """
    readings, errors = {workspace: Changes() for workspace in states}, dict[str, ApiError]()

    def read(workspace: str) -> None:
        try:
            readings[workspace] = read_changes(context.client, workspace, states[workspace], began)
        except AbortedError:
            raise
        except ApiError as error:
            errors[workspace] = error
            if len(states) > 1 and context.client.concerns_all(error):
                raise

    with _noted_of_all(readings, errors):
        list(context.in_workspaces(read, states, "changes in other days"))
    _tell_gaps(context, readings)
    refused = {each: error for each, error in errors.items() if isinstance(error, _REFUSALS)}
    if refused:
        context.log.warning(
            f"{', '.join(context.workspaces[each].label for each in states if each in refused)}: {_MISSED} this time. "
            f"A refresh of those days finds them ({_REFRESH}), and clockify_timeentries_integral always has them all. "
            f"({next(iter(refused.values()))})"
        )
    failed = {each: errors[each] for each in context.workspaces if each in errors.keys() - refused.keys()}
    return readings, [_fault(context, failed)] if failed else []


@contextmanager
def _noted_of_all(readings: Mapping[str, Changes], errors: dict[str, ApiError]) -> Iterator[None]:
    """Note an error that concerns all workspaces as that of each one whose feed was not read."""
    try:
        yield
    except AbortedError:
        raise
    except ApiError as error:
        for each, found in readings.items():
            if found.state is None:
                errors.setdefault(each, error)


def _tell_gaps(context: RefreshContext, readings: Mapping[str, Changes]) -> None:
    for workspace, found in readings.items():
        if found.gap is not None:
            context.log.warning(
                f"{context.workspaces[workspace].label}: the last refresh is more than 30 days ago, and the change "
                f"feed reaches no further back. What changed from {found.gap[0]:%Y-%m-%d} to {found.gap[1]:%Y-%m-%d} "
                f"in entries outside the refreshed days is not known; to be sure, refresh all days once ({_REFRESH})."
            )


def _fault(context: RefreshContext, failed: Mapping[str, ApiError]) -> ClockifyDagsterError:
    """The first one's error, which names all of them, what is missed, and what to do."""
    first, *others = [context.workspaces[each] for each in failed]
    error = failed[first.id]
    error.aside = (
        f"{names_of([first, *others])}: {_MISSED}; everything else is loaded. The next sync that can read it within 30 "
        f"days finds them: start it again. If it goes on failing, refresh those days ({_REFRESH})."
        f"{reasons_of([each for each in others if failed[each.id] is not error], failed)}"
    )
    return error
