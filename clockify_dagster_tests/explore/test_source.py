"""What the notebook asks, and what is said where it cannot be opened."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from clockify_dagster.cli import commands
from clockify_dagster.errors import MissingExtraError, NotLoadedError
from clockify_dagster.explore import MARTS_READ, Source, notebook_path, source
from clockify_dagster.warehouse import Database
from clockify_dagster_tests.marts.conftest import Load, Office, load, office

__all__ = ["load", "office"]


def test_the_notebook_reads_the_marts_that_are_looked_for_before_it_is_opened() -> None:
    read = re.findall(r"(?:FROM|JOIN) ([a-z]\w+)", notebook_path().read_text(encoding="utf-8"))
    assert set(read) == set(MARTS_READ)


def test_a_question_names_marts_alone_and_takes_the_values_that_it_uses(office: Office, load: Load) -> None:
    office.work(3, 9, 2)
    office.work(9, 9, 1)
    asked = Source(load(office).warehouse.database)
    asked.check()
    values = {"since": office.today - timedelta(days=5), "clients": [], "of no question": 1}
    found = asked.ask("SELECT sum(hours) AS hours FROM fct_time_entry WHERE local_date >= $since", **values)
    assert list(found["hours"]) == [2]
    every = "SELECT count(*) AS entries FROM fct_time_entry WHERE len($clients::VARCHAR[]) = 0 AND local_date > $since"
    assert list(asked.ask(every, **values)["entries"]) == [1]


def test_the_database_is_free_between_questions(office: Office, load: Load) -> None:
    project = load(office)
    asked = Source(project.warehouse.database)
    before = asked.ask("SELECT count(*) AS entries FROM fct_time_entry")
    with project.warehouse.database.writing() as connection:
        connection.execute("CREATE TABLE own AS SELECT 1 AS x")
    assert asked.ask("SELECT count(*) AS entries FROM fct_time_entry").equals(before)


def test_without_a_database_or_marts_it_says_what_to_do(office: Office, load: Load, tmp_path: Path) -> None:
    with pytest.raises(NotLoadedError, match="Load it first: `clockify-dagster sync`"):
        Source(Database(tmp_path / "none.duckdb")).check()
    project = load(office)
    project.execute("DROP VIEW clockify_marts.data_quality")
    with pytest.raises(NotLoadedError, match=r"mart data_quality, which the notebook reads.*clockify-dagster sync"):
        Source(project.warehouse.database).check()


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PACKAGES", ("marimo_that_nobody_has",))
    error = CliRunner().invoke(commands, ["explore"]).exception
    assert isinstance(error, MissingExtraError)
    assert "Install them: pip install 'clockify_dagster[explore]'" in str(error)
