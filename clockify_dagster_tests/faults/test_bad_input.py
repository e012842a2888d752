"""Every setting and argument that is wrong ends the real command with one message and a code, and touches no data."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from dagster import materialize

from clockify_dagster.definitions import project_definitions
from clockify_dagster.settings import Settings
from clockify_dagster_tests.faults.conftest import Command, Loaded, everything

TODAY = date.today()  # noqa: DTZ011 - days far enough apart that the zone is of no matter


SETTINGS = [
    ("api_key", "", "is not set", "Profile settings, API"),
    ("api_key", "   ", "is not set", "CLOCKIFY_API_KEY=..."),
    ("api_key", "with a blank", "no blanks", "copy it once more"),
    ("api_key", "with\na line", "line breaks", "copy it once more"),
    ("region", "mars", "there are only global", "CLOCKIFY_REGION=euc1"),
    ("api_url", "http://example.com/api/v1", "travel unencrypted", "CLOCKIFY_API_URL=https://"),
    ("api_url", "https://api.clockify.me", "must end in /api/v1", "CLOCKIFY_API_URL=https://"),
    ("api_url", "https://api.clockify.me/v1", "must end in /api/v1", "CLOCKIFY_API_URL=https://"),
    ("api_url", "api.clockify.me/api/v1", "begins with https://", "CLOCKIFY_API_URL=https://"),
    ("reports_url", "http://10.1.2.3/v1", "travel unencrypted", "CLOCKIFY_REPORTS_URL=https://"),
    ("workspaces", "../user", "only letters and digits", "CLOCKIFY_WORKSPACES="),
    ("start_date", "tomorrow", "yyyy-MM-dd", "CLOCKIFY_START_DATE=2025-01-01"),
    ("start_date", "2026-02-30", "no such day", "CLOCKIFY_START_DATE=2025-01-01"),
    ("start_date", str(TODAY + timedelta(days=3)), "in the future", "CLOCKIFY_START_DATE=2025-01-01"),
    ("timezone", "Europe/Atlantis", "no time zone", "CLOCKIFY_TIMEZONE=Europe/Belgrade"),
    ("update_window_days", "0", "at least 1", "CLOCKIFY_UPDATE_WINDOW_DAYS=30"),
    ("update_window_days", "a month", "must be a whole number", "CLOCKIFY_UPDATE_WINDOW_DAYS=30"),
    ("executor", "many", "'in_process' or 'multiprocess'", "CLOCKIFY_EXECUTOR=in_process"),
    ("blocking_checks", "maybe", "must be true or false", "CLOCKIFY_BLOCKING_CHECKS=true"),
    ("requests_per_second", "-1", "at least 0.001", "CLOCKIFY_REQUESTS_PER_SECOND=10"),
    ("requests_per_second", "fast", "must be a number", "CLOCKIFY_REQUESTS_PER_SECOND=10"),
    ("concurrency", "1000", "at most 64", "CLOCKIFY_CONCURRENCY=8"),
    ("timeout_seconds", "0", "more than 0", "CLOCKIFY_TIMEOUT_SECONDS=60"),
    ("max_wait_seconds", "-1", "at least 0", "CLOCKIFY_MAX_WAIT_SECONDS=7200"),
    ("lock_timeout_seconds", "inf", "must be a finite number", "CLOCKIFY_LOCK_TIMEOUT_SECONDS=600"),
    ("database", ".", "a folder", "CLOCKIFY_DATABASE=data/clockify.duckdb"),
    ("database", "/dev/null", "a device", "CLOCKIFY_DATABASE=data/clockify.duckdb"),
    ("database", "x" * 300, "too long", "CLOCKIFY_DATABASE=data/clockify.duckdb"),
    ("database", ":memory:", "in memory", "CLOCKIFY_DATABASE=data/clockify.duckdb"),
    ("database", "postgres:clockify", "not an address", "CLOCKIFY_DATABASE=data/clockify.duckdb"),
]


@pytest.mark.parametrize(("name", "value", "fault", "remedy"), SETTINGS)
def test_a_wrong_setting_is_one_message_that_names_it_its_fault_and_a_remedy(
    command: Command, loaded: Loaded, name: str, value: str, fault: str, remedy: str
) -> None:
    said = command("sync", **{name: value})
    assert said.code == 2
    assert len(said.err.strip().splitlines()) == 1
    assert f"CLOCKIFY_{name.upper()}" in said.err
    assert fault in said.err
    assert remedy in said.err
    assert loaded.sandbox.requests == []


def test_the_doctor_refuses_a_wrong_setting_in_the_same_words(command: Command) -> None:
    said = command("doctor", update_window_days="0")
    assert said.code == 2
    assert "CLOCKIFY_UPDATE_WINDOW_DAYS cannot be used: it must be at least 1" in said.err


ARGUMENTS = [
    (["sync", "--from", "2026-02-30"], "--from", "2026-01-31"),
    (["sync", "--from", ""], "--from", "2026-01-31"),
    (["sync", "--to", "yesterday"], "--to", "2026-01-31"),
    (["sync", "--from"], "--from", "requires an argument"),
    (["sync", "--from", "2001-01-01"], "2001-01-01", "CLOCKIFY_START_DATE"),
    (["sync", "--to", "2999-01-01"], "2999-01-01", "future"),
    (["sync", "--from", str(TODAY - timedelta(days=1)), "--to", str(TODAY - timedelta(days=3))], "wrong way", "first"),
    (["sync", "--form", "2026-01-01"], "--form", "--from"),
    (["sync", "now"], "now", "--help"),
    (["snyc"], "snyc", "sync"),
    (["sandbox", "--port", "many"], "--port", "many"),
    (["sandbox", "--port", "70000"], "--port", "65535"),
]


@pytest.mark.parametrize(("arguments", "fault", "remedy"), ARGUMENTS)
def test_a_wrong_argument_is_reported_before_anything_is_asked(
    command: Command, loaded: Loaded, arguments: list[str], fault: str, remedy: str
) -> None:
    said = command(*arguments)
    assert said.code == 2
    assert fault in said.err
    assert remedy in said.err
    assert loaded.sandbox.requests == []


ACCOUNTS: dict[str, tuple[dict[str, object], str, str]] = {
    "an unknown key": (
        {"api_key": "unknown0key"},
        "Clockify does not know the key in CLOCKIFY_API_KEY",
        "CLOCKIFY_REGION or CLOCKIFY_API_URL",
    ),
    "an unknown workspace": ({"workspaces": "64a687e29ae1f428e7ebe303"}, "64a687e29ae1f428e7ebe303", "It sees: 64c0"),
    "nobody listens": ({"api_url": "http://127.0.0.1:9/api/v1"}, "nobody listens", "CLOCKIFY_API_URL"),
    "an unknown host": ({"api_url": "https://clockify.invalid/api/v1"}, "the host is unknown", "CLOCKIFY_API_URL"),
}


@pytest.mark.parametrize(("variables", "fault", "remedy"), ACCOUNTS.values(), ids=ACCOUNTS)
def test_an_account_that_cannot_be_read_is_reported_by_sync_and_doctor(
    command: Command, variables: dict[str, object], fault: str, remedy: str
) -> None:
    for name in ("sync", "doctor"):
        said = command(name, **variables)
        assert said.code == 1
        assert fault in said.out + said.err
        assert remedy in said.out + said.err


def test_an_address_without_the_api_is_reported(command: Command, loaded: Loaded) -> None:
    said = command("doctor", api_url=f"{loaded.sandbox.origin}/elsewhere/api/v1")
    assert said.code == 1
    assert "404" in said.out
    assert "CLOCKIFY_API_URL" in said.out


def test_a_plain_members_key_loads_nothing(loaded: Loaded) -> None:
    loaded.account.add_key("member0key", loaded.people.users[1], "MEMBER")
    loaded.set(api_key="member0key")
    before = everything(loaded.database)
    result = loaded.load("clockify_users", "clockify_timeentries", expect=False)
    assert everything(loaded.database) == before
    for message in loaded.failures(result).values():
        assert "cannot list the workspace's users. Put the key of the workspace's owner or an admin" in message


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("region", "mars", "CLOCKIFY_REGION cannot be used: there are only global"),
        ("api_key", "", "CLOCKIFY_API_KEY is not set"),
        ("workspaces", "64a687e29ae1f428e7ebe303", "CLOCKIFY_WORKSPACES names 64a687e29ae1f428e7ebe303"),
    ],
)
def test_in_dagster_the_same_message_is_the_runs_failure(loaded: Loaded, name: str, value: str, fault: str) -> None:
    loaded.set(**{name: value})
    definitions = project_definitions(Settings.forgiving())
    result = materialize(
        list(definitions.assets or ()),  # type: ignore[arg-type]  # all of ours are AssetsDefinition
        resources=definitions.resources,
        selection=["clockify_workspaces"],
        raise_on_error=False,
    )
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    failure = failed.step_failure_data.user_failure_data
    assert failure is not None
    assert str(failure.description).startswith(fault)
