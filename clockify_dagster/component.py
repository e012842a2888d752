"""`ClockifyComponent`: a Clockify account in the YAML of a `dg` project."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from dagster import Component, ComponentLoadContext, Definitions, EnvVar, Resolvable
from dagster.components import (
    Model,
    ResolutionContext,
    Resolver,
    Scaffolder,
    ScaffoldRequest,
    scaffold_component,
    scaffold_with,
)
from dagster.components.utils.translation import TranslationFn, TranslationFnResolver
from pydantic import BaseModel, ConfigDict, Field

from clockify_dagster.build import build_definitions
from clockify_dagster.contract import Table


class FromEnvironment(BaseModel):
    """A value that is in an environment variable: `{env: CLOCKIFY_API_KEY}`."""

    model_config = ConfigDict(extra="forbid")

    env: str = Field(description="The name of the variable.")


def _value(context: ResolutionContext, given: Any) -> Any:
    if isinstance(given, FromEnvironment):
        return EnvVar(given.env)
    if isinstance(given, list):
        return [context.resolve_value(each) for each in given]
    return context.resolve_value(given)


# Any, since pydantic would make plain text of an EnvVar; what the YAML may hold is `model_field_type`
Text: TypeAlias = Annotated[Any, Resolver(_value, model_field_type=str | FromEnvironment | None)]
Number: TypeAlias = Annotated[Any, Resolver(_value, model_field_type=float | str | FromEnvironment | None)]
Flag: TypeAlias = Annotated[Any, Resolver(_value, model_field_type=bool | str | FromEnvironment | None)]
Texts: TypeAlias = Annotated[Any, Resolver(_value, model_field_type=list[str] | str | FromEnvironment | None)]
Translated: TypeAlias = Annotated[
    TranslationFn[Table] | None,
    TranslationFnResolver[Table](lambda table: {"table": table, "data": table}),
]


class ClockifyScaffolder(Scaffolder):
    """Writes the `defs.yaml` of a new component: the key from the environment, and a key prefix."""

    def scaffold(self, request: ScaffoldRequest[Any]) -> None:
        """Write it into the folder that was asked for, which names the account."""
        name = request.target_path.name.replace("-", "_")
        scaffold_component(
            request, {"name": name, "api_key": {"env": "CLOCKIFY_API_KEY"}, "timezone": "UTC", "key_prefix": name}
        )


@scaffold_with(ClockifyScaffolder)
class ClockifyComponent(Component, Resolvable, Model):
    """A Clockify account: every table an asset in DuckDB, with checks, jobs and schedules.

    Every attribute may be a value, a template such as `{{ env.CLOCKIFY_TIMEZONE }}`, or, but for schedules and marts,
    `{env: CLOCKIFY_TIMEZONE}`.
    Give the key as `{env: ...}`: it is then read when a run needs it.
    """

    name: Annotated[Text, Field(description="Begins the names of resources, jobs, schedules, ops and groups.")] = None
    api_key: Annotated[Text, Field(description="The key of the workspace's owner or an admin.")] = None
    region: Annotated[Text, Field(description="Where the account lives: global, euc1, use2, euw2 or apse2.")] = None
    api_url: Annotated[Text, Field(description="The core API's address; takes precedence over the region.")] = None
    reports_url: Annotated[Text, Field(description="The reports API's address; takes precedence too.")] = None
    workspaces: Annotated[Texts, Field(description="Ids of the workspaces to load; all that the key sees.")] = None
    tables: Annotated[Texts, Field(description="Which tables: all, core (those of every plan), or names.")] = None
    timezone: Annotated[Text, Field(description="The time zone in which a day begins at midnight.")] = None
    start_date: Annotated[Text, Field(description="The first day whose entries are loaded, like 2025-01-01.")] = None
    update_window_days: Annotated[Number, Field(description="Days that every refresh loads again.")] = None
    database: Annotated[Text, Field(description="The DuckDB file, or the address of a lake.")] = None
    lake_path: Annotated[Text, Field(description="Where a lake has its data: a folder or s3://.")] = None
    lake_keep_days: Annotated[Number, Field(description="For how many days it can be read as it was then.")] = None
    database_schema: Annotated[Text, Field(description="The database schema of the tables.")] = None
    key_prefix: Annotated[Texts, Field(description="What stands before the tables' names in asset keys.")] = None
    group_name: Annotated[Text, Field(description="One group for all assets.")] = None
    owners: Annotated[Texts, Field(description="Who owns the assets: teams or e-mail addresses.")] = None
    translation: Annotated[
        Translated, Field(description="Changes each asset: key, group_name, tags, owners, description; `table` is it.")
    ] = None
    schedules: Annotated[
        bool | list[str], Field(description="Whether there are schedules, or which. They are off at first.")
    ] = True
    requests_per_second: Annotated[Number, Field(description="The pace of requests.")] = None
    concurrency: Annotated[Number, Field(description="How many requests may be under way at once.")] = None
    timeout_seconds: Annotated[Number, Field(description="Longest wait to connect, and silence in an answer.")] = None
    max_wait_seconds: Annotated[Number, Field(description="Longest wait for the request limit.")] = None
    lock_timeout_seconds: Annotated[Number, Field(description="Longest wait for who has the database open.")] = None
    database_storage_version: Annotated[Text, Field(description="DuckDB's storage version, for a new file.")] = None
    change_log_days: Annotated[Number, Field(description="For how many days changes are kept; 0: no log.")] = None
    runs_by_workspace: Annotated[Flag, Field(description="Whether the schedule starts a run for each.")] = None
    blocking_checks: Annotated[Flag, Field(description="Whether a failed check stops what follows.")] = None
    marts: Annotated[
        bool | list[str], Field(description="Whether there are views for analysts, or the names of those to be made.")
    ] = True
    hours_per_day: Annotated[Number, Field(description="What somebody works on a working day, by default 8.")] = None

    def build_defs(self, context: ComponentLoadContext) -> Definitions:
        """The definitions of the account. Raises `SettingsError` where a value cannot be used."""
        del context
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return build_definitions(schema=values.pop("database_schema"), **values)
