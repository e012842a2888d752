"""Where time is tracked and by whom: workspaces, users and their memberships, groups."""

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
    rate,
    refers,
    text,
    word,
)
from clockify_dagster.contract.model import Table

WORKSPACES = Table(
    name="clockify_workspaces",
    pipeline="Workspaces",
    page="workspaces",
    description="Where time is tracked: a row for each workspace that the API key sees, and its settings.",
    listing=listing.WORKSPACES,
    columns=(
        identity("id", "id", "The workspace."),
        *inside(
            "workspaceSettings",
            flag("canseetimesheet", "canSeeTimeSheet", "Whether the timesheet is shown."),
            *inside(
                "automaticLock",
                word("automaticlock__firstday", "firstDay", "The first day of a week that is locked weekly."),
                number("automaticlock__olderthanvalue", "olderThanValue", "After how many periods entries lock."),
                word("automaticlock__changeday", "changeDay", "On which day of the week entries lock."),
                word("automaticlock__olderthanperiod", "olderThanPeriod", "DAYS, WEEKS or MONTHS."),
                word("automaticlock__type", "type", "WEEKLY, MONTHLY or OLDER_THAN. Null where nothing locks."),
                number("automaticlock__dayofmonth", "dayOfMonth", "On which day of the month entries lock."),
            ),
            flag("isprojectpublicbydefault", "isProjectPublicByDefault", "Whether new projects are public."),
            flag("projectfavorites", "projectFavorites", "Whether users may mark favorite projects."),
            flag("onlyadminscreatetag", "onlyAdminsCreateTag", "Whether only admins make tags."),
            flag("forcetags", "forceTags", "Whether an entry must have a tag."),
            flag("onlyadminscreateproject", "onlyAdminsCreateProject", "Whether only admins make projects."),
            flag("tracktimedowntosecond", "trackTimeDownToSecond", "Whether durations are shown with seconds."),
            flag("timeroundinginreports", "timeRoundingInReports", "Whether reports round; entries never are."),
        ),
        *rate("hourlyRate", "What work bills where nothing more special says otherwise"),
        *inside(
            "workspaceSettings",
            word("timetrackingmode", "timeTrackingMode", "DEFAULT, or STOPWATCH_ONLY: no entries by hand."),
            flag("onlyadminsseebillablerates", "onlyAdminsSeeBillableRates", "Whether only admins see rates."),
            flag(
                "onlyadminsseepublicprojectsentries",
                "onlyAdminsSeePublicProjectsEntries",
                "Whether only admins see all entries of public projects.",
            ),
            flag("onlyadminscreatetask", "onlyAdminsCreateTask", "Whether only admins make tasks."),
            flag("projectpickerspecialfilter", "projectPickerSpecialFilter", "Whether task@project is searched."),
            flag("forceprojects", "forceProjects", "Whether an entry must have a project."),
            flag("canseetracker", "canSeeTracker", "Whether the time tracker is shown."),
            text("projectgroupinglabel", "projectGroupingLabel", "What clients are called here."),
            flag("forcetasks", "forceTasks", "Whether an entry must have a task."),
            flag("forcedescription", "forceDescription", "Whether an entry must have a description."),
            flag("defaultbillableprojects", "defaultBillableProjects", "Whether new projects are billable."),
        ),
        text("name", "name", "The workspace's name."),
        text("imageurl", "imageUrl", "Its logo; empty where there is none."),
        *inside(
            "workspaceSettings",
            instant("locktimeentries", "lockTimeEntries", "Entries before this instant are locked. Null: none."),
            flag("onlyadminsseealltimeentries", "onlyAdminsSeeAllTimeEntries", "Whether only admins see all entries."),
            flag("onlyadminsseedashboard", "onlyAdminsSeeDashboard", "Whether only admins see the dashboard."),
            number("round__minutes", "round.minutes", "To how many minutes reports round."),
            word("round__round", "round.round", "Which way reports round, for example Round to nearest."),
        ),
        word("featuresubscriptiontype", "featureSubscriptionType", "The plan, for example FREE or PRO."),
        *rate("costRate", "What work costs where nothing more special says otherwise"),
        word("features", "features", "What the plan has: a JSON list such as TIME_OFF."),
        text("currencies", "currencies", "The workspace's currencies: a JSON list of id, code and isDefault."),
        word("workingdays", "workspaceSettings.workingDays", "The days worked: a JSON list such as MONDAY."),
        text("locktimezone", "workspaceSettings.lockTimeZone", "The time zone in which locking counts its days."),
    ),
)

