"""Whatever happens in an account between refreshes, the tables equal it after each of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from clockify_dagster.days import Days
from clockify_dagster.sandbox.times import instant
from clockify_dagster_tests.refresh.conftest import Document, Fact, Office

START = date(2026, 3, 1)
PAUSES = [0.0, 0.0, 0.4, 2.0, 61.0, 400.0, 40_000.0, 200_000.0]


class Walk:
    """Steps through an account at random; what the tables must hold without the feed is kept as a model."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.account = office, office.account
        self.random = random.Random(seed)  # noqa: S311 - a walk, no secret
        self.model: dict[str, Fact] = {}
        self.tags = [self.account.add_tag(office.place, f"tag {n}")["id"] for n in range(3)]
        self.users = [self.account.add_user(office.place, f"user {n}")["id"] for n in range(4)]
        for _ in range(30):
            self.create()
        self.office.clock.turn(days=1)
        self.last = office.today

    @property
    def entries(self) -> dict[str, Document]:
        return self.account.workspace(self.office.place).entries.by_id

    def moment(self) -> datetime:
        """Now and then before the start date or after today; the window more often than the days before it."""
        end = self.office.limits.span(self.office.zone).end
        days = self.random.choice([1, 2, 4, (end.date() - START).days + 2])
        hours = self.random.uniform(-24, 24 * days)
        return (end - timedelta(hours=hours)).replace(microsecond=0)

    def create(self) -> None:
        start = self.moment()
        end = self.random.choice([None, *[start + timedelta(minutes=self.random.randint(0, 4000))] * 9])
        fields = {"tagIds": self.some_tags(), "description": str(self.random.random())}
        self.account.add_entry(self.office.place, self.random.choice(self.users), start, end, **fields)

    def some_tags(self) -> list[str] | None:
        return self.random.choice([None, [], self.random.sample(self.tags, self.random.randint(1, 3))])

    def some(self) -> Document | None:
        return self.entries[self.random.choice(sorted(self.entries))] if self.entries else None

    def edit(self, entry: Document) -> None:
        self.account.edit_entry(entry, description=str(self.random.random()), tagIds=self.some_tags())

    def move(self, entry: Document) -> None:
        moment = self.moment()
        is_ahead = moment >= self.office.limits.span(self.office.zone).end
        if not is_ahead or entry["userId"] in self.users:  # nobody asks for what those who have left do next week
            self.account.move_entry(entry, moment)

    def hand_over(self, entry: Document) -> None:
        self.account.edit_entry(entry, userId=self.random.choice(self.users))

    def delete(self, entry: Document) -> None:
        self.account.delete_entry(entry)

    def stop(self, entry: Document) -> None:
        running = [each for each in self.entries.values() if each["timeInterval"]["end"] is None]
        if running:
            entry = self.random.choice(running)
            self.account.stop_timer(entry, instant(entry["timeInterval"]["start"]) + timedelta(hours=2))

    def change_people(self) -> None:
        user = self.random.choice(self.users)
        if self.random.random() < 0.4 and len(self.users) > 2:
            self.users.remove(user)
            self.account.remove_user(self.office.place, user)
            end = self.office.limits.span(self.office.zone).end
            for entry in [each for each in self.entries.values() if each["userId"] == user]:
                if instant(entry["timeInterval"]["start"]) >= end:
                    self.delete(entry)
        elif self.random.random() < 0.5:
            self.users.append(self.account.add_user(self.office.place, "new")["id"])
        else:
            self.account.set_account_status(user, self.random.choice(["ACTIVE", "LIMITED", "DELETED"]))

    def step(self) -> None:
        """Some changes, with pauses in between."""
        for _ in range(self.random.randint(0, 8)):
            entry = self.some()
            if entry is None or self.random.random() < 0.3:
                self.create()
            elif self.random.random() < 0.04:
                self.change_people()
            else:
                changes = [self.edit, self.move, self.move, self.delete, self.stop, self.hand_over]
                self.random.choice(changes)(entry)
            if self.random.random() < 0.3:
                self.office.clock.turn(seconds=self.random.choice(PAUSES[:4]))

    def days(self) -> Days:
        """What to refresh: the window most of the time, else a range, else all days. First of all, new days."""
        today, first = self.office.today, self.office.start
        if self.last < today:
            begin = min(self.last, today - timedelta(days=self.office.window - 1))
            self.last = today
            return Days(max(first, begin), today)
        chance = self.random.random()
        if chance < 0.7:
            return Days(max(first, today - timedelta(days=self.office.window - 1)), today)
        if chance < 0.9:
            ends = [first + timedelta(days=self.random.randint(0, (today - first).days)) for _ in range(2)]
            return Days(min(ends), max(ends))
        return self.office.limits

    def refresh(self) -> None:
        days = self.days()
        self.office.refresh(days)
        self.model = self.modelled(days)

    def modelled(self, days: Days) -> dict[str, Fact]:
        """What is promised without the feed: the refreshed days, what has gone from them, and timers everywhere."""
        span, account = days.span(self.office.zone), self.office.expected()
        place = self.account.workspace(self.office.place)
        held = {entry: span.start <= fact[2] < span.end for entry, fact in self.model.items()}  # type: ignore[operator]
        refused = place.removed if self.account.removed_users == "refused" else set()
        asked = set(place.members) | {str(self.model[entry][1]) for entry, within in held.items() if within}
        after = dict(self.model)
        for entry, fact in self.model.items():
            if (held[entry] and fact[1] not in refused) or (not held[entry] and fact[3] is None):
                after.pop(entry)
                after.update({entry: account[entry]} if entry in account else {})
        listed = {
            entry: fact
            for entry, fact in account.items()
            if span.start <= fact[2] < span.end and fact[1] in asked - refused  # type: ignore[operator]
        }
        return after | listed


