"""The JSON documents of the API, whole, with the values a new object has; no state.

The keys are those of Clockify's official API document; absent objects are null, as the live service has them.
"""

from __future__ import annotations

from typing import Any

from .plans import features_of

Document = dict[str, Any]


def merged(defaults: Document, fields: Document) -> Document:
    """`defaults` with `fields` laid over them, objects within objects too; lists are replaced whole."""
    result = dict(defaults)
    for key, value in fields.items():
        known = result.get(key)
        both_objects = isinstance(known, dict) and isinstance(value, dict)
        result[key] = merged(known, value) if both_objects and isinstance(known, dict) else value
    return result


def rate(amount: int, currency: str = "USD") -> Document:
    """A rate in minor units: Clockify writes 105.00 as 10500."""
    return {"amount": amount, "currency": currency}


def membership(user_id: str, target_id: str, kind: str, status: str = "ACTIVE") -> Document:
    """What ties a user to a workspace, a project or a group; `kind` is WORKSPACE, PROJECT or USERGROUP."""
    return {
        "userId": user_id,
        "hourlyRate": None,
        "costRate": None,
        "targetId": target_id,
        "membershipType": kind,
        "membershipStatus": status,
    }


def workspace(identity: str, name: str, plan: str, currency_id: str) -> Document:
    """A workspace; Clockify gives its plan as plain text, and names the features which that plan has."""
    return {
        "id": identity,
        "name": name,
        "hourlyRate": rate(0),
        "costRate": rate(0),
        "currencies": [{"id": currency_id, "code": "USD", "isDefault": True}],
        "memberships": [],
        "workspaceSettings": workspace_settings(),
        "imageUrl": "",
        "featureSubscriptionType": plan,
        "features": features_of(plan),
        "subdomain": {"name": None, "enabled": False},
        "cakeOrganizationId": identity[::-1],
    }


def workspace_settings() -> Document:
    """The settings of a new workspace; Clockify keeps both halves of `round` as text."""
    closed = (
        "forceProjects forceTasks forceTags forceDescription onlyAdminsCreateProject onlyAdminsCreateTag "
        "onlyAdminsCreateTask onlyAdminsSeeAllTimeEntries onlyAdminsSeeBillableRates onlyAdminsSeeDashboard "
        "onlyAdminsSeePublicProjectsEntries onlyAdminsCanChangeBillableStatus timeRoundingInReports "
        "projectPickerSpecialFilter multiFactorEnabled"
    )
    opened = (
        "activeBillableHours canSeeTimeSheet canSeeTracker defaultBillableProjects isProjectPublicByDefault "
        "projectFavorites trackTimeDownToSecond"
    )
    everyone = ("whoCanCreateProjectsAndClients", "whoCanCreateTags", "whoCanCreateTasks")
    return {
        **dict.fromkeys(closed.split(), False),
        **dict.fromkeys(opened.split(), True),
        "adminOnlyPages": [],
        "automaticLock": None,
        "currencyFormat": "CURRENCY_SPACE_VALUE",
        "durationFormat": "FULL",
        "entityCreationPermissions": dict.fromkeys(everyone, "EVERYONE"),
        "lockTimeEntries": None,
        "lockTimeZone": None,
        "numberFormat": "COMMA_PERIOD",
        "projectGroupingLabel": "client",
        "projectLabel": "project",
        "round": {"round": "Round to nearest", "minutes": "15"},
        "taskLabel": "task",
        "timeTrackingMode": "DEFAULT",
        "workingDays": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"],
    }


def user(identity: str, name: str, status: str, timezone: str) -> Document:
    """A person's account; `memberships` are put in when a request asks for them."""
    return {
        "id": identity,
        "email": f"{identity}@agency.example",
        "name": name,
        "memberships": [],
        "profilePicture": "https://img.clockify.example/no-user-image.png",
        "activeWorkspace": None,
        "defaultWorkspace": None,
        "settings": user_settings(timezone),
        "status": status,
        "customFields": [],
    }


