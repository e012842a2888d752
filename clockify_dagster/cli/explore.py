"""`clockify-dagster explore`: the notebook over the marts, in the browser."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import click

from clockify_dagster.errors import MissingExtraError
from clockify_dagster.explore import Source, is_installed, notebook_path
from clockify_dagster.settings import Settings


def run_explore(settings: Settings, edit: Path | None, port: int | None, *, no_browser: bool) -> NoReturn:
    """Become marimo's server for the notebook, or for the copy of it at `edit`, with its code.

    Raises:
        MissingExtraError: the extra `explore` is not installed.
        NotLoadedError: there is no database, or there are no marts in it.
        OSError: the copy cannot be written.
    """
    if not is_installed():
        raise MissingExtraError(
            "The notebook needs the packages marimo and altair. Install them: pip install 'clockify_dagster[explore]'"
        )
    Source.of(settings).check()
    if edit is not None and not edit.exists():
        shutil.copyfile(notebook_path(), edit)
        click.echo(f"{edit} is a copy of the notebook, which is yours to change.")
    command = ["edit", "--skip-update-check", str(edit)] if edit else ["run", str(notebook_path())]
    options = ["--headless"] * no_browser + (["--port", str(port)] if port else [])
    # in place of this process, so that signals reach it
    os.execv(sys.executable, [sys.executable, "-m", "marimo", *command, *options])  # noqa: S606 - our own command
