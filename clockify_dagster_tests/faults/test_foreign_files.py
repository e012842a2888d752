"""A database path where there is something else: it is reported, and left as it is."""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from clockify_dagster_tests.faults.conftest import Command, Loaded


def header_with_version(raw: bytes, version: int) -> bytes:
    """A DuckDB file's header that claims another version, with the checksum that goes with it."""
    factor, mask = 0xBF58476D1CE4E5B9, 2**64 - 1

    def checksum(block: bytes) -> int:
        total = 5381
        for (word,) in struct.iter_unpack("<Q", block):
            total ^= word * factor & mask
        return total

    block = bytearray(raw[8:4096])
    assert struct.pack("<Q", checksum(bytes(block))) == raw[:8], "DuckDB's checksum is another now"
    block[4:12] = struct.pack("<Q", version)
    block[44:76] = b"v9.9.9".ljust(32, b"\0")
    return struct.pack("<Q", checksum(bytes(block))) + bytes(block) + raw[4096:]


def text(path: Path, loaded: Loaded) -> None:
    del loaded
    path.write_text("id,name\n" * 2000)


def empty(path: Path, loaded: Loaded) -> None:
    del loaded
    path.touch()


def of_sqlite(path: Path, loaded: Loaded) -> None:
    del loaded
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE clients (id TEXT)")
    connection.close()


def half(path: Path, loaded: Loaded) -> None:
    raw = loaded.database.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])


def damaged(path: Path, loaded: Loaded) -> None:
    raw = bytearray(loaded.database.read_bytes())
    raw[12] ^= 1
    path.write_bytes(raw)


def damaged_inside(path: Path, loaded: Loaded) -> None:
    """A bit has flipped in each block, behind the headers."""
    raw = bytearray(loaded.database.read_bytes())
    for block in range(3 * 4096, len(raw), 262144):
        raw[block + 64] ^= 1
    path.write_bytes(raw)


def of_an_old_duckdb(path: Path, loaded: Loaded) -> None:
    path.write_bytes(header_with_version(loaded.database.read_bytes(), 39))


def of_a_new_duckdb(path: Path, loaded: Loaded) -> None:
    path.write_bytes(header_with_version(loaded.database.read_bytes(), 10**6))


FILES = [
    (text, "a file of another kind"),
    (empty, "it is empty"),
    (of_sqlite, "a file of another kind"),
    (half, "it is damaged"),
    (damaged, "it is damaged"),
    (damaged_inside, "it is damaged"),
    (of_an_old_duckdb, "written by DuckDB 9.9.9"),
    (of_a_new_duckdb, "written by DuckDB 9.9.9"),
]


@pytest.mark.parametrize(("make", "fault"), FILES, ids=[make.__name__ for make, _ in FILES])
def test_a_file_that_is_no_database_of_ours_is_reported_and_left_as_it_is(
    command: Command, loaded: Loaded, tmp_path: Path, make: Callable[[Path, Loaded], None], fault: str
) -> None:
    path = tmp_path / "other.db"
    make(path, loaded)
    before = path.read_bytes()
    for name in ("sync", "doctor"):
        said = command(name, database=path)
        assert said.code == 1
        assert f"DuckDB {duckdb.__version__} cannot open {path} as a database" in said.out + said.err
        assert fault in said.out + said.err
        assert "Set CLOCKIFY_DATABASE to another path" in said.out + said.err
    assert path.read_bytes() == before
    assert {each.name for each in tmp_path.glob("*other.db*")} - {".other.db.lock"} == {"other.db"}


def test_a_log_without_its_database_does_not_keep_a_new_one_from_opening(loaded: Loaded, tmp_path: Path) -> None:
    """Who removes a database after a run was killed leaves the log behind, and DuckDB refuses a log of another file."""
    log = tmp_path / "new.duckdb.wal"
    with duckdb.connect(str(tmp_path / "first.duckdb")) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("CREATE TABLE x AS SELECT 1")
    shutil.copyfile(tmp_path / "first.duckdb.wal", log)
    loaded.set(database=tmp_path / "new.duckdb")
    loaded.load()
    loaded.set(database=loaded.database)
    assert not log.exists()


@pytest.mark.parametrize("part", [0.99, 0.75, 0.5, 0.25, 0.01])
def test_however_much_of_a_file_is_missing_the_doctor_finds_it(
    command: Command, loaded: Loaded, tmp_path: Path, part: float
) -> None:
    raw = loaded.database.read_bytes()
    path = tmp_path / "cut.duckdb"
    path.write_bytes(raw[: int(len(raw) * part)])
    said = command("doctor", database=path)
    assert said.code == 1
    assert "it is damaged" in said.out
    assert "accepted" in said.out, "the account is looked at all the same"


def test_the_doctor_tells_a_folder_from_a_database(command: Command, tmp_path: Path) -> None:
    said = command("doctor", database=tmp_path)
    assert said.code != 0
    assert "CLOCKIFY_DATABASE" in said.out + said.err
    assert "folder" in said.out + said.err


def test_one_value_that_cannot_be_read_is_enough_for_the_doctor(
    command: Command, loaded: Loaded, tmp_path: Path
) -> None:
    """Wherever it is: in each block that holds rows a bit is flipped in turn."""
    path = tmp_path / "flipped.duckdb"
    raw = loaded.database.read_bytes()
    with duckdb.connect(str(loaded.database), read_only=True) as connection:
        blocks = {
            block
            for (table,) in connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"
            ).fetchall()
            for (block,) in connection.execute(
                f"SELECT DISTINCT block_id FROM pragma_storage_info('{table}') WHERE block_id >= 0"
            ).fetchall()
        }
    assert blocks
    for block in blocks:
        flipped = bytearray(raw)
        flipped[3 * 4096 + block * 262144 + 100] ^= 1
        path.write_bytes(flipped)
        said = command("doctor", database=path)
        assert said.code == 1, block
        assert "it is damaged" in said.out
