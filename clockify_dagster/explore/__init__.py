"""Exploring what is loaded: a marimo notebook over the marts, with filters. It needs the extra `explore`."""

from clockify_dagster.explore.source import MARTS_READ, Source, is_installed, notebook_path

__all__ = ["MARTS_READ", "Source", "is_installed", "notebook_path"]
