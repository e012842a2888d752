"""The marts on what has changed: what a sync saw, and who had which rate when."""

from __future__ import annotations

from datetime import date, timedelta

from clockify_dagster.days import Days
from clockify_dagster.sandbox.documents import rate
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.marts.conftest import Load, Office, ask

BILLABLE = "FROM {}.rate_history WHERE kind = 'project' AND rate = 'billable'"


def sync(project: Project, office: Office) -> None:
    first: date = office.today - timedelta(days=60)
    project.run("clockify_daily", Days(first, project.calendar.today), checks=False)


def test_what_changed_since_yesterday_is_one_line_with_names(office: Office, load: Load) -> None:
    entry, gone = office.work(3, description="draft"), office.work(2, description="a mistake")
    project = load(office)
    assert ask(project, "SELECT * FROM {}.change_log") == []
    office.account.edit_entry(entry, description="final")
    office.account.delete_entry(gone)
    office.account.edit(office.project, name="Web shop")
    sync(project, office)
    since = "FROM {}.change_log WHERE seen_at > now() - INTERVAL 1 DAY"
    changed = ask(
        project, f"SELECT name, what, column_name, old_value, new_value {since} AND what = 'changed' ORDER BY 1"
    )
    assert changed == [
        ("Web shop", "changed", "name", "Shop", "Web shop"),
        ("final", "changed", "description", "draft", "final"),
    ]
    assert ask(project, f"SELECT DISTINCT name, what {since} AND what = 'deleted'") == [("a mistake", "deleted")]


def test_who_has_another_rate_is_known_from_when_to_when(office: Office, load: Load) -> None:
    office.account.edit(office.project, hourlyRate=rate(5000, "EUR"))
    office.account.add_to_project(office.ana, office.project)
    project = load(office, tables="all")
    office.account.edit(office.project, hourlyRate=rate(6000, "EUR"))
    sync(project, office)
    office.account.edit(office.project, hourlyRate=None)
    sync(project, office)
    sql = f"SELECT amount, valid_from IS NULL, valid_to IS NULL {BILLABLE} ORDER BY valid_from NULLS FIRST"
    assert ask(project, sql) == [(50.0, True, False), (60.0, False, False), (None, False, True)]
    times = ask(project, "SELECT valid_to FROM {}.rate_history WHERE amount = 50") + ask(
        project, "SELECT valid_from FROM {}.rate_history WHERE amount = 60"
    )
    assert times[0] == times[1], "without a gap"
    assert ask(project, "SELECT count(*) FROM {}.change_log WHERE is_rate") == [(2,)]


def test_a_rate_that_has_not_changed_holds_since_before_the_first_load(office: Office, load: Load) -> None:
    office.account.edit(office.project, hourlyRate=rate(5000, "EUR"))
    project = load(office)
    sql = f"SELECT name, amount, currency, valid_from, valid_to {BILLABLE}"
    assert ask(project, sql) == [("Shop", 50.0, "EUR", None, None)]


def test_every_member_of_a_workspace_and_of_a_project_has_its_rates(office: Office, load: Load) -> None:
    office.account.add_to_project(office.ana, office.project)
    project = load(office, tables="all")
    of_members = "FROM {}.rate_history WHERE kind LIKE '%member'"
    sql = f"SELECT kind, name, target_name, count(*) {of_members} GROUP BY ALL ORDER BY 1"
    assert ask(project, sql) == [("project member", "Ana", "Shop", 2), ("workspace member", "Ana", "Office", 2)]
