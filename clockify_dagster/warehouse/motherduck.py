"""MotherDuck as destination. Nobody has tried it: it follows MotherDuck's documentation."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from clockify_dagster.warehouse.ddl import MAIN, enter_schema, literal, quoted, transaction
from clockify_dagster.warehouse.destination import Destination
from clockify_dagster.warehouse.extensions import NO_FETCHING, load_extension
from clockify_dagster.warehouse.file_errors import file_errors


@dataclass(frozen=True)
class MotherDuck(Destination):
    """A database in MotherDuck, which `motherduck_token` in the environment opens.

    Attributes:
        name: the database; it must be there.
        lock_timeout: not used: MotherDuck itself refuses one of two transactions that write the same table.
        config: settings for DuckDB, as `duckdb.connect` takes them.
        schema: where the tables are; made by the first write.
    """

    name: str
    lock_timeout: float = 600
    config: dict[str, Any] = field(default_factory=dict)
    schema: str = MAIN

    @property
    def description(self) -> str:
        """The address."""
        return f"database md:{self.name}"

    @property
    def folder(self) -> Path:
        """The folder in which a file would be by default."""
        return Path("data").absolute()

    @property
    def scratch(self) -> Path:
        """In the machine's folder for temporary files."""
        return Path(tempfile.gettempdir()) / f"clockify_dagster-{self.name}"

    def errors(self) -> AbstractContextManager[None]:
        """Those of the machine's folder for temporary files."""
        return file_errors(self.scratch)

    def check_writable(self) -> None:
        """MotherDuck tells it when it is written to."""

    def exists(self) -> bool:
        """It must be there."""
        return True

    def compatibility(self, connection: duckdb.DuckDBPyConnection) -> str:
        """MotherDuck's own business."""
        del connection
        return "MotherDuck says which DuckDB can open it"

    @contextmanager
    def reading_if_there(self) -> Iterator[duckdb.DuckDBPyConnection | None]:
        """A connection; None where there is no such schema."""
        with self.errors(), closing(self._connection()) as connection:
            yield connection if enter_schema(connection, self.schema, make=False) else None

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """As the seam says, without a lock of ours."""
        with self.errors(), closing(self._connection()) as connection, transaction(connection, self.schema):
            yield connection

    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(":memory:", config={**NO_FETCHING, **self.config})
        load_extension(connection, "motherduck")
        connection.execute(f"ATTACH {literal(f'md:{self.name}')}; USE {quoted(self.name)}; SET TimeZone = 'UTC'")
        return connection