@pytest.mark.parametrize("seed", range(4))
def test_the_tables_equal_the_account_after_every_refresh(make_office: Callable[..., Office], seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - as above
    office = make_office(
        zone=["Pacific/Pago_Pago", "UTC", "Europe/Belgrade", "Pacific/Kiritimati"][seed % 4],
        timezone=["Pacific/Kiritimati", "America/New_York", "Etc/GMT+11"][seed % 3],
        start=START,
        window=chosen.choice([1, 2, 5]),
        window_reading=["wall_clock", "instant"][seed % 2],
        removed_users=["served", "refused"][seed // 2 % 2],
        feed=["envelope", "bare"][(seed + 1) // 2 % 2],
    )
    walk = Walk(office, seed)
    office.refresh_all()
    office.check()
    for number in range(12):
        walk.step()
        office.clock.turn(seconds=chosen.choice(PAUSES))
        walk.refresh()
        assert office.loaded() == office.expected(), f"seed {seed}, step {number}"
    assert office.said == []


@pytest.mark.parametrize("seed", [11])
def test_ids_that_tell_no_time_do_as_well_where_a_full_refresh_comes_seconds_after_a_change(
    make_office: Callable[..., Office], seed: int
) -> None:
    office = make_office(start=START, window=1, dated=False)
    walk = Walk(office, seed)
    office.refresh_all()
    for number in range(12):
        walk.step()
        office.clock.turn(seconds=walk.random.choice(PAUSES[3:]))
        walk.refresh()
        assert office.loaded() == office.expected(), f"seed {seed}, step {number}"


@pytest.mark.parametrize("seed", [21])
def test_with_a_feed_that_is_late_by_a_minute_they_do_a_minute_later(
    make_office: Callable[..., Office], seed: int
) -> None:
    office = make_office(start=START, window=2, feed_delay_seconds=60)
    walk = Walk(office, seed)
    office.refresh_all()
    for number in range(5):
        for _ in range(walk.random.randint(1, 3)):
            walk.step()
            walk.refresh()
        office.clock.turn(seconds=62)
        office.refresh()
        assert office.loaded() == office.expected(), f"seed {seed}, step {number}"


@pytest.mark.parametrize("seed", [35, 36])
def test_without_the_feed_the_refreshed_days_are_right_and_what_left_them_is_found(
    make_office: Callable[..., Office], seed: int
) -> None:
    removed, feed = ["served", "refused"][seed // 2 % 2], ["refused", "missing"][seed % 2]
    office = make_office(start=START, window=3, removed_users=removed, feed=feed)
    walk = Walk(office, seed)
    office.refresh_all()
    walk.model = office.expected()
    for number in range(10):
        walk.step()
        office.clock.turn(seconds=walk.random.choice(PAUSES))
        walk.refresh()
        assert office.loaded() == walk.model, f"seed {seed}, step {number}"
    office.refresh_all()
    walk.model = walk.modelled(office.limits)
    assert office.loaded() == walk.model
