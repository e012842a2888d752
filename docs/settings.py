"""The settings as a table in Markdown, for the README. Prints it."""

from __future__ import annotations

import sys

from clockify_dagster.settings import Settings, example_of, variable

# where a default is more than a value
_DEFAULTS = {
    "api_key": "none; a run needs it",
    "api_url": "the region's",
    "reports_url": "the one that belongs to the region or to `CLOCKIFY_API_URL`",
    "tables": "`all`",
    "workspaces": "all that the key sees",
    "lake_path": "none; a lake needs one",
    "key_prefix": "none",
    "group_name": "a group for each kind of table",
    "owners": "`team:data`",
    "database_schema": "the key prefix, its parts joined by `_`; else `main`",
    "start_date": "the first of January of last year",
    "blocking_checks": "`false`",
    "runs_by_workspace": "`false`",
}


def settings_table() -> str:
    """A line for each setting, with a line break at the end."""
    lines = ["| variable | meaning | default | example |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        example = example_of(name)
        shown = example if example.startswith("(") else f"`{example}`"
        default = _DEFAULTS.get(name) or f"`{field.default}`"
        lines.append(f"| `{variable(name)}` | {field.description} | {default} | {shown} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(settings_table())
