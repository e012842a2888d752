"""Each kind of check turns red by the damage it is for, alone and with the right number; a clean account is green."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clockify_dagster.contract import CONTRACT, CORE
from clockify_dagster.days import Days
from clockify_dagster.warehouse.audit import checks_of
from clockify_dagster_tests.checks.conftest import MakeProject, clean_account, failed, findings, refresh
from clockify_dagster_tests.checks.damages import DAMAGES, ENTRIES, Damage
from clockify_dagster_tests.conftest import Project


@pytest.mark.parametrize("damage", DAMAGES, ids=str)
def test_exactly_the_check_for_it_turns_red_with_the_right_number(
    damage: Damage, loaded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOCKIFY_API_KEY")  # what Clockify says of it is for the tests of the reconciliation
    for statement in damage.sql.split("; "):
        loaded.execute(statement.format(table=damage.table))
    red = failed(loaded)
    assert set(red) == {(damage.table, check) for check in (damage.check, *damage.also)}
    finding = red[damage.table, damage.check]
    assert finding.severity == damage.severity
    assert {name: finding.numbers.get(name) for name in damage.numbers} == damage.numbers
    assert finding.message


def test_every_kind_of_check_has_a_damage_that_turns_it_red() -> None:
    def kind(check: str) -> str:
        return "reference" if "_is_in_" in check else check

    kinds = {kind(check.name) for table in CONTRACT for check in checks_of(table)}
    damaged = {kind(damage.check) for damage in DAMAGES}
    assert kinds - damaged == {"values_fit"}, "which only a load can turn red; see below"


def test_on_a_clean_account_every_check_passes(loaded: Project) -> None:
    found = findings(loaded)
    assert {place: each.message for place, each in found.items() if each.passed is not True} == {}
    assert {table for table, _ in found} == set(CORE)


def test_a_value_that_does_not_fit_is_told_until_a_load_in_which_all_fit(make_loaded: Callable[..., Project]) -> None:
    account, place = clean_account()
    project = make_loaded(account)
    client = next(iter(account.workspace(place).clients.values()))
    account.edit(client, archived="perhaps")
    refresh(project, "clockify_clients")
    red = failed(project)
    assert list(red) == [("clockify_clients", "values_fit")]
    assert red["clockify_clients", "values_fit"].numbers["values that did not fit"] == 1
    assert "perhaps" in str(red["clockify_clients", "values_fit"].numbers["columns"])
    account.edit(client, archived=False)
    refresh(project, "clockify_clients")
    assert failed(project) == {}


def test_a_listing_that_suddenly_is_empty_turns_the_row_count_red(make_loaded: Callable[..., Project]) -> None:
    account, place = clean_account()
    project = make_loaded(account)
    account.workspace(place).clients.clear()
    refresh(project, "clockify_clients")
    red = failed(project)
    count = red.pop(("clockify_clients", "rows_did_not_drop"))
    assert (count.severity, count.numbers["rows after the load before"], count.numbers["rows"]) == ("ERROR", 2, 0)
    assert list(red) == [("clockify_projects", "clientid_is_in_clockify_clients")]


def test_a_check_whose_column_or_table_is_missing_is_not_checked_and_says_why(
    loaded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOCKIFY_API_KEY")
    loaded.execute("DROP TABLE clockify_projects")
    loaded.execute("ALTER TABLE clockify_timeentries DROP COLUMN timeinterval_end")
    found = findings(loaded)
    reference = found["clockify_timeentries", "projectid_is_in_clockify_projects"]
    assert (reference.passed, reference.message) == (None, "Not checked: clockify_projects is gone.")
    assert reference.metadata["checked"] is False
    assert found["clockify_timeentries", "does_not_overlap"].passed is None
    assert found["clockify_timeentries", "key_is_unique"].passed is True
    assert found["clockify_timeentries", "columns_are_declared_ones"].passed is False


def test_of_tables_that_were_never_loaded_nothing_is_said(make_project: MakeProject) -> None:
    project = make_project(clean_account()[0])
    project.run("clockify_reference")
    tables = {table for table, _ in findings(project)} - {"clockify_timeentries"}
    assert tables == {name for name in CORE if "timeentries" not in name}


def test_a_file_from_before_loads_were_remembered_can_be_checked(
    loaded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOCKIFY_API_KEY")
    loaded.execute("DROP SCHEMA clockify_state CASCADE")
    found = findings(loaded)
    assert {place[1] for place, each in found.items() if each.passed is None} == {
        "values_fit",
        "rows_did_not_drop",
        "is_fresh",
        "stands_on_a_loaded_day",
        "adds_up_to_clockifys_totals",
    }
    assert failed(loaded) == {}


def test_the_warehouse_remembers_a_hundred_loads_of_a_table_at_most(loaded: Project) -> None:
    loaded.execute(
        "INSERT INTO clockify_state.loads SELECT loads.* REPLACE (loaded_at - to_days(n::INTEGER) AS loaded_at) "
        "FROM clockify_state.loads AS loads, range(1, 200) AS r(n) WHERE table_name = 'clockify_tags'"
    )
    refresh(loaded, "clockify_tags")
    (count,) = loaded.execute("SELECT count(*) FROM clockify_state.loads WHERE table_name = 'clockify_tags'")
    assert count == (100,)


def test_days_are_days_of_the_settings_zone(loaded: Project) -> None:
    days = Days(loaded.settings.start_date, loaded.calendar.today)
    first = days.span(loaded.calendar.zone).start
    loaded.execute(
        "UPDATE clockify_timeentries SET timeinterval_start = ?, timeinterval_end = ?, timeinterval__duration = 'PT0S' "
        "WHERE id = (SELECT min(id) FROM clockify_timeentries)",
        first,
        first,
    )
    assert findings(loaded)[ENTRIES, "stands_on_a_loaded_day"].passed
