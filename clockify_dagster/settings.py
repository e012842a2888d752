"""The settings: the environment or a `.env` in the working directory, typed and checked, in one class."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from clockify_dagster.errors import SettingsError
from clockify_dagster.settings_rules import (
    REGIONS,
    checked_api_url,
    checked_file,
    checked_ids,
    checked_key,
    checked_region,
    checked_start,
    checked_url,
    checked_zone,
    fault_of,
    reports_url_of,
    shown_default,
)

PREFIX = "CLOCKIFY_"
ENV_FILE = ".env"
Executor = Literal["in_process", "multiprocess"]


def _first_of_last_year() -> date:
    return date(datetime.now().astimezone().year - 1, 1, 1)


class Settings(BaseSettings):
    """What the environment says, read by `Settings.load()`: field `region` is `CLOCKIFY_REGION`, and so on.

    A variable that is blank is as good as not set; the environment wins over the `.env`.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    api_key: Annotated[SecretStr | None, AfterValidator(checked_key)] = Field(
        default=None,
        description="The key of the workspace's owner or an admin",
        examples=["(your key from Clockify, Profile settings, API)"],
    )
    region: Annotated[str, AfterValidator(checked_region)] = Field(
        default="global", description=f"Where the account lives: {', '.join(REGIONS)}", examples=["euc1"]
    )
    api_url: Annotated[str | None, AfterValidator(checked_api_url)] = Field(
        default=None,
        description="The core API's address; takes precedence over the region",
        examples=["https://api.clockify.me/api/v1"],
    )
    reports_url: Annotated[str | None, AfterValidator(checked_url)] = Field(
        default=None,
        description="The reports API's address; takes precedence over the region",
        examples=["https://reports.api.clockify.me/v1"],
    )
    workspaces: Annotated[tuple[str, ...], NoDecode, BeforeValidator(checked_ids)] = Field(
        default=(), description="Workspace ids, comma separated", examples=["64a687e29ae1f428e7ebe303"]
    )
    timezone: Annotated[str, AfterValidator(checked_zone)] = Field(
        default="UTC", description="The time zone in which a day begins at midnight", examples=["Europe/Belgrade"]
    )
    start_date: Annotated[date, BeforeValidator(checked_start)] = Field(
        default_factory=_first_of_last_year,
        description="The first day whose time entries are loaded",
        examples=["2025-01-01"],
    )
    update_window_days: int = Field(
        default=30, ge=1, le=3660, description="Days, ending today, that every sync loads again", examples=["30"]
    )
    database: Annotated[Path, AfterValidator(checked_file)] = Field(
        default=Path("data/clockify.duckdb"), description="The DuckDB file", examples=["data/clockify.duckdb"]
    )
    executor: Executor = Field(
        default="in_process",
        description="How Dagster runs a job's steps: in one process, or each in its own, several at once",
        examples=["in_process"],
    )
    requests_per_second: float = Field(
        default=10, ge=0.001, description="The pace that requests keep to; paid plans take 50", examples=["10"]
    )
    concurrency: int = Field(
        default=8, ge=1, le=64, description="How many requests may be under way at once", examples=["8"]
    )
    timeout_seconds: float = Field(
        default=60, gt=0, le=3600, description="Longest wait to connect, and silence in an answer", examples=["60"]
    )
    max_wait_seconds: float = Field(
        default=7200, ge=0, le=604800, description="Longest wait in all for the request limit", examples=["7200"]
    )
    lock_timeout_seconds: float = Field(
        default=600,
        ge=0,
        le=86400,
        description="Longest wait for another program that has the database open, or writes to it",
        examples=["600"],
    )
    blocking_checks: bool = Field(
        default=False, description="Whether a check that fails as an error stops what comes after", examples=["true"]
    )

    @classmethod
    def load(cls, **given: Any) -> Settings:
        """Read the environment; values given by field name go before it.

        Raises `SettingsError`: each wrong variable, its fault and an example.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            raise SettingsError("\n".join(_sentence(fault) for fault in error.errors())) from None
        except (OSError, UnicodeDecodeError):
            raise _unreadable_file() from None

    @classmethod
    def forgiving(cls) -> Settings:
        """Read the environment; what cannot be used takes its default.

        Dagster's definitions must load whatever the environment says; each run calls `load` and fails with
        its message.
        """
        options: dict[str, Any] = {}
        while (settings := cls._attempt(options)) is None:
            pass  # each attempt that fails has put defaults into the options
        return settings

    @classmethod
    def _attempt(cls, options: dict[str, Any]) -> Settings | None:
        try:
            return cls(**options)
        except ValidationError as error:
            names = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]} - options.keys()
            if not names:
                raise
            for name in names:
                options[name] = cls.model_fields[name].get_default(call_default_factory=True)
        except (OSError, UnicodeDecodeError):
            options["_env_file"] = None
        return None

    @classmethod
    def unknown_variables(cls) -> list[str]:
        """Variables that begin as ours do and are none of them: typing errors, most likely."""
        ours = {variable(name) for name in cls.model_fields}
        names = {name.upper() for name in (*os.environ, *_env_file())}
        return sorted(name for name in names if name.startswith(PREFIX) and name not in ours)

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        stripped = {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}
        return {name: value for name, value in stripped.items() if value != ""}

    @property
    def core_url(self) -> str:
        """The address of the core API."""
        return self.api_url or REGIONS[self.region].api

    @property
    def reports_host_url(self) -> str:
        """The address of the reports API: the region's, or the one that belongs to the core API's address.

        A known host of Clockify has the one that Clockify's documentation gives; any other host has it on itself.
        """
        if self.reports_url:
            return self.reports_url
        if self.api_url is None:
            return REGIONS[self.region].reports
        return reports_url_of(self.api_url)


def variable(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()


def missing_key() -> SettingsError:
    """What to say when a run needs the key and there is none."""
    return SettingsError(
        "CLOCKIFY_API_KEY is not set. Make a key in Clockify (Profile settings, API; use the workspace "
        "owner's or an "
        "admin's account) and put CLOCKIFY_API_KEY=... into the environment or into a file .env in this "
        "folder."
    )


def settings_table() -> str:
    """The settings as a table in markdown, for the README."""
    lines = ["| variable | meaning | default | example |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        example = str((field.examples or [""])[0])
        shown = example if example.startswith("(") else f"`{example}`"
        default = shown_default(name, field.default)
        lines.append(f"| `{variable(name)}` | {field.description} | {default} | {shown} |")
    return "\n".join(lines) + "\n"


def _env_file() -> dict[str, str | None]:
    try:
        return dotenv_values(ENV_FILE, encoding="utf-8") if Path(ENV_FILE).is_file() else {}
    except (OSError, UnicodeDecodeError):
        return {}


def _unreadable_file() -> SettingsError:
    return SettingsError(
        f"The file {ENV_FILE} in this folder cannot be read: it must be readable text in UTF-8, a line for "
        f"each "
        f"variable. Write for example {variable('region')}=euc1"
    )


def _sentence(fault: Any) -> str:
    """What is wrong with a variable. Never shows the key, whichever variable it was put into."""
    name = str(fault["loc"][0]) if fault["loc"] else "settings"
    field = Settings.model_fields.get(name)
    example = field.examples[0] if field and field.examples else ""
    given = {**_env_file(), **os.environ}
    key = str(given.get(variable("api_key")) or "").strip()
    shown = fault_of(fault, is_secret=name == "api_key", key=key)
    return f"{variable(name)} cannot be used: {shown}. Write for example {variable(name)}={example}"
