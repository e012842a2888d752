"""What an account holds, and the switches by which a test makes it behave; not how it is filled."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import Literal
from zoneinfo import ZoneInfo

from . import documents
from .changes import ChangeLog
from .documents import Document
from .entries import Entries
from .times import UTC

Role = Literal["OWNER", "ADMIN", "MEMBER"]


@dataclass
class Workspace:
    """Everything of one workspace, by id; each value is the API's own document."""

    document: Document
    clients: dict[str, Document] = field(default_factory=dict)
    projects: dict[str, Document] = field(default_factory=dict)
    tasks: dict[str, Document] = field(default_factory=dict)
    tags: dict[str, Document] = field(default_factory=dict)
    groups: dict[str, Document] = field(default_factory=dict)
    expense_categories: dict[str, Document] = field(default_factory=dict)
    expenses: dict[str, Document] = field(default_factory=dict)
    invoices: dict[str, Document] = field(default_factory=dict)
    payments: dict[str, Document] = field(default_factory=dict)
    manually_invoiced: set[str] = field(default_factory=set)
    approvals: dict[str, Document] = field(default_factory=dict)
    holidays: dict[str, Document] = field(default_factory=dict)
    custom_fields: dict[str, Document] = field(default_factory=dict)
    policies: dict[str, Document] = field(default_factory=dict)
    time_off_requests: dict[str, Document] = field(default_factory=dict)
    assignments: dict[str, Document] = field(default_factory=dict)
    capacities: dict[str, int] = field(default_factory=dict)  # seconds a working day
    balance_changes: dict[tuple[str, str], float] = field(default_factory=dict)
    members: dict[str, Document] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    roles: dict[str, list[Document]] = field(default_factory=dict)
    entries: Entries = field(default_factory=Entries)
    log: ChangeLog = field(default_factory=ChangeLog)
    asked: deque[datetime] = field(default_factory=deque)

    @property
    def identity(self) -> str:
        """The workspace's id."""
        return str(self.document["id"])


@dataclass
class Key:
    """An API key: whose it is and what it may do. Without a user it belongs to the account's first one."""

    user_id: str | None
    role: Role


def identity_of(thing: Document | str) -> str:
    """The id of a document, or the id itself."""
    return thing if isinstance(thing, str) else str(thing["id"])


