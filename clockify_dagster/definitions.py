"""What Dagster loads of this project by itself: one account, described by the environment.

Nothing is read when this module is imported: `defs` is made when it is asked for, from the environment as it is then.
"""

from __future__ import annotations

from typing import Any

from dagster import Definitions, in_process_executor, multiprocess_executor

from clockify_dagster.build import build_definitions
from clockify_dagster.defs.console import progress
from clockify_dagster.defs.executors import recording
from clockify_dagster.settings import Settings

_EXECUTORS = {"in_process": in_process_executor, "multiprocess": multiprocess_executor}


def project_definitions(settings: Settings | None = None) -> Definitions:
    """The account of the environment, with the executor that its settings name; these, where they were read already."""
    executor = recording(_EXECUTORS[(settings or Settings.forgiving()).executor])
    return Definitions.merge(build_definitions(), Definitions(executor=executor, loggers={"progress": progress}))


def __getattr__(name: str) -> Any:
    if name != "defs":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals().setdefault("defs", project_definitions())


def __dir__() -> list[str]:
    return sorted({*globals(), "defs"})
