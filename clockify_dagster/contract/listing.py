"""Where a table is listed in Clockify's API. Data only: what asks for it is `api/`."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Parameters = Mapping[str, Any]
"""A value in braces, such as `{start}`, is a fact of the request."""
Plan = Literal["FREE", "BASIC", "STANDARD", "PRO", "ENTERPRISE"]


@dataclass(frozen=True)
class Listing:
    """A list of documents, each of which is a row of a table.

    Attributes:
        path: the path below the API's address. Names in braces are facts of the request, such as `{workspace}`.
        method: POST for the lists that Clockify gives by POST only; they read as well.
        variants: the parameters, in the query of a GET and in the body of a POST. Each set is a request of its own,
            for lists that hide rows by default and have no value that shows all of them.
        page_size: the largest page that Clockify gives; None for a list that comes whole.
        envelope: the dotted way to the list within the answer; empty where the answer is the list.
        count: the dotted way to the number of rows of all pages, where the answer says it.
        feature: the name in a workspace's `features[]` that its plan must have for this list; None for a list of all.
        plan: the smallest plan that has the list, where the official document does not tie the list to a feature: it
            is asked for where the feature is there or the plan is large enough.
        fallback: the list to read in its place where it is refused.
        filter: of a report: the object in the body that holds the page and its size, and the variant's parameters.
    """

    path: str
    method: Literal["GET", "POST"] = "GET"
    variants: tuple[Parameters, ...] = ({},)
    page_size: int | None = 5000
    envelope: str = ""
    count: str = ""
    feature: str | None = None
    plan: Plan | None = None
    fallback: Listing | None = None
    filter: str = ""

    def __post_init__(self) -> None:
        """Refuse a declaration that could not work."""
        if not self.variants:
            raise ValueError(f"listing {self.path}: at least one set of parameters, which may be empty")
        if self.page_size is not None and self.page_size < 1:
            raise ValueError(f"listing {self.path}: a page has at least one row")

    @property
    def facts(self) -> tuple[str, ...]:
        """The names in braces: what must be known to make the request."""
        return tuple(name for _, name, _, _ in string.Formatter().parse(self.path) if name)

    @property
    def is_optional(self) -> bool:
        """Whether there are plans without this list."""
        return self.feature is not None or self.plan is not None

    @property
    def is_report(self) -> bool:
        """Whether it is a report on a range of days, of the reports' own host."""
        return bool(self.filter)


WORKSPACES = Listing("workspaces", page_size=None)
"""The workspaces that the key sees."""

# The list leaves out limited and deleted accounts and all memberships unless they are asked for; their hours count.
USERS = Listing(
    "workspaces/{workspace}/users",
    variants=(
        {
            "status": "ALL",
            "account-statuses": "ACTIVE,PENDING_EMAIL_VERIFICATION,NOT_REGISTERED,LIMITED,DELETED,LIMITED_DELETED",
            "memberships": "ALL",
            "include-roles": "true",
        },
    ),
)
"""The users of a workspace, of every account and membership status, with all their memberships."""

# Without `archived` both archived and active ones are listed, here and for tags.
CLIENTS = Listing("workspaces/{workspace}/clients")
"""The clients of a workspace, archived ones too."""

# Hydrated, so that each project carries its tasks and they cost no requests.
PROJECTS = Listing("workspaces/{workspace}/projects", variants=({"hydrated": "true"},))
"""The projects of a workspace with their tasks and memberships, archived ones too."""

TASKS = Listing("workspaces/{workspace}/projects/{project}/tasks")
"""The tasks of a project."""

TAGS = Listing("workspaces/{workspace}/tags")
"""The tags of a workspace, archived ones too."""

USER_GROUPS = Listing("workspaces/{workspace}/user-groups", variants=({"includeTeamManagers": "true"},))
"""The groups of users of a workspace, with their managers."""

# Whether asking for no type gives both is not known; asked for each, every field comes once.
CUSTOM_FIELDS = Listing(
    "workspaces/{workspace}/custom-fields",
    variants=({"entity-type": "TIMEENTRY"}, {"entity-type": "USER"}),
    page_size=None,
    feature="CUSTOM_FIELDS",
)
"""The fields that a workspace adds to entries and users."""

ASSIGNMENTS = Listing(
    "workspaces/{workspace}/scheduling/assignments/all",
    variants=({"start": "{start}", "end": "{end}"},),
    feature="SCHEDULING",
)
"""The planned work that touches a period, from the instant `start` to the instant `end`."""

# Newest change first: refresh/approvals.py stops at what is held.
APPROVAL_REQUESTS = Listing(
    "workspaces/{workspace}/approval-requests",
    variants=({"sort-column": "UPDATED_AT", "sort-order": "DESCENDING"},),
    page_size=200,
    feature="APPROVAL",
    plan="STANDARD",
)
"""The timesheets that were handed in, of every state."""

HOLIDAYS = Listing("workspaces/{workspace}/holidays", page_size=None, feature="TIME_OFF")
"""The holidays of a workspace."""

TIME_OFF_POLICIES = Listing(
    "workspaces/{workspace}/time-off/policies", variants=({"status": "ALL"},), page_size=200, feature="TIME_OFF"
)
"""The time-off policies of a workspace, archived ones too."""

TIME_OFF_REQUESTS = Listing(
    "workspaces/{workspace}/time-off/requests",
    method="POST",
    variants=({"statuses": ["ALL"]},),
    page_size=200,
    envelope="requests",
    count="count",
    feature="TIME_OFF",
)
"""The requests for time off, of every status."""

TIME_OFF_BALANCES = Listing(
    "workspaces/{workspace}/time-off/balance/policy/{policy}",
    page_size=200,
    envelope="balances",
    count="count",
    feature="TIME_OFF",
)
"""What each user has left of one policy."""

EXPENSE_CATEGORIES = Listing(
    "workspaces/{workspace}/expenses/categories",
    variants=({"archived": "false"}, {"archived": "true"}),
    envelope="categories",
    count="count",
    feature="EXPENSES",
)
"""The kinds of expenses of a workspace, archived ones too."""

EXPENSES = Listing(
    "workspaces/{workspace}/expenses", envelope="expenses.expenses", count="expenses.count", feature="EXPENSES"
)
"""The expenses of a workspace, of all its users."""

INVOICES = Listing(
    "workspaces/{workspace}/invoices/info",
    method="POST",
    envelope="invoices",
    count="total",
    feature="INVOICING",
    fallback=Listing("workspaces/{workspace}/invoices", envelope="invoices", count="total", feature="INVOICING"),
)
"""The invoices of a workspace, of every status."""

INVOICE_PAYMENTS = Listing("workspaces/{workspace}/invoices/{invoice}/payments", page_size=200, feature="INVOICING")
"""The payments of one invoice."""
