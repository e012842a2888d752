"""What is seen while a command works and when it has ended: in terminals of any width and kind, and without one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from clockify_dagster.cli.terminal import folded, table
from clockify_dagster.days import Days
from clockify_dagster.reconcile import CHECK
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.cli.screens import run_in_terminal
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today, small_account

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).parent / "clockify-dagster")
STUDIO = "東京デザイン [studio] :tada:"
CONTROLS = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")
SPINNER = re.compile("[\N{BRAILLE PATTERN DOTS-1}-\N{BRAILLE PATTERN DOTS-12345678}]")
COLOR = re.compile(r"\x1b\[[0-9;]*m")

# ends with the first look for Dagster: nothing of what it prints may need that
UNTIL_DAGSTER = """
import os, sys
class Watch:
    def find_spec(self, name, *_):
        if name == "dagster":
            os.write(1, b"<dagster>")
            os._exit(0)
sys.meta_path.insert(0, Watch())
from clockify_dagster.cli import main
main()
"""
# a load as the layers below report it, without one
SOME_PROGRESS = """
import logging, sys, time
from datetime import datetime, timedelta, timezone
from clockify_dagster.cli.terminal import shown
from clockify_dagster.progress import Pause, Stage, report
with shown("Starting"):
    report(Stage("clockify_timeentries", "users", 1200, 5000, 48210))
    report(Pause(datetime.now(timezone.utc) + timedelta(minutes=40), 3600))
    print("a warning from within", file=sys.stderr)
    time.sleep(0.6)
print("the result")
"""


@pytest.fixture
def two_places(make_project: Callable[..., Project]) -> Project:
    """The small account, and a workspace with a name in other letters, in which one of its people has an entry too."""
    account = small_account()
    place = account.add_workspace(STUDIO)
    user = account.add_user(place, "田中 美咲")
    entry = next(iter(next(iter(account.workspaces.values())).entries.by_id.values()))
    account.add_entry(place, user, entry["timeInterval"]["start"], entry["timeInterval"]["end"])
    return make_project(account, start_date=days_before_today(10)[0])


@pytest.mark.parametrize("name", ["sync", "check", "doctor"])
def test_something_is_seen_before_dagster_is_imported(name: str) -> None:
    screen = run_in_terminal([sys.executable, "-c", UNTIL_DAGSTER, name])
    assert "Starting" in screen.received.partition("<dagster>")[0]
    assert "<dagster>" in screen.received


@pytest.mark.usefixtures("home")
def test_a_sync_shows_workspaces_users_entries_and_waits_and_leaves_its_result_alone(two_places: Project) -> None:
    two_places.account.latency_seconds = 0.2
    two_places.set(concurrency=1)
    limit = faults.Status(429, headers={"Retry-After": "1"})
    two_places.sandbox.faults.add(Fault("/time-entries", limit, nth=2))
    screen = run_in_terminal([COMMAND, "sync"], columns=100)
    assert screen.code == 0, screen.text
    for shown in ("of 2 workspaces", "of 3 users, ", " entries", "nothing is sent until", "Writing clockify_"):
        assert shown in screen.received
    assert "documents of" not in screen.received, "the bar says it"
    assert not SPINNER.search(screen.text)
    assert "━" not in screen.text
    assert screen.lines[0].startswith("Loading reference tables and time entries of ")
    assert "Clockify's request limit is reached; no request is sent until" in screen.lines[1]
    assert screen.received.rindex("\x1b[?25h") > screen.received.rindex("\x1b[?25l"), "the cursor is there again"
    assert re.search(r"^clockify_timeentries +21 +21$", screen.text, re.MULTILINE)
    assert re.search(r"^Agency +20 +20 +\d+$", screen.text, re.MULTILINE)
    assert re.search(rf"^{re.escape(STUDIO)} +1 +1 +0$", screen.text, re.MULTILINE)


def test_a_sync_of_one_workspace_counts_its_rows_alone(command: Command, two_places: Project) -> None:
    (agency, studio) = two_places.account.workspaces
    assert command("sync", "--workspace", agency).code == 0
    said = command("sync", "--workspace", studio)
    assert said.code == 0
    assert re.search(r"^clockify_timeentries +1 +21$", said.out, re.MULTILINE)
    assert re.search(rf"^{re.escape(STUDIO)} +1 +1 +0$", said.out, re.MULTILINE)
    assert not re.search("^Agency ", said.out, re.MULTILINE)


def test_without_a_terminal_there_are_plain_lines_and_no_control_characters(
    command: Command, two_places: Project
) -> None:
    limit = faults.Status(429, headers={"Retry-After": "1"})
    two_places.sandbox.faults.add(Fault("/time-entries", limit, nth=2))
    answer = command("sync")
    assert answer.code == 0, answer.err
    assert not CONTROLS.search(answer.all)
    assert "Agency: 1 documents of clockify_clients" in answer.err
    assert "Agency: 20 entries of 2 users" in answer.err
    assert f"{STUDIO}: 1 entries of 1 users" in answer.err
    assert "user 3 of 3, 21 entries so far; " in answer.err
    assert "request limit is reached; no request is sent until 2" in answer.err


def test_a_bar_stands_below_what_is_printed_and_goes_with_its_work() -> None:
    screen = run_in_terminal([sys.executable, "-c", SOME_PROGRESS])
    assert "clockify_timeentries: 1,200 of 5,000 users, 48,210 entries" in screen.received
    assert re.search(r"nothing is sent until \d\d:\d\d:\d\d, 0:39:\d\d more", screen.received)
    assert COLOR.search(screen.received)
    assert screen.lines == ["a warning from within", "the result"]


def test_a_narrow_terminal_shows_the_whole_bar() -> None:
    received = run_in_terminal([sys.executable, "-c", SOME_PROGRESS], columns=40).received
    assert re.search(r"48,210\s+entries", received)
    assert re.search(r"0:39:\d\d\s+more", received)


def test_no_color_is_respected() -> None:
    screen = run_in_terminal([sys.executable, "-c", SOME_PROGRESS], NO_COLOR="1")
    assert "1,200 of 5,000 users" in screen.received
    assert not COLOR.search(screen.received)


def test_a_terminal_that_can_do_nothing_gets_plain_lines() -> None:
    screen = run_in_terminal([sys.executable, "-c", SOME_PROGRESS], TERM="dumb")
    assert screen.received == "Starting\r\na warning from within\r\nthe result\r\n"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("columns", [60, 80, 200])
def test_tables_and_texts_are_as_wide_as_the_terminal(columns: int) -> None:
    script = """
