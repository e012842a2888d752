"""The Dagster side: assets, partitions, checks, jobs, schedules, resources. The only code that knows Dagster."""
