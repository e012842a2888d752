"""The agency's own assets, IO manager and executor, as they were before Clockify came."""

import os

import pandas as pd
from dagster import (
    AssetIn,
    AssetSelection,
    Definitions,
    FilesystemIOManager,
    asset,
    define_asset_job,
    definitions,
    multiprocess_executor,
)


@asset(group_name="reference")
def countries() -> list[str]:
    """Countries, kept by the project's own IO manager."""
    return ["Serbia", "Norway"]


@asset(group_name="reference")
def offices(countries: list[str]) -> dict[str, int]:
    """Offices by country."""
    return dict.fromkeys(countries, 1)


@asset(
    ins={"projects": AssetIn(["acme", "clockify_projects"])},
    io_manager_key="acme_warehouse",
    key_prefix="acme",
    group_name="reports",
)
def project_names(projects: pd.DataFrame) -> pd.DataFrame:
    """A table of the agency's own beside the ones of the account, in the same schema."""
    names: pd.DataFrame = projects[["id", "name"]]
    return names


@definitions
def own() -> Definitions:
    """The agency's assets and the names that it has in Dagster."""
    return Definitions(
        assets=[countries, offices, project_names],
        jobs=[define_asset_job("reference", AssetSelection.groups("reference"))],
        resources={"io_manager": FilesystemIOManager(base_dir=os.environ.get("AGENCY_FILES", "files"))},
        executor=multiprocess_executor,
    )
