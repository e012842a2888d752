"""The Dagster side: assets, partitions, checks, jobs, schedules, resources. The only code that knows Dagster.

Nothing is imported here: Dagster loads `event_log` by its name in every process, and that needs none of the others.
"""

__all__: list[str] = []
