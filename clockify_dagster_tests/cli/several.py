"""An account with several workspaces: how tests make one, load it, and look at one of its workspaces."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

from clockify_dagster.defs.partitions import days_to_load
from clockify_dagster_tests.cli.conftest import Said
from clockify_dagster_tests.conftest import Document, Project
from clockify_dagster_tests.defs.accounts import days_before_today


def add_place(project: Project, name: str = "Studio") -> Document:
    """Another workspace with a person, a tag and an entry."""
    place = project.account.add_workspace(name)
    project.account.add_tag(place, f"tag of {name}")
    user = project.account.add_user(place, f"Person of {name}")
    start = datetime.combine(days_before_today(5)[0], time(9), timezone.utc)
    project.account.add_entry(place, user, start, start + timedelta(hours=1))
    return place


def load(project: Project, *, integral: bool = False) -> None:
    """Load everything, as `sync` does, in a third of its time."""
    job = "clockify_everything" if integral else "clockify_daily"
    project.run(job, days_to_load(project.calendar, project.warehouse), checks=False)


def held(project: Project, table: str, place: Document, *columns: str) -> list[dict[str, object]]:
    return [row for row in project.rows(table, "workspaceid", *columns) if row["workspaceid"] == place["id"]]


def lines(said: Said, name: str) -> list[str]:
    """The lines on stderr that name a workspace, but for progress."""
    return [line for line in said.err.splitlines() if name in line and f" {name}: " not in line]
