"""What somebody was to work on each day, and worked, in plain Python: capacity, holidays, time off."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from fractions import Fraction
from functools import cached_property
from typing import Any

from clockify_dagster_tests.marts.truth import DAY, Piece, Truth, instant

WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


class TruthOfDays(Truth):
    """An account's answers, with those about people's days."""

    @cached_property
    def user_days(self) -> dict[tuple[str, date], list[Fraction]]:
        """By user and day: hours of work, billable hours, hours available; in all workspaces together."""
        days: defaultdict[tuple[str, date], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)
        absent: defaultdict[tuple[str, date, str], Fraction] = defaultdict(Fraction)
        for each in self.pieces:
            place = (each.entry["userId"], self.day(each.start))
            work, billable, available = days[place]
            days[place] = [work + each.work, billable + each.billable, available]
            if not each.is_work:
                kind = (*place, str(each.entry["type"]))
                absent[kind] += each.hours
        for user in {each.entry["userId"] for each in self.entries}:
            for day, hours in self._available(user, absent):
                days[user, day][2] = hours
        return days

    def _available(self, user: str, absent: dict[Any, Fraction]) -> Iterator[tuple[date, Fraction]]:
        """Capacity less holidays and time off, on each day from the first entry on, in the user's main workspace."""
        hours: Counter[str] = Counter()
        for each in self.entries:
            if each.entry["userId"] == user:
                hours[each.entry["workspaceId"]] += each.hours  # type: ignore[assignment]
        place = self.account.workspaces[min(hours, key=lambda each: (-hours[each], each))]
        member, status = place.members.get(user, {}), self.account.users[user]["status"]
        if status == "NOT_REGISTERED":
            return
        its = [self.day(e.start) for e in self.entries if e.entry["userId"] == user and self._is_in(e, place.identity)]
        has_left = member.get("membershipStatus") == "INACTIVE" or "DELETED" in status
        day, last = min(its), max(its) if has_left else self.today
        while day <= last:
            is_working_day = WEEKDAYS[day.weekday()] in place.document["workspaceSettings"]["workingDays"]
            capacity = Fraction(place.capacities.get(user, 8 * 3600), 3600) if is_working_day else Fraction(0)
            holiday = capacity if self._is_holiday(place, user, day) else min(capacity, absent[user, day, "HOLIDAY"])
            off = max(self._time_off(place, user, day, capacity), absent[user, day, "TIME_OFF"])
            yield day, capacity - holiday - min(off, capacity - holiday)
            day += DAY

    def _is_in(self, piece: Piece, workspace: str) -> bool:
        return bool(piece.entry["workspaceId"] == workspace)

    def _is_holiday(self, place: Any, user: str, day: date) -> bool:
        for each in place.holidays.values():
            groups = [place.groups[group]["userIds"] for group in each["userGroupIds"]]
            its = each["everyoneIncludingNew"] or user in each["userIds"] or any(user in group for group in groups)
            first, last = (date.fromisoformat(each["datePeriod"][name]) for name in ("startDate", "endDate"))
            again = each["occursAnnually"] and day >= first and first.replace(year=day.year) == day
            if its and (first <= day <= last or again):
                return True
        return False

    def _time_off(self, place: Any, user: str, day: date, capacity: Fraction) -> Fraction:
        midnight, noon, end = (
            datetime.combine(day, time(0), self.zone),
            datetime.combine(day, time(12), self.zone),
            datetime.combine(day + DAY, time(0), self.zone),
        )
        days, hours = Fraction(0), Fraction(0)
        for each in place.time_off_requests.values():
            if each["userId"] != user or each["status"]["statusType"] != "APPROVED":
                continue
            period = each["timeOffPeriod"]
            began, ended = (instant(period["period"][name]) for name in ("start", "end"))
            if each["timeUnit"] == "HOURS":
                both = min(ended, end.astimezone(timezone.utc)) - max(began, midnight.astimezone(timezone.utc))
                hours += max(Fraction(int(both.total_seconds()), 3600), Fraction(0))
            elif began <= noon < ended:
                days += Fraction(1, 2) if period["halfDay"] else 1
        return min(days, Fraction(1)) * capacity + hours

    def weeks(self) -> dict[Any, list[Fraction]]:
        """By user and week: hours of work, billable hours, hours available."""
        sums: defaultdict[Any, list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)
        for (user, day), values in self.user_days.items():
            week = user, day - timedelta(days=day.weekday())
            sums[week] = [held + more for held, more in zip(sums[week], values, strict=True)]
        return sums

    def gaps(self) -> dict[Any, Fraction]:
        """The hours that are missing, by user and day."""
        return {
            place: available - work
            for place, (work, _, available) in self.user_days.items()
            if place[1] < self.today and available - work > Fraction(1, 125)
        }
