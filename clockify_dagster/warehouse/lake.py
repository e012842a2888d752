"""A lake as destination: rows in Parquet files in a folder or on S3, and a catalog of them in Postgres (DuckLake).

Writers go one after another (`lake_lock.py`); readers wait for nobody and see one snapshot as long as they read.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from clockify_dagster.errors import DatabaseUnusableError, MissingExtraError
from clockify_dagster.warehouse.ddl import MAIN, enter_schema, transaction
from clockify_dagster.warehouse.destination import Destination

try:
    from clockify_dagster.warehouse.lake_errors import lake_errors
    from clockify_dagster.warehouse.lake_lock import writer_lock
except ImportError as error:
    raise MissingExtraError(
        f"A lake (CLOCKIFY_DATABASE) needs packages that are not installed: {error}. Install them: "
        "pip install 'clockify_dagster[lake]'"
    ) from None

from clockify_dagster.warehouse.lake_engine import LAKE, LakeEngine, take_variables

_Place = tuple[int, str, str]
_ENGINES: dict[_Place, LakeEngine] = {}
# A DuckDB's settings are those of all its connections, so threads go one after the other, as with a file. There is one
# for a catalog, as the lock of who writes, which a thread must not take over from another one.
_THREADS: dict[tuple[int, str], threading.RLock] = {}
_THREADS_GUARD = threading.Lock()


@dataclass(frozen=True)
class Lake(Destination):
    """A DuckLake.

    Attributes:
        catalog: where its Postgres database is, as libpq writes it, without a password.
        data_path: where its files are: a folder or `s3://`, with a slash at its end.
        lock_timeout: seconds to wait for others who write.
        config: settings for DuckDB, as `duckdb.connect` takes them.
        schema: where the tables are; made by the first write.
    """

    catalog: str
    data_path: str
    lock_timeout: float = 600
    config: dict[str, Any] = field(default_factory=dict)
    schema: str = MAIN

    @property
    def description(self) -> str:
        """Where catalog and files are."""
        return f"lake in {self.data_path} with the catalog {self.catalog}"

    @property
    def folder(self) -> Path:
        """The folder in which a file would be by default."""
        return Path("data").absolute()

    @property
    def scratch(self) -> Path:
        """In the machine's folder for temporary files (TMPDIR), in a folder that no other user can read."""
        user = os.getuid() if hasattr(os, "getuid") else "user"
        folder = Path(tempfile.gettempdir()) / f"clockify_dagster-{user}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if hasattr(os, "getuid") and folder.stat().st_uid != user:
            raise DatabaseUnusableError(f"{folder} belongs to another user. Set TMPDIR to a folder of this user.")
        return folder / "lake"

    def errors(self) -> AbstractContextManager[None]:
        """Those of the catalog, the files, and what is on this machine meanwhile."""
        return lake_errors(self.description)

    def check_writable(self) -> None:
        """Raise where Postgres lets nobody in, or this user may not write into the folder of the files."""
        take_variables()
        with self.errors(), self._thread_lock():
            self._engine(make=False)
            if not self.data_path.startswith("s3://"):
                folder = next(each for each in (Path(self.data_path), *Path(self.data_path).parents) if each.exists())
                if not os.access(folder, os.W_OK):
                    raise DatabaseUnusableError(
                        f"{folder} may not be written by this user. Change its permissions, or set CLOCKIFY_LAKE_PATH "
                        "to a folder that can be written."
                    )

    def exists(self) -> bool:
        """Whether there is a catalog."""
        with self.errors(), self._thread_lock():
            return self._engine(make=False) is not None

    def compatibility(self, connection: duckdb.DuckDBPyConnection) -> str:
        """The version of DuckLake's format."""
        sql = f"SELECT value FROM {LAKE}.options() WHERE option_name = 'version'"
        ((version,),) = connection.execute(sql).fetchall()
        return f"DuckLake's format is {version}; this is DuckDB {duckdb.__version__}"

    def tidy(self, tables: Collection[str]) -> None:
        """Make few files of many, which the runs of one workspace each leave in tables that have no partitions."""
        from clockify_dagster.warehouse.lake_maintenance import merge_where_many

        merge_where_many(replace(self, lock_timeout=0), tables)  # who finds somebody writing leaves it to the next one

    @contextmanager
    def reading_if_there(self) -> Iterator[duckdb.DuckDBPyConnection | None]:
        """A connection that sees one snapshot; None where there is no catalog yet, or no schema in it."""
        with self._thread_lock(), self.errors():
            cursor = self._cursor(make=False)
            if cursor is None:
                yield None
                return
            with closing(cursor):
                cursor.begin()
                try:
                    yield cursor if enter_schema(cursor, self.schema, make=False) else None
                finally:
                    with suppress(duckdb.Error):
                        cursor.rollback()

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """As the seam says. Readers are kept from nothing meanwhile."""
        take_variables()
        with (
            self._thread_lock(),
            self.errors(),
            writer_lock(self.catalog, self.description, self.lock_timeout) as lock,
        ):
            cursor = self._cursor(make=True)
            assert cursor is not None  # noqa: S101 - it is made
            with closing(cursor), transaction(cursor, self.schema):
                yield cursor
                lock.check()

    def _thread_lock(self) -> AbstractContextManager[bool]:
        with _THREADS_GUARD:
            return _THREADS.setdefault((os.getpid(), self.catalog), threading.RLock())

    @property
    def _place(self) -> _Place:
        return os.getpid(), self.catalog, self.data_path

    def _cursor(self, *, make: bool) -> duckdb.DuckDBPyConnection | None:
        """A connection of its own; None where there is no lake and none is to be made."""
        engine = _ENGINES.get(self._place)
        if engine is not None:
            try:
                return engine.cursor()
            except duckdb.Error:  # Postgres may have been started anew meanwhile
                del _ENGINES[self._place]
                engine.close()
        engine = self._engine(make=make)
        return None if engine is None else engine.cursor()

    def _engine(self, *, make: bool) -> LakeEngine | None:
        if self._place not in _ENGINES:
            engine = LakeEngine(self.catalog, self.data_path, self.scratch, self.config)
            try:
                is_attached = engine.attach(make=make)
            except BaseException:
                engine.close()
                raise
            if not is_attached:
                engine.close()
                return None
            _ENGINES[self._place] = engine
        return _ENGINES[self._place]
