"""The DuckDB that reads and writes a lake: a process has one, with the lake attached, since to load DuckDB's extensions
takes longer than most of what is asked of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from clockify_dagster.env_file import env_file
from clockify_dagster.errors import DatabaseUnusableError
from clockify_dagster.warehouse.ddl import literal
from clockify_dagster.warehouse.extensions import NO_FETCHING, load_extension
from clockify_dagster.warehouse.scratch import ScratchFolder

LAKE = "lake"
"""As what a lake is attached."""

_NOT_THERE = "does not exist - and creating"
# Each file that is being written has a buffer of a ten-thousandth of the largest file, 76 MB by default, and a write to
# many workspaces has many files, within 200 MB. So a buffer has 5 MB, the least that S3 takes, and few files are open.
_SMALL_UPLOADS = "SET GLOBAL s3_uploader_max_filesize = '50GB'; SET GLOBAL partitioned_write_max_open_files = 8"
# Files of a lake never change, so what has been read of one is not asked for again.
_KEPT_FILES = {"validate_external_file_cache": "NO_VALIDATION"}
# where they are set in the `.env` alone
_VARIABLES = (
    *("PGPASSWORD", "PGPASSFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"),
    *("AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
)


class LakeEngine:
    """A DuckDB in memory with a lake attached.

    Attributes:
        connection: its connection; each use takes a cursor of it.
        limits: the settings that a use may change, as they were.
    """

    def __init__(self, catalog: str, data_path: str, scratch: Path, config: Mapping[str, Any]) -> None:
        """Start it, and attach nothing yet. `scratch` is where it may spill."""
        take_variables()
        self._catalog, self._data_path = catalog, data_path
        self._spill = ScratchFolder(scratch)
        folder = {"temp_directory": str(self._spill.path / "spill")}
        try:
            self.connection = duckdb.connect(":memory:", config={**NO_FETCHING, **_KEPT_FILES, **folder, **config})
            self._prepare()
        except BaseException:
            self.close()
            raise
        self.limits = {
            name: self.connection.execute(f"SELECT current_setting('{name}')").fetchall()[0][0]
            for name in ("memory_limit", "threads", "preserve_insertion_order")
        }

    def _prepare(self) -> None:
        needed = ["postgres_scanner", "ducklake", *(["httpfs"] if self._data_path.startswith("s3://") else [])]
        for name in needed:
            load_extension(self.connection, name)
        if self._data_path.startswith("s3://"):
            self.connection.execute(_s3_secret(self._data_path))
            self.connection.execute(_SMALL_UPLOADS)

    def attach(self, *, make: bool) -> bool:
        """Attach the lake. False where there is none and none is to be made."""
        try:
            self._attach(make=False)
        except duckdb.InvalidInputException as error:
            if _NOT_THERE not in str(error):
                raise
            if make:
                self._check_empty()
                self._attach(make=True)
            return make
        return True

    def _attach(self, *, make: bool) -> None:
        # rows stay in files: what is inlined would be in the catalog's tables, and files are what others read
        self.connection.execute(
            f"ATTACH {literal(f'ducklake:postgres:{self._catalog}')} AS {LAKE} "
            f"(DATA_PATH {literal(self._data_path)}, DATA_INLINING_ROW_LIMIT 0, CREATE_IF_NOT_EXISTS {make})"
        )

    def _check_empty(self) -> None:
        """Raise where there are files already: a lake's maintenance deletes those that its catalog does not know."""
        found = self.connection.execute(f"FROM glob({literal(f'{self._data_path}**/*.parquet')}) LIMIT 1").fetchall()
        if found:
            raise DatabaseUnusableError(
                f"A new lake in {self._data_path} needs a place of its own, and there are Parquet files already, for "
                f"example {found[0][0]}: of another lake, or of one whose catalog is gone. Set CLOCKIFY_LAKE_PATH to a "
                "place where nothing is, or name the catalog that they belong to."
            )

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the lake as it is now."""
        cursor = self.connection.cursor()
        for name, value in self.limits.items():
            cursor.execute(f"SET {name} = {literal(str(value))}")
        cursor.execute(f"SET TimeZone = 'UTC'; USE {LAKE}")
        cursor.execute(f"FROM {LAKE}.current_snapshot()")  # which fails where the catalog's connection has broken
        return cursor

    def close(self) -> None:
        """End it."""
        self.connection.close()
        self._spill.remove()


def take_variables() -> None:
    """Take into the environment, where libpq looks, what only the `.env` has."""
    for name, value in env_file().items():
        if name in _VARIABLES and value:
            os.environ.setdefault(name, value)


def _s3_secret(data_path: str) -> str:
    """What DuckDB needs to know of S3, by the usual variables. It lives as long as this DuckDB, in memory alone."""
    environment = os.environ
    missing = [name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not environment.get(name)]
    if missing:
        raise DatabaseUnusableError(f"{' and '.join(missing)} must be set for {data_path} (CLOCKIFY_LAKE_PATH).")
    given = {
        "KEY_ID": environment["AWS_ACCESS_KEY_ID"],
        "SECRET": environment["AWS_SECRET_ACCESS_KEY"],
        "SESSION_TOKEN": environment.get("AWS_SESSION_TOKEN"),
        "REGION": environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION"),
        "SCOPE": data_path,
    }
    if endpoint := environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL"):
        scheme, _, host = endpoint.rpartition("://")
        given |= {"ENDPOINT": host.rstrip("/"), "URL_STYLE": "path", "USE_SSL": str(scheme != "http").lower()}
    options = ", ".join(f"{name} {literal(value)}" for name, value in given.items() if value)
    return f"CREATE OR REPLACE SECRET clockify_lake (TYPE s3, {options})"
