"""The JSON documents of what paid plans add: time off, holidays, custom fields, assignments. No state."""

from __future__ import annotations

from datetime import date

from .documents import Document


def holiday(identity: str, workspace_id: str, name: str, *, first: date, last: date) -> Document:
    """A holiday: dates without a time, both inclusive."""
    return {
        "id": identity,
        "name": name,
        "workspaceId": workspace_id,
        "userIds": [],
        "userGroupIds": [],
        "datePeriod": {"startDate": str(first), "endDate": str(last)},
        "everyoneIncludingNew": False,
        "occursAnnually": False,
        "automaticTimeEntryCreation": False,
        "projectId": None,
        "taskId": None,
    }


def custom_field(identity: str, workspace_id: str, name: str, *, kind: str, entity_type: str) -> Document:
    """The definition of a custom field; `kind` is TXT, NUMBER, DROPDOWN_SINGLE, DROPDOWN_MULTIPLE, CHECKBOX or LINK."""
    return {
        "id": identity,
        "name": name,
        "description": "",
        "type": kind,
        "status": "VISIBLE",
        "workspaceId": workspace_id,
        "entityType": entity_type,
        "placeholder": "",
        "allowedValues": [],
        "onlyAdminCanEdit": False,
        "required": False,
        "workspaceDefaultValue": None,
        "projectDefaultValues": [],
    }


def user_field_value(user_id: str, field: Document, value: object) -> Document:
    """What a person has in a custom field."""
    return {
        "customFieldId": field["id"],
        "customFieldName": field["name"],
        "customFieldType": field["type"],
        "userId": user_id,
        "value": value,
    }


def policy(identity: str, workspace_id: str, name: str, unit: str) -> Document:
    """A time off policy, counted in DAYS or HOURS."""
    return {
        "id": identity,
        "name": name,
        "workspaceId": workspace_id,
        "userIds": [],
        "userGroupIds": [],
        "everyoneIncludingNew": False,
        "timeUnit": unit,
        "allowHalfDay": False,
        "allowNegativeBalance": False,
        "negativeBalance": None,
        "approve": {"requiresApproval": True, "specificMembers": False, "teamManagers": False, "userIds": []},
        "automaticAccrual": {"amount": 20.0, "period": "YEAR", "timeUnit": unit},
        "automaticTimeEntryCreation": {"defaultEntities": {"projectId": None, "taskId": None}, "enabled": False},
        "projectId": None,
        "archived": False,
    }


def time_off_request(
    identity: str, policy_of_it: Document, user: Document, *, start: str, end: str, created: str
) -> Document:
    """A request for time off by the person whom it is for; `balance` is what is left of the policy afterwards."""
    return {
        "id": identity,
        "workspaceId": policy_of_it["workspaceId"],
        "policyId": policy_of_it["id"],
        "policyName": policy_of_it["name"],
        "timeUnit": policy_of_it["timeUnit"],
        "userId": user["id"],
        "userName": user["name"],
        "userEmail": user["email"],
        "userTimeZone": user["settings"]["timeZone"],
        "requesterUserId": user["id"],
        "requesterUserName": user["name"],
        "timeOffPeriod": {
            "period": {"start": start, "end": end},
            "halfDay": False,
            "halfDayHours": None,
            "halfDayPeriod": "NOT_DEFINED",
        },
        "status": {
            "statusType": "PENDING",
            "changedAt": None,
            "changedByUserId": None,
            "changedByUserName": None,
            "changedForUserName": None,
            "note": None,
        },
        "note": None,
        "balance": 20.0,
        "balanceDiff": 1.0,
        "createdAt": created,
    }


def assignment(identity: str, project: Document, user_id: str, hours: float) -> Document:
    """Hours a day that are planned, as stored; lists show the names of its project, client, task and person, too."""
    return {
        "id": identity,
        "workspaceId": project["workspaceId"],
        "userId": user_id,
        "projectId": project["id"],
        "taskId": None,
        "period": {"start": None, "end": None},
        "hoursPerDay": hours,
        "startTime": None,
        "billable": False,
        "note": "",
    }
