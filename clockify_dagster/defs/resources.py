"""What the assets are given: Clockify through its key, and the warehouse. The key is read when a run needs it, and is
in no configuration, so Dagster can neither store nor show it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from dagster import ConfigurableResource, InitResourceContext
from pydantic import Field, PrivateAttr

from clockify_dagster.api import ClockifyClient, Transport
from clockify_dagster.contract import CONTRACT, Contract
from clockify_dagster.errors import SettingsError
from clockify_dagster.refresh import Workspace
from clockify_dagster.settings import Settings, missing_key
from clockify_dagster.warehouse import Database, Warehouse


class ClockifyResource(ConfigurableResource):  # type: ignore[type-arg]  # Dagster declares it generic and takes it bare
    """Clockify, through the key in `CLOCKIFY_API_KEY`.

    Each field left empty is what the environment says (see `Settings`). One client serves a whole run, so that what
    several assets need is asked for once.
    """

    api_url: str | None = Field(default=None, description="The core API's address.")
    reports_url: str | None = Field(default=None, description="The reports API's address.")
    workspaces: list[str] | None = Field(default=None, description="Ids of the workspaces to load; empty means all.")
    requests_per_second: float | None = Field(default=None, description="The pace that requests keep to.")
    timeout_seconds: float | None = Field(default=None, description="How long an answer may be silent.")
    max_wait_seconds: float | None = Field(default=None, description="How long to wait for the request limit in all.")
    concurrency: int | None = Field(default=None, description="How many requests may be under way at once.")

    _settings: Settings | None = PrivateAttr(default=None)
    _client: ClockifyClient | None = PrivateAttr(default=None)
    _log: logging.Logger | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: InitResourceContext) -> None:
        """Let what the client says, of waiting above all, stand in the run's log."""
        self._log = context.log

    def teardown_after_execution(self, context: InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature
        """Close the connections."""
        if self._client is not None:
            self._client.transport.close()
            self._client = None

    @property
    def settings(self) -> Settings:
        """The environment's settings, with this resource's fields over them, as they were when a run first asked.

        Raises `SettingsError`.
        """
        if self._settings is None:
            given = {name: getattr(self, name) for name in type(self).model_fields}
            self._settings = Settings.load(**{name: value for name, value in given.items() if value is not None})
        return self._settings

    @property
    def client(self) -> ClockifyClient:
        """The client of this run. Raises `SettingsError` when a setting is wrong or the key is missing."""
        if self._client is None:
            self._client = connect(self.settings, self._log)
        return self._client

    @contextmanager
    def counting_requests(self, metadata: dict[str, Any]) -> Iterator[None]:
        """Put into the metadata how many requests the client makes within this, also where they fail.

        Raises `SettingsError` when a setting is wrong or the key is missing.
        """
        before = self.client.transport.requests
        try:
            yield
        finally:
            metadata["requests"] = self.client.transport.requests - before

    def chosen(self, workspaces: pd.DataFrame) -> dict[str, Workspace]:
        """Of the loaded workspaces those that the settings name, by id. The frame has id, name and features."""
        rows = workspaces[["id", "name", "features"]].astype(object).where(workspaces.notna(), None)
        found = {
            str(row.id): Workspace(str(row.id), row.name or "", _features(row.features))
            for row in rows.itertuples(index=False)
        }
        return {identity: found[identity] for identity in chosen(dict.fromkeys(found, ""), self.settings.workspaces)}


def _features(text: str | None) -> frozenset[str] | None:
    """What a plan has, from the JSON list of the workspaces table; None where Clockify did not say."""
    listed = json.loads(text) if text else None
    return frozenset(map(str, listed)) if isinstance(listed, list) else None


def connect(settings: Settings, log: logging.Logger | None = None) -> ClockifyClient:
    """A client for the account that the settings name. Raises `SettingsError` when the key is missing."""
    if settings.api_key is None:
        raise missing_key()
    transport = Transport(
        settings.api_key.get_secret_value(),
        requests_per_second=settings.requests_per_second,
        timeout=settings.timeout_seconds,
        max_wait=settings.max_wait_seconds,
        log=log,
    )
    return ClockifyClient(transport, settings.core_url, settings.reports_host_url)


def chosen(found: dict[str, str], wanted: tuple[str, ...]) -> dict[str, str]:
    """The wanted ones of the workspaces found, by id their names; all where none is named. Raises `SettingsError`."""
    unknown = sorted(set(wanted) - set(found))
    if unknown:
        raise SettingsError(
            f"CLOCKIFY_WORKSPACES names {', '.join(unknown)}, which this key does not see. "
            f"It sees: {', '.join(sorted(found)) or 'no workspace at all'}."
        )
    return {identity: name for identity, name in found.items() if not wanted or identity in wanted}


class WarehouseResource(ConfigurableResource):  # type: ignore[type-arg]  # as above
    """The DuckDB file, for those who look into it without the IO manager: checks, and refreshes that compare."""

    database: str = Field(description="The DuckDB file.")
    lock_timeout_seconds: float = Field(default=600, description="How long to wait for another process that has it.")

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse; nothing is opened yet."""
        return self.warehouse_of(CONTRACT)

    def warehouse_of(self, contract: Contract) -> Warehouse:
        """The warehouse with the tables of a contract."""
        return Warehouse(Database(Path(self.database), self.lock_timeout_seconds), contract)

    def warehouse_within(self, seconds: float) -> Warehouse:
        """The warehouse for somebody who cannot wait longer than so many seconds for another process."""
        return Warehouse(Database(Path(self.database), min(seconds, self.lock_timeout_seconds)))
