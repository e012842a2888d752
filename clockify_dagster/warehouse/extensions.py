"""DuckDB's extensions: packages beside DuckDB's own, loaded by their path. Nothing is fetched while a load runs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

from clockify_dagster.errors import MissingExtraError
from clockify_dagster.warehouse.ddl import literal

NO_FETCHING = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
"""What DuckDB is told where it is opened: it would else fetch an extension to open, say, a file of SQLite."""


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension. Raises `MissingExtraError` where there is none for this DuckDB."""
    found = find_spec(f"duckdb_extension_{name}")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if path.exists():
            connection.execute(f"LOAD {literal(str(path))}")
            return
    raise MissingExtraError(
        f"CLOCKIFY_DATABASE needs DuckDB's extension {name}, and for DuckDB {duckdb.__version__} it is not installed. "
        "Install what belongs together: pip install 'clockify_dagster[lake]' (for MotherDuck, "
        "duckdb-extension-motherduck of DuckDB's version as well)"
    )
