"""One calendar for days, their midnights and what is remembered of them: that of the definitions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from dagster import AssetKey, JobDefinition

from clockify_dagster.days import Days
from clockify_dagster.definitions import project_definitions
from clockify_dagster.defs.partitions import Calendar, tags_of
from clockify_dagster.sandbox import Account
from clockify_dagster.warehouse import load_state
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import TODAY
from clockify_dagster_tests.defs.running import ENTRIES

AUCKLAND, LOS_ANGELES = ZoneInfo("Pacific/Auckland"), ZoneInfo("America/Los_Angeles")
DAY = TODAY - timedelta(days=5)
START = TODAY - timedelta(days=10)


def account_of_two_zones() -> Account:
    """An account with an entry in the first and the last minute of a day, by the clocks of both zones."""
    account = Account()
    place = account.add_workspace("Agency")
    user = account.add_user(place)
    for zone in (AUCKLAND, LOS_ANGELES):
        for moment in (Days(DAY, DAY).span(zone).start, Days(DAY, DAY).span(zone).end - timedelta(minutes=1)):
            account.add_entry(place, user, moment, moment + timedelta(seconds=30))
    return account


def test_a_zone_that_is_changed_after_the_definitions_were_made_changes_nothing_in_their_runs(
    make_project: Callable[..., Project],
) -> None:
    project = make_project(account_of_two_zones(), timezone=AUCKLAND, start_date=START, update_window_days=3)
    definitions = project_definitions(project.settings)
    calendar = Calendar.of(project.settings)
    project.set(timezone=LOS_ANGELES, start_date=TODAY - timedelta(days=1), update_window_days=1)

    def run(job: str, days: Days | None = None) -> None:
        chosen: JobDefinition = definitions.resolve_job_def(job)
        tags = tags_of(days) if days else {}
        result = chosen.execute_in_process(instance=project.instance, tags=tags, raise_on_error=False)
        assert result.success, project.failures(result)
        failed = {e.check_name: e.description for e in result.get_asset_check_evaluations() if not e.passed}
        assert failed.keys() <= {"is_fresh"}, failed  # not all days are loaded

    days = Days(DAY, DAY)
    run("clockify_daily", days)
    span = days.span(AUCKLAND)
    starts = [row["timeinterval_start"] for row in project.rows(ENTRIES)]
    first_of_the_other = Days(DAY, DAY).span(LOS_ANGELES).start
    assert sorted(starts) == [span.start, first_of_the_other, span.end - timedelta(minutes=1)]
    (place,) = project.account.workspaces
    with project.warehouse.database.reading() as connection:
        assert load_state.loaded_spans(connection) == {place: [span]}
    assert project.instance.get_materialized_partitions(AssetKey(ENTRIES)) == {DAY.isoformat()}
    run("clockify_checks")  # an entry outside of the calendar's days would fail one of them
    run("clockify_time_entries", Days(START, calendar.today))
    assert len(project.rows(ENTRIES)) == 4
