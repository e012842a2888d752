"""What is planned and what is approved: assignments of the schedule, approvals of timesheets."""

from __future__ import annotations

from clockify_dagster.contract import listing
from clockify_dagster.contract.columns import (
    IN_WORKSPACE,
    flag,
    identity,
    inside,
    instant,
    number,
    of_workspace,
    refers,
    text,
    word,
)
from clockify_dagster.contract.model import Table

ASSIGNMENTS = Table(
    name="clockify_assignments",
    pipeline="Assignments",
    page="schedule",
    description="What is planned: a row for each assignment of a user to a project, from the start date to a year "
    "from now.",
    group="planning",
    listing=listing.ASSIGNMENTS,
    columns=(
        identity("id", "id", "The assignment."),
        of_workspace("{workspace}"),
        refers("userid", "userId", "clockify_users", "Who is to do it; they may have left since."),
        refers("projectid", "projectId", "clockify_projects", "The project; it may be deleted since."),
        refers("taskid", "taskId", "clockify_tasks", "The task, if any; it may be deleted since."),
        instant("period__start", "period.start", "The instant at which it begins."),
        instant("period__end", "period.end", "The instant at which it ends."),
        number("hoursperday", "hoursPerDay", "How many hours a day are planned."),
        word("starttime", "startTime", "At what time of the day it begins, as 10:00:00."),
        flag("billable", "billable", "Whether the work is to be billed."),
        text("note", "note", "A note about it."),
    ),
)

APPROVAL_REQUESTS = Table(
    name="clockify_approval_requests",
    pipeline="Approvals",
    page="approvals",
    description="Timesheets that were handed in: a row for each approval request of every state.",
    group="planning",
    listing=listing.APPROVAL_REQUESTS,
    columns=(
        *inside(
            "approvalRequest",
            identity("id", "id", "The request."),
        ),
        of_workspace("{workspace}"),
        *inside(
            "approvalRequest",
            refers("ownerid", "owner.userId", "clockify_users", "Whose timesheet it is; they may have left since."),
            refers("creatorid", "creator.userId", "clockify_users", "Who handed it in."),
            instant("daterange__start", "dateRange.start", "The instant at which the timesheet begins."),
            instant("daterange__end", "dateRange.end", "The instant at which it ends."),
            word("status__state", "status.state", "PENDING, APPROVED, REJECTED, WITHDRAWN_APPROVAL or another one."),
            text("status__note", "status.note", "What was said about it."),
            instant("status__updatedat", "status.updatedAt", "When its state last changed."),
            text("status__updatedby", "status.updatedBy", "Who changed its state."),
        ),
        word("approvedtime", "approvedTime", "The time approved of it (ISO 8601)."),
        word("pendingtime", "pendingTime", "The time still to be approved (ISO 8601)."),
        word("trackedtime", "trackedTime", "The time on it (ISO 8601), when its state last changed."),
        word("billabletime", "billableTime", "The billable time on it (ISO 8601)."),
        word("breaktime", "breakTime", "The breaks on it (ISO 8601)."),
        number("billableamount", "billableAmount", "What it bills, as Clockify gives it: minor units (cents)."),
        number("costamount", "costAmount", "What it costs, as Clockify gives it: minor units (cents)."),
        number("expensetotal", "expenseTotal", "The expenses on it, as Clockify gives them: MAJOR units."),
    ),
)

APPROVAL_REQUESTS_ENTRIES = Table(
    name="clockify_approval_requests__entries",
    pipeline="Approvals",
    description="Which time entries are on a timesheet: a row for each entry.",
    group="planning",
    columns=(
        identity("approvalrequest_id", "approvalRequest.id", "The approval request."),
        refers("timeentry_id", "entries[].id", "clockify_timeentries", "The entry; it may be deleted since."),
        IN_WORKSPACE,
    ),
    primary_key=("approvalrequest_id", "timeentry_id"),
    parent="clockify_approval_requests",
)

TABLES = (ASSIGNMENTS, APPROVAL_REQUESTS, APPROVAL_REQUESTS_ENTRIES)
