"""Tables of lists that stand in documents which are loaded anyway: they cost no request."""

from __future__ import annotations

from clockify_dagster.contract.columns import IN_WORKSPACE, flag, identity, rate, refers, word
from clockify_dagster.contract.model import Table

WORKSPACES_FEATURES = Table(
    name="clockify_workspaces__features",
    pipeline="Workspaces",
    description="What a workspace's plan has: a row for each feature. It decides which of the other tables are read.",
    columns=(
        identity("workspace_id", "id", "The workspace."),
        word("feature", "features[]", "The feature, for example TIME_OFF."),
    ),
    primary_key=("workspace_id", "feature"),
    parent="clockify_workspaces",
)

WORKSPACES_CURRENCIES = Table(
    name="clockify_workspaces__currencies",
    pipeline="Workspaces",
    description="The currencies of a workspace: a row for each.",
    columns=(
        identity("workspace_id", "id", "The workspace."),
        identity("currency_id", "currencies[].id", "The currency, by Clockify's id."),
        word("code", "currencies[].code", "Its code, for example USD."),
        flag("isdefault", "currencies[].isDefault", "Whether it counts where nothing else is said."),
    ),
    primary_key=("workspace_id", "currency_id"),
    parent="clockify_workspaces",
)

PROJECTS_MEMBERSHIPS = Table(
    name="clockify_projects__memberships",
    pipeline="Projects",
    description="Who works on a project, at what rate: a row for each member, also those who have left.",
    columns=(
        identity("project_id", "id", "The project."),
        refers("userid", "memberships[].userId", "clockify_users", "The member; they may have left since."),
        word("membershipstatus", "memberships[].membershipStatus", "PENDING, ACTIVE, DECLINED or INACTIVE."),
        *rate("hourlyRate", "What the member bills on the project", inside="memberships[]"),
        *rate("costRate", "What the member costs on the project", inside="memberships[]"),
        IN_WORKSPACE,
    ),
    primary_key=("project_id", "userid"),
    parent="clockify_projects",
    is_logged=True,
    not_logged=("workspaceid",),
)

TABLES = (WORKSPACES_FEATURES, WORKSPACES_CURRENCIES, PROJECTS_MEMBERSHIPS)
