"""The settings: the environment or a `.env` in the working directory, typed and checked, in one class."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from clockify_dagster import settings_rules as rules
from clockify_dagster.contract import ALL, Contract, chosen_tables
from clockify_dagster.database_rules import check_names, checked_database, checked_storage_version
from clockify_dagster.env_file import ENCODING, ENV_FILE, UNREADABLE, env_file
from clockify_dagster.errors import SettingsError
from clockify_dagster.warehouse.addresses import checked_lake_path
from clockify_dagster.warehouse.database import STORAGE_VERSION
from clockify_dagster.warehouse.ddl import MAIN

PREFIX = "CLOCKIFY_"
_SHOWN = 80  # so many characters of a wrong value


class Settings(BaseSettings):
    """What the environment says, read by `Settings.load()`: field `region` is `CLOCKIFY_REGION`, and so on.

    A blank variable counts as not set. The environment takes precedence over the `.env`.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_file_encoding=ENCODING,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    api_key: Annotated[SecretStr | None, AfterValidator(rules.checked_key)] = Field(
        default=None,
        description="The key of the workspace's owner or an admin",
        examples=["(your key from Clockify, Profile settings, API)"],
    )
    region: Annotated[str, AfterValidator(rules.checked_region)] = Field(
        default="global", description=f"Where the account lives: {', '.join(rules.REGIONS)}", examples=["euc1"]
    )
    api_url: Annotated[str | None, AfterValidator(rules.checked_api_url)] = Field(
        default=None,
        description="The core API's address; takes precedence over the region",
        examples=["https://api.clockify.me/api/v1"],
    )
    reports_url: Annotated[str | None, AfterValidator(rules.checked_url)] = Field(
        default=None,
        description="The reports API's address; takes precedence over the region",
        examples=["https://reports.api.clockify.me/v1"],
    )
    workspaces: Annotated[tuple[str, ...], NoDecode, BeforeValidator(rules.checked_ids)] = Field(
        default=(), description="Workspace ids, comma separated", examples=["64a687e29ae1f428e7ebe303"]
    )
    tables: Annotated[tuple[str, ...], NoDecode, BeforeValidator(rules.checked_tables)] = Field(
        default=(ALL,),
        description="Which tables: all, core (those of every plan), or names, comma separated",
        examples=["core,clockify_expenses"],
    )
    timezone: Annotated[str, AfterValidator(rules.checked_zone)] = Field(
        default="UTC", description="The time zone in which a day begins at midnight", examples=["Europe/Belgrade"]
    )
    start_date: Annotated[date, BeforeValidator(rules.checked_start)] = Field(
        default_factory=lambda: date(datetime.now().astimezone().year - 1, 1, 1),
        description="The first day whose time entries are loaded",
        examples=["2025-01-01"],
    )
    update_window_days: int = Field(default=30, ge=1, le=3660, description="Days until today that a sync loads again")
    hours_per_day: float = Field(
        default=8, gt=0, le=24, description="What somebody works on a working day, where Clockify does not tell it"
    )
    lake_path: Annotated[str, AfterValidator(checked_lake_path)] | None = Field(
        default=None, description="Where a lake has its data: a folder or s3://", examples=["s3://bucket/clockify"]
    )
    lake_keep_days: int = Field(
        default=90, ge=1, le=36500, description="For how many days a lake can be read as it was then"
    )
    database: Annotated[Path | str, BeforeValidator(checked_database)] = Field(
        default=Path("data/clockify.duckdb"), description="The DuckDB file; or a lake, `ducklake:postgres:dbname=...`"
    )
    name: Annotated[str, AfterValidator(rules.checked_name)] = Field(
        default="clockify",
        description="Begins the names of Dagster's jobs, schedules, resources, steps and groups",
        examples=["clockify"],
    )
    key_prefix: Annotated[tuple[str, ...], NoDecode, BeforeValidator(rules.checked_key_prefix)] = Field(
        default=(),
        description="What stands before the tables' names in asset keys; parts separated by `/`",
        examples=["acme"],
    )
    group_name: Annotated[str | None, AfterValidator(rules.checked_name)] = Field(
        default=None,
        description="One group for all assets, in place of a group for each kind of table",
        examples=["hours"],
    )
    owners: Annotated[tuple[str, ...], NoDecode, BeforeValidator(rules.checked_list)] = Field(
        default=("team:data",), description="Who owns the assets: teams or e-mail addresses", examples=["team:data"]
    )
    database_schema: str | None = Field(
        default=None, min_length=1, description="The database schema of the tables", examples=["main"]
    )
    database_storage_version: Annotated[str, AfterValidator(checked_storage_version)] = Field(
        default=STORAGE_VERSION,
        description="DuckDB's storage version, for a new file: this DuckDB and later ones can open it",
        examples=["v1.5.0"],
    )
    executor: Annotated[Literal["in_process", "multiprocess"], AfterValidator(rules.checked_executor)] = Field(
        default="in_process",
        description="How Dagster runs a job's steps: in one process, or each in its own, several at once",
    )
    runs_by_workspace: bool = Field(default=False, description="Whether each workspace has a daily run of its own")
    requests_per_second: float = Field(
        default=10, ge=0.001, description="The pace that requests keep to; paid plans take 50"
    )
    concurrency: int = Field(default=8, ge=1, le=64, description="How many requests may be under way at once")
    timeout_seconds: float = Field(
        default=60, gt=0, le=3600, description="Longest wait to connect, and silence in an answer"
    )
    max_wait_seconds: float = Field(default=7200, ge=0, le=604800, description="Longest wait for the request limit")
    lock_timeout_seconds: float = Field(
        default=600,
        ge=0,
        le=86400,
        description="Longest wait for another program that has the database open, or writes to it",
    )
    change_log_days: int = Field(
        default=730, ge=0, le=36500, description="For how many days clockify_change_log keeps what changed; 0: no log"
    )
    blocking_checks: bool = Field(
        default=False, description="Whether an error of a table's own check stops what follows", examples=["true"]
    )

    @classmethod
    def load(cls, **given: Any) -> Settings:
        """Read the environment; values given by field name go before it.

        Raises `SettingsError`: each wrong variable, its fault and an example.
        """
        try:
            found = cls(**given)
            check_names(found.database, found.tables_schema)
        except ValidationError as error:
            raise SettingsError("\n".join(cls._sentence(fault) for fault in error.errors())) from None
        except (OSError, UnicodeDecodeError):
            raise SettingsError(UNREADABLE) from None
        except ValueError as error:
            raise SettingsError(f"{cls.named('database')} cannot be used: {error}") from None
        return found

    @classmethod
    def forgiving(cls, **given: Any) -> Settings:
        """Read the environment; what cannot be used takes its default.

        Dagster's definitions must load whatever the environment says; each run calls `load` and fails with
        its message.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            wrong = {str(fault["loc"][0]) for fault in error.errors()}
            usable = {name: cls.model_fields[name].get_default(call_default_factory=True) for name in wrong}
        except (OSError, UnicodeDecodeError):
            usable = {"_env_file": None}
        return cls.forgiving(**given, **usable)

    @classmethod
    def unknown_variables(cls) -> list[str]:
        """Variables with our prefix that are no setting: typing errors, most likely."""
        ours = {variable(name) for name in cls.model_fields}
        names = {name.upper() for name in (*os.environ, *env_file())}
        return sorted(name for name in names if name.startswith(PREFIX) and name not in ours)

    _without_quotes = field_validator("*", mode="before")(rules.unquoted)

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: dict[str, Any]) -> dict[str, Any]:
        stripped = {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}
        return {name: value for name, value in stripped.items() if value != ""}

    @classmethod
    def named(cls, field: str) -> str:
        """How a user writes a field: its environment variable."""
        return variable(field)

    @classmethod
    def _sentence(cls, fault: Any) -> str:
        """What is wrong with a variable, with its value unless that is a secret or an address with a password."""
        name = str(fault["loc"][0])
        said = str(fault["msg"]).removeprefix("Value error, ")
        reason = rules.FAULTS.get(fault["type"], "{said}").format(**{**fault.get("ctx", {}), "said": said})
        value = str(fault["input"])
        key = str({**env_file(), **os.environ}.get(variable("api_key")) or "").strip()
        if name != "api_key" and not any(each in value.lower() for each in ("@", "?", "password", key.lower() or "@")):
            reason += f" (it is {value[:_SHOWN]!r})"
        return f"{cls.named(name)} cannot be used: {reason}. Write for example {cls.named(name)}={example_of(name)}"

    @property
    def contract(self) -> Contract:
        """The tables that are loaded."""
        return chosen_tables(self.tables)

    @property
    def tables_schema(self) -> str:
        """The database schema of the tables: a key prefix means a schema of that name."""
        return self.database_schema or "_".join(self.key_prefix) or MAIN

    @property
    def core_url(self) -> str:
        """The address of the core API."""
        return self.api_url or rules.REGIONS[self.region].api

    @property
    def app_url(self) -> str:
        """The address of Clockify's pages for people, in the account's region."""
        return "https://app.clockify.me" if self.region == "global" else f"https://{self.region}.clockify.me"

    @property
    def reports_host_url(self) -> str:
        """The address of the reports API: the region's, or the one that belongs to the core API's address."""
        return self.reports_url or rules.reports_url_of(self.core_url)


def variable(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()


def example_of(name: str) -> str:
    """What one may write: the field's example, or its default where that is one."""
    field = Settings.model_fields[name]
    return str((field.examples or [field.default])[0])
