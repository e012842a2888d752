"""Clockify in a warehouse: every table of a Clockify account, kept in DuckDB by Dagster.

`clockify_dagster.definitions` is what Dagster loads. The other packages, from the bottom up: `contract` says what the
tables are, `api` talks to Clockify, `warehouse` keeps the tables in DuckDB, `refresh` finds out what has changed,
`defs` makes Dagster assets, checks, jobs and schedules of them, `cli` is the command, and `sandbox` is a Clockify of
our own to try it all against.
"""

from clockify_dagster.version import __version__

__all__ = ["__version__"]
