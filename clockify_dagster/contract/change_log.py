"""The table of changes, which no document of Clockify fills: each load writes what it changes."""

from __future__ import annotations

from enum import Enum

CHANGE_LOG = "clockify_change_log"
DESCRIPTION = (
    "What loads found changed in entries, projects, tasks and members' rates: a row for a row that is new, a column "
    "with another value, and a value of a row that is gone. The first load of a table is no change."
)


class ChangeColumn(Enum):
    """Its columns."""

    SEEN_AT = "seen_at"
    TABLE_NAME = "table_name"
    ID = "id"
    WORKSPACEID = "workspaceid"
    WHAT = "what"
    COLUMN_NAME = "column_name"
    OLD_VALUE = "old_value"
    NEW_VALUE = "new_value"

    @property
    def sql(self) -> str:
        """Its type in DuckDB."""
        return "TIMESTAMP WITH TIME ZONE" if self is ChangeColumn.SEEN_AT else "VARCHAR"

    @property
    def description(self) -> str:
        """What it holds."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS = {
    ChangeColumn.SEEN_AT: "When a load saw it; in Clockify it happened since the load before.",
    ChangeColumn.TABLE_NAME: "The table.",
    ChangeColumn.ID: "The row's key; of a key of several columns its parts with a slash between.",
    ChangeColumn.WORKSPACEID: "The row's workspace, where the table says it.",
    ChangeColumn.WHAT: "added, changed, moved (an entry that begins at another instant), or deleted.",
    ChangeColumn.COLUMN_NAME: "Which column has another value. Null of a row that was added.",
    ChangeColumn.OLD_VALUE: "Its value before, as text.",
    ChangeColumn.NEW_VALUE: "Its value after, as text. Null of a row that is gone.",
}
