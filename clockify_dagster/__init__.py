"""Clockify in a warehouse: every table of a Clockify account, loaded into DuckDB by Dagster.

For a project that has Dagster already:

- `build_definitions`: the assets, checks, jobs and schedules of an account, to merge into your definitions.
- `ClockifyComponent`: the same as a component, for `dg` projects.
- `ClockifyResource`: the API client by itself, for assets of your own.
- `ClockifyIOManager`: the IO manager by itself, for frames of your own in the same database.

`clockify_dagster.definitions` is this project by itself. The packages, from the bottom up: `contract` says what the
tables are, `api` talks to Clockify, `warehouse` keeps the tables in DuckDB, `refresh` finds out what has changed,
`defs` makes Dagster assets, checks, jobs and schedules of them, `cli` is the command, and `sandbox` is a Clockify of
our own to try it all against.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from clockify_dagster.version import __version__

if TYPE_CHECKING:
    from clockify_dagster.build import build_definitions
    from clockify_dagster.component import ClockifyComponent
    from clockify_dagster.defs.io_manager import ClockifyIOManager
    from clockify_dagster.defs.resources import ClockifyResource

__all__ = ["ClockifyComponent", "ClockifyIOManager", "ClockifyResource", "__version__", "build_definitions"]

_MODULES = {
    "ClockifyComponent": "component",
    "ClockifyIOManager": "defs.io_manager",
    "ClockifyResource": "defs.resources",
    "build_definitions": "build",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for: the command and the sandbox need no Dagster, which takes seconds to import."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
