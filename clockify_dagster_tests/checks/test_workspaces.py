"""Where there are several workspaces, what a check counts is said of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from clockify_dagster_tests.checks.conftest import ALL, TODAY, clean_account, compared, failed
from clockify_dagster_tests.conftest import Project

ENTRIES, TAGS = "clockify_timeentries", "clockify_timeentries__tags"


@pytest.fixture
def two_places(make_loaded: Callable[..., Project]) -> Project:
    """The clean account, and two entries in a workspace called Studio."""
    account, _ = clean_account()
    place = account.add_workspace("Studio", "PRO")
    user, tag = account.add_user(place), account.add_tag(place)
    for back in (1, 2):
        start = TODAY - timedelta(days=back)
        account.add_entry(place, user, start, start + timedelta(hours=1), tagIds=[tag["id"]])
    return make_loaded(account, ALL)


def test_rows_at_fault_are_counted_by_workspace_those_of_children_too(two_places: Project) -> None:
    two_places.execute(f"UPDATE {ENTRIES} SET timeinterval__duration = 'PT9H'")
    two_places.execute(f"UPDATE {TAGS} SET tag_id = 'gone'")
    red = failed(two_places)
    of_entries, of_tags = red[ENTRIES, "duration_is_end_minus_start"], red[TAGS, "tag_id_is_in_clockify_tags"]
    (clean, studio) = (row["id"] for row in two_places.rows("clockify_workspaces", "id"))
    assert of_entries.message.endswith(" By workspace: Clean 157, Studio 2.")
    assert of_entries.numbers["by workspace"] == {clean: 157, studio: 2}
    assert of_tags.message.endswith(" By workspace: Clean 156, Studio 2.")


def test_the_comparison_with_clockify_names_the_workspace_and_adds_up_each(two_places: Project) -> None:
    two_places.execute(f"DELETE FROM {ENTRIES} WHERE id = (SELECT max(id) FROM {ENTRIES})")
    finding, _ = compared(two_places)
    assert finding.message.startswith("The table and Clockify's totals differ. Studio: ")
    _, studio = finding.numbers["workspaces"]
    assert studio["workspace"] == "Studio"
    assert (studio["entries"], studio["entries in Clockify"]) == (1, 2)
    assert (studio["hours"], studio["hours in Clockify"]) == (1.0, 2.0)