import sys
from clockify_dagster.cli.terminal import folded, table
row = ["clockify_timeentries__tags", "東京デザイン" * 4, 1234567, "what is wrong with it, in many words " * 4]
print(table([row, ["b", None, 12, ""]], ["table", "workspace", "rows in all", "what"]))
print(folded("WARN " + "ずっと長い言葉" * 12 + " and more words" * 12, "- "))
"""
    screen = run_in_terminal([sys.executable, "-c", script], columns)
    assert max(cell_len(line) for line in screen.received.splitlines()) <= columns
    assert "1,234,567" in screen.text
    assert "".join(screen.text.split()).count("andmorewords") == 12
    assert max(cell_len(line) for line in screen.lines) > columns - 15, "all of the width is used"


def test_columns_may_make_it_narrower() -> None:
    script = "from clockify_dagster.cli.terminal import folded; print(folded('some words ' * 30))"
    screen = run_in_terminal([sys.executable, "-c", script], 200, COLUMNS="50")
    assert max(map(len, screen.lines)) <= 50


def test_without_a_terminal_a_row_is_a_line_however_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert re.fullmatch("x{300} +1", table([["x" * 300, 1]], ["a", "b"]).splitlines()[-1])
    assert folded("word " * 300, "- ") == f"- {'word ' * 300}".rstrip()


def test_names_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in table([["\x1b[2J\x1b]0;title\x07", 1]], ["name", "rows"])
    assert folded("[red]\x9b31m:tada:\u200d\xa0.", "- ") == "- [red]\N{REPLACEMENT CHARACTER}31m:tada:\u200d\xa0."


@pytest.mark.usefixtures("home")
def test_check_and_doctor_fit_a_narrow_terminal_and_count_by_workspace(two_places: Project) -> None:
    two_places.run("clockify_daily", Days(two_places.settings.start_date, two_places.calendar.today), checks=False)
    check = run_in_terminal([COMMAND, "check", "--all"], 60)
    assert check.code == 0
    result = check.received[check.received.index("asset ") :]
    assert max(map(cell_len, result.splitlines())) <= 60
    assert re.search(r"^Agency .* 20 +20 +16.67 +16.67$", check.text, re.MULTILINE)
    doctor = run_in_terminal([COMMAND, "doctor"], 200, PYTHONIOENCODING="latin-1")
    assert doctor.code == 0
    assert "Agency: 20 time entries, 5 rows in other tables" in doctor.text
    written = STUDIO.encode("latin-1", "backslashreplace").decode()
    assert f"{written}: 1 time entries, 0 rows in other tables" in doctor.text


@pytest.mark.usefixtures("home")
def test_the_json_is_alone_on_stdout_beside_a_bar_and_can_be_written_in_any_encoding(two_places: Project) -> None:
    two_places.run("clockify_daily", Days(two_places.settings.start_date, two_places.calendar.today), checks=False)
    line = f"'{COMMAND}' check --json > out.json"
    screen = run_in_terminal(["sh", "-c", line], PYTHONIOENCODING="latin-1")
    assert screen.code == 0
    assert "\x1b[?25l" in screen.received, "a bar was drawn; how far it came depends on the machine"
    (totals,) = (each for each in json.loads(Path("out.json").read_text("latin-1")) if each["check"] == CHECK.name)
    assert [each["workspace"] for each in totals["metadata"]["workspaces"]] == ["Agency", STUDIO]


def test_the_demo_says_which_page_to_open_and_causes_no_warning() -> None:
    command = [sys.executable, str(ROOT / "examples" / "demo" / "demo.py")]
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr
    assert "arning" not in run.stderr
    assert "`make demo-ui`, and then open\n  http://127.0.0.1:3000/assets/clockify_timeentries " in run.stdout
