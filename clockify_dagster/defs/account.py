"""One Clockify account as Dagster sees it: the names, asset keys and days that all of its definitions share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from dagster import AssetKey, AssetSpec

from clockify_dagster.contract import CONTRACT, Contract, Table
from clockify_dagster.defs.io_manager import ClockifyIOManager
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.defs.resources import ClockifyResource
from clockify_dagster.defs.table_specs import table_spec
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse.ddl import MAIN

Translation: TypeAlias = Callable[[AssetSpec, Table], AssetSpec]
"""Gives the spec that a table's asset shall have, from the one that we made and the table."""


@dataclass(frozen=True)
class Account:
    """What the assets, checks, jobs and schedules of one account have in common.

    Attributes:
        name: begins the names of resources, ops, jobs, schedules and groups: `clockify` makes `clockify_daily`.
        calendar: the days of its time entries.
        contract: its tables.
        schema: where the tables are in the database.
        key_prefix: stands before the table's name in each asset key.
        group_name: the group of all its assets; None for a group of each kind of table: `clockify_reference`.
        owners: who answers for the assets, as Dagster writes it: `team:data` or an address.
        app_url: the address of Clockify's pages for people.
        translation: has the last word on each asset's spec.
    """

    name: str
    calendar: Calendar
    contract: Contract = CONTRACT
    schema: str = MAIN
    key_prefix: tuple[str, ...] = ()
    group_name: str | None = None
    owners: tuple[str, ...] = ()
    app_url: str = "https://app.clockify.me"
    translation: Translation | None = None

    @classmethod
    def of(
        cls, settings: Settings, contract: Contract | None = None, translation: Translation | None = None
    ) -> Account:
        """The account that the settings describe; `contract` are other tables than those that the settings choose."""
        return cls(
            name=settings.name,
            calendar=Calendar.of(settings),
            contract=contract or settings.contract,
            schema=settings.tables_schema,
            key_prefix=settings.key_prefix,
            group_name=settings.group_name,
            owners=settings.owners,
            app_url=settings.app_url,
            translation=translation,
        )

    @cached_property
    def specs(self) -> dict[str, AssetSpec]:
        """By table, what Dagster knows of its asset. Without dependencies: those are made where the step is."""
        specs = {}
        for table in self.contract:
            spec = table_spec(table, self.contract, self.schema, self.owners, self.app_url).replace_attributes(
                key=AssetKey([*self.key_prefix, table.name]), group_name=self.group_name or self.named(table.group)
            )
            specs[table.name] = self.translation(spec, table) if self.translation else spec
        return specs

    def key(self, table: str) -> AssetKey:
        """The key of a table's asset."""
        return self.specs[table].key

    @cached_property
    def tables(self) -> dict[AssetKey, str]:
        """By asset key, the table."""
        return {spec.key: table for table, spec in self.specs.items()}

    def named(self, part: str) -> str:
        """The name of a job, schedule, op or group: `daily` is `clockify_daily` for the account `clockify`."""
        return f"{self.name}_{part}"

    def step(self, table: str) -> str:
        """The name of the step that loads a table."""
        return self.named(table.removeprefix("clockify_"))

    @property
    def warehouse_key(self) -> str:
        """Under which key Dagster has the IO manager, which is also the resource for reading the tables."""
        return self.named("warehouse")

    @property
    def resource_keys(self) -> set[str]:
        """The keys of the account's resources: the client's is the account's name."""
        return {self.name, self.warehouse_key}

    def client(self, resources: Any) -> ClockifyResource:
        """The Clockify resource, out of a context's resources."""
        found: ClockifyResource = getattr(resources, self.name)
        return found

    def warehouse(self, resources: Any) -> ClockifyIOManager:
        """The IO manager, out of a context's resources."""
        found: ClockifyIOManager = getattr(resources, self.warehouse_key)
        return found
