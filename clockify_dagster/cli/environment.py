"""The settings as a command reads them: what cannot be ours is pointed out."""

from __future__ import annotations

from difflib import get_close_matches

import click

from clockify_dagster.settings import Settings, variable


def read_settings() -> Settings:
    """The settings; warns of variables that look like ours and have no effect. Raises `SettingsError`."""
    ours = [variable(name) for name in Settings.model_fields]
    for unknown in Settings.unknown_variables():
        near = get_close_matches(unknown, ours, n=1, cutoff=0.75)
        hint = f" Did you mean {near[0]}?" if near else ""
        click.echo(f"Warning: there is no setting {unknown}, so it has no effect.{hint}", err=True)
    return Settings.load()