def user_settings(timezone: str) -> Document:
    """A person's settings."""
    closed = (
        "approval collapseAllProjectLists dashboardPinToTop groupSimilarEntriesDisabled invoiceReminders "
        "isCompactViewOn multiFactorEnabled onboarding projectPickerTaskFilter reminders scheduling "
        "sendNewsletter showOnlyWorkingDays weeklyUpdates"
    )
    return {
        **dict.fromkeys(closed.split(), False),
        **dict.fromkeys(["alerts", "longRunning", "pto", "scheduledReports", "timeTrackingManual"], True),
        "dashboardSelection": "ME",
        "dashboardViewType": "PROJECT",
        "dateFormat": "MM/DD/YYYY",
        "lang": "EN",
        "myStartOfDay": "09:00",
        "projectListCollapse": 50,
        "summaryReportSettings": {"group": "PROJECT", "subgroup": "TIME_ENTRY"},
        "theme": "DEFAULT",
        "timeFormat": "HOUR24",
        "timeZone": timezone,
        "weekStart": "MONDAY",
    }


def client(identity: str, workspace_id: str, name: str) -> Document:
    """A client."""
    return {
        "id": identity,
        "name": name,
        "email": None,
        "workspaceId": workspace_id,
        "archived": False,
        "address": None,
        "note": None,
        "currencyId": None,
        "currencyCode": "USD",
        "ccEmails": None,
    }


def project(identity: str, workspace_id: str, name: str) -> Document:
    """A project; an empty `clientId` is Clockify's way to say there is no client."""
    estimate = {"resetOption": None, "type": "AUTO", "active": False}
    return {
        "id": identity,
        "name": name,
        "hourlyRate": None,
        "costRate": None,
        "clientId": "",
        "clientName": "",
        "workspaceId": workspace_id,
        "billable": True,
        "memberships": [],
        "color": "#03A9F4",
        "estimate": {"estimate": "PT0S", "type": "AUTO"},
        "archived": False,
        "duration": "PT0S",
        "note": "",
        "template": False,
        "public": True,
        "budgetEstimate": None,
        "estimateReset": None,
        "timeEstimate": {**estimate, "estimate": "PT0S", "includeNonBillable": True},
        "customFields": [],
    }


def task(identity: str, project_id: str, name: str) -> Document:
    """A task of a project."""
    return {
        "id": identity,
        "name": name,
        "projectId": project_id,
        "assigneeIds": [],
        "assigneeId": None,
        "userGroupIds": [],
        "estimate": "PT0S",
        "status": "ACTIVE",
        "duration": None,
        "billable": True,
        "budgetEstimate": 0,
        "hourlyRate": None,
        "costRate": None,
    }


def tag(identity: str, workspace_id: str, name: str) -> Document:
    """A tag."""
    return {"id": identity, "name": name, "workspaceId": workspace_id, "archived": False}


def group(identity: str, workspace_id: str, name: str) -> Document:
    """A group of users."""
    return {"id": identity, "name": name, "workspaceId": workspace_id, "userIds": [], "teamManagers": []}


def entry(identity: str, workspace_id: str, user_id: str) -> Document:
    """A time entry without its interval."""
    return {
        "id": identity,
        "description": "",
        "tagIds": [],
        "userId": user_id,
        "billable": False,
        "taskId": None,
        "projectId": None,
        "workspaceId": workspace_id,
        "timeInterval": {"start": None, "end": None, "duration": None},
        "customFieldValues": [],
        "type": "REGULAR",
        "kioskId": None,
        "hourlyRate": None,
        "costRate": None,
        "isLocked": False,
    }


def custom_field_value(entry_id: str, field_id: str, name: str, value: object) -> Document:
    """What an entry says in a custom field: text, a number, true or false, a list, or null."""
    return {"customFieldId": field_id, "timeEntryId": entry_id, "value": value, "name": name, "type": "WORKSPACE"}
