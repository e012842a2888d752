"""What is worked on and for whom: clients, projects, tasks and their assignees, tags."""

from __future__ import annotations

from clockify_dagster.contract import listing
from clockify_dagster.contract.column import Orphans
from clockify_dagster.contract.columns import (
    IN_WORKSPACE,
    flag,
    identity,
    inside,
    number,
    of_workspace,
    rate,
    refers,
    text,
    word,
)
from clockify_dagster.contract.model import Table

CLIENTS = Table(
    name="clockify_clients",
    pipeline="Clients",
    page="clients",
    description="For whom work is done: a row for each client, archived ones too.",
    listing=listing.CLIENTS,
    columns=(
        identity("id", "id", "The client."),
        flag("archived", "archived", "Whether it is archived: hidden from new work, but its history counts."),
        of_workspace(),
        text("address", "address", "The postal address, as it stands on invoices."),
        text("name", "name", "The client's name."),
        text("email", "email", "Where invoices are sent."),
        text("ccemails", "ccEmails", "Where copies of invoices are sent: a JSON list of addresses."),
        text("note", "note", "A note about the client."),
        identity("currencyid", "currencyId", "The currency in which the client pays, by Clockify's id."),
        word("currencycode", "currencyCode", "The currency in which the client pays, for example USD."),
    ),
)

_ESTIMATE_TYPE = "MANUAL for the project as a whole, AUTO for the sum of its tasks."
_RESET = "How often the estimate starts anew: WEEKLY, MONTHLY or YEARLY. Null where it does not."

PROJECTS = Table(
    name="clockify_projects",
    pipeline="Projects",
    page="projects",
    description="What is worked on: a row for each project, archived ones and templates too.",
    listing=listing.PROJECTS,
    columns=(
        identity("id", "id", "The project."),
        flag("archived", "archived", "Whether it is archived: hidden from new work, but its history counts."),
        text("name", "name", "The project's name."),
        text("color", "color", "Its color in Clockify, as #RRGGBB."),
        flag("billable", "billable", "Whether new time entries of it are billable unless said otherwise."),
        refers("clientid", "clientId", "clockify_clients", "For whom it is done. Null: nobody."),
        *inside(
            "timeEstimate",
            flag("timeestimate__active", "active", "Whether the project has an estimate of time."),
            word("timeestimate__estimate", "estimate", "The time estimated, as ISO 8601 (PT10H)."),
            word("timeestimate__type", "type", _ESTIMATE_TYPE),
            word("timeestimate__resetoption", "resetOption", _RESET),
        ),
        text("note", "note", "A note about the project."),
        flag("public", "public", "Whether everyone in the workspace may track time on it."),
        of_workspace(),
        flag("template", "template", "Whether it is a template for new projects and no project itself."),
        *rate("hourlyRate", "What the project bills where no task, member or entry says otherwise"),
        word("duration", "duration", "The time tracked on it so far, as Clockify tells it (ISO 8601)."),
        *inside(
            "estimate",
            word("estimate__estimate", "estimate", "The older form of timeestimate__estimate (ISO 8601)."),
            word("estimate__type", "type", "The older form of timeestimate__type: MANUAL or AUTO."),
        ),
        text("clientname", "clientName", "The client's name, as it was when the project was read."),
        *rate("costRate", "What the project costs where no task, member or entry says otherwise"),
        flag(
            "timeestimate__includenonbillable",
            "timeEstimate.includeNonBillable",
            "Whether unbillable time counts.",
        ),
        *inside(
            "budgetEstimate",
            flag("budgetestimate__active", "active", "Whether the project has a budget."),
            number("budgetestimate__estimate", "estimate", "The budget in minor units (cents)."),
            word("budgetestimate__type", "type", _ESTIMATE_TYPE),
            word("budgetestimate__resetoption", "resetOption", _RESET),
            flag("budgetestimate__includeexpenses", "includeExpenses", "Whether expenses use up the budget."),
        ),
        text("estimatereset", "estimateReset", "When estimates start anew: a JSON object of interval and day."),
        text("customfields", "customFields", "The project's custom fields: a JSON list. Null where left out."),
    ),
    is_logged=True,
    not_logged=("duration", "clientname"),
)

TASKS = Table(
    name="clockify_tasks",
    pipeline="Tasks",
    page="projects",
    description="The parts of projects: a row for each task, those that are done too.",
    # asked for only where the listing of projects leaves the tasks out
    listing=listing.TASKS,
    listed_with="clockify_projects",
    columns=(
        identity("id", "id", "The task."),
        word("status", "status", "ACTIVE or DONE."),
        text("name", "name", "The task's name."),
        refers("assigneeid", "assigneeId", "clockify_users", "Of older tasks the one assignee."),
        refers(
            "projectid",
            "projectId",
            "clockify_projects",
            "The project that it is a part of.",
            orphans=Orphans.IMPOSSIBLE,
            otherwise="project",
        ),
        word("estimate", "estimate", "The time estimated, as ISO 8601 (PT1H30M)."),
        word("duration", "duration", "The time tracked on it so far, as Clockify tells it (ISO 8601)."),
        flag("billable", "billable", "Whether new time entries of it are billable unless said otherwise."),
        *rate("hourlyRate", "What the task bills, before what its project says"),
        *rate("costRate", "What the task costs, before what its project says"),
        number("budgetestimate", "budgetEstimate", "The budget in minor units (cents)."),
        text("usergroupids", "userGroupIds", "The groups assigned to it: a JSON list of ids."),
        of_workspace("{workspace}"),
    ),
    is_logged=True,
    not_logged=("duration",),
)

TASKS_ASSIGNEES = Table(
    name="clockify_tasks__assignees",
    pipeline="Tasks",
    description="Who is to do a task: a row for each task and assignee.",
    columns=(
        identity("task_id", "id", "The task."),
        refers("assignee_user_id", "assigneeIds[]", "clockify_users", "The user; they may have left since."),
        IN_WORKSPACE,
    ),
    primary_key=("task_id", "assignee_user_id"),
    parent="clockify_tasks",
)

TAGS = Table(
    name="clockify_tags",
    pipeline="Tags",
    page="tags",
    description="The labels that time entries may bear: a row for each tag, archived ones too.",
    listing=listing.TAGS,
    columns=(
        identity("id", "id", "The tag."),
        flag("archived", "archived", "Whether it is archived: hidden from new work, but its history counts."),
        of_workspace(),
        text("name", "name", "The tag's name."),
    ),
)

TABLES = (CLIENTS, PROJECTS, TASKS, TASKS_ASSIGNEES, TAGS)
