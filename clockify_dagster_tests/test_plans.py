"""What a plan has is loaded and what it lacks costs nothing; and how many requests a sync takes, at the least."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

from dagster import AssetKey, ExecuteInProcessResult

from clockify_dagster.cli.check import all_findings
from clockify_dagster.contract import CONTRACT, Table
from clockify_dagster.defs.partitions import days_to_load
from clockify_dagster.sandbox import Account, Fault, faults
from clockify_dagster_tests.conftest import Document, Project
from clockify_dagster_tests.reported import REPORTED
from clockify_dagster_tests.small import add_everything
from clockify_dagster_tests.test_every_table import assert_equal

MakeProject = Callable[..., Project]
OPTIONAL = [table for table in CONTRACT.roots if table.listing is not None and table.listing.is_optional]
ONLY_THEY = ",".join(table.name for root in OPTIONAL for table in CONTRACT.family(root.name))
INVOICES_PAID, POLICIES, FEED = 1, 2, 3


def sync(project: Project) -> ExecuteInProcessResult:
    """Sync without checks; the requests before are forgotten."""
    project.sandbox.reset_requests()
    days = days_to_load(project.calendar, project.warehouse)
    return project.run("clockify_daily", days, checks=False)


def start() -> date:
    return datetime.now(timezone.utc).date() - timedelta(days=12)  # early in the day, the first entry is so old


def listings(features: set[str] | None = None) -> int:
    """How many requests the declared lists of a workspace take, in pages that are large enough."""
    found = [table.listing for table in CONTRACT.roots if table.listing and set(table.listing.facts) <= {"workspace"}]
    return sum(len(each.variants) for each in found if features is None or each.feature in (None, *features))


def metadata(result: ExecuteInProcessResult, table: str) -> dict[str, Any]:
    """What the run says of a table."""
    events = [*result.get_asset_materialization_events(), *result.get_asset_observation_events()]
    found: dict[str, Any] = {}
    for event in events:
        data: Any = event.event_specific_data
        about = getattr(data, "materialization", None) or data.asset_observation
        if about.asset_key.path[-1] == table:
            found |= {name: value.value for name, value in about.metadata.items()}
    return found


def optional_tables() -> list[Table]:
    return [table for root in OPTIONAL for table in CONTRACT.family(root.name)]


def test_a_free_workspace_takes_eleven_requests_and_asks_for_nothing_that_its_plan_lacks(
    make_project: MakeProject,
) -> None:
    account, people = Account(), 5
    place = add_everything(account, "FREE", people=people)
    project = make_project(account, tables="all", start_date=start(), update_window_days=3, timezone="UTC")
    result = sync(project)
    assert len(project.asked()) == 11 == listings(set()) + people
    assert {request.status for request in project.sandbox.requests} == {200}
    for table in optional_tables():
        assert project.rows(table.name) == []
    for root in OPTIONAL:
        if root.listed_with is None:
            said = metadata(result, root.name)["not on this plan"]
            assert said == {place["id"]: f"the plan lacks {root.listing.feature}"}  # type: ignore[union-attr]
    types = dict(
        project.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'clockify_timeoff_requests'"
        )
    )
    assert types == {c.name: c.type.sql for c in CONTRACT["clockify_timeoff_requests"].columns}
    sync(project)
    assert len(project.asked()) == 11 + FEED


def test_checks_of_tables_that_no_plan_has_say_nothing(make_project: MakeProject) -> None:
    account = Account()
    place = add_everything(account, "FREE")
    project = make_project(account, tables="all", start_date=start(), timezone="UTC")
    days = days_to_load(project.calendar, project.warehouse)
    optional = {table.name for table in optional_tables()}

    def checked() -> set[str]:
        result = project.run("clockify_daily", days)
        return {each.asset_key.path[-1] for each in result.get_asset_check_evaluations()}

    held = {table.name for table in CONTRACT if "integral" not in table.name}
    assert checked() == held - optional
    assert all_findings(project.settings, project.warehouse)[1]["On no workspace's plan"] == [
        table.name for table in CONTRACT if table.name in optional
    ]
    place.update(Account().add_workspace("Paid", "PRO"), id=place["id"])
    assert checked() == held
    place.update(features=[], featureSubscriptionType="FREE")
    assert checked() == held, "its rows stay"


def test_a_workspace_with_everything_takes_a_request_a_list_and_those_that_cannot_be_saved(
    make_project: MakeProject,
) -> None:
    account = Account()
    place = add_everything(account)
    project = make_project(account, tables="all", start_date=start(), update_window_days=3, timezone="UTC")
    sync(project)
    users, invoices = (len(account.documents(place, kind)) for kind in ("users", "invoices"))
    first = listings() + users + invoices + INVOICES_PAID + POLICIES
    assert len(project.asked()) == first
    for root in CONTRACT.roots:
        if "integral" not in root.name:
            assert_equal(project, root.name)
    sync(project)
    unpaid = invoices - INVOICES_PAID
    assert len(project.asked()) == listings() + users + FEED + unpaid


def test_where_a_plan_is_not_known_all_is_asked_for_and_a_refusal_is_no_failure(make_project: MakeProject) -> None:
    account = Account()
    place = add_everything(account, "PLATINUM_2030")
    del place["features"]
    project = make_project(account, tables=ONLY_THEY, start_date=start(), timezone="UTC")
    for status, paths in {403: "custom-fields|expenses|approval|attendance", 404: "in.oices|holi|off|sch|deta"}.items():
        project.sandbox.faults.add(Fault(paths, faults.Status(status), times=None))
    result = sync(project)
    for root in OPTIONAL:
        if root.listed_with is None:
            said = metadata(result, root.name)["not on this plan"][place["id"]]
            assert "answered with 40" in said, root.name
    for table in optional_tables():
        assert project.rows(table.name) == [], table.name
    project.sandbox.faults.clear()
    sync(project)
    for root in OPTIONAL:
        assert_equal(project, root.name)


def test_a_feature_that_goes_away_keeps_its_rows_and_one_that_comes_is_loaded_by_the_next_sync(
    make_project: MakeProject,
) -> None:
    account = Account()
    place = add_everything(account)
    project = make_project(account, tables=ONLY_THEY, start_date=start(), update_window_days=2, timezone="UTC")
    sync(project)
    everything = place["features"]
    before = {table.name: project.rows(table.name) for table in optional_tables()}
    assert all(before.values())
    _change_a_little(account, place)
    place.update(features=[], featureSubscriptionType="FREE")
    sync(project)
    assert {table.name: project.rows(table.name) for table in optional_tables()} == before
    place.update(features=everything, featureSubscriptionType="PRO")
    sync(project)
    for root in OPTIONAL:
        if root.name not in REPORTED:
            assert_equal(project, root.name)


def _change_a_little(account: Account, place: Document) -> None:
    client = account.documents(place, "clients")[0]
    account.add_item(account.add_invoice(client, "3"), unit_price=1)
    account.delete(account.documents(place, "holidays")[0])
    account.add_approval(place, account.documents(place, "users")[2])


def test_an_upgrade_brings_the_reports_of_all_days_and_dagster_shows_these_days(make_project: MakeProject) -> None:
    account = Account()
    place = add_everything(account, "FREE")
    project = make_project(account, tables=ONLY_THEY, start_date=start(), update_window_days=2, timezone="UTC")
    sync(project)
    place.update(features=account.add_workspace("Other")["features"], featureSubscriptionType="PRO")
    project.set(workspaces=place["id"])
    sync(project)
    del account.workspaces[next(each for each in account.workspaces if each != place["id"])]
    for table in REPORTED:
        assert_equal(project, table)
        assert len(project.instance.get_materialized_partitions(AssetKey(table))) == len(project.calendar.days)
        rows = metadata_by_day(project, table)
        assert set(rows) == {str(day) for day in project.calendar.days}
        assert sum(rows.values()) == len(project.rows(table))


def metadata_by_day(project: Project, table: str) -> dict[str, int]:
    """The rows of each day, as Dagster shows them."""
    found: dict[str, int] = {}
    records = project.instance.fetch_materializations(AssetKey(table), limit=1000).records
    for record in reversed(records):
        event = record.asset_materialization
        assert event is not None
        found[str(event.partition)] = int(str(event.metadata["dagster/partition_row_count"].value))
    return found
