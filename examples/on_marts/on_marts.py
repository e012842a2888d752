"""An asset of one's own on the marts: it takes one as a frame, and its own goes into the same database."""

import pandas as pd
from dagster import AssetIn, AssetKey, Definitions, EnvVar, asset

from clockify_dagster import build_definitions


@asset(
    ins={"entries": AssetIn(AssetKey(["clockify_marts", "fct_time_entry"]))},
    io_manager_key="clockify_warehouse",
)
def hours_by_client(entries: pd.DataFrame) -> pd.DataFrame:
    """The hours of work for each client, also of entries without one."""
    hours: pd.DataFrame = entries.groupby("client_name")[["work_hours"]].sum().reset_index()
    return hours


defs = Definitions.merge(
    build_definitions(api_key=EnvVar("CLOCKIFY_API_KEY"), timezone="Europe/Belgrade"),
    Definitions(assets=[hours_by_client]),
)