class State:
    """The objects and the switches of an account. Whoever reads or changes them holds `lock`."""

    def __init__(
        self,
        *,
        timezone: str = "UTC",
        window_reading: Literal["wall_clock", "instant"] = "wall_clock",
        now: Callable[[], datetime] | None = None,
        key: str = "sandbox-key",
        hydrated_tasks: bool = True,
        last_page_header: str | None = "Last-Page",
        removed_users: Literal["served", "refused"] = "served",
        feed: Literal["envelope", "bare", "refused", "missing"] = "envelope",
        feed_delay_seconds: float = 0.0,
        reports: Literal["on", "refused"] = "on",
        report_dates: str = "%Y-%m-%d",
        requests_per_hour: int | None = None,
        retry_after: int | None = None,
        latency_seconds: float = 0.0,
        include_roles_required: bool = False,
        refused: Iterable[str] = (),
        feed_takes_several_types: bool = True,
        value_edits_update_entry: bool = False,
        deleted_stay_updated: bool = False,
        fields_without_type: Literal["ALL", "TIMEENTRY"] = "ALL",
        billing_in_reports: bool = True,
        largest_post_page: int | None = None,
        largest_report_page: int | None = None,
    ) -> None:
        """Make an account with one owner's key and nothing in it.

        The switches are attributes and may be changed at any time: `window_reading` decides whether `start`
        and `end` are read as clock times in `timezone`, as Clockify does, or as instants; `hydrated_tasks`
        whether hydrated projects carry their tasks; `last_page_header` is that header's spelling, or None;
        `removed_users` whether entries of people who left are served or refused; `feed` and
        `feed_delay_seconds` shape the change endpoints; `report_dates` is how summary reports write a day (as
        `strftime` takes it); `requests_per_hour` is the limit a workspace has.

        `refused` are regular expressions: a path in which one of them is found answers 403, as it does to a role
        that may not read it. With `feed_takes_several_types=False` the change endpoints answer 400 to more than one
        `type`. `value_edits_update_entry` decides whether a changed rate or custom field of an entry also shows as
        an update of the entry; `deleted_stay_updated` whether what was updated and then deleted is still listed as
        updated. `fields_without_type` is which custom fields come where no `entity-type` is asked for;
        `billing_in_reports` whether rows of detailed reports have `rate`, `amount` and `invoicingInfo`, which the
        official document does not know. `largest_post_page` is how many rows of invoices and time off requests come
        at most, however many are asked for; `largest_report_page` how many of attendance.
        """
        ZoneInfo(timezone)
        self.lock = RLock()
        self.timezone = timezone
        self.window_reading = window_reading
        self.now: Callable[[], datetime] = now or _real_now
        self.key = key
        self.hydrated_tasks = hydrated_tasks
        self.last_page_header = last_page_header
        self.removed_users = removed_users
        self.feed = feed
        self.feed_delay_seconds = feed_delay_seconds
        self.reports = reports
        self.report_dates = report_dates
        self.requests_per_hour = requests_per_hour
        self.retry_after = retry_after
        self.latency_seconds = latency_seconds
        self.include_roles_required = include_roles_required
        self.refused = set(refused)
        self.feed_takes_several_types = feed_takes_several_types
        self.value_edits_update_entry = value_edits_update_entry
        self.deleted_stay_updated = deleted_stay_updated
        self.fields_without_type = fields_without_type
        self.billing_in_reports = billing_in_reports
        self.largest_post_page = largest_post_page
        self.largest_report_page = largest_report_page
        self.keys: dict[str, Key] = {key: Key(None, "OWNER")}
        self.workspaces: dict[str, Workspace] = {}
        self.users: dict[str, Document] = {}
        self._counter = 0

    def new_id(self) -> str:
        """The next of a row of ids: 24 hexadecimal characters, the same in every run."""
        self._counter += 1
        return f"64c0ffee{self._counter:016x}"

    def workspace(self, workspace: Document | str) -> Workspace:
        """All that a workspace holds."""
        return self.workspaces[identity_of(workspace)]

    def zone(self) -> ZoneInfo:
        """The account's time zone."""
        return ZoneInfo(self.timezone)

    def window_zone(self) -> ZoneInfo | None:
        """The zone in which `start` and `end` are read; None means they are instants."""
        return self.zone() if self.window_reading == "wall_clock" else None

    def feed_shown_until(self) -> datetime:
        """The moment up to which changes show by now; Clockify shows a deletion about a minute late."""
        return self.now() - timedelta(seconds=self.feed_delay_seconds)

    def add_key(self, key: str, user: Document | str, role: Role = "OWNER") -> None:
        """Add an API key that sees the workspaces of its user."""
        with self.lock:
            self.keys[key] = Key(identity_of(user), role)

    def user_of(self, key: Key) -> Document | None:
        """The person a key belongs to; the account's own key is its first user's."""
        if key.user_id is not None:
            return self.users.get(key.user_id)
        return next(iter(self.users.values()), None)

    def add_workspace(self, name: str = "Agency", plan: str = "PRO", **fields: object) -> Document:
        """Add a workspace; `plan` is its `featureSubscriptionType`."""
        with self.lock:
            document = documents.workspace(self.new_id(), name, plan, self.new_id())
            document = documents.merged(document, fields)
            self.workspaces[str(document["id"])] = Workspace(document)
            return document

    def add_currency(self, workspace: Document | str, code: str) -> Document:
        """Add a currency beside the default one."""
        with self.lock:
            currency = {"id": self.new_id(), "code": code, "isDefault": False}
            self.workspace(workspace).document["currencies"].append(currency)
            return currency


def _real_now() -> datetime:
    return datetime.now(UTC)
