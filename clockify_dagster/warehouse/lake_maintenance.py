"""What a lake needs from time to time: fewer, larger files, and an end to what nobody reads any more.

Nothing that is younger than days is ever deleted: a query or a transaction may still need it. Each step is a
transaction of its own, so that loads get in between.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from clockify_dagster.errors import SettingsError
from clockify_dagster.progress import Stage, report
from clockify_dagster.warehouse.ddl import literal
from clockify_dagster.warehouse.destination import LAKE, Destination
from clockify_dagster.warehouse.lake_engine import LAKE as NAME

UNUSED_DAYS = 2
"""So old are files that are deleted at least, since when nothing refers to them. No transaction lasts that long."""
_MOSTLY_DELETED = 0.3  # of a file's rows, from which on it is written anew without them


def maintain(lake: Destination, keep_days: int) -> dict[str, int]:
    """Rewrite, merge, expire and clean up; gives how much of each.

    Args:
        lake: the lake.
        keep_days: for how many days it can be read as it was then.

    Raises:
        SettingsError: it is no lake, or less than a day was to be kept.
    """
    if keep_days < 1:
        raise SettingsError(f"A lake keeps at least a day, not {keep_days} (CLOCKIFY_LAKE_KEEP_DAYS).")
    with lake.reading() as connection:
        if not connection.execute("SELECT 1 FROM duckdb_databases() WHERE type = 'ducklake'").fetchall():
            raise SettingsError(f"The {lake.description} is no lake, so there is nothing to be maintained ({LAKE}...).")
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY ALL"
        ).fetchall()
    done = {"files rewritten": 0, "files merged": 0}
    for schema, table in tables:
        report(Stage(f"Merging files of {table}"))
        place = f"{literal(NAME)}, {literal(table)}, schema => {literal(schema)}"
        rewrite = f"CALL ducklake_rewrite_data_files({place}, delete_threshold => {_MOSTLY_DELETED})"
        done["files rewritten"] += _files(_called(lake, rewrite))
        done["files merged"] += _files(_called(lake, f"CALL ducklake_merge_adjacent_files({place})"))
    kept, unused = _before(keep_days), _before(UNUSED_DAYS)
    report(Stage("Deleting what nobody reads any more"))
    for what, function, moment in (
        ("snapshots expired", "ducklake_expire_snapshots", kept),
        ("old files deleted", "ducklake_cleanup_old_files", unused),
        ("orphaned files deleted", "ducklake_delete_orphaned_files", unused),
    ):
        done[what] = len(_called(lake, f"CALL {function}({literal(NAME)}, older_than => {moment})"))
    return done


def _called(lake: Destination, sql: str) -> list[tuple[object, ...]]:
    with lake.writing() as connection:
        return connection.execute(sql).fetchall()


def _files(rows: list[tuple[object, ...]]) -> int:
    """The files that went into others, of rows of schema, table, files before and files after."""
    return sum(int(str(before)) for _, _, before, *_ in rows)


def _before(days: int) -> str:
    moment = datetime.now(timezone.utc) - timedelta(days=days)
    return f"TIMESTAMPTZ {literal(moment.isoformat())}"
