"""Clockify, as the assets are given it. The key is read when a run needs it, and is in no configuration, so Dagster
can neither store nor show it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pandas as pd
from dagster import ConfigurableResource, InitResourceContext, ResourceDefinition
from pydantic import Field, PrivateAttr

from clockify_dagster.api import ClockifyClient, Transport
from clockify_dagster.errors import SettingsError
from clockify_dagster.given_settings import GivenSettings
from clockify_dagster.refresh import Workspace
from clockify_dagster.settings import Settings
from clockify_dagster.settings_rules import missing_key

WORKSPACE_COLUMNS = ["id", "name", "features", "featuresubscriptiontype"]
"""The columns of the workspaces, all of text, that the other tables' assets need."""


class ClockifyResource(ConfigurableResource):  # type: ignore[type-arg]  # Dagster declares it generic and takes it bare
    """A Clockify account, through an API key.

    Without `api_key` each field left empty is what the environment says (see `Settings`); with one, its default. One
    client serves a whole run, so that what several assets need is asked for once.

    Example:
        ClockifyResource(api_key=EnvVar("CLOCKIFY_API_KEY"), region="euc1")
    """

    api_key: str | None = Field(
        default=None, description="The API key. Give it as an EnvVar: Dagster shows other values."
    )
    region: str | None = Field(default=None, description="Where the account lives, such as euc1.")
    api_url: str | None = Field(default=None, description="The core API's address.")
    reports_url: str | None = Field(default=None, description="The reports API's address.")
    workspaces: list[str] | None = Field(default=None, description="Ids of the workspaces to load; empty means all.")
    requests_per_second: float | None = Field(default=None, description="The pace that requests keep to.")
    timeout_seconds: float | None = Field(default=None, description="How long an answer may be silent.")
    max_wait_seconds: float | None = Field(default=None, description="How long to wait for the request limit in all.")
    concurrency: int | None = Field(default=None, description="How many requests may be under way at once.")

    _read: Callable[[], Settings] | None = PrivateAttr(default=None)
    _settings: Settings | None = PrivateAttr(default=None)
    _client: ClockifyClient | None = PrivateAttr(default=None)
    _log: logging.Logger | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: InitResourceContext) -> None:
        """Send the client's messages, such as those about waiting, to the run's log."""
        self._log = context.log

    def teardown_after_execution(self, context: InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature
        """Close the connections."""
        if self._client is not None:
            self._client.transport.close()
            self._client = None

    @property
    def settings(self) -> Settings:
        """The settings of the account, as they were when a run first asked. Raises `SettingsError`."""
        if self._settings is None:
            self._settings = (self._read or self._settings_of_fields)()
        return self._settings

    def _settings_of_fields(self) -> Settings:
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        given = {name: value for name, value in fields.items() if value is not None}
        return (Settings if self.api_key is None else GivenSettings).load(**given)

    @classmethod
    def reading(cls, read: Callable[[], Settings]) -> ClockifyResource:
        """A resource whose settings are read, by this function, when a run needs them."""
        made = cls()
        made._read = read
        return made

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

    def chosen(self, workspaces: pd.DataFrame, among: Collection[str] | None = None) -> dict[str, Workspace]:
        """Of the loaded workspaces those that the settings name, by id. The frame has `WORKSPACE_COLUMNS`.

        With `among`, those of them that are in it.
        """
        rows = workspaces[WORKSPACE_COLUMNS].astype(object).where(workspaces.notna(), None).to_dict("records")
        found = workspaces_of({**row, "features": json.loads(row["features"] or "null")} for row in rows)
        # what the setting names beyond them was left out when the workspaces were loaded, which was reported
        wanted = self.settings.workspaces
        apart_from, by = set(wanted) - found.keys(), self.settings.named("workspaces")
        chosen_ones = chosen(found, wanted, apart_from=apart_from, by=by)
        return {each: found[each] for each in chosen_ones if among is None or each in among}


def workspaces_of(documents: Iterable[Mapping[str, Any]]) -> dict[str, Workspace]:
    """The workspaces that Clockify's documents describe, by id."""
    return {
        str(each.get("id")): Workspace(
            str(each.get("id")),
            str(each.get("name") or ""),
            features_of(each.get("features")),
            str(each.get("featureSubscriptionType") or each.get("featuresubscriptiontype") or "") or None,
        )
        for each in documents
    }


def resource_of(settings: Settings, read: Callable[[], Settings]) -> ResourceDefinition:
    """The resource of an account, for Dagster: its page says where it reads and writes, and nothing of the key.

    Args:
        settings: the account's, as far as they are known when the definitions are made.
        read: gives all of them when a run needs them. Raises `SettingsError`.
    """

    def clockify(context: InitResourceContext) -> Iterator[ClockifyResource]:
        with ClockifyResource.reading(read).yield_for_execution(context) as made:
            yield made

    return ResourceDefinition(
        clockify,
        description=(
            f"The Clockify account at {settings.core_url}; days begin at midnight in {settings.timezone}; tables go to "
            f"the schema {settings.tables_schema} of {settings.database}."
        ),
    )


def features_of(listed: Any) -> frozenset[str] | None:
    """What a workspace's plan has, by its `features`; None where Clockify did not say."""
    return frozenset(map(str, listed)) if isinstance(listed, list) else None


def connect(settings: Settings, log: logging.Logger | None = None) -> ClockifyClient:
    """A client for the account that the settings name. Raises `SettingsError` when the key is missing."""
    if settings.api_key is None:
        raise missing_key(settings.named("api_key"))
    transport = Transport(
        settings.api_key.get_secret_value(),
        requests_per_second=settings.requests_per_second,
        timeout=settings.timeout_seconds,
        max_wait=settings.max_wait_seconds,
        log=log,
    )
    return ClockifyClient(transport, settings.core_url, settings.reports_host_url)


def chosen(
    found: Iterable[str],
    wanted: tuple[str, ...],
    *,
    apart_from: Collection[str] = (),
    by: str,
) -> list[str]:
    """The wanted ones of the workspaces found; all where none is named.

    Those of `apart_from` need not be found, where others are wanted too. Raises `SettingsError`, which says `by` what
    they are wanted.
    """
    known, wanted = list(found), tuple(each for each in wanted if each not in apart_from) or wanted
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise SettingsError(
            f"{by} names {', '.join(unknown)}, which this key does not see. "
            f"It sees: {', '.join(sorted(known)) or 'no workspace at all'}."
        )
    return [identity for identity in known if not wanted or identity in wanted]
