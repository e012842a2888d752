"""`sync`: what it loads, what it prints, and its exit code, whatever happens."""

from __future__ import annotations

import re
import shutil
import sys
from datetime import datetime, time, timedelta, timezone
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance

from clockify_dagster.api import ClockifyClient
from clockify_dagster.cli.runs import Outcome
from clockify_dagster.days import Days
from clockify_dagster.defs.partitions import missing_days
from clockify_dagster.defs.run_process import RunProcess
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.conftest import CORE_TABLES, Project
from clockify_dagster_tests.defs.accounts import days_before_today
from clockify_dagster_tests.defs.calendars import note_loaded
from clockify_dagster_tests.defs.test_schedules import held_open

COMMAND = str(Path(sys.executable).parent / "clockify-dagster")
DAILY = [table.name for table in CORE_TABLES if "integral" not in table.name]


def printed(out: str) -> dict[str, list[int]]:
    """The table that was printed: rows loaded and rows in all, by table."""
    lines = re.findall(r"^(clockify_\w+) +([\d,]+) +([\d,]+)$", out, re.MULTILINE)
    return {name: [int(number.replace(",", "")) for number in numbers] for name, *numbers in lines}


def test_it_loads_all_and_prints_tables_requests_and_progress(command: Command, project: Project, home: Path) -> None:
    shutil.rmtree(home)  # as in the very first sync
    answer = command("sync")
    assert answer.code == 0, answer.err
    assert list(printed(answer.out)) == DAILY
    assert printed(answer.out)["clockify_timeentries"] == [20, 20]
    assert f"{len(project.asked())} requests, " in answer.out
    assert str(project.database) in answer.out
    assert f"Loading reference tables and time entries of {days_before_today(10)[0]} to " in answer.err
    assert "Agency: 1 documents of clockify_clients" in answer.err
    assert "user 2 of 2, 20 entries so far; " in answer.err


@pytest.mark.usefixtures("project")
def test_given_days_are_loaded_and_no_others_and_integral_loads_all(command: Command) -> None:
    day = days_before_today(3)[0]
    answer = command("sync", "--from", str(day), "--to", str(day + timedelta(days=1)), "--integral")
    assert answer.code == 0, answer.err
    assert printed(answer.out)["clockify_timeentries"] == [4, 4]
    assert printed(answer.out)["clockify_timeentries_integral"] == [20, 20]
    assert f"time entries of {day} to {day + timedelta(days=1)}." in answer.err


@pytest.mark.usefixtures("project")
def test_its_runs_have_a_tag_that_says_what_started_them(command: Command, home: Path) -> None:
    assert command("sync", "--launched-by", "cron").code == 0
    with DagsterInstance.from_config(str(home)) as instance:
        assert [run.tags["clockify/launched_by"] for run in instance.get_runs()] == ["cron"]


def test_what_fails_is_named_the_rest_is_loaded_and_the_exit_code_says_so(command: Command, project: Project) -> None:
    days = days_before_today(10)
    command("sync", "--from", str(days[4]), "--to", str(days[5]))
    project.sandbox.reset_requests()
    project.set(update_window_days=2)
    project.sandbox.faults.add(Fault("/user-groups", faults.Status(404), times=None))
    answer = command("sync")
    assert answer.code == 1
    missing = {"clockify_usergroups", "clockify_usergroups__users"}
    assert set(printed(answer.out)) == set(DAILY) - missing
    assert "what is missing stands as it did before" in answer.err
    assert "- clockify_usergroups, clockify_usergroups__users: GET" in answer.err
    assert f"{len(project.asked())} requests, " in answer.out, "those of the table that failed too"
    assert len(project.rows("clockify_timeentries")) == 20, "of the days before and after those that were loaded"


def test_thirty_gaps_of_days_are_loaded_by_one_run(command: Command, project: Project, home: Path) -> None:
    days = days_before_today(80)
    project.set(start_date=days[0], update_window_days=2)
    gaps, place = days[10:70:2], next(iter(project.account.workspaces))
    held = [Days(day, day) for day in days if day not in gaps]
    note_loaded(project.warehouse, project.calendar, held, place)
    assert len(missing_days(project.calendar, project.warehouse)) == len(gaps)
    answer = command("sync")
    assert answer.code == 0, answer.err
    assert re.findall(r"^Loading .* of (\S+) to", answer.err, re.MULTILINE) == [str(gaps[0])]
    assert len(project.asked("/time-entries")) == 2, "one listing a user"
    assert missing_days(project.calendar, project.warehouse) == []
    with DagsterInstance.from_config(str(home)) as instance:
        assert len(instance.get_runs()) == 1


