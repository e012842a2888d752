"""One Clockify account as Dagster sees it: the names, asset keys and days that all of its definitions share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from dagster import AssetKey, AssetSpec

from clockify_dagster.contract import CONTRACT, Contract, Table
from clockify_dagster.defs.io_manager import ClockifyIOManager
from clockify_dagster.defs.mart_specs import MARTS, mart_spec
from clockify_dagster.defs.partitions import Calendar
from clockify_dagster.defs.resources import ClockifyResource
from clockify_dagster.defs.table_specs import table_spec
from clockify_dagster.errors import SettingsError
from clockify_dagster.marts import Mart, MartOptions, available
from clockify_dagster.settings import Settings
from clockify_dagster.warehouse.ddl import MAIN

Translation: TypeAlias = Callable[[AssetSpec, Any], AssetSpec]
"""Gives the spec that an asset shall have, from the one that we made and the table, or the mart, that it is."""


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
        marts: the views that are made of its tables, each after those that it reads.
        mart_options: what the settings say to them.
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
    marts: tuple[Mart, ...] = ()
    mart_options: MartOptions = field(default_factory=MartOptions)

    @classmethod
    def of(
        cls,
        settings: Settings,
        contract: Contract | None = None,
        translation: Translation | None = None,
        marts: Mapping[str, Mart] | None = None,
    ) -> Account:
        """The account that the settings describe.

        `contract` are other tables than those that the settings choose; `marts` others than all that can be made of
        them.
        """
        contract = contract or settings.contract
        return cls(
            name=settings.name,
            calendar=Calendar.of(settings),
            contract=contract,
            schema=settings.tables_schema,
            key_prefix=settings.key_prefix,
            group_name=settings.group_name,
            owners=settings.owners,
            app_url=settings.app_url,
            translation=translation,
            marts=tuple((available(contract) if marts is None else marts).values()),
            mart_options=MartOptions(zone=settings.timezone, hours_per_day=settings.hours_per_day),
        )

    @cached_property
    def specs(self) -> dict[str, AssetSpec]:
        """By table, what Dagster knows of its asset. Without dependencies: those are made where the step is."""
        specs = {}
        for table in self.contract:
            spec = table_spec(table, self.contract, self.schema, self.owners, self.app_url).replace_attributes(
                key=AssetKey([*self.key_prefix, table.name]), group_name=self.group_name or self.named(table.group)
            )
            specs[table.name] = self._translated(spec, table)
        keys = Counter(spec.key for spec in specs.values())
        if twice := [key.to_user_string() for key, count in keys.items() if count > 1]:
            raise SettingsError(f"translation gives several tables the key {twice[0]}. Each needs a key of its own.")
        return specs

    @cached_property
    def mart_specs(self) -> dict[str, AssetSpec]:
        """By mart, what Dagster knows of its asset, with what it reads: tables and other marts."""
        specs: dict[str, AssetSpec] = {}
        for mart in self.marts:
            spec = mart_spec(mart, self.schema, self.owners).replace_attributes(
                key=AssetKey([*self.key_prefix, MARTS, mart.name]), group_name=self.group_name or self.named(mart.group)
            )
            spec = self._translated(spec, mart)
            tables = [self.key(table) for table in mart.tables if table in self.contract]
            read = [*tables, *(specs[other].key for other in mart.marts)]
            specs[mart.name] = spec.replace_attributes(deps=read).with_io_manager_key(self.warehouse_key)
        return specs

    def _translated(self, spec: AssetSpec, of: Table | Mart) -> AssetSpec:
        """What the translation makes of a spec. What it leaves out of the metadata stays: the IO manager goes by it."""
        if self.translation is None:
            return spec
        given = self.translation(spec, of)
        if not isinstance(given, AssetSpec):
            raise SettingsError(f"translation gives {type(given).__name__} for {of.name}. It must give an AssetSpec.")
        if given.deps:
            raise SettingsError(
                f"translation gives {of.name} other dependencies. It cannot: they follow from the tables."
            )
        return given.replace_attributes(metadata={**spec.metadata, **given.metadata})

    def key(self, name: str) -> AssetKey:
        """The key of the asset of a table or a mart."""
        return (self.specs.get(name) or self.mart_specs[name]).key

    @cached_property
    def names(self) -> dict[AssetKey, str]:
        """By asset key, the table or the mart."""
        return {spec.key: name for name, spec in {**self.specs, **self.mart_specs}.items()}

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
