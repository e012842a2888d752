"""What the report shows adds up to the marts."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from clockify_dagster.errors import NotLoadedError
from clockify_dagster.report import marts_read, write_report
from clockify_dagster.report.data import all_charts, report_data, sources
from clockify_dagster.warehouse import Database, Destination
from clockify_dagster_tests.marts.conftest import ZONE, Load, Office
from clockify_dagster_tests.report.conftest import TOLD_TO_NOBODY


def shown(database: Destination) -> dict[str, Any]:
    with database.reading() as connection:
        return report_data(connection, ZONE)


def rows(report: dict[str, Any], name: str) -> list[dict[str, Any]]:
    columns = {
        name: [held["texts"][value] if "texts" in held else value for value in held["values"]]
        for name, held in report["data"][name].items()
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def test_each_chart_has_its_numbers_and_each_sql_file_its_chart() -> None:
    folder = files("clockify_dagster.report").joinpath("charts")
    assert {path.name for path in folder.iterdir()} == {f"{name}.sql" for name in sources()}
    for chart in all_charts():
        assert chart["title"]
        assert chart["caption"]
        assert ("spec" in chart) != ("columns" in chart)


def test_hours_and_money_add_up_to_the_time_entries(loaded: Database) -> None:
    report = shown(loaded)
    with loaded.reading() as connection:
        connection.execute("SET schema = clockify_marts")
        hours = connection.execute("SELECT sum(work_hours), sum(billable_hours) FROM fct_time_entry").fetchall()
        billed = connection.execute(
            "SELECT currency, sum(amount) FROM fct_time_entry WHERE amount > 0 GROUP BY currency"
        ).fetchall()
    (work, billable), amounts = hours[0], dict(billed)
    assert work == 33
    weeks, days, money = (rows(report, name) for name in ("hours_by_week", "person_by_day", "money_by_month"))
    assert sum(row["hours"] for row in weeks) == pytest.approx(work)
    assert sum(row["billable_hours"] for row in weeks) == pytest.approx(billable)
    assert sum(row["hours"] for row in days) == pytest.approx(work)
    assert amounts == {"USD": 1200, "EUR": 160}
    for currency, amount in amounts.items():
        own = [row["value"] for row in money if row["currency"] == currency and row["kind"] == "Revenue"]
        assert sum(own) == pytest.approx(amount)
    assert sum(row["value"] for row in money if row["kind"] == "Cost") == pytest.approx(480)
    unbilled = rows(report, "unbilled_by_age")
    assert sum(row["amount"] for row in unbilled if row["currency"] == "USD") == pytest.approx(1200)


def test_days_and_months_are_those_of_the_accounts_zone(busy: Office, loaded: Database) -> None:
    days = rows(shown(loaded), "person_by_day")
    night = [row for row in days if row["person"] == "ليلى"]
    begun = busy.moment(2, 0).date().isoformat()
    assert [(row["day"] == begun, row["hours"]) for row in night] == [(True, 1), (False, 1)]
    assert all(row["month"] == row["day"][:7] for row in days)


def test_no_row_of_it_tells_what_was_done(loaded: Database) -> None:
    assert TOLD_TO_NOBODY not in str(shown(loaded))


def test_two_people_of_one_name_are_two(office: Office, load: Load) -> None:
    office.work(2)
    office.work(2, user=office.account.add_user(office.place, "Ana"))
    people = {row["person"] for row in rows(shown(load(office).warehouse.database), "person_by_day")}
    assert len(people) == 2
    assert all(person.startswith("Ana (") for person in people)


def test_a_budget_has_its_forecast(loaded: Database) -> None:
    (burn,) = rows(shown(loaded), "budget_burn")
    # 14 of 20 hours in 28 days: as many again in the next 28
    assert (burn["unit"], burn["used_share"], burn["forecast_share"]) == ("h", 0.7, 1.4)
    assert burn["is_used_up"] is False


def test_an_account_without_hours_is_told_to_have_none(office: Office, load: Load) -> None:
    assert shown(load(office).warehouse.database)["is_empty"]


def test_without_marts_it_says_how_they_are_made(office: Office, load: Load, tmp_path: Path) -> None:
    project = load(office)
    project.execute("DROP SCHEMA clockify_marts CASCADE")
    with pytest.raises(NotLoadedError, match=f"{marts_read()[0]}.*clockify-dagster sync"):
        write_report(project.warehouse.database, tmp_path / "report.html", ZONE)
    assert not (tmp_path / "report.html").exists()