def test_all_days_of_a_workspace_that_is_found_now_are_loaded(command: Command, project: Project) -> None:
    project.set(update_window_days=2)
    held = Days(days_before_today(10)[0], project.calendar.today)
    note_loaded(project.warehouse, project.calendar, [held], next(iter(project.account.workspaces)))
    place = project.account.add_workspace("Studio")
    start = datetime.combine(days_before_today(10)[0], time(9), timezone.utc)
    project.account.add_entry(place, project.account.add_user(place), start, start + timedelta(hours=1))
    answer = command("sync")
    assert answer.code == 0, answer.err
    assert "clockify_timeentries" in printed(answer.out)
    assert place["id"] in {row["workspaceid"] for row in project.rows("clockify_timeentries", "workspaceid")}
    assert answer.err.count("Loading time entries of ") == 1, "the run of all tables knew nothing of it"
    assert missing_days(project.calendar, project.warehouse) == []


def test_a_sync_after_which_days_are_missing_names_them_and_does_not_exit_with_0(
    command: Command, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.set(update_window_days=2)
    day = days_before_today(5)[0]
    module = import_module("clockify_dagster.cli.sync")  # as an attribute of its package it is the command
    load = module._load

    def load_and_lose_a_day(outcome: Outcome, instance: DagsterInstance, job: str, days: Days, **others: Any) -> None:
        load(outcome, instance, job, days, **others)
        # what a run does that is about another workspace alone
        note_loaded(project.warehouse, project.calendar, [Days(day, day)])

    monkeypatch.setattr(module, "_load", load_and_lose_a_day)
    answer = command("sync")
    assert answer.code == 1
    assert f"Days that are not loaded: {day}. Start the sync again." in answer.err


def test_without_the_workspaces_nothing_is_tried_and_all_is_named(command: Command, project: Project) -> None:
    project.set(api_key="unknown")
    answer = command("sync")
    assert answer.code == 1
    assert "Nothing was loaded." in answer.out
    assert "1 requests" in answer.out
    assert "- clockify_workspaces: GET /api/v1/workspaces was answered with 401" in answer.err
    assert f"- not tried because of that: {', '.join(DAILY[1:])}" in answer.err
    assert "Dependencies for step" not in answer.err


def test_a_mistake_of_ours_is_two_lines_and_the_way_to_the_log(
    command: Command, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: ClockifyClient) -> None:
        raise ZeroDivisionError("a fault of the programmer's\nin two lines")

    del project
    monkeypatch.setattr(ClockifyClient, "workspaces", broken)
    answer = command("sync")
    assert answer.code == 1
    assert "ZeroDivisionError: a fault of the programmer's. The full error is in Dagster's log of run" in answer.err
    assert "in two lines" not in answer.err


def test_the_env_file_of_the_folder_is_read(
    command: Command, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = project.sandbox.api_key
    monkeypatch.delenv("CLOCKIFY_API_KEY")
    Path(".env").write_text(f"CLOCKIFY_API_KEY={key}\n")
    assert command("doctor").code == 0


def test_a_database_that_somebody_has_open_is_told_with_the_process(command: Command, project: Project) -> None:
    project.execute("CREATE TABLE something (id INTEGER)")
    project.set(lock_timeout_seconds=0.2)
    with held_open(project.database):
        answer = command("sync")
    assert answer.code == 1
    assert re.search(r"is open in another program: .*PID \d+", answer.err)
    assert "CLOCKIFY_LOCK_TIMEOUT_SECONDS" in answer.err


def test_a_run_that_fails_before_its_first_step_is_not_called_stopped(
    command: Command, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError("no semaphores on this system")

    monkeypatch.setattr(RunProcess, "current", fails)
    answer = command("sync")
    assert answer.code == 1
    assert "Stopped" not in answer.err
    assert re.search(r"- the run: This is a bug in clockify_dagster.*no semaphores on this system", answer.err)
    assert "- not tried because of that: clockify_workspaces, " in answer.err
    assert project.asked() == []
