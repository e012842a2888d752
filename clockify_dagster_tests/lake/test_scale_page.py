"""docs/scale.md: its SQL for other programs runs as it stands, and shows the tables as they are and as they were."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb

from clockify_dagster.warehouse.extensions import load_extension
from clockify_dagster_tests.defs.accounts import days_before_today, small_account
from clockify_dagster_tests.defs.dagster_dev import ROOT
from clockify_dagster_tests.lake.conftest import LakeProject

PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
DASHBOARD, THEN = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
((ATTACH_AS_IT_WAS, NAME),) = re.findall(r"`(ATTACH '\.\.\.' AS (\w+) .*?)`", PAGE)
(MOMENT,) = set(re.findall(r"'(2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d\+\d\d)'", PAGE))


def changed(text: str, replaced: dict[str, str]) -> str:
    """The text with other values; each of them is in it."""
    for before, after in replaced.items():
        assert before in text
        text = text.replace(before, after)
    return text


def test_the_sql_of_the_page_shows_hours_as_they_are_and_as_they_were(
    make_lake_project: Callable[..., LakeProject], tmp_path: Path
) -> None:
    days = days_before_today(3)
    project = make_lake_project(small_account(3), f"{tmp_path}/lake/", start_date=days[0])
    project.sync()
    moment = datetime.now(timezone.utc).isoformat(" ")
    (place,) = project.account.workspaces.values()
    project.account.delete_entry(next(iter(place.entries.by_id.values())))
    project.sync()
    address = f"'{project.settings.database}'"
    attach = changed(DASHBOARD, {"'ducklake:postgres:host=db.example.com user=reader dbname=clockify'": address})
    month = {"'2026-10-01'": f"'{days[0]}'", "'2026-11-01'": f"'{days[-1] + timedelta(days=1)}'"}
    with duckdb.connect() as connection:
        for name in ("postgres_scanner", "ducklake"):
            load_extension(connection, name)
        ((client, hours),) = connection.execute(attach).fetchall()
        assert (client, round(hours, 2)) == ("Nordwind", round(5 * 50 / 60, 2))
        assert connection.execute(changed(THEN, {MOMENT: moment, **month})).fetchall() == [("Nordwind", 6 * 50 / 60)]
        connection.execute(changed(ATTACH_AS_IT_WAS, {"'...'": address, MOMENT: moment}))
        marts = f"SELECT client_name, round(sum(hours), 2) FROM {NAME}.clockify_marts.fct_time_entry GROUP BY ALL"
        assert connection.execute(marts).fetchall() == [("Nordwind", 6 * 50 / 60)]
