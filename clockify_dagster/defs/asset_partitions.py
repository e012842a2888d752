"""Which rows of a user's table the partitions of its asset stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any

from dagster import (
    InputContext,
    MultiPartitionsDefinition,
    OutputContext,
    PartitionsDefinition,
    TimeWindowPartitionsDefinition,
)

from clockify_dagster.days import Span
from clockify_dagster.errors import SettingsError
from clockify_dagster.warehouse.user_tables import PartitionRows, PartitionValues


def partition_rows(context: InputContext | OutputContext, metadata: Mapping[str, Any]) -> PartitionRows | None:
    """The columns and values of the asset's partitions; None for all rows, of an asset that has no partitions.

    `partition_expr` in the metadata names the column or, for partitions of several dimensions, a column for each.
    Raises `SettingsError` where it is missing, or where the partitions asked for are not one block of rows.
    """
    if not context.has_asset_partitions:
        return None
    definition, keys = context.asset_partitions_def, list(context.asset_partition_keys)
    column, name = metadata.get("partition_expr"), context.asset_key.to_user_string()
    if not isinstance(definition, MultiPartitionsDefinition):
        if not isinstance(column, str) or not column:
            raise SettingsError(
                f"{name} has partitions; say which column holds them. "
                'For example: metadata={"partition_expr": "day"}.'
            )
        return ((column, _values(definition, keys, name)),)
    dimensions = {each.name: each.partitions_def for each in definition.partitions_defs}
    if not isinstance(column, Mapping) or set(column) != set(dimensions):
        raise SettingsError(
            f"{name} has partitions of several dimensions; say which column holds each. For example: "
            f'metadata={{"partition_expr": {dict.fromkeys(dimensions, "column")}}}.'
        )
    by_dimension = [definition.get_partition_key_from_str(key).keys_by_dimension for key in keys]
    parts = {each: list(dict.fromkeys(key[each] for key in by_dimension)) for each in dimensions}
    if prod(map(len, parts.values())) != len(keys):
        raise SettingsError(
            f"The partitions of {name} that were chosen are not every combination of their dimensions, so their rows "
            "cannot be told from others. Choose fewer, or all combinations."
        )
    return tuple((column[each], _values(dimensions[each], parts[each], name)) for each in dimensions)


def _values(definition: PartitionsDefinition[Any], keys: Sequence[str], name: str) -> PartitionValues:
    if not isinstance(definition, TimeWindowPartitionsDefinition):
        return tuple(keys)
    windows = sorted(definition.time_window_for_partition_key(key) for key in keys)
    if any(one.end != next_one.start for one, next_one in pairwise(windows)):
        raise SettingsError(f"The partitions of {name} that were chosen are not one range of time. Choose one range.")
    return Span(windows[0].start, windows[-1].end)
