"""Where the tables are: the seam between the warehouse and what keeps it. Everything else depends on this alone.

A destination is a DuckDB file (`database.py`, the default) or a DuckLake (`lake.py`). What one of them needs is
imported where it is chosen.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clockify_dagster.errors import NotLoadedError, SettingsError
from clockify_dagster.warehouse.addresses import LAKE, MOTHERDUCK, checked_address, checked_lake_path, is_address
from clockify_dagster.warehouse.ddl import MAIN

if TYPE_CHECKING:
    import duckdb


class Destination(ABC):
    """Where the tables are. A connection is held as long as one phase needs it, so that other loads get in.

    Attributes:
        schema: where the tables are in it; made by the first write.
        lock_timeout: seconds to wait for others that are in the way.
    """

    schema: str
    lock_timeout: float

    @property
    @abstractmethod
    def description(self) -> str:
        """What it is and where, for people; without secrets."""

    @property
    @abstractmethod
    def folder(self) -> Path:
        """Where files go that are made of it for people, such as a report."""

    @property
    @abstractmethod
    def scratch(self) -> Path:
        """The path on this machine beside which a load makes its folder, and after which that is named."""

    @abstractmethod
    def errors(self) -> AbstractContextManager[None]:
        """Within this, errors about the destination and its scratch folder are raised as errors of ours."""

    @abstractmethod
    def check_writable(self) -> None:
        """Raise a `WarehouseError` where it is known already that nothing can be written."""

    @abstractmethod
    def exists(self) -> bool:
        """Whether anything was ever written."""

    @abstractmethod
    def reading_if_there(self) -> AbstractContextManager[duckdb.DuckDBPyConnection | None]:
        """As `reading`; None where nothing was written yet, or no such schema."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A connection inside one transaction: committed at the end, rolled back when anything at all is raised.

        The writer lock is held meanwhile, so that one load at a time writes.

        Raises:
            DatabaseLockedError: another load has been writing for longer than `lock_timeout`.
            LoadConflictError: somebody has written the same tables without the lock.
            DatabaseUnusableError: it cannot be written.
        """

    def tidy(self, tables: Collection[str]) -> None:  # noqa: B027 - most have nothing to do
        """After a write of a part of these tables: keep them fast to read, where that does not come by itself."""

    @abstractmethod
    def compatibility(self, connection: duckdb.DuckDBPyConnection) -> str:
        """What else can open it, in a sentence."""

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to read with, while others read as well.

        Raises:
            NotLoadedError: nothing was written yet.
            DatabaseLockedError: a process has kept readers out for longer than `lock_timeout`.
            DatabaseUnusableError: it cannot be read.
        """
        with self.reading_if_there() as connection:
            if connection is None:
                place = self.description if self.schema == MAIN else f"schema {self.schema} in the {self.description}"
                raise NotLoadedError(
                    f"There is no {place} yet. Load it first: `clockify-dagster sync`, or in the UI the "
                    "account's job `daily`. (The path is CLOCKIFY_DATABASE.)"
                )
            yield connection


def destination_of(
    database: str,
    *,
    lake_path: str | None,
    lock_timeout: float,
    config: Mapping[str, Any],
    schema: str,
    storage_version: str,
) -> Destination:
    """The destination that is named; opens nothing.

    Args:
        database: the path of a file, or an address.
        lake_path: where a lake keeps its data: a folder or `s3://`.
        lock_timeout: seconds to wait for others that are in the way.
        config: settings for DuckDB, as `duckdb.connect` takes them.
        schema: where the tables are in it.
        storage_version: DuckDB's, for a file where it is made.

    Raises:
        SettingsError: the address has a password in it, or a lake no usable place.
    """
    if is_address(database):
        try:
            checked_address(database, lake_path)
            folder = checked_lake_path(lake_path) if lake_path else ""
        except ValueError as error:  # the address is not shown
            raise SettingsError(f"The address or the path of the database cannot be used: {error}.") from None
        if database.startswith(MOTHERDUCK):
            from clockify_dagster.warehouse.motherduck import MotherDuck

            return MotherDuck(database.removeprefix(MOTHERDUCK), lock_timeout, dict(config), schema)
        from clockify_dagster.warehouse.lake import Lake

        return Lake(database.removeprefix(LAKE), folder, lock_timeout, dict(config), schema)
    from clockify_dagster.warehouse.database import Database

    return Database(Path(database), lock_timeout, dict(config), schema, storage_version)
