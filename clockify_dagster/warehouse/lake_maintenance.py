"""What a lake needs from time to time: fewer, larger files, and an end to what nobody reads any more.

Nothing that is younger than days is ever deleted: a query or a transaction may still need it. Each step is a
transaction of its own, so that loads get in between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

import duckdb

from clockify_dagster.errors import DatabaseUnusableError, SettingsError
from clockify_dagster.progress import Stage, report
from clockify_dagster.warehouse.addresses import LAKE
from clockify_dagster.warehouse.ddl import current_schema, literal
from clockify_dagster.warehouse.destination import Destination
from clockify_dagster.warehouse.lake_engine import LAKE as NAME

UNUSED_DAYS = 2
"""So old are files that are deleted at least, since when nothing refers to them. No transaction lasts that long."""
_MANY = 10  # files of a table; a run of one workspace makes two
_MOSTLY_DELETED = 0.3  # of a file's rows, from which on it is written anew without them

# schema, table, partitions, a name that DuckLake gives
_OWN = re.compile(r"[^/]+/[^/]+/([^/=]+=[^/]*/)*ducklake-[0-9a-f-]+(-delete)?\.parquet")


def maintain(lake: Destination, keep_days: int) -> dict[str, int]:
    """Rewrite, merge, expire and clean up; gives how much of each.

    Args:
        lake: the lake.
        keep_days: for how many days it can be read as it was then.

    Raises:
        SettingsError: it is no lake, or less than a day was to be kept.
        DatabaseUnusableError: where its files are there are files of something else. All but the last step is done.
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
        rewritten, merged = _merge(lake, schema, table, _MOSTLY_DELETED)
        done["files rewritten"] += rewritten
        done["files merged"] += merged
    kept, unused = _before(keep_days), _before(UNUSED_DAYS)
    report(Stage("Deleting what nobody reads any more"))
    for what, function, moment in (
        ("snapshots expired", "ducklake_expire_snapshots", kept),
        ("old files deleted", "ducklake_cleanup_old_files", unused),
    ):
        done[what] = len(_called(lake, f"CALL {function}({literal(NAME)}, older_than => {moment})"))
    done["orphaned files deleted"] = _delete_orphans(lake, unused)
    return done


def merge_where_many(lake: Destination, tables: Iterable[str]) -> None:
    """Merge the files of those of the tables that have many."""
    with lake.reading() as connection:
        schema = current_schema(connection)
        many = [table for table in tables if _number_of_files(connection, schema, table) > _MANY]
    for table in many:
        _merge(lake, schema, table, 0)


def _number_of_files(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    """How many files a reader of a table opens."""
    files = f"ducklake_list_files({literal(NAME)}, {literal(table)}, schema => {literal(schema)})"
    ((number,),) = connection.execute(f"SELECT count(data_file) + count(delete_file) FROM {files}").fetchall()
    return int(number)


def _merge(lake: Destination, schema: str, table: str, deleted_share: float) -> tuple[int, int]:
    """Write files anew of which more than this share of the rows is deleted, and make few of many; gives how many."""
    place = f"{literal(NAME)}, {literal(table)}, schema => {literal(schema)}"
    rewrite = f"CALL ducklake_rewrite_data_files({place}, delete_threshold => {deleted_share})"
    rewritten = _files(_called(lake, rewrite))
    return rewritten, _files(_called(lake, f"CALL ducklake_merge_adjacent_files({place})"))


def _delete_orphans(lake: Destination, older_than: str) -> int:
    """Delete the files that the catalog does not know. To DuckLake those are all in Parquet, so see whose they are."""
    function = f"CALL ducklake_delete_orphaned_files({literal(NAME)}, older_than => {older_than}"
    with lake.writing() as connection:
        ((place,),) = connection.execute(
            f"SELECT value FROM {NAME}.options() WHERE option_name = 'data_path'"
        ).fetchall()
        found = [str(path) for (path,) in connection.execute(f"{function}, dry_run => true)").fetchall()]
        others = [path for path in found if not _OWN.fullmatch(path.removeprefix(place))]
        if others:
            raise DatabaseUnusableError(
                f"{len(others)} Parquet file(s) in {place} are not of this lake, for example {others[0]}. As long as "
                "they are there, the files that killed loads left are not deleted, since DuckLake would delete all of "
                "them. Move them; a lake needs a place of its own, and none within another's."
            )
        return len(connection.execute(f"{function})").fetchall()) if found else 0


def _called(lake: Destination, sql: str) -> list[tuple[object, ...]]:
    with lake.writing() as connection:
        return connection.execute(sql).fetchall()


def _files(rows: list[tuple[object, ...]]) -> int:
    """The files that went into others, of rows of schema, table, files before and files after."""
    return sum(int(str(before)) for _, _, before, *_ in rows)


def _before(days: int) -> str:
    moment = datetime.now(timezone.utc) - timedelta(days=days)
    return f"TIMESTAMPTZ {literal(moment.isoformat())}"
