"""`build_definitions`: a Clockify account for any Dagster project."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from dagster import Definitions, EnvVar

from clockify_dagster.contract import Contract
from clockify_dagster.defs.account import Translation
from clockify_dagster.defs.account_definitions import account_definitions
from clockify_dagster.defs.resources import resource_of
from clockify_dagster.defs.schedules import SCHEDULES
from clockify_dagster.errors import SettingsError
from clockify_dagster.given_settings import GivenSettings
from clockify_dagster.marts import Mart, available, with_those_they_read
from clockify_dagster.settings import Settings

_EnvInt = type(EnvVar.int("a class that Dagster does not give by name"))


def build_definitions(
    *,
    name: str | None = None,
    api_key: str | None = None,
    region: str | None = None,
    api_url: str | None = None,
    reports_url: str | None = None,
    tables: Sequence[str] | str | None = None,
    workspaces: Sequence[str] | None = None,
    timezone: str | None = None,
    start_date: date | str | None = None,
    update_window_days: int | None = None,
    database: Path | str | None = None,
    lake_path: str | None = None,
    lake_keep_days: int | None = None,
    schema: str | None = None,
    key_prefix: str | Sequence[str] | None = None,
    group_name: str | None = None,
    owners: Sequence[str] | None = None,
    translation: Translation | None = None,
    schedules: bool | Sequence[str] = True,
    requests_per_second: float | None = None,
    concurrency: int | None = None,
    timeout_seconds: float | None = None,
    max_wait_seconds: float | None = None,
    lock_timeout_seconds: float | None = None,
    database_storage_version: str | None = None,
    change_log_days: int | None = None,
    runs_by_workspace: bool | None = None,
    blocking_checks: bool | None = None,
    marts: bool | Sequence[str] = True,
    hours_per_day: float | None = None,
) -> Definitions:
    """The assets, checks, jobs, schedules and resources of a Clockify account, to merge into a project's own.

    With `api_key`, what is left out takes its default, and the environment is not read. Without it, what is left out is
    what the CLOCKIFY_ variables say. Every value but `translation`, `schedules` and `marts` may be an `EnvVar`. The key
    is read when a run needs it, all others when the definitions are made. Neither key nor network is needed for that.

    Args:
        name: begins the names of resources, jobs, schedules, ops and groups; each account in a project needs its own.
            The Clockify resource has this key, and the IO manager `<name>_warehouse`. Default: `clockify`.
        api_key: the key of the workspace's owner or an admin, best as `EnvVar("CLOCKIFY_API_KEY")`.
        region: where the account lives: `global`, `euc1`, `use2`, `euw2` or `apse2`.
        api_url: the core API's address; takes precedence over the region.
        reports_url: the reports API's address; takes precedence over the region.
        tables: which tables: `all`, `core` (those of every plan), or names. Default: all.
        workspaces: ids of the workspaces to load. Default: all that the key sees.
        timezone: the time zone in which a day begins at midnight, also for the schedules. Default: UTC.
        start_date: the first day whose time entries are loaded. Default: the first of January of last year.
        update_window_days: days, ending today, that every refresh loads again. Default: 30.
        database: the DuckDB file, or the address of a lake. Default: `data/clockify.duckdb`.
        lake_path: where a lake has its data: a folder, or a place in an S3 bucket.
        lake_keep_days: for how many days it can be read as it was then. Default: 90.
        schema: the database schema of the tables. Default: the key prefix, its parts joined by `_`; else `main`.
        key_prefix: what stands before the tables' names in the asset keys; parts in a list, or separated by `/`.
        group_name: one group for all assets. Default: a group for each kind of table, such as `<name>_reference`.
        owners: who owns the assets: e-mail addresses, or teams such as `team:data`.
        translation: a function of an asset's spec and its table, or its mart, that gives the spec to use: other key,
            group, tags, owners, description.
        schedules: whether there are any, or which: `daily_refresh`, `weekly_integral`, `daily_checks`. All are off
            until somebody turns them on.
        requests_per_second: the pace of this account's requests.
        concurrency: how many of its requests may be under way at once.
        timeout_seconds: the longest wait to connect, and the longest silence in an answer. Default: 60.
        max_wait_seconds: the longest wait for the request limit. Default: 7200.
        lock_timeout_seconds: the longest wait for another program that has the database open. Default: 600.
        database_storage_version: DuckDB's storage version, for a new file. Default: v1.4.0.
        change_log_days: for how many days changes are kept in `clockify_change_log`; 0 for no log. Default: 730.
        runs_by_workspace: whether the daily schedule starts a run for each workspace.
        blocking_checks: whether a table's own check that fails as an error stops what follows; references never do.
        marts: whether there are views for analysts over the tables, or the names of those that there shall be; what
            they read comes with them.
        hours_per_day: what somebody works on a working day, where Clockify does not tell it. Default: 8.

    Returns:
        Definitions without executor and loggers; those are the project's.

    Raises:
        SettingsError: a value cannot be used, or the variable of an `EnvVar` is not set; names the parameter.

    Example:
        defs = Definitions.merge(
            build_definitions(api_key=EnvVar("CLOCKIFY_API_KEY"), timezone="Europe/Belgrade", key_prefix="clockify"),
            Definitions(assets=[...]),
        )
    """
    parameters: dict[str, Any] = {
        "name": name,
        "region": region,
        "api_url": api_url,
        "reports_url": reports_url,
        "tables": tables,
        "workspaces": workspaces,
        "timezone": timezone,
        "start_date": start_date,
        "update_window_days": update_window_days,
        "database": database,
        "lake_path": lake_path,
        "lake_keep_days": lake_keep_days,
        "database_schema": schema,
        "key_prefix": key_prefix,
        "group_name": group_name,
        "owners": owners,
        "requests_per_second": requests_per_second,
        "concurrency": concurrency,
        "timeout_seconds": timeout_seconds,
        "max_wait_seconds": max_wait_seconds,
        "lock_timeout_seconds": lock_timeout_seconds,
        "database_storage_version": database_storage_version,
        "change_log_days": change_log_days,
        "runs_by_workspace": runs_by_workspace,
        "blocking_checks": blocking_checks,
        "hours_per_day": hours_per_day,
    }
    given = {field: _read(field, value) for field, value in parameters.items() if value is not None}
    if api_key is None:
        settings = Settings.forgiving(**given)

        def read() -> Settings:
            return Settings.load(**given)
    else:
        settings = GivenSettings.load(**given)

        def read() -> Settings:
            return GivenSettings.load(**given, api_key=_read("api_key", api_key))

    return account_definitions(
        settings,
        resource_of(settings, read),
        translation=translation,
        schedules=_named("schedules", schedules, SCHEDULES),
        marts=_chosen(marts, settings.contract),
    )


def _chosen(marts: bool | Sequence[str], contract: Contract) -> dict[str, Mart]:
    """The marts that are wanted, as far as they can be made of the contract's tables."""
    every, possible = available(), available(contract)
    names = _named("marts", marts, every)
    return {name: mart for name, mart in with_those_they_read(names, every).items() if name in possible}


def _named(parameter: str, given: bool | Sequence[str], every: Collection[str]) -> Collection[str]:
    """Those that are wanted: all, none, or the ones that are named."""
    names = [given] if isinstance(given, str) else every if given is True else given or ()
    if unknown := sorted(set(names) - set(every)):
        raise SettingsError(
            f"{parameter} cannot be used: there is no {unknown[0]}; there are {', '.join(sorted(every))}."
        )
    return names


def _read(field: str, value: Any) -> Any:
    """The value, or what the variable holds that it names; of a list, of each part."""
    if isinstance(value, list | tuple):
        return [_read(field, each) for each in value]
    if not isinstance(value, EnvVar | _EnvInt):
        return value
    found = EnvVar(value.env_var_name).get_value()
    if found is None:
        raise SettingsError(
            f"{GivenSettings.named(field)} is to be read from the environment variable {value.env_var_name}, which is "
            "not set. Set it where Dagster runs."
        )
    return found
