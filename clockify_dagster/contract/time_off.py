"""Time off: holidays, policies, requests and balances. Their days are days of a calendar, not instants."""

from __future__ import annotations

from clockify_dagster.contract import listing
from clockify_dagster.contract.column import Column
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

HOLIDAYS = Table(
    name="clockify_holidays",
    pipeline="Holidays",
    page="time-off",
    description="The days on which nobody, or a part of the team, works: a row for each holiday.",
    group="time_off",
    listing=listing.HOLIDAYS,
    columns=(
        identity("id", "id", "The holiday."),
        of_workspace("{workspace}"),
        text("name", "name", "The holiday's name."),
        word("startdate", "datePeriod.startDate", "Its first day, as Clockify writes it (2026-12-25): no instant."),
        word("enddate", "datePeriod.endDate", "Its last day, as Clockify writes it: no instant."),
        flag("occursannually", "occursAnnually", "Whether it comes again every year."),
        flag("everyoneincludingnew", "everyoneIncludingNew", "Whether it is everybody's, also of those yet to come."),
        text(
            "automatictimeentrycreation",
            "automaticTimeEntryCreation",
            "Whether entries are made for it: true or false, or a JSON object, as Clockify gives it.",
        ),
        identity("projectid", "projectId", "The project of the entries that are made for it, if any."),
        identity("taskid", "taskId", "The task of the entries that are made for it, if any."),
    ),
)

POLICIES = Table(
    name="clockify_timeoff_policies",
    pipeline="Time off policies",
    page="time-off",
    description="The kinds of time off: a row for each policy, archived ones too.",
    group="time_off",
    listing=listing.TIME_OFF_POLICIES,
    columns=(
        identity("id", "id", "The policy."),
        of_workspace("{workspace}"),
        text("name", "name", "The policy's name."),
        flag("archived", "archived", "Whether it is archived: closed to new requests, but its history counts."),
        word("timeunit", "timeUnit", "DAYS or HOURS: the unit of its requests and balances."),
        flag("allowhalfday", "allowHalfDay", "Whether half a day may be taken."),
        flag("allownegativebalance", "allowNegativeBalance", "Whether more may be taken than there is."),
        flag("everyoneincludingnew", "everyoneIncludingNew", "Whether it is everybody's, also of those yet to come."),
        identity("projectid", "projectId", "The project of the entries that are made for it, if any."),
        flag("approve__requiresapproval", "approve.requiresApproval", "Whether somebody must approve requests."),
        *inside(
            "automaticAccrual",
            number("automaticaccrual__amount", "amount", "How much is added each period. Null: nothing is."),
            word("automaticaccrual__period", "period", "MONTH or YEAR."),
            word("automaticaccrual__timeunit", "timeUnit", "DAYS or HOURS."),
        ),
    ),
)

REQUESTS = Table(
    name="clockify_timeoff_requests",
    pipeline="Time off requests",
    page="time-off",
    description="Time off that was asked for: a row for each request of every state.",
    group="time_off",
    listed_with="clockify_timeoff_policies",
    listing=listing.TIME_OFF_REQUESTS,
    columns=(
        identity("id", "id", "The request."),
        of_workspace("{workspace}"),
        refers("policyid", "policyId", "clockify_timeoff_policies", "The policy; it may be deleted since."),
        refers("userid", "userId", "clockify_users", "Who is to be off; they may have left since."),
        refers("requesteruserid", "requesterUserId", "clockify_users", "Who asked for it."),
        text("note", "note", "A note about it."),
        instant("createdat", "createdAt", "When it was made."),
        *inside(
            "status",
            word("status__statustype", "statusType", "PENDING, APPROVED or REJECTED."),
            instant("status__changedat", "changedAt", "When its state last changed."),
            identity("status__changedbyuserid", "changedByUserId", "Who changed its state."),
            text("status__note", "note", "What was said about it."),
        ),
        *inside(
            "timeOffPeriod",
            instant("period__start", "period.start", "The instant at which it begins, in the user's own zone."),
            instant("period__end", "period.end", "The instant at which it ends."),
            flag("halfday", "halfDay", "Whether it is half a day."),
            word("halfdayperiod", "halfDayPeriod", "FIRST_HALF, SECOND_HALF or NOT_DEFINED."),
        ),
        word("timeunit", "timeUnit", "DAYS or HOURS: the unit of the balance."),
        number("balance", "balance", "What the user had of the policy, in its unit."),
        number("balancediff", "balanceDiff", "What the request takes, in the policy's unit."),
    ),
)

BALANCES = Table(
    name="clockify_timeoff_balances",
    pipeline="Time off balances",
    page="time-off",
    description="What is left of each policy: a row for each user and policy.",
    group="time_off",
    listed_with="clockify_timeoff_policies",
    # a request for each policy: see refresh/time_off.py
    listing=listing.TIME_OFF_BALANCES,
    columns=(
        identity("id", "id", "The balance."),
        of_workspace("{workspace}"),
        refers("policyid", "policyId", "clockify_timeoff_policies", "The policy.", otherwise="policy"),
        refers("userid", "userId", "clockify_users", "Whose it is; they may have left since."),
        number("balance", "balance", "What is left, in the policy's unit."),
        number("used", "used", "What was taken, in the policy's unit."),
        number("total", "total", "What there is in all, in the policy's unit."),
        word("policytimeunit", "policyTimeUnit", "DAYS or HOURS."),
    ),
)


_USER = refers("user_id", "userIds[]", "clockify_users", "The user; they may have left since.")
_GROUP = refers("usergroup_id", "userGroupIds[]", "clockify_usergroups", "The group; it may be deleted since.")


def _concerned(whose: Table, link: str, who: Column, kind: str, description: str) -> Table:
    """Whom a holiday or a policy concerns: a row for each user or group, in the column `who`."""
    return Table(
        name=f"{whose.name}__{kind}",
        pipeline=whose.pipeline,
        description=description,
        group=whose.group,
        columns=(identity(link, "id", f"Which {link.removesuffix('_id')}."), who, IN_WORKSPACE),
        primary_key=(link, who.name),
        parent=whose.name,
    )


def _users_and_groups(whose: Table, link: str, what: str) -> tuple[Table, Table]:
    return (
        _concerned(whose, link, _USER, "users", f"Whom {what} concerns by name: a row for each of its users."),
        _concerned(whose, link, _GROUP, "usergroups", f"Which groups {what} concerns: a row for each of its groups."),
    )


HOLIDAYS_USERS, HOLIDAYS_USERGROUPS = _users_and_groups(HOLIDAYS, "holiday_id", "a holiday")
POLICIES_USERS, POLICIES_USERGROUPS = _users_and_groups(POLICIES, "policy_id", "a policy")

TABLES = (
    HOLIDAYS,
    HOLIDAYS_USERS,
    HOLIDAYS_USERGROUPS,
    POLICIES,
    POLICIES_USERS,
    POLICIES_USERGROUPS,
    REQUESTS,
    BALANCES,
)
