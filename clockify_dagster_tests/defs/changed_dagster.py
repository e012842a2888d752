"""A program that runs a job with a Dagster whose internals differ from those of the installed one.

Run as `python -m clockify_dagster_tests.defs.changed_dagster CHANGE`. The changes are made to Dagster's source as it is
imported, in all of its modules, so that Dagster itself works. It prints the event log's class and how many days it
shows as materialized.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

EVENT_LOG = "dagster._core.storage.event_log"
CHANGES = {
    "the import has moved": {
        EVENT_LOG: (r"SqliteEventLogStorage as SqliteEventLogStorage", "SqliteEventLogStorage as Elsewhere"),
    },
    "a method has another name": {
        f"{EVENT_LOG}.sql_event_log": (r"\b_store_asset_event\b", "_write_asset_event"),
        f"{EVENT_LOG}.sqlite.sqlite_event_log": (r"\b_store_asset_event\b", "_write_asset_event"),
    },
}


class Loader(SourceFileLoader):
    """Loads a module with some of its source replaced, and leaves no compiled file."""

    replacement = ("", "")

    def get_data(self, path: str) -> bytes:
        source, changes = re.subn(*self.replacement, super().get_data(path).decode())
        assert changes, f"nothing to change in {path}"
        return source.encode()

    def path_stats(self, path: str) -> Any:
        raise OSError(path)  # so that no compiled file is read or written


class Finder(MetaPathFinder):
    """Finds the modules that are to be changed."""

    def __init__(self, replacements: dict[str, tuple[str, str]]) -> None:
        self.replacements = replacements

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        del target
        spec = PathFinder.find_spec(name, path) if name in self.replacements else None
        if spec is not None and spec.origin is not None:
            spec.loader = Loader(name, spec.origin)
            spec.loader.replacement = self.replacements[name]
        return spec


def main(change: str) -> None:
    sys.meta_path.insert(0, Finder(CHANGES[change]))
    from dagster import AssetKey, DagsterInstance

    from clockify_dagster_tests.defs.histories import RANGE, RUN, job

    for _ in range(2):  # several in one process, as the web server may have
        with DagsterInstance.get():
            pass
    with DagsterInstance.get() as instance:
        job().execute_in_process(instance=instance, tags=RANGE, run_id=RUN, raise_on_error=False)
        days = instance.get_materialized_partitions(AssetKey("entries"))
        sys.stdout.write(f"{type(instance.event_log_storage).__name__} {len(days)} days\n")


if __name__ == "__main__":
    main(sys.argv[1])
