"""Settings that are given in code, for an account inside somebody's own Dagster project."""

from __future__ import annotations

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from clockify_dagster.settings import Settings

_PARAMETERS = {"database_schema": "schema"}


class GivenSettings(Settings):
    """Settings of values that are given in code. The environment has no say in them."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given."""
        return (init_settings,)

    @classmethod
    def named(cls, field: str) -> str:
        """How a user writes a field: as a parameter."""
        return _PARAMETERS.get(field, field)
