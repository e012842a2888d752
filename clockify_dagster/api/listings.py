"""The account's lists by name, one method each, for those who write an asset of their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from clockify_dagster.api.paging import written
from clockify_dagster.contract import listing
from clockify_dagster.contract.listing import Listing

Document = dict[str, Any]


class Listings(ABC):
    """Lists of documents as Clockify gives them, complete: every page, and what a list leaves out by default.

    Each method asks when its iterator is read, and raises what `ClockifyClient` raises: `NotAllowedError` among them
    for a list that the workspace's plan does not have. Reports on days are not lists: see `ClockifyClient.reports`.
    """

    @abstractmethod
    def documents(self, of: Listing, **facts: str) -> Iterator[Document]:
        """The documents of a list as it is declared. `facts` are what the listing has in braces."""

    # every plan

    def clients(self, workspace: str) -> Iterator[Document]:
        """Clients, archived ones too: `GET /workspaces/{w}/clients`."""
        return self.documents(listing.CLIENTS, workspace=workspace)

    def projects(self, workspace: str) -> Iterator[Document]:
        """Projects with their `tasks` and `memberships`, archived ones too: `GET /workspaces/{w}/projects`."""
        return self.documents(listing.PROJECTS, workspace=workspace)

    def tasks(self, workspace: str, project: str) -> Iterator[Document]:
        """Tasks of a project: `GET /workspaces/{w}/projects/{p}/tasks`."""
        return self.documents(listing.TASKS, workspace=workspace, project=project)

    def tags(self, workspace: str) -> Iterator[Document]:
        """Tags, archived ones too: `GET /workspaces/{w}/tags`."""
        return self.documents(listing.TAGS, workspace=workspace)

    def user_groups(self, workspace: str) -> Iterator[Document]:
        """Groups of users: `GET /workspaces/{w}/user-groups`."""
        return self.documents(listing.USER_GROUPS, workspace=workspace)

    # larger plans

    def custom_fields(self, workspace: str) -> Iterator[Document]:
        """Custom fields of entries and of users: `GET /workspaces/{w}/custom-fields`."""
        return self.documents(listing.CUSTOM_FIELDS, workspace=workspace)

    def assignments(self, workspace: str, start: datetime, end: datetime) -> Iterator[Document]:
        """Planned work that touches a time: `GET /workspaces/{w}/scheduling/assignments/all`."""
        return self.documents(listing.ASSIGNMENTS, workspace=workspace, start=written(start), end=written(end))

    def approval_requests(self, workspace: str) -> Iterator[Document]:
        """Timesheets handed in, of every state, newest change first: `GET /workspaces/{w}/approval-requests`."""
        return self.documents(listing.APPROVAL_REQUESTS, workspace=workspace)

    def holidays(self, workspace: str) -> Iterator[Document]:
        """Holidays: `GET /workspaces/{w}/holidays`."""
        return self.documents(listing.HOLIDAYS, workspace=workspace)

    def time_off_policies(self, workspace: str) -> Iterator[Document]:
        """Time-off policies, archived ones too: `GET /workspaces/{w}/time-off/policies`."""
        return self.documents(listing.TIME_OFF_POLICIES, workspace=workspace)

    def time_off_requests(self, workspace: str) -> Iterator[Document]:
        """Requests for time off, of every status: `POST /workspaces/{w}/time-off/requests`, which reads."""
        return self.documents(listing.TIME_OFF_REQUESTS, workspace=workspace)

    def time_off_balances(self, workspace: str, policy: str) -> Iterator[Document]:
        """What each user has left of a policy: `GET /workspaces/{w}/time-off/balance/policy/{p}`."""
        return self.documents(listing.TIME_OFF_BALANCES, workspace=workspace, policy=policy)

    def expense_categories(self, workspace: str) -> Iterator[Document]:
        """Kinds of expenses, archived ones too: `GET /workspaces/{w}/expenses/categories`."""
        return self.documents(listing.EXPENSE_CATEGORIES, workspace=workspace)

    def expenses(self, workspace: str) -> Iterator[Document]:
        """Expenses of all users: `GET /workspaces/{w}/expenses`."""
        return self.documents(listing.EXPENSES, workspace=workspace)

    def invoices(self, workspace: str) -> Iterator[Document]:
        """Invoices of every status: `POST /workspaces/{w}/invoices/info`, which reads. For items see `invoice`."""
        return self.documents(listing.INVOICES, workspace=workspace)

    def invoice_payments(self, workspace: str, invoice: str) -> Iterator[Document]:
        """Payments of an invoice: `GET /workspaces/{w}/invoices/{i}/payments`."""
        return self.documents(listing.INVOICE_PAYMENTS, workspace=workspace, invoice=invoice)
