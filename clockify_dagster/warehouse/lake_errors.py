"""What errors about a lake mean for the reader: its catalog in Postgres, its data, who else writes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import psycopg2

from clockify_dagster.errors import (
    DatabaseUnreachableError,
    DatabaseUnusableError,
    LoadConflictError,
    WarehouseError,
)
from clockify_dagster.warehouse.file_errors import interruptible

_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "PGPASSWORD")
# whatever it says, it is no matter of the lake; DuckLake's own errors are of other classes, or of none
_OF_THE_STATEMENT = (duckdb.ProgrammingError, duckdb.DataError, duckdb.IntegrityError)
_CONFLICT = re.compile("conflict|has been (altered|dropped|deleted) by another transaction", re.IGNORECASE)
_NOT_ALLOWED = re.compile(
    r"HTTP.{0,40}\b40[13]\b|Forbidden|AccessDenied|InvalidAccessKey|SignatureDoesNotMatch|"
    "password authentication failed|no password supplied|permission denied for",
)
_FOLDER_NOT_ALLOWED = re.compile("Permission denied|Read-only file system")
_NOT_THERE = re.compile(r'database "[^"]*" does not exist|NoSuchBucket|HTTP 404')
_NO_ADDRESS = re.compile(
    'missing "=" after|invalid connection option|invalid (URI|port number|integer value)|unterminated'
)
_UNREACHABLE = re.compile(
    "Unable to connect|could not (connect|establish connection|resolve|translate)|Connection refused|"
    "timed out|Timeout|server closed the connection|SSL connection has been closed|terminating connection|"
    "too many (clients|connections)|remaining connection slots|"
    r"the database system is|HTTP 50\d|SlowDown",
    re.IGNORECASE,
)
_OTHER_VERSION = re.compile("catalog version mismatch", re.IGNORECASE)
_OTHER_PLACE = re.compile(r'DATA_PATH parameter "[^"]*" does not match existing data path.*"(?P<theirs>[^"]*)"')

_MEANINGS: tuple[tuple[re.Pattern[str], type[WarehouseError], str], ...] = (
    (
        _NO_ADDRESS,
        DatabaseUnusableError,
        "The {place}: Postgres does not understand this address. It is written as in `host=db.example.com "
        "user=clockify dbname=clockify`, or as a URL; check CLOCKIFY_DATABASE.",
    ),
    (
        _FOLDER_NOT_ALLOWED,
        DatabaseUnusableError,
        "The {place} cannot be used by this user: check the permissions of the folder in CLOCKIFY_LAKE_PATH, and of "
        "that for temporary files.",
    ),
    (
        _NOT_ALLOWED,
        DatabaseUnusableError,
        "The {place} lets nobody in with these credentials. Check PGPASSWORD and the user in CLOCKIFY_DATABASE, "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they may do.",
    ),
    (
        _NOT_THERE,
        DatabaseUnusableError,
        "The {place} cannot be made: its Postgres database and its bucket must be there. Make them (createdb), or "
        "check CLOCKIFY_DATABASE and CLOCKIFY_LAKE_PATH.",
    ),
    (
        _UNREACHABLE,
        DatabaseUnreachableError,
        "The {place} does not answer. Nothing was changed. Check that Postgres and the storage run and can be "
        "reached from here, and start again.",
    ),
)
"""What is said, the first whose pattern is found."""


@contextmanager
def lake_errors(place: str) -> Iterator[None]:
    """Raise errors of ours in place of those about the lake. `place` says which, without secrets."""
    try:
        with interruptible():
            yield
    except (duckdb.Error, psycopg2.Error, OSError) as error:
        said = " ".join(without_secrets(str(error) or type(error).__name__).split())
        meant = _meaning(place, error, said)
        if meant is not None:
            raise meant from None  # the original may hold secrets
        if said != " ".join(str(error).split()):
            raise type(error)(said) from None
        raise


def without_secrets(text: str) -> str:
    """The text without the values of variables that are secrets, whoever wrote them into it."""
    for name in _SECRETS:
        if value := os.environ.get(name):
            for each in (value, value.replace("'", "''")):  # as it is, and as it stands in SQL
                text = text.replace(each, f"({name})")
    return text


def _meaning(place: str, error: Exception, said: str) -> WarehouseError | None:
    if isinstance(error, duckdb.TransactionException) and _CONFLICT.search(said):
        return LoadConflictError(
            f"Somebody else has written to the {place} while this load wrote, without its lock. Nothing was changed; "
            f"read it again. ({said})"
        )
    if other := _OTHER_PLACE.search(said):
        return DatabaseUnusableError(
            f"The {place} has its data in {other['theirs']}. Set CLOCKIFY_LAKE_PATH to that, or use another catalog."
        )
    if _OTHER_VERSION.search(said):
        return DatabaseUnusableError(
            f"The {place} was made or migrated by another version of DuckLake than the one of DuckDB "
            f"{duckdb.__version__}, which is installed. Install the one that it was used with. ({said})"
        )
    if isinstance(error, _OF_THE_STATEMENT):
        return None
    for pattern, kind, text in _MEANINGS:
        if pattern.search(said):
            return kind(f"{text.format(place=place)} ({said})")
    if isinstance(error, OSError | duckdb.IOException | psycopg2.Error):
        return DatabaseUnusableError(f"The {place} cannot be used: {said}")
    return None
