"""`clockify-dagster check`: what fails, a table of all, or JSON; and an exit code that a scheduler can use."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner, Result

from clockify_dagster.cli import commands, main
from clockify_dagster_tests.conftest import Project


def check(*options: str) -> Result:
    return CliRunner().invoke(commands, ["check", *options], catch_exceptions=False)


def test_checks_that_pass_are_counted_and_not_listed(loaded: Project) -> None:
    loaded.execute("INSERT INTO clockify_clients SELECT * FROM clockify_clients LIMIT 1")
    failure, compared, total = check().stdout.split("\n\n")
    assert failure.startswith("- ERROR clockify_clients, key_is_unique: ")
    assert f"Compared: {loaded.calendar.days}." in " ".join(compared.split()), "which days agree is said all the same"
    assert re.match(r"(\d+) checks: (\d+) passed \(--all lists them\), 1 failed as errors, 0 as warnings, 0 ", total)


def test_it_can_list_all_and_exits_with_0_on_a_clean_account(loaded: Project) -> None:
    result = check("--all")
    assert result.exit_code == 0
    head, _, *lines = result.stdout.splitlines()
    assert head.split() == ["asset", "check", "passed", "severity", "numbers"]
    assert any(line.split()[:4] == ["clockify_clients", "key_is_unique", "yes", "ERROR"] for line in lines)
    assert "0 failed as errors, 0 as warnings, 0 could not be made" in lines[-1]
    assert loaded.asked("/reports/summary")


def test_the_json_is_a_list_of_objects_and_nothing_else(loaded: Project) -> None:
    loaded.execute(
        "UPDATE clockify_timeentries SET projectid = 'gone' WHERE id = (SELECT min(id) FROM clockify_timeentries)"
    )
    result = check("--json")
    objects = json.loads(result.stdout)
    assert all(set(each) == {"asset", "check", "passed", "severity", "metadata"} for each in objects)
    (failed,) = (each for each in objects if not each["passed"])
    assert (failed["asset"], failed["check"]) == ("clockify_timeentries", "projectid_is_in_clockify_projects")
    assert (failed["passed"], failed["severity"], failed["metadata"]["orphans"]) == (False, "WARN", 1)
    assert result.exit_code == 0  # a warning


def test_an_error_that_fails_is_told_and_makes_the_exit_code_1(loaded: Project) -> None:
    loaded.execute("INSERT INTO clockify_clients SELECT * FROM clockify_clients LIMIT 1")
    result = check()
    assert result.exit_code == 1
    assert "- ERROR clockify_clients, key_is_unique: 1 rows repeat the key of another one" in result.stdout


def test_what_cannot_be_checked_is_null_in_the_json_and_no_failure(
    loaded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOCKIFY_API_KEY")
    result = check("--json")
    (unknown,) = (each for each in json.loads(result.stdout) if each["passed"] is not True)
    assert unknown["passed"] is None
    assert (
        unknown["metadata"]["description"] == "Not checked: CLOCKIFY_API_KEY is not set, so Clockify cannot be asked."
    )
    assert result.exit_code == 0
    assert "- not checked clockify_timeentries, adds_up_to_clockifys_totals: CLOCKIFY_API_KEY is" in check().stdout
    assert loaded.database.exists()


@pytest.mark.parametrize(
    ("variable", "value", "code", "said"),
    [
        ("database", "nowhere.duckdb", 1, "There is no database at"),
        ("timezone", "Europe/Nowhere", 2, "CLOCKIFY_TIMEZONE"),
    ],
)
def test_without_database_or_with_unusable_settings_it_says_so(
    loaded: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    code: int,
    said: str,
) -> None:
    loaded.set(**{variable: value})
    monkeypatch.setattr("sys.argv", ["clockify-dagster", "check", "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err


def test_a_sync_prints_the_checks_that_fail_and_exits_by_what_it_loaded(
    loaded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(loaded.folder / "home"))
    loaded.execute("UPDATE clockify_timeentries SET timeinterval__duration = 'PT9H'")
    loaded.set(update_window_days=1)
    result = CliRunner().invoke(commands, ["sync"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "- ERROR clockify_timeentries, duration_is_end_minus_start: 157 of 157 entries" in " ".join(
        result.stdout.split()
    )
