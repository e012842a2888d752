"""An account that changes at random, and what its tables must hold: state machines for Hypothesis."""

from __future__ import annotations

import shutil
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from clockify_dagster.days import Days
from clockify_dagster.sandbox.times import instant
from clockify_dagster.warehouse import Destination
from clockify_dagster_tests.refresh.conftest import Document, Fact, Office, open_office
from clockify_dagster_tests.refresh.edits import EDIT

START = date(2026, 3, 1)
ZONES = ["UTC", "Europe/Belgrade", "America/New_York", "Pacific/Pago_Pago", "Pacific/Kiritimati", "Etc/GMT+11"]
PAUSES = [0.4, 2.0, 61.0, 400.0, 40_000.0, 200_000.0]
PICK = st.integers(0, 10_000)


class Walk(RuleBasedStateMachine):
    """An account that changes, and refreshes of it."""

    options: ClassVar[dict[str, Any]] = {}
    office: Office

    @initialize(
        zone=st.sampled_from(ZONES),
        timezone=st.sampled_from(ZONES),
        reading=st.sampled_from(["wall_clock", "instant"]),
        removed=st.sampled_from(["served", "refused"]),
        feed=st.sampled_from(["envelope", "bare"]),
        both=st.booleans(),
        window=st.sampled_from([1, 2, 5]),
        users=st.integers(2, 14),
    )
    def begin(self, *, removed: str, feed: str, both: bool, users: int, reading: str, **office: Any) -> None:
        """An office with some entries, all of them loaded."""
        self.folder = Path(tempfile.mkdtemp())
        account = {"removed_users": removed, "feed": feed, "deleted_stay_updated": both, "window_reading": reading}
        self.office = open_office(self.destination(), start=START, **{**account, **office, **self.options})
        self.account, self.place = self.office.account, self.office.place
        self.tags = [self.account.add_tag(self.place, f"tag {n}")["id"] for n in range(3)]
        self.users = [self.account.add_user(self.place, f"user {n}")["id"] for n in range(users)]
        for n in range(20):
            self.create(pick=n, back=n % 20, minutes=97 * n, length=60, tags=n % 4)
        self.office.clock.advance(days=1)
        self.last = self.office.today
        self.office.refresh_all()
        self.model = self.office.expected()
        self.compare()

    def destination(self) -> Path | Destination:
        """Where the tables are."""
        return self.folder / "it.duckdb"

    def teardown(self) -> None:
        """Stop the sandbox and remove the files."""
        if hasattr(self, "office"):
            self.office.sandbox.stop()
            shutil.rmtree(self.folder)

    @property
    def entries(self) -> dict[str, Document]:
        """The account's entries."""
        return self.account.workspace(self.place).entries.by_id

    def chosen(self, pick: int) -> Document:
        """One of the entries."""
        return self.entries[sorted(self.entries)[pick % len(self.entries)]]

    def moment(self, back: int, minutes: int) -> datetime:
        """Mostly within the days that are loaded, now and then before the start date or after today."""
        end = self.office.limits.span(self.office.zone).end.replace(microsecond=0)
        return end - timedelta(days=back, minutes=minutes)

    @rule(pick=PICK, back=st.integers(-1, 22), minutes=st.integers(0, 1439), length=st.integers(0, 4000), tags=PICK)
    def create(self, *, pick: int, back: int, minutes: int, length: int, tags: int) -> None:
        """Somebody tracks time, or starts a timer."""
        start = self.moment(back, minutes)
        end = None if length == 0 else start + timedelta(minutes=length)
        chosen = None if tags % 4 == 0 else self.tags[: tags % 4]
        self.account.add_entry(self.place, self.users[pick % len(self.users)], start, end, tagIds=chosen)

    @precondition(lambda self: self.entries)
    @rule(pick=PICK, edit=EDIT)
    def edit(self, pick: int, edit: dict[str, Any]) -> None:
        """Any field changes."""
        self.account.edit_entry(self.chosen(pick), **edit)

    @precondition(lambda self: self.entries)
    @rule(pick=PICK, tags=st.integers(0, 3))
    def tag(self, pick: int, tags: int) -> None:
        """Other tags."""
        self.account.edit_entry(self.chosen(pick), tagIds=self.tags[:tags])

    @precondition(lambda self: self.entries)
    @rule(pick=PICK, back=st.integers(-1, 22), minutes=st.integers(0, 1439))
    def move(self, pick: int, back: int, minutes: int) -> None:
        """To any other day."""
        entry, start = self.chosen(pick), self.moment(back, minutes)
        # nobody asks for what those who have left do next week
        if start < self.office.limits.span(self.office.zone).end or entry["userId"] in self.users:
            self.account.move_entry(entry, start)

    @precondition(lambda self: self.entries)
    @rule(pick=PICK, user=PICK)
    def hand_over(self, pick: int, user: int) -> None:
        """To another user."""
        self.account.edit_entry(self.chosen(pick), userId=self.users[user % len(self.users)])

    @precondition(lambda self: self.entries)
    @rule(pick=PICK)
    def delete(self, pick: int) -> None:
        """For good."""
        self.account.delete_entry(self.chosen(pick))

    @rule(pick=PICK)
    def stop(self, pick: int) -> None:
        """A timer that runs."""
        if running := [entry for entry in self.entries.values() if entry["timeInterval"]["end"] is None]:
            entry = running[pick % len(running)]
            self.account.stop_timer(entry, instant(entry["timeInterval"]["start"]) + timedelta(hours=2))

    @rule()
    def join(self) -> None:
        """Somebody new."""
        self.users.append(self.account.add_user(self.place, "new")["id"])

    @rule(pick=PICK, status=st.sampled_from(["ACTIVE", "LIMITED", "DELETED"]))
    def deactivate(self, pick: int, status: str) -> None:
        """An account's status; its hours count as ever."""
        self.account.set_account_status(self.users[pick % len(self.users)], status)

    @precondition(lambda self: len(self.users) > 2)
    @rule(pick=PICK)
    def leave(self, pick: int) -> None:
        """Out of the workspace, with what lies ahead."""
        user = self.users.pop(pick % len(self.users))
        self.account.remove_user(self.place, user)
        end = self.office.limits.span(self.office.zone).end
        theirs = [each for each in self.entries.values() if each["userId"] == user]
        for entry in [each for each in theirs if instant(each["timeInterval"]["start"]) >= end]:
            self.account.delete_entry(entry)

    @rule(seconds=st.sampled_from(PAUSES))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.office.clock.advance(seconds=seconds)

    @rule(what=st.sampled_from(["window", "window", "range", "all"]), first=PICK, last=PICK)
    def refresh(self, what: str, first: int, last: int) -> None:
        """Some days, the new ones among them; then the tables equal the account."""
        self.settle()
        days = self.days(what, first, last)
        self.office.refresh(days)
        self.remember(days)
        self.compare()

    def settle(self) -> None:
        """Before a refresh."""

    def remember(self, _days: Days) -> None:
        """After a refresh."""
        self.model = self.office.expected()

    def compare(self) -> None:
        """Every column of every entry."""
        assert self.office.loaded() == self.model
        assert self.office.said == []

    def days(self, what: str, first: int, last: int) -> Days:
        """New days are always refreshed."""
        limits, today = self.office.limits, self.office.today
        begin = today - timedelta(days=self.office.window - 1)
        if self.last < today:
            begin, self.last = min(self.last, begin), today
        elif what == "all":
            return limits
        elif what == "range":
            ends = sorted(limits.first + timedelta(days=n % len(limits)) for n in (first, last))
            return Days(ends[0], ends[1])
        return Days(max(limits.first, begin), today)