USERS = Table(
    name="clockify_users",
    pipeline="Users",
    page="teams",
    description="Who tracks time: a row for each person, with deactivated and deleted accounts.",
    listing=listing.USERS,
    columns=(
        identity("id", "id", "The user."),
        word("status", "status", "The state of the account, for example ACTIVE, LIMITED or DELETED."),
        text("profilepicture", "profilePicture", "Where the profile picture is."),
        text("name", "name", "The user's name."),
        identity("activeworkspace", "activeWorkspace", "The workspace last used; the API key may not see it."),
        *inside(
            "settings",
            flag("settings__timetrackingmanual", "timeTrackingManual", "Whether entries are made by hand."),
            flag("settings__groupsimilarentriesdisabled", "groupSimilarEntriesDisabled", "Alike entries stay apart."),
            text("settings__dashboardviewtype", "dashboardViewType", "PROJECT or BILLABILITY."),
            text("settings__dateformat", "dateFormat", "How the user sees dates, for example MM/DD/YYYY."),
            text("settings__weekstart", "weekStart", "The first day of the user's week, as MONDAY."),
            flag("settings__iscompactviewon", "isCompactViewOn", "Whether the compact view is on."),
            flag("settings__longrunning", "longRunning", "Whether the user is warned of timers that run long."),
            *inside(
                "summaryReportSettings",
                text("summaryreportsettingsgroup", "group", "How summary reports group at first."),
                text("summaryreportsettingssubgroup", "subgroup", "How summary reports group within that."),
            ),
            flag("settings__dashboardpintotop", "dashboardPinToTop", "Whether the dashboard's top is pinned."),
            flag("settings__weeklyupdates", "weeklyUpdates", "Whether a weekly summary is mailed."),
            flag("settings__sendnewsletter", "sendNewsletter", "Whether the newsletter is mailed."),
            text("settings__mystartofday", "myStartOfDay", "When the user's day begins, as 09:00."),
            text("settings__timeformat", "timeFormat", "HOUR12 or HOUR24."),
            text("settings__timezone", "timeZone", "The user's time zone, for example Europe/Paris."),
            text("settings__dashboardselection", "dashboardSelection", "ME or TEAM."),
            number("settings__projectlistcollapse", "projectListCollapse", "From how many on lists are folded."),
            flag("settings__collapseallprojectlists", "collapseAllProjectLists", "Whether lists are folded."),
            flag("multifactorenabled", "multiFactorEnabled", "Whether the user signs in with a second factor."),
        ),
        identity("defaultworkspace", "defaultWorkspace", "The user's default; the API key may not see it."),
        text("email", "email", "The user's address."),
        text("customfields", "customFields", "The user's custom fields: a JSON list."),
        text("roles", "roles", "What the user may do, as listed: a JSON list. Null where not asked for."),
    ),
)

USERS_MEMBERSHIPS = Table(
    name="clockify_users_memberships",
    pipeline="Users",
    description="To which workspaces, projects and groups users belong, in every workspace that lists them.",
    columns=inside(
        "memberships[]",
        identity("user_id", "userId", "The user; where the membership leaves it out, the one it is listed with."),
        text("costrate", "costRate", "The cost rate as a JSON object: amount in minor units (cents), currency."),
        identity("targetid", "targetId", "The workspace, project or group, by membershiptype."),
        word("membershipstatus", "membershipStatus", "PENDING, ACTIVE, DECLINED or INACTIVE."),
        word("membershiptype", "membershipType", "What targetid names: WORKSPACE, PROJECT or USERGROUP."),
        *rate("hourlyRate", "What the member bills there", joint="_"),
        *rate("costRate", "What the member costs there"),
    ),
    primary_key=("user_id", "targetid", "membershiptype"),
    parent="clockify_users",
    is_logged=True,
    not_logged=("costrate",),
    keeps_all_documents=True,
)

USERGROUPS = Table(
    name="clockify_usergroups",
    pipeline="User groups",
    page="teams",
    description="The groups of users: a row for each group.",
    listing=listing.USER_GROUPS,
    columns=(
        identity("id", "id", "The group."),
        of_workspace(),
        text("name", "name", "The group's name."),
        text("teammanagers", "teamManagers", "Who manages the group: a JSON list of id and name."),
    ),
)

USERGROUPS_USERS = Table(
    name="clockify_usergroups__users",
    pipeline="User groups",
    description="Who is in a group: a row for each group and user.",
    columns=(
        identity("usergroup_id", "id", "The group."),
        refers("user_id", "userIds[]", "clockify_users", "The user; they may have left since."),
        IN_WORKSPACE,
    ),
    primary_key=("usergroup_id", "user_id"),
    parent="clockify_usergroups",
)

TABLES = (WORKSPACES, USERS, USERS_MEMBERSHIPS, USERGROUPS, USERGROUPS_USERS)
