"""How requests for approval come and change."""

from __future__ import annotations

from datetime import datetime, timedelta

from .documents import Document
from .entries import is_running, lasted
from .invoices import Invoices
from .shown_money import shown_expense
from .shown_names import project_info, task_info
from .state import Workspace, identity_of
from .times import instant, iso_duration, written


class Approvals(Invoices):
    """Requests for approval: what they show of entries and expenses is what those were when it was submitted."""

    def add_approval(
        self,
        workspace: Document | str,
        user: Document | str,
        start: datetime | str = "2026-03-02T00:00:00Z",
        end: datetime | str | None = None,
    ) -> Document:
        """Submit a person's entries and expenses of a week, or up to `end`; the request is PENDING."""
        with self.lock:
            owner, begun = self.users[identity_of(user)], instant(start)
            identity = self.new_id()
            person = {"userId": owner["id"], "userName": owner["name"]}
            settings = owner["settings"]
            request = {
                "id": identity,
                "workspaceId": identity_of(workspace),
                "owner": {**person, "timeZone": settings["timeZone"], "startOfWeek": settings["weekStart"]},
                "creator": {**person, "userEmail": owner["email"]},
                "dateRange": {"start": written(begun), "end": written(instant(end or begun + timedelta(days=7)))},
            }
            document = {"id": identity, "approvalRequest": request}
            self._keep(self.workspace(workspace), "approvals", document, {})
            return self.resubmit(identity)

    def resubmit(self, approval: Document | str) -> Document:
        """Submit anew: what is in the range now is pending."""
        with self.lock:
            place, document = self._approval(approval)
            document.update(_contents(place, document["approvalRequest"]))
            return self.decide(document, "PENDING")

    def decide(
        self, approval: Document | str, state: str, *, by: Document | None = None, note: str | None = None
    ) -> Document:
        """Give a request its state: APPROVED, REJECTED, WITHDRAWN_SUBMISSION, WITHDRAWN_APPROVAL or PENDING again.

        `by` is who does it, the owner unless given.
        """
        with self.lock:
            _, document = self._approval(approval)
            request = document["approvalRequest"]
            actor = by or self.users[request["owner"]["userId"]]
            request["status"] = {
                "state": state,
                "note": note,
                "updatedAt": written(self.now()),
                "updatedBy": actor["id"],
                "updatedByUserName": actor["name"],
            }
            nothing, tracked = iso_duration(0), document["trackedTime"]
            document["approvedTime"] = tracked if state == "APPROVED" else nothing
            document["pendingTime"] = tracked if state == "PENDING" else nothing
            return document

    def _approval(self, approval: Document | str) -> tuple[Workspace, Document]:
        identity = identity_of(approval)
        place, _ = self._whereabouts(identity)
        return place, place.approvals[identity]


def _contents(place: Workspace, request: Document) -> Document:
    """What a request is about, with its sums: amounts of hours in minor units, that of expenses in major ones."""
    start, end = request["dateRange"]["start"], request["dateRange"]["end"]
    started = sorted(place.entries.started(instant(start), instant(end)), key=lambda pair: pair[0])
    owner = request["owner"]["userId"]
    entries = [entry for _, entry in started if entry["userId"] == owner and not is_running(entry)]
    expenses = [each for each in place.expenses.values() if each["userId"] == owner and start <= each["date"] < end]
    worked = [each for each in entries if each["type"] != "BREAK"]
    billable = [each for each in worked if each["billable"]]

    def time(some: list[Document]) -> str:
        return iso_duration(sum(map(lasted, some)))

    def money(some: list[Document], rate: str) -> float:
        total: float = sum(lasted(each) * (each[rate] or {}).get("amount", 0) for each in some) / 3600
        return round(total, 2)

    return {
        "entries": [_entry_info(place, each, request["id"]) for each in entries],
        "expenses": [_expense_info(place, each, request["id"]) for each in expenses],
        "trackedTime": time(worked),
        "billableTime": time(billable),
        "breakTime": time([each for each in entries if each["type"] == "BREAK"]),
        "billableAmount": money(billable, "hourlyRate"),
        "costAmount": money(worked, "costRate"),
        "expenseTotal": round(sum(each["total"] for each in expenses), 2),
    }


def _entry_info(place: Workspace, entry: Document, request_id: str) -> Document:
    same = ("id", "description", "billable", "hourlyRate", "costRate", "customFieldValues", "isLocked", "type")
    return {
        **{name: entry.get(name) for name in same},
        "approvalRequestId": request_id,
        "timeInterval": dict(entry["timeInterval"]),
        "project": project_info(place, entry.get("projectId")),
        "task": task_info(place, entry.get("taskId")),
        "tags": [dict(place.tags[each]) for each in entry.get("tagIds") or [] if each in place.tags],
    }


def _expense_info(place: Workspace, expense: Document, request_id: str) -> Document:
    pending = {"approvalStatus": "PENDING", "detailedApprovalStatus": "PENDING"}
    return {
        **shown_expense(place, expense),
        **pending,
        "approvalRequestId": request_id,
        "currency": "USD",
        "fileUrl": None,
    }
