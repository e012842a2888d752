"""A small account for tests that are about runs and not about what is loaded."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

from clockify_dagster.sandbox import Account

# once for all, so that a test means the same days throughout, also when midnight passes meanwhile
TODAY = datetime.now(timezone.utc).date()


def small_account(days: int = 10, people: int = 2, key: str = "sandbox-key") -> Account:
    """One workspace with something in every table; an entry with a tag for everyone, each day up to yesterday.

    All of it was made an hour ago: what is as young as the first refresh is read again by the second one.
    """
    account = Account(key=key)
    now, account.now = account.now, lambda: datetime.now(timezone.utc) - timedelta(hours=1)
    place = account.add_workspace("Agency")
    users = [account.add_user(place, f"Person {number}") for number in range(people)]
    account.add_group(place, "Everybody", users)
    client = account.add_client(place, "Nordwind")
    project = account.add_project(place, "Website", client=client)
    account.add_to_project(users[0], project)
    task = account.add_task(place, project, "Layout", assignees=[users[0]])
    tag = account.add_tag(place, "urgent")
    for day in days_before_today(days):
        for number, user in enumerate(users):
            start = datetime.combine(day, time(8 + number), timezone.utc)
            fields = {"projectId": project["id"], "taskId": task["id"], "tagIds": [tag["id"]]}
            account.add_entry(place, user, start, start + timedelta(minutes=50), **fields)
    account.now = now
    return account


def days_before_today(count: int) -> list[date]:
    """So many days by UTC's calendar, the last one yesterday."""
    return [TODAY - timedelta(days=number) for number in range(count, 0, -1)]
