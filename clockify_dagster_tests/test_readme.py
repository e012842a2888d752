"""What the README says is true."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from clockify_dagster.contract import CONTRACT
from clockify_dagster.definitions import project_definitions
from clockify_dagster.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS_TABLE: str = runpy.run_path(str(ROOT / "docs" / "settings.py"))["settings_table"]()


def test_the_settings_are_those_of_the_code() -> None:
    table = README.partition("<!-- /settings -->")[0].partition("-->\n")[2].strip()
    assert table == SETTINGS_TABLE.strip(), "put the output of docs/settings.py there"


def test_the_table_of_settings_has_a_row_for_every_variable_with_its_default() -> None:
    lines = SETTINGS_TABLE.splitlines()
    assert len(lines) == 2 + len(Settings.model_fields)
    assert all(line.count("|") == 5 for line in lines)
    assert "| `CLOCKIFY_CONCURRENCY` | How many requests may be under way at once | `8` | `8` |" in lines
    assert "the first of January of last year" in SETTINGS_TABLE


def test_every_table_is_named() -> None:
    assert {table.name for table in CONTRACT} <= set(re.findall(r"`(clockify_\w+)`", README))


def test_every_job_and_schedule_is_named() -> None:
    repository = project_definitions(Settings.forgiving()).get_repository_def()
    names = {job.name for job in repository.get_all_jobs()} | {each.name for each in repository.schedule_defs}
    named = {name for name in names if not name.startswith("__")}
    assert named <= set(re.findall(r"`(\w+)`", README))


def test_every_make_target_that_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"\bmake ([\w-]+)", README)) <= targets


def test_every_file_that_it_links_to_exists() -> None:
    linked = re.findall(r"\]\((?!http)([^)]+)\)", README)
    assert [path for path in linked if not (ROOT / path).exists()] == []
