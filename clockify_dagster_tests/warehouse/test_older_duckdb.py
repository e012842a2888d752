"""The file as a tool sees it that comes with an older DuckDB: the oldest one that is allowed, really installed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from clockify_dagster.contract import CORE
from clockify_dagster.sandbox import make_agency
from clockify_dagster.warehouse.database import STORAGE_VERSION
from clockify_dagster_tests.conftest import Project

pytestmark = pytest.mark.world
OLDEST = STORAGE_VERSION.removeprefix("v")
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ZONE = "Europe/Belgrade"

# a view of a user's
VIEW = """
CREATE VIEW hours_by_month AS
SELECT coalesce(p.name, e.projectid, '(no project)') AS project, date_trunc('month', e.timeinterval_start) AS month,
       sum(epoch(e.timeinterval_end - e.timeinterval_start)) / 3600 AS hours
FROM clockify_timeentries e LEFT JOIN clockify_projects p ON p.id = e.projectid
GROUP BY ALL
"""

# All that is in a file: rows by table and view, comments, and instants as Python has them.
READ = """
import duckdb, json, sys

connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("SET TimeZone = 'Europe/Belgrade'")
names = connection.execute(
    "SELECT schema_name || '.' || table_name FROM duckdb_tables() UNION ALL "
    "SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal"
).fetchall()
found = {}
for (name,) in sorted(names):
    # each DuckDB adds in an order of its own, which shows in the last digits of a sum
    columns = connection.execute(f"DESCRIBE FROM {name}").fetchall()
    # two DuckDBs differ in a number's last digits; shifted, since one may else round a half up and one down
    shown = [f'round("{column}" + 1.2345e-7, 6)' if kind == "DOUBLE" else f'"{column}"' for column, kind, *_ in columns]
    texts = ", ".join(f"CAST({each} AS VARCHAR)" for each in shown)
    found[name] = connection.execute(f"SELECT {texts} FROM {name} ORDER BY ALL").fetchall()
found["comments"] = connection.execute(
    "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE comment IS NOT NULL ORDER BY ALL"
).fetchall()
instants = connection.execute("SELECT timeinterval_start FROM clockify_timeentries ORDER BY ALL").fetchall()
found["instants"] = [each.timestamp() for (each,) in instants]
print(json.dumps([duckdb.__version__, found]))
"""

WRITE = """
import duckdb, sys

with duckdb.connect(sys.argv[1]) as connection:
    connection.execute("CREATE TABLE notes AS SELECT now() AS written")
"""


@pytest.fixture(scope="module")
def older_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which there is nothing but the oldest DuckDB."""
    folder = tmp_path_factory.mktemp("older")
    python = folder / "bin" / "python"
    packages = [f"duckdb=={OLDEST}", "pytz"]  # DuckDB makes Python's instants with pytz
    for command in ([sys.executable, "-m", "venv", folder], [python, "-m", "pip", "install", "--quiet", *packages]):
        subprocess.run(list(map(str, command)), check=True)  # noqa: S603 - a program of our own
    return python


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    start = date.today() - timedelta(days=45)  # noqa: DTZ011 - the account is a month old
    return make_project(make_agency(months=1, timezone=ZONE), timezone=ZONE, start_date=start)


def run(python: Path, program: str, database: Path) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-c", program, str(database)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a program of our own


def read(python: Path, database: Path) -> tuple[str, dict[str, Any]]:
    """DuckDB's version there, and what it reads."""
    ran = run(python, READ, database)
    assert ran.returncode == 0, ran.stderr
    version, found = json.loads(ran.stdout)
    return version, found


def make_view(database: Path) -> None:
    """Make the view as a program does that is killed before DuckDB has moved it from its log into the file."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute(VIEW)
    assert database.with_name(database.name + ".wal").exists()


def test_an_older_duckdb_reads_tables_views_comments_and_instants(project: Project, older_python: Path) -> None:
    project.sync()
    make_view(project.database)
    version, found = read(older_python, project.database)
    assert version == OLDEST
    assert found == read(Path(sys.executable), project.database)[1]
    assert {f"main.{table}" for table in CORE if "integral" not in table} < found.keys()
    assert all(found[name] for name in ("main.clockify_timeentries", "main.hours_by_month", "comments", "instants"))


def test_what_an_older_duckdb_writes_into_the_file_is_in_nobodys_way(project: Project, older_python: Path) -> None:
    project.sync()
    assert run(older_python, WRITE, project.database).returncode == 0
    project.sync()
    assert len(project.execute("FROM notes")) == 1
    assert read(older_python, project.database) == (OLDEST, read(Path(sys.executable), project.database)[1])


def test_where_the_setting_asks_for_a_newer_version_an_older_duckdb_opens_only_a_copy_made_as_the_readme_says(
    project: Project, older_python: Path
) -> None:
    project.set(database_storage_version="latest")
    project.sync()
    make_view(project.database)
    assert "version number" in run(older_python, READ, project.database).stderr
    copy = project.folder / "copy.duckdb"
    sql = next(block for block in README.split("```sql\n") if "COPY FROM DATABASE" in block).partition("```")[0]
    with duckdb.connect() as connection:
        connection.execute(
            sql.replace("data/clockify.duckdb", str(project.database)).replace("data/copy.duckdb", str(copy))
        )
    assert read(older_python, copy)[1] == read(Path(sys.executable), project.database)[1]
