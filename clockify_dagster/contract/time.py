"""Time entries. They come twice: kept up to date day by day, and replaced whole (integral).

Both have the same columns, declared once.
"""

from __future__ import annotations

from clockify_dagster.contract.columns import flag, identity, inside, instant, of_workspace, rate, text
from clockify_dagster.contract.model import Orphans, Reference, Table


def _entries(
    name: str, pipeline: str, description: str, *, group: str, partition_column: str | None
) -> tuple[Table, Table]:
    """A table of time entries and that of their tags."""
    entries = Table(
        name=name,
        pipeline=pipeline,
        description=description,
        group=group,
        columns=(
            identity("id", "id", "The time entry."),
            *inside(
                "timeInterval",
                text(
                    "timeinterval__duration",
                    "duration",
                    "How long it lasted, as ISO 8601 (PT1H30M). Null while the timer runs.",
                ),
                instant("timeinterval_start", "start", "When it began: an instant, never null."),
                instant(
                    "timeinterval_end",
                    "end",
                    "When it ended: an instant; it may be days after the start. Null while the timer runs.",
                ),
            ),
            flag("islocked", "isLocked", "Whether it is locked, so that its owner can no longer change it."),
            of_workspace(),
            text("description", "description", "What was done, in the user's words; often empty."),
            identity(
                "taskid",
                "taskId",
                "The task worked on. Null where none was chosen; the task may have been deleted since.",
                Reference("clockify_tasks", Orphans.ALLOWED),
            ),
            flag("billable", "billable", "Whether the time is to be billed to the client."),
            identity(
                "projectid",
                "projectId",
                "The project worked on. Null where none was chosen; it may have been deleted since.",
                Reference("clockify_projects", Orphans.ALLOWED),
            ),
            identity(
                "userid",
                "userId",
                "Whose time it is. A user who has left the workspace may be in no list of users.",
                Reference("clockify_users", Orphans.ALLOWED),
            ),
            text(
                "type",
                "type",
                "REGULAR, BREAK, HOLIDAY or TIME_OFF; leave out what is no work when adding up.",
            ),
            *rate("hourlyRate", "What the entry bills"),
            *rate("costRate", "What the entry costs"),
            text(
                "customfieldvalues",
                "customFieldValues",
                "The values of the workspace's custom fields: a JSON list. Null where the plan has none.",
            ),
            identity("kioskid", "kioskId", "The kiosk where it was clocked in. Null for any other entry."),
        ),
        partition_column=partition_column,
        required=("timeinterval_start",),
    )
    tags = Table(
        name=f"{name}__tags",
        pipeline=pipeline,
        description=f"The tags of the entries in {name}: a row for each entry and tag.",
        group=group,
        columns=(
            identity("timeentry_id", "id", "The time entry that bears the tag."),
            identity(
                "tag_id",
                "tagIds[]",
                "The tag. It may have been deleted since.",
                Reference("clockify_tags", Orphans.ALLOWED),
            ),
        ),
        primary_key=("timeentry_id", "tag_id"),
        parent=name,
    )
    return entries, tags


TIMEENTRIES, TIMEENTRIES_TAGS = _entries(
    "clockify_timeentries",
    "Time entries",
    "Who worked on what, from when to when: a row for each time entry, running timers too. An entry belongs "
    "to the day on which it begins; the days that may still change are read again.",
    group="time_entries",
    partition_column="timeinterval_start",
)
TIMEENTRIES_INTEGRAL, TIMEENTRIES_INTEGRAL_TAGS = _entries(
    "clockify_timeentries_integral",
    "Time entries [Integral]",
    "The same as clockify_timeentries, but read anew from the first entry to the last on every run: it also "
    "sees what changed long ago, at the price of more requests.",
    group="time_entries_integral",
    partition_column=None,
)
TABLES = (TIMEENTRIES, TIMEENTRIES_TAGS, TIMEENTRIES_INTEGRAL, TIMEENTRIES_INTEGRAL_TAGS)
