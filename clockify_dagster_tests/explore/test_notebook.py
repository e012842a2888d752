"""The notebook, with the extra `explore` installed from the wheel into an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from clockify_dagster.sandbox.documents import rate
from clockify_dagster_tests.marts.conftest import Load, Office, load, office

pytestmark = pytest.mark.world
__all__ = ["load", "office"]

ROOT = Path(__file__).parents[2]
PORT = 27181

# Runs all cells, then those that follow from a choice again, and prints what they hold.
CHOOSE = """
import json, sys
from datetime import date
from clockify_dagster.explore.notebook import app

_, held = app.run()
filters = {name: held[name] for name in ("of_day", "of_client", "of_workspace")}
choices = json.loads(sys.argv[1])
found = []
for choice in choices:
    days = {name: date.fromisoformat(choice[name]) for name in ("since", "until") if name in choice}
    _, chosen = app.run(defs={**filters, "chosen": {**held["chosen"], **choice, **days}})
    names = ("totals", "weeks", "billing", "people", "budgets", "faults")
    found.append({name: json.loads(chosen[name].to_json(orient="records")) for name in names if name in chosen})
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explore")
    _call(sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    _call(sys.executable, "-m", "venv", str(folder / "venv"))
    (wheel,) = folder.glob("*.whl")
    made = folder / "venv" / "bin" / "python"
    _call(str(made), "-m", "pip", "install", "--quiet", "--no-compile", f"{wheel}[explore]")
    return made


def _call(*command: str) -> None:
    subprocess.run(command, check=True)  # noqa: S603 - our own command


@pytest.fixture
def loaded(office: Office, load: Load) -> Office:
    """Two clients, two currencies, somebody else, an entry without a project, and one that is older."""
    account, place = office.account, office.place
    other = account.add_project(place, "Site", account.add_client(place, "<b>Üç & Ωmega</b>"))
    office.work(3, 9, 2, **office.billable(10000, cost=5000))
    office.work(4, 9, 3, user=account.add_user(place, "田中 美咲"), **office.billable(5000))
    office.work(5, 9, 4, projectId=other["id"], billable=True, hourlyRate=rate(2000, "EUR"))
    office.work(6, 9, 1)
    office.work(50, 9, 8, **office.billable())
    load(office)
    return office


def asked(python: Path, *choices: dict[str, Any]) -> list[dict[str, list[dict[str, Any]]]]:
    # in another folder, lest Python takes the package from here and not from the wheel
    run = [str(python), "-c", CHOOSE, json.dumps(choices)]
    ended = subprocess.run(run, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - our own
    assert ended.returncode == 0, ended.stderr[-3000:]
    found: list[dict[str, list[dict[str, Any]]]] = json.loads(ended.stdout)
    return found


def test_it_shows_what_is_loaded_and_what_is_chosen(python: Path, loaded: Office) -> None:
    today, back = loaded.today, date.fromordinal
    recent = {"since": back(today.toordinal() - 10).isoformat(), "until": today.isoformat()}
    place = loaded.place["id"]
    whole, late, one, elsewhere = asked(
        python, {}, recent, {**recent, "clients": ["Nordwind"]}, {"workspaces": ["0" * 24]}
    )
    assert {row["currency"]: (row["hours"], row["amount"]) for row in whole["totals"]} == {
        "USD": (14, 200 + 150 + 800),
        "EUR": (4, 80),
    }
    assert {row["currency"]: (row["hours"], row["amount"]) for row in late["totals"]} == {
        "USD": (6, 350),
        "EUR": (4, 80),
    }
    assert sum(row["hours"] for row in late["weeks"]) == 10
    assert {row["person"] for row in whole["people"]} == {"Ana", "田中 美咲"}
    assert [(row["hours"], row["amount"]) for row in one["totals"]] == [(5, 350)]
    assert {row["client"] for row in one["weeks"]} == {"Nordwind"}
    assert sum(row["amount"] for row in one["billing"]) >= 350
    assert {row["problem"] for row in one["faults"]} == {"NO_TASK", "NO_TAG", "NO_COST_RATE"}
    assert elsewhere["totals"] == [], "of a workspace that there is not"
    (same,) = asked(python, {**recent, "workspaces": [place]})
    assert same == late


@contextmanager
def served(python: Path, folder: Path, *options: str) -> Iterator[str]:
    """The address of the notebook while the command serves it."""
    command = [str(python.with_name("clockify-dagster")), "explore", "--no-browser", "--port", str(PORT), *options]
    variables = {**os.environ, "HOME": str(folder)}
    with subprocess.Popen(  # noqa: S603 - our own
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder, env=variables
    ) as process:
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and process.poll() is None:
                try:
                    requests.get(f"http://127.0.0.1:{PORT}/", timeout=5)
                    break
                except requests.ConnectionError:
                    time.sleep(0.2)
            yield f"http://127.0.0.1:{PORT}/"
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.usefixtures("loaded")
def test_the_command_serves_it_on_this_machine(python: Path, tmp_path: Path) -> None:
    with served(python, tmp_path) as address:
        page = requests.get(address, timeout=10)
    assert page.status_code == 200
    assert "<title>Clockify</title>" in page.text
    copy = tmp_path / "own.py"
    with served(python, tmp_path, "--edit", str(copy)) as address:
        assert requests.get(address, timeout=10).status_code == 200
    assert copy.read_text() == (ROOT / "clockify_dagster" / "explore" / "notebook.py").read_text()
    copy.write_text("import marimo\n\napp = marimo.App()\n")
    with served(python, tmp_path, "--edit", str(copy)):
        pass
    assert copy.read_text().startswith("import marimo\n\napp"), "a copy that is there is somebody's own"


@pytest.mark.usefixtures("loaded")
def test_it_becomes_a_page_with_every_table_in_it(python: Path, tmp_path: Path) -> None:
    notebook = python.parents[1] / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    notebook = notebook / "clockify_dagster" / "explore" / "notebook.py"
    page = tmp_path / "page.html"
    run = [str(python), "-m", "marimo", "export", "html", str(notebook), "-o", str(page)]
    ended = subprocess.run(run, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path)  # noqa: S603
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    text = page.read_text(encoding="utf-8")
    assert all(title in text for title in ("Hours by week and client", "To bill", "People", "Entries to look at"))
    assert "<b>Üç" not in text, "names are shown, and are no part of the page"