class LateFeed(Walk):
    """The feed shows what happened a minute late."""

    options: ClassVar[dict[str, Any]] = {"feed_delay_seconds": 60}

    def settle(self) -> None:
        """What is older than a minute is right."""
        self.office.clock.advance(seconds=62)


class PlainIds(Walk):
    """Ids do not tell when an entry was made; a refresh does not come within seconds of a change."""

    options: ClassVar[dict[str, Any]] = {"dated": False}

    def settle(self) -> None:
        """Some minutes."""
        self.office.clock.advance(seconds=400)


class NoFeed(Walk):
    """Without the feed, refreshed days are right, what left them is found, and timers stop everywhere."""

    options: ClassVar[dict[str, Any]] = {"feed": "refused"}

    def remember(self, days: Days) -> None:
        """What is promised then."""
        span, account = days.span(self.office.zone), self.office.expected()
        place = self.account.workspace(self.place)
        refused = place.removed if self.account.removed_users == "refused" else set()
        is_held = {entry: _start(fact) in span for entry, fact in self.model.items()}
        asked = {*place.members, *(str(self.model[entry]["userid"]) for entry, within in is_held.items() if within)}
        after = dict(self.model)
        for entry, fact in self.model.items():
            is_listed = is_held[entry] and fact["userid"] not in refused
            if is_listed or (not is_held[entry] and fact["timeinterval_end"] is None):
                del after[entry]
                after.update({entry: account[entry]} if entry in account else {})
        listed = {e: f for e, f in account.items() if _start(f) in span and f["userid"] in asked - refused}
        self.model = after | listed

    def compare(self) -> None:
        """Every column of every entry; that the feed is missing is said."""
        assert self.office.loaded() == self.model


def _start(fact: Fact) -> datetime:
    start = fact["timeinterval_start"]
    assert isinstance(start, datetime)
    return start
