"""How the settings about the database are checked: where it is, and in what form. Whether it is there is no setting's
business."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import duckdb
from pydantic import ValidationInfo

from clockify_dagster.marts import marts_schema
from clockify_dagster.settings_rules import require
from clockify_dagster.warehouse.addresses import LAKE, MOTHERDUCK, checked_address, is_address
from clockify_dagster.warehouse.ddl import MAIN
from clockify_dagster.warehouse.lake_engine import LAKE as LAKE_NAME
from clockify_dagster.warehouse.state_tables import state_name

_RESERVED = ("temp", "system", "pg_catalog", "information_schema")


def checked_database(value: str | Path, info: ValidationInfo) -> str | Path:
    """A file's path, or the address of MotherDuck or of a lake, whose data has a place too."""
    return checked_address(str(value), info.data.get("lake_path")) if is_address(value) else checked_file(Path(value))


def checked_file(path: Path) -> Path:
    """A path that may be a file's; whether it holds a database is for the warehouse."""
    text = str(path)
    require("\0" not in text, "a path cannot hold a NUL character")
    require(text != ":memory:", "a database in memory would be gone after the run; it must be a file's path")
    require(not re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text), "it must be a path on this machine, not an address")
    try:
        path = path.expanduser()
        whole = str(path.absolute())
        kind = "a folder" if path.is_dir() else "a device or a socket" if path.exists() and not path.is_file() else ""
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise ValueError(f"the path cannot be used: {why}") from None
    require(not kind, f"it is {kind}, not a file")
    unusable = [character for character in "?\\" if character in whole and character != os.sep]
    require(not unusable, f"DuckDB cannot use a path with {' or '.join(unusable)} in it, and the whole path is {whole}")
    require(whole == whole.encode(errors="replace").decode(), "DuckDB cannot use a path that is not in UTF-8")
    return path


def check_names(database: str | Path, schema: str) -> None:
    """Raise `ValueError`, with what to do, for a place or a name that DuckDB cannot use.

    A file is checked once more, since the default is in this folder, whose own name may be unusable.
    """
    try:
        if not is_address(database):
            checked_file(Path(database))
    except ValueError as error:
        raise ValueError(f"{error}. Use another folder.") from None
    if is_address(database):
        own = LAKE_NAME if str(database).startswith(LAKE) else str(database).removeprefix(MOTHERDUCK)
    else:
        own = Path(database).name.split(".")[0]  # what DuckDB calls a file's tables all together
    taken = {name.lower() for name in (*_RESERVED, own)} - {MAIN}
    found = [each for each in (schema, marts_schema(schema), state_name(schema)) if each.lower() in taken]
    require(not found, f"in SQL its schema {', '.join(found)} and the name of a database would be one. Rename either.")


@cache  # to ask takes as long as to start a DuckDB
def checked_storage_version(version: str) -> str:
    """A storage version that the installed DuckDB can write."""
    try:
        duckdb.connect(config={"storage_compatibility_version": version}).close()
    except duckdb.Error:
        raise ValueError(f"DuckDB {duckdb.__version__}, which is installed, has no such storage version") from None
    return version
