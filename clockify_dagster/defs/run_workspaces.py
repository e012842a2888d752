"""The workspaces that a run is about: all, unless a tag of the run names some. What belongs to others stays then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clockify_dagster.errors import SettingsError
from clockify_dagster.settings_rules import checked_ids

WORKSPACES_TAG = "clockify/workspaces"
"""Ids with commas between."""


def workspaces_of_run(tags: Mapping[str, str]) -> frozenset[str] | None:
    """The ids that the run's tag names; None without such a tag. Raises `SettingsError` where they are no ids."""
    if WORKSPACES_TAG not in tags:
        return None
    try:
        found = frozenset(checked_ids(tags[WORKSPACES_TAG]))
    except ValueError as error:
        raise SettingsError(f"The tag {WORKSPACES_TAG} cannot be used: {error}.") from None
    if not found:
        raise SettingsError(f"The tag {WORKSPACES_TAG} names no workspace; leave it out to load all of them.")
    return found


def tags_of_workspaces(workspaces: Iterable[str]) -> dict[str, str]:
    """The tag that makes a run be about these workspaces; none where there are none."""
    named = ",".join(sorted(workspaces))
    return {WORKSPACES_TAG: named} if named else {}
