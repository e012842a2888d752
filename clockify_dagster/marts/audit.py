"""Checks of marts, made from their headers: keys are unique, and sums are those of `fct_time_entry`."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb

from clockify_dagster.marts.model import ENTRIES, FACTS, Mart, Sum
from clockify_dagster.marts.views import marts_schema
from clockify_dagster.warehouse.audit import Check, Finding, found
from clockify_dagster.warehouse.ddl import current_schema, quoted

KEY, SUMS, COMPLETE = "key_is_unique", f"adds_up_to_{FACTS}", "has_every_entry"
CLOSE = 0.005
"""Sums of fractions differ a little by the order in which they are added up: less than half a cent."""


def mart_checks(mart: Mart) -> list[Check]:
    """The checks of a mart."""
    never_null = [name for name in mart.key if name not in mart.optional]
    lacks = f", and none lacks {', '.join(never_null)}" if never_null else ""
    checks = [Check(mart.name, KEY, f"No two rows have the same {' and '.join(mart.key)}{lacks}.")]
    if mart.sums:
        columns = ", ".join(each.column for each in mart.sums)
        which = "all entries" if mart.of == "true" else f"the entries with {mart.of}"
        checks.append(Check(mart.name, SUMS, f"The sums of {columns} are those of {which} in {FACTS}."))
    if mart.name == FACTS:
        checks.append(Check(mart.name, COMPLETE, f"It has a row for each row of {ENTRIES}, and no other."))
    return checks


def audit_marts(
    connection: duckdb.DuckDBPyConnection, marts: Iterable[Mart], chosen: Collection[tuple[str, str]] | None = None
) -> list[Finding]:
    """What the checks of the marts find, or those of these marts and names; nothing of a mart that was never made."""
    place = marts_schema(current_schema(connection))
    made = connection.execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = current_database() AND schema_name = ?", [place]
    ).fetchall()
    return [
        _find(connection, quoted(place), mart, check)
        for mart in marts
        if (mart.name,) in made
        for check in mart_checks(mart)
        if chosen is None or (mart.name, check.name) in chosen
    ]


def _find(connection: duckdb.DuckDBPyConnection, place: str, mart: Mart, check: Check) -> Finding:
    """What a check finds; a mart that cannot be read, since somebody has changed a table below it, fails it."""
    find = {KEY: _find_key, SUMS: _find_sums, COMPLETE: _find_entries}[check.name]
    try:
        return find(connection, place, mart, check)
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        said = str(error).partition("\n")[0]
        return found(check, False, f"It cannot be read ({said}). A sync makes it anew, and missing columns below it.")


def _find_key(connection: duckdb.DuckDBPyConnection, place: str, mart: Mart, check: Check) -> Finding:
    key = ", ".join(map(quoted, mart.key))
    nulls = " OR ".join(f"{quoted(name)} IS NULL" for name in mart.key if name not in mart.optional) or "false"
    ((rows, duplicates, lacking),) = connection.execute(
        "SELECT coalesce(sum(held), 0)::BIGINT, coalesce(sum(held - 1), 0)::BIGINT, "
        f"coalesce(sum(held) FILTER (WHERE {nulls}), 0)::BIGINT "
        f"FROM (SELECT {key}, count(*) AS held FROM {place}.{quoted(mart.name)} GROUP BY {key})"
    ).fetchall()
    numbers = {"rows": rows, "duplicates": duplicates, "nulls": lacking}
    if not duplicates and not lacking:
        return found(check, True, f"{rows} rows, each with a key of its own.", **numbers)
    message = f"{duplicates} rows repeat the key of another one and {lacking} lack a part of it."
    return found(check, False, message, **numbers)


def _find_sums(connection: duckdb.DuckDBPyConnection, place: str, mart: Mart, check: Check) -> Finding:
    wrong: list[str] = []
    for currency in dict.fromkeys(each.currency for each in mart.sums):
        columns = [each for each in mart.sums if each.currency == currency]
        wrong += _differences(connection, place, mart, columns, currency)
    if wrong:
        return found(check, False, f"{'; '.join(wrong[:3])}.", differences=wrong[:100])
    return found(check, True, f"{len(mart.sums)} sums, each as in {FACTS}.")


def _differences(
    connection: duckdb.DuckDBPyConnection, place: str, mart: Mart, columns: list[Sum], currency: str | None
) -> list[str]:
    """Of each sum that differs a text, for these columns, which have the same currency."""
    by = quoted(currency) if currency else "''"
    held = ", ".join(f"sum({quoted(each.column)}) AS {quoted(each.column)}" for each in columns)
    wanted = ", ".join(f"sum({quoted(each.fact)}) AS {quoted(each.column)}" for each in columns)
    here = f"SELECT {by} AS kind, {held} FROM {place}.{quoted(mart.name)} GROUP BY ALL"
    there = f"SELECT {by} AS kind, {wanted} FROM {place}.{quoted(FACTS)} WHERE {mart.of} GROUP BY ALL"
    pairs = ", ".join(
        f"coalesce(here.{quoted(each.column)}, 0), coalesce(there.{quoted(each.column)}, 0)" for each in columns
    )
    sql = f"SELECT coalesce(here.kind, there.kind), {pairs} FROM ({here}) here FULL JOIN ({there}) there USING (kind)"
    texts = []
    for kind, *numbers in connection.execute(sql).fetchall():
        for each, is_, shall in zip(columns, numbers[::2], numbers[1::2], strict=True):
            if abs(is_ - shall) >= CLOSE:
                unit = f" {kind}" if kind else ""
                texts.append(f"{each.column} is {is_:,.2f}{unit}, in {FACTS} {shall:,.2f}{unit}")
    return texts


def _find_entries(connection: duckdb.DuckDBPyConnection, place: str, mart: Mart, check: Check) -> Finding:
    ((held, entries),) = connection.execute(
        f"SELECT (SELECT count(*) FROM {place}.{quoted(mart.name)}), (SELECT count(*) FROM {quoted(ENTRIES)})"
    ).fetchall()
    numbers = {"rows": held, "entries": entries}
    return found(check, held == entries, f"{held} rows for {entries} entries.", **numbers)
