"""What the tables must hold, worked out from the sandbox's own documents and not over HTTP."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from clockify_dagster.contract import CONTRACT, Contract
from clockify_dagster.sandbox import Account
from clockify_dagster_tests.conftest import opened
from clockify_dagster_tests.documents import documents
from clockify_dagster_tests.reported import REPORTED
from clockify_dagster_tests.warehouse.reference import Rows, comparable, reference_rows

COMPARED = [
    table.name
    for root in CONTRACT.roots
    if "integral" not in root.name and root.name not in REPORTED
    for table in CONTRACT.family(root.name)
]
"""The tables of the daily refresh, but for those that come from reports."""


def expected(account: Account, root: str, contract: Contract = CONTRACT) -> Rows:
    """By table, the rows that the documents of an account with one workspace stand for; see `as_expected`."""
    (place,) = account.workspaces.values()
    rows, _ = reference_rows(contract.family(root), documents(account, place, root), {"workspace": place.identity})
    return {name: comparable(CONTRACT[name], found) for name, found in rows.items()}


def as_expected(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Rows of the database in the form and the order of `expected`, without the columns about loading."""
    places = [columns.index(column.name) for column in CONTRACT[table].document_columns]
    return comparable(CONTRACT[table], [tuple(row[place] for place in places) for row in rows])


def assert_schema_holds(database: Path, schema: str, account: Account, tables: Collection[str] = COMPARED) -> None:
    """The tables in a schema of the database hold what an account of one workspace has."""
    with opened(database) as connection:
        for root in CONTRACT.roots:
            if root.name not in tables:
                continue
            wanted = {name: rows for name, rows in expected(account, root.name).items() if name in tables}
            for name, rows in wanted.items():
                found = connection.execute(f'SELECT * FROM "{schema}"."{name}"')
                columns = [column[0] for column in found.description or ()]
                assert as_expected(name, columns, found.fetchall()) == rows, f"{schema}.{name}"
