"""Each fault of the network and the API ends in exact data, or in a clear error with all data as before; then a healthy
run heals."""

from __future__ import annotations

import time
from typing import Any

import pytest

from clockify_dagster.defs.error_boundary import failure_of
from clockify_dagster.errors import ClockifyDagsterError
from clockify_dagster.sandbox import Account, Sandbox, faults
from clockify_dagster_tests.dripping import dripping
from clockify_dagster_tests.faults.conftest import ENTRIES, ENTRY_TAGS, Loaded, everything

LISTING = r"/time-entries\?"

PASSING = {
    "429 with seconds": faults.Status(429, retry_after=3),
    "429 with a date": faults.Status(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
    "429 without a header": faults.Status(429),
    "500": faults.Status(500),
    "502 with HTML": faults.Status(502, "<html><h1>Bad gateway</h1></html>"),
    "503": faults.Status(503),
    "closed": faults.Close(),
    "reset in the body": faults.Reset(),
    "cut short": faults.Cut(),
    "cut by a byte": faults.Cut(share=0.9999),
    "HTML with 200": faults.Body(),
    "half a JSON": faults.Body('[{"id": "64c0', "application/json"),
    "null for a list": faults.Body(None),
    "an object for a list": faults.Body({"items": []}),
    "a list of nulls": faults.Body([None]),
    "a stall before the answer": faults.Stall(20),
    "a stall inside the answer": faults.Stall(20, inside=True),
    "a drip": faults.Drip(pause=0.05, size=20),
    "500 that echoes the key": faults.EchoKey(),
}


def patience(kind: faults.Kind) -> float:
    """Seconds of silence that the client bears: little where the fault is silence, else enough for a busy machine."""
    return 0.1 if isinstance(kind, faults.Stall | faults.Drip) else 20


@pytest.mark.parametrize("kind", PASSING.values(), ids=PASSING)
def test_a_passing_fault_ends_in_exact_data(loaded: Loaded, kind: faults.Kind) -> None:
    loaded.set(timeout_seconds=patience(kind))
    fault = loaded.fault(LISTING, kind, nth=2, times=2)
    loaded.refresh()
    loaded.assert_exact(ENTRIES)
    assert fault.matched == 5  # three users, and two of the answers asked for again


def test_a_run_that_meets_passing_faults_ends_well_and_all_its_days_are_materialized(loaded: Loaded) -> None:
    for number, kind in enumerate((faults.Status(500), faults.Reset(), faults.Body())):
        loaded.fault(LISTING, kind, nth=2 * number + 1)
    loaded.load(ENTRIES, ENTRY_TAGS)
    loaded.assert_exact(ENTRIES)
    assert len(loaded.materialized(ENTRIES)) == len(loaded.materialized(ENTRY_TAGS)) == 7


ODD = {
    "Last-Page is missing": faults.LastPage(name=None),
    "Last-Page is never true": faults.LastPage("false"),
    "Last-Page in other letters": faults.LastPage(name="lAST-pAGE"),
    "rows are doubled": faults.Doubled(),
}


@pytest.mark.parametrize("kind", ODD.values(), ids=ODD)
def test_an_odd_way_of_listing_ends_in_exact_data(loaded: Loaded, kind: faults.Kind) -> None:
    loaded.fault(r"page=", kind, times=None)
    loaded.load("clockify_tags", ENTRIES, ENTRY_TAGS)
    loaded.assert_exact("clockify_tags", ENTRIES)


LASTING = {
    "429": (faults.Status(429), "request limit is reached", "RateLimitedError"),
    "429 with an hour to wait": (
        faults.Status(429, retry_after=3600),
        "asks us to wait 60 min",
        "RateLimitedError",
    ),
    "500": (faults.Status(500), "answered with 500", "ServerFaultError"),
    "502 with HTML": (faults.Status(502, "<h1>Bad gateway</h1>"), "answered with 502", "ServerFaultError"),
    "closed": (faults.Close(), "connection failed", "UnreachableError"),
    "reset in the body": (faults.Reset(), "broke in the middle", "UnreachableError"),
    "cut short": (faults.Cut(), "broke in the middle", "UnreachableError"),
    "HTML with 200": (faults.Body(), "not JSON", "UnreadableAnswerError"),
    "null for a list": (faults.Body(None), "null in place of a list", "UnreadableAnswerError"),
    "a stall before the answer": (faults.Stall(20), "nothing came for 0.1 s", "UnreachableError"),
    "a stall inside the answer": (faults.Stall(20, inside=True), "nothing came for 0.1 s", "UnreachableError"),
    "a drip": (faults.Drip(pause=0.05, size=1), "came so slowly", "UnreachableError"),
    "the same page again and again": (faults.SamePage(), "same page twice", "UnreadableAnswerError"),
    "401 in the middle": (
        faults.Status(401, {"message": "Api key does not exist", "code": 4003}),
        "CLOCKIFY_API_KEY",
        "KeyRefusedError",
    ),
    "403": (faults.Status(403), "owner or an admin", "NotAllowedError"),
    "400": (faults.Status(400), "Asking again will not help", "BadRequestError"),
    "a redirect": (faults.Redirect("http://127.0.0.1:9/"), "It is a redirect", "BadRequestError"),
}


@pytest.mark.parametrize(("kind", "words", "error"), LASTING.values(), ids=LASTING)
def test_a_lasting_fault_is_reported_and_changes_nothing_and_heals(
    loaded: Loaded, kind: faults.Kind, words: str, error: str
) -> None:
    loaded.set(timeout_seconds=patience(kind), max_wait_seconds=60, concurrency=1)
    before = everything(loaded.database)
    loaded.fault(LISTING, kind, nth=2, times=None)
    with pytest.raises(ClockifyDagsterError) as raised:
        loaded.refresh()
    assert everything(loaded.database) == before
    failure: Any = failure_of(raised.value, {})
    assert words in failure.description
    assert f"workspace {loaded.people.workspace['id']}, user " in failure.description
    assert failure.metadata["error"].value == error
    assert failure.metadata["endpoint"].value.startswith("GET /api/v1/workspaces/")
    # what Clockify refuses for good, or for longer than we wait, is not asked again; the rest is, within bounds
    is_final = not raised.value.can_retry or words == "asks us to wait 60 min"
    assert len(loaded.asked("/time-entries")) in ([2] if is_final else range(3, 26))
    loaded.sandbox.faults.clear()
    loaded.refresh()
    loaded.assert_exact(ENTRIES)


@pytest.mark.parametrize("fault", ["HTML with 200", "401 in the middle"])
def test_in_a_run_the_same_is_its_failure_and_no_day_is_materialized(loaded: Loaded, fault: str) -> None:
    kind, words, error = LASTING[fault]
    before = everything(loaded.database)
    loaded.fault(LISTING, kind, nth=2, times=None)
    result = loaded.load(ENTRIES, ENTRY_TAGS, expect=False)
    assert everything(loaded.database) == before
    assert loaded.materialized(ENTRIES) == loaded.materialized(ENTRY_TAGS) == set()
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    failure: Any = failed.step_failure_data.user_failure_data
    assert words in failure.description
    assert failure.metadata["error"].value == error
    loaded.heal(ENTRIES)
    assert len(loaded.materialized(ENTRIES)) == 7


def test_headers_that_never_end_are_given_up_in_time(loaded: Loaded) -> None:
    with dripping(b"HTTP/1.1 200 OK\r\nX-Drip: ") as server:
        loaded.set(api_url=f"{server}/api/v1", timeout_seconds=0.2)
        began = time.monotonic()
        result = loaded.load("clockify_tags", expect=False)
        assert time.monotonic() - began < 15
    assert "came so slowly that it was not whole after 0.4 s" in loaded.failures(result)["clockify_tags"]


def test_nobody_listens_then_somebody_does(loaded: Loaded) -> None:
    before = everything(loaded.database)
    loaded.sandbox.stop()
    result = loaded.load("clockify_tags", ENTRIES, ENTRY_TAGS, expect=False)
    assert set(loaded.failures(result)) == {"clockify_tags", ENTRIES}
    assert all("nobody listens at that address" in each for each in loaded.failures(result).values())
    assert everything(loaded.database) == before
    loaded.sandbox.start()
    loaded.heal("clockify_tags", ENTRIES)


def test_one_broken_table_costs_no_other(loaded: Loaded) -> None:
    before = everything(loaded.database)
    loaded.account.add_client(loaded.people.workspace, "New client")
    loaded.account.add_tag(loaded.people.workspace, "new tag")
    loaded.fault(r"/tags\?", faults.Status(400), times=None)
    loaded.fault(r"/projects\?", faults.Status(500), times=None)
    result = loaded.load(expect=False)
    failed = loaded.failures(result)
    assert set(failed) == {"clockify_tags", "clockify_projects"}
    assert "answered with 400" in failed["clockify_tags"]
    loaded.assert_exact("clockify_clients", "clockify_users", "clockify_usergroups", ENTRIES)
    after = everything(loaded.database)
    for table in ("clockify_tags", "clockify_projects", "clockify_tasks", "clockify_tasks__assignees"):
        assert after[f"main.{table}"] == before[f"main.{table}"]
    loaded.sandbox.faults.clear()
    loaded.load()
    loaded.assert_exact("clockify_tags", "clockify_projects", "clockify_tasks", ENTRIES)


def test_a_table_that_the_plan_or_role_does_not_allow_keeps_its_rows_and_the_run_is_green(
    loaded: Loaded, capfd: pytest.CaptureFixture[str]
) -> None:
    before = everything(loaded.database)
    loaded.account.add_tag(loaded.people.workspace, "new tag")
    loaded.fault(r"/tags\?", faults.Status(403), times=None)
    result = loaded.load("clockify_tags")
    after = {name: rows for name, rows in everything(loaded.database).items() if not name.startswith("clockify_state")}
    assert after == {name: before[name] for name in after}
    (materialization,) = result.asset_materializations_for_node("clockify_tags")
    assert str(loaded.people.workspace["id"]) in str(materialization.metadata["not on this plan"])
    assert capfd.readouterr().err.count("clockify_tags is not on this plan or not for this key's role") == 1
    loaded.heal("clockify_tags")


def test_the_key_does_not_follow_a_redirect(loaded: Loaded) -> None:
    with Sandbox(Account()) as other:
        for status in (302, 308):
            loaded.sandbox.faults.clear()
            loaded.fault(r"/tags\?", faults.Redirect(f"{other.api_url}/workspaces", status), times=None)
            loaded.load("clockify_tags", expect=False)
        assert other.requests == []
