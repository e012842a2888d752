"""Time entries. They come twice, with the same columns: kept up to date day by day, and replaced whole (integral)."""

from __future__ import annotations

from clockify_dagster.contract.columns import (
    IN_WORKSPACE,
    flag,
    identity,
    inside,
    instant,
    of_workspace,
    rate,
    refers,
    text,
    word,
)
from clockify_dagster.contract.model import Table


def _entries(
    name: str, pipeline: str, description: str, *, group: str, partition_column: str | None
) -> tuple[Table, Table]:
    """A table of time entries and that of their tags."""
    entries = Table(
        name=name,
        pipeline=pipeline,
        page="reports/detailed",
        description=description,
        group=group,
        columns=(
            identity("id", "id", "The time entry."),
            *inside(
                "timeInterval",
                word("timeinterval__duration", "duration", "How long it lasted (ISO 8601). Null while it runs."),
                instant("timeinterval_start", "start", "When it began: an instant, never null."),
                instant("timeinterval_end", "end", "When it ended: an instant, maybe days later. Null while it runs."),
            ),
            flag("islocked", "isLocked", "Whether it is locked, so that its owner can no longer change it."),
            of_workspace(),
            text("description", "description", "What was done, in the user's words; often empty."),
            refers("taskid", "taskId", "clockify_tasks", "The task worked on, if any; it may be deleted since."),
            flag("billable", "billable", "Whether the time is to be billed to the client."),
            refers("projectid", "projectId", "clockify_projects", "The project worked on, if any; it may be deleted."),
            refers("userid", "userId", "clockify_users", "Whose time it is; who has left may be in no list of users."),
            word("type", "type", "REGULAR, BREAK, HOLIDAY or TIME_OFF; leave out what is no work when adding up."),
            *rate("hourlyRate", "What the entry bills"),
            *rate("costRate", "What the entry costs"),
            text("customfieldvalues", "customFieldValues", "Values of custom fields: a JSON list. Null without any."),
            identity("kioskid", "kioskId", "The kiosk where it was clocked in. Null for any other entry."),
        ),
        partition_column=partition_column,
        is_logged=partition_column is not None,  # the whole reading tells nothing that the daily one does not
        required=("timeinterval_start",),
    )
    tags = Table(
        name=f"{name}__tags",
        pipeline=pipeline,
        description=f"The tags of the entries in {name}: a row for each entry and tag.",
        group=group,
        columns=(
            identity("timeentry_id", "id", "The time entry that bears the tag."),
            refers("tag_id", "tagIds[]", "clockify_tags", "The tag; it may be deleted since."),
            IN_WORKSPACE,
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
