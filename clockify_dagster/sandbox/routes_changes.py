"""The experimental endpoints that tell what was created, updated and deleted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from . import pages
from .changes import DELETED, ENTRY, TYPES, Change
from .messages import UNKNOWN_ROUTE, Call, Refusal, Response, denied, invalid
from .routes_time import clock_of
from .times import window_edge, written

LONGEST = timedelta(days=30)


def entities(call: Call) -> Response:
    """`GET /workspaces/{w}/entities/{created|updated|deleted}`: pages count from 0, at most 30 days."""
    account, request = call.account, call.request
    if account.feed == "missing":
        raise Refusal(404, "No static resource", UNKNOWN_ROUTE)
    if account.feed == "refused":
        raise denied()
    call.require_admin()
    kinds = request.many("type")
    if not kinds:
        raise invalid("Required request parameter 'type' is not present")
    unknown = sorted(set(kinds) - set(TYPES))
    if unknown or (len(kinds) > 1 and not account.feed_takes_several_types):
        raise invalid(f"Invalid value for type: {', '.join(unknown or kinds)}")
    start, end = _range(call)
    skip_pages = pages.number(request, "page", 0, least=0)
    limit = pages.number(request, "limit", 50, least=1, most=5000)
    found = call.workspace.log.listed(
        call.path_values["action"],
        kinds,
        start=start,
        end=end,
        shown_until=account.feed_shown_until(),
        deleted_stay_updated=account.deleted_stay_updated,
    )
    chosen = found[skip_pages * limit : (skip_pages + 1) * limit]
    if account.feed == "bare":
        return Response([_bare(change) for change in chosen])
    return Response({"response": [_record(change) for change in chosen]})


def _range(call: Call) -> tuple[datetime, datetime]:
    """The asked range, in UTC; a missing side is 30 days from the other one, or from now."""
    clocks = (clock_of(call.request, "start"), clock_of(call.request, "end"))
    start, end = (None if clock is None else window_edge(clock, None) for clock in clocks)
    if end is None:
        end = start + LONGEST if start is not None else call.account.now() + timedelta(seconds=1)
    if start is None:
        start = end - LONGEST
    if end - start > LONGEST:
        raise invalid("The range between start and end must not be longer than 30 days")
    return start, end


def _record(change: Change) -> dict[str, Any]:
    return {
        "id": change.identity,
        "documentCode": change.kind,
        "deletedAt": written(change.at) if change.action == DELETED else None,
        "document": change.document,
    }


def _bare(change: Change) -> dict[str, Any]:
    """A record without an envelope: the document itself, but around what has been deleted from an entry stands more."""
    if change.action != DELETED or not change.kind.startswith(f"{ENTRY}_"):
        return change.document
    outside = ("id", "documentType", "auditMetadata")
    return {
        "id": change.identity,
        "deletionBinId": change.identity[::-1],
        "deletedAt": written(change.at),
        "documentType": change.kind,
        "document": {name: value for name, value in change.document.items() if name not in outside},
    }
