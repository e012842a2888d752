"""How what paid plans add comes and goes: expense categories, custom fields, holidays, time off."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from . import paid_documents
from .documents import Document
from .state import identity_of
from .times import instant, written
from .work import Work


class Paid(Work):
    """What paid plans add. `edit`, `archive` and `delete` take these as well."""

    def add_custom_field(
        self,
        workspace: Document | str,
        name: str = "Order",
        *,
        kind: str = "TXT",
        entity_type: str = "TIMEENTRY",
        **fields: object,
    ) -> Document:
        """Define a custom field, of time entries or with `entity_type="USER"` of people."""
        with self.lock:
            place = self.workspace(workspace)
            document = paid_documents.custom_field(
                self.new_id(), place.identity, name, kind=kind, entity_type=entity_type
            )
            return self._keep(place, "custom_fields", document, fields)

    def add_holiday(
        self,
        workspace: Document | str,
        name: str = "New Year's Day",
        *,
        first: date = date(2026, 1, 1),
        last: date | None = None,
        users: list[Document] | list[str] | None = None,
        groups: list[Document] | list[str] | None = None,
        **fields: object,
    ) -> Document:
        """Add a holiday of a day, or up to and with `last`, for these people and groups."""
        with self.lock:
            place = self.workspace(workspace)
            document = paid_documents.holiday(self.new_id(), place.identity, name, first=first, last=last or first)
            document.update(_assigned(users, groups))
            return self._keep(place, "holidays", document, fields)

    def add_policy(
        self,
        workspace: Document | str,
        name: str = "Vacation",
        *,
        unit: str = "DAYS",
        users: list[Document] | list[str] | None = None,
        groups: list[Document] | list[str] | None = None,
        **fields: object,
    ) -> Document:
        """Add a time off policy, counted in DAYS or HOURS, for these people and groups."""
        with self.lock:
            place = self.workspace(workspace)
            document = paid_documents.policy(self.new_id(), place.identity, name, unit)
            document.update(_assigned(users, groups))
            return self._keep(place, "policies", document, fields)

    def add_time_off_request(
        self,
        policy: Document,
        user: Document | str,
        start: datetime | str = "2026-03-02T00:00:00Z",
        end: datetime | str | None = None,
        *,
        half: str | None = None,
        **fields: object,
    ) -> Document:
        """Ask for time off, for a day or up to `end`; `half` is FIRST_HALF or SECOND_HALF of a day."""
        with self.lock:
            begun = instant(start)
            ended = begun + timedelta(days=1) if end is None else instant(end)
            document = paid_documents.time_off_request(
                self.new_id(),
                policy,
                self.users[identity_of(user)],
                start=written(begun),
                end=written(ended),
                created=instant(self.now()).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            )
            if half is not None:
                period = document["timeOffPeriod"]
                period.update(halfDay=True, halfDayPeriod=half, halfDayHours=dict(period["period"]))
            unit = timedelta(hours=1) if policy["timeUnit"] == "HOURS" else timedelta(days=1 if half is None else 2)
            document["balanceDiff"] = (ended - begun) / unit
            return self._keep(self.workspace(policy["workspaceId"]), "time_off_requests", document, fields)

    def decide_time_off(
        self, request: Document, status: str, *, by: Document | None = None, note: str | None = None
    ) -> Document:
        """Make a request APPROVED, REJECTED or PENDING again; `by` is who does it, the one who asked unless given."""
        with self.lock:
            actor = by or self.users[request["userId"]]
            decided = {
                "statusType": status,
                "changedAt": written(self.now()),
                "changedByUserId": actor["id"],
                "changedByUserName": actor["name"],
                "changedForUserName": request["userName"],
                "note": note,
            }
            return self.edit(request, status=decided)

    def change_balance(self, policy: Document, user: Document | str, by: float) -> None:
        """Give a person more of a policy, or with a negative number less."""
        with self.lock:
            changes = self.workspace(policy["workspaceId"]).balance_changes
            pair = (str(policy["id"]), identity_of(user))
            changes[pair] = changes.get(pair, 0.0) + by


def _assigned(
    users: list[Document] | list[str] | None, groups: list[Document] | list[str] | None
) -> dict[str, list[str]]:
    return {
        "userIds": [identity_of(each) for each in users or []],
        "userGroupIds": [identity_of(each) for each in groups or []],
    }
