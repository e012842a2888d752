"""Where Dagster keeps its history: `DAGSTER_HOME`, or else a folder beside the data, with our `dagster.yaml` in it."""

from __future__ import annotations

import os
import shutil
from importlib import resources
from pathlib import Path

DEFAULT = ".dagster"


def ensure_home() -> Path:
    """The folder, made where it is missing; sets `DAGSTER_HOME` for this process where it is not set.

    An existing `dagster.yaml` stays as it is.
    """
    home = Path(os.environ.get("DAGSTER_HOME") or DEFAULT).expanduser().absolute()
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        with resources.as_file(resources.files("clockify_dagster") / "dagster.yaml") as ours:
            shutil.copyfile(ours, home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    return home


if __name__ == "__main__":
    ensure_home()
