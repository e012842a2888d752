"""Custom fields: what they are, and their values on entries and users."""

from __future__ import annotations

from clockify_dagster.contract import listing
from clockify_dagster.contract.columns import IN_WORKSPACE, flag, identity, of_workspace, refers, text, word
from clockify_dagster.contract.model import Table

CUSTOM_FIELDS = Table(
    name="clockify_custom_fields",
    pipeline="Custom fields",
    page="settings",
    description="The fields that a workspace adds to entries and users: a row for each field.",
    group="custom_fields",
    listing=listing.CUSTOM_FIELDS,
    columns=(
        identity("id", "id", "The field."),
        of_workspace("{workspace}"),
        text("name", "name", "The field's name."),
        word("type", "type", "What it holds, for example TXT, NUMBER, DROPDOWN_SINGLE, CHECKBOX or LINK."),
        word("entitytype", "entityType", "TIMEENTRY or USER: what it belongs to."),
        word("status", "status", "INACTIVE, VISIBLE or INVISIBLE."),
        flag("required", "required", "Whether it must be filled in."),
        flag("onlyadmincanedit", "onlyAdminCanEdit", "Whether only admins fill it in."),
        text("description", "description", "What the field is for."),
        text("placeholder", "placeholder", "What stands in the empty field."),
        text("allowedvalues", "allowedValues", "What may be chosen: a JSON list."),
        text("workspacedefaultvalue", "workspaceDefaultValue", "The value where none is given; JSON if it is a list."),
    ),
)

PROJECT_DEFAULTS = Table(
    name="clockify_custom_fields__project_defaults",
    pipeline="Custom fields",
    description="What a field holds at first on a project's entries: a row for each field and project.",
    group="custom_fields",
    columns=(
        identity("customfield_id", "id", "The field."),
        refers("projectid", "projectDefaultValues[].projectId", "clockify_projects", "The project; it may be deleted."),
        word("status", "projectDefaultValues[].status", "INACTIVE, VISIBLE or INVISIBLE on the project."),
        text("value", "projectDefaultValues[].value", "The value; JSON if it is a list."),
        IN_WORKSPACE,
    ),
    primary_key=("customfield_id", "projectid"),
    parent="clockify_custom_fields",
)


def _of_entries(entries: str, pipeline: str, group: str) -> Table:
    """The values of custom fields on the entries of a table."""
    return Table(
        name=f"{entries}__customfields",
        pipeline=pipeline,
        description=f"The values of custom fields on the entries in {entries}: a row for each entry and field.",
        group=group,
        columns=(
            identity("timeentry_id", "id", "The time entry."),
            refers("customfieldid", "customFieldValues[].customFieldId", "clockify_custom_fields", "The field."),
            text("name", "customFieldValues[].name", "The field's name."),
            word("type", "customFieldValues[].type", "Where the value comes from or what it holds, as Clockify says."),
            text("value", "customFieldValues[].value", "The value; JSON if it is a list."),
            IN_WORKSPACE,
        ),
        primary_key=("timeentry_id", "customfieldid"),
        parent=entries,
    )


TIMEENTRIES_CUSTOMFIELDS = _of_entries("clockify_timeentries", "Time entries", "time_entries")
INTEGRAL_CUSTOMFIELDS = _of_entries("clockify_timeentries_integral", "Time entries [Integral]", "time_entries_integral")

USERS_CUSTOMFIELDS = Table(
    name="clockify_users__customfields",
    pipeline="Users",
    description="The values of custom fields of users, in every workspace that lists them: a row for each.",
    columns=(
        identity("user_id", "id", "The user."),
        refers("customfieldid", "customFields[].customFieldId", "clockify_custom_fields", "The field."),
        text("name", "customFields[].customFieldName", "The field's name."),
        word("type", "customFields[].customFieldType", "What it holds, for example TXT or NUMBER."),
        text("value", "customFields[].value", "The value; JSON if it is a list."),
    ),
    primary_key=("user_id", "customfieldid"),
    parent="clockify_users",
    keeps_all_documents=True,
)

TABLES = (CUSTOM_FIELDS, PROJECT_DEFAULTS, TIMEENTRIES_CUSTOMFIELDS, INTEGRAL_CUSTOMFIELDS, USERS_CUSTOMFIELDS)
