"""Everything in the folder `defs`, as `dg` loads it."""

from pathlib import Path

from dagster import Definitions, definitions, load_from_defs_folder


@definitions
def defs() -> Definitions:
    """The project's own assets, and two Clockify accounts."""
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
