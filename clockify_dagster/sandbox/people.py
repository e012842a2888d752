"""How people come into workspaces, join projects and groups, and leave."""

from __future__ import annotations

from collections.abc import Iterable

from . import documents, paid_documents
from .documents import Document
from .state import State, Workspace, identity_of


class People(State):
    """Users, their memberships, groups and roles."""

    def add_user(
        self,
        workspace: Document | str,
        name: str = "Ana Petrović",
        *,
        status: str = "ACTIVE",
        membership_status: str = "ACTIVE",
        timezone: str | None = None,
        **fields: object,
    ) -> Document:
        """Add a person to the account and to one workspace; `status` is that of the account."""
        with self.lock:
            place = self.workspace(workspace)
            document = documents.user(self.new_id(), name, status, timezone or self.timezone)
            home = {"activeWorkspace": place.identity, "defaultWorkspace": place.identity}
            document = documents.merged({**document, **home}, fields)
            self.users[str(document["id"])] = document
            self.add_to_workspace(document, workspace, membership_status)
            return document

    def add_to_workspace(
        self,
        user: Document | str,
        workspace: Document | str,
        membership_status: str = "ACTIVE",
        **fields: object,
    ) -> Document:
        """Make a person a member of one more workspace; rates go into the membership, which is returned."""
        with self.lock:
            place = self.workspace(workspace)
            user_id = identity_of(user)
            member = documents.membership(user_id, place.identity, "WORKSPACE", membership_status)
            member = documents.merged(member, fields)
            place.members[user_id] = member
            place.removed.discard(user_id)
            place.document.setdefault("memberships", []).append(member)
            return member

    def add_to_project(
        self,
        user: Document | str,
        project: Document | str,
        membership_status: str = "ACTIVE",
        **fields: object,
    ) -> Document:
        """Make a person a member of a project, once; rates go into the membership, which is returned."""
        with self.lock:
            project_id = identity_of(project)
            place = next(each for each in self.workspaces.values() if project_id in each.projects)
            member = documents.membership(identity_of(user), project_id, "PROJECT", membership_status)
            member = documents.merged(member, fields)
            _drop_memberships(place.projects[project_id], identity_of(user))
            place.projects[project_id]["memberships"].append(member)
            return member

    def add_group(
        self,
        workspace: Document | str,
        name: str = "Developers",
        users: list[Document] | list[str] | None = None,
        *,
        managers: Iterable[Document] = (),
        **fields: object,
    ) -> Document:
        """Add a group of people, and who manages it."""
        with self.lock:
            place = self.workspace(workspace)
            document = documents.group(self.new_id(), place.identity, name)
            document["userIds"] = [identity_of(user) for user in users or []]
            document["teamManagers"] = [{"id": user["id"], "name": user["name"]} for user in managers]
            document = documents.merged(document, fields)
            place.groups[str(document["id"])] = document
            return document

    def add_role(self, workspace: Document | str, user: Document | str, role: str) -> Document:
        """Give a person a role such as WORKSPACE_ADMIN; shown where `include-roles` is asked for."""
        with self.lock:
            place = self.workspace(workspace)
            held = {"role": role, "entities": [{"id": place.identity, "name": place.document.get("name")}]}
            place.roles.setdefault(identity_of(user), []).append(held)
            return held

    def membership(self, workspace: Document | str, user: Document | str) -> Document:
        """The person's membership of the workspace; what is changed in it shows everywhere."""
        return self.workspace(workspace).members[identity_of(user)]

    def user_in(self, place: Workspace, user_id: str) -> Document:
        """A person as a workspace shows them: without values of custom fields that another workspace defines."""
        user = self.users[user_id]
        foreign = {each for other in self.workspaces.values() if other is not place for each in other.custom_fields}
        values = user.get("customFields")
        if not foreign or not isinstance(values, list):
            return user
        return {**user, "customFields": [each for each in values if each.get("customFieldId") not in foreign]}

    def set_user_field(self, user: Document | str, field: Document, value: object) -> Document:
        """Give a person a value of a custom field; `...` takes it away."""
        with self.lock:
            document = self.users[identity_of(user)]
            others = [each for each in document["customFields"] if each["customFieldId"] != field["id"]]
            given = paid_documents.user_field_value(str(document["id"]), field, value)
            document["customFields"] = others if value is ... else [*others, given]
            return document

    def deactivate_user(self, workspace: Document | str, user: Document | str) -> None:
        """Make a member inactive; their hours stay."""
        with self.lock:
            self.membership(workspace, user)["membershipStatus"] = "INACTIVE"

    def set_account_status(self, user: Document | str, status: str) -> None:
        """Set the status of a person's account: ACTIVE, LIMITED, DELETED and so on."""
        with self.lock:
            self.users[identity_of(user)]["status"] = status

    def remove_user(self, workspace: Document | str, user: Document | str, *, stays_in_projects: bool = False) -> None:
        """Take a person out of every list of the workspace; their entries stay, and memberships of projects may."""
        with self.lock:
            place = self.workspace(workspace)
            user_id = identity_of(user)
            del place.members[user_id]
            place.removed.add(user_id)
            _drop_memberships(place.document, user_id)
            for project in () if stays_in_projects else place.projects.values():
                _drop_memberships(project, user_id)
            for group in place.groups.values():
                group["userIds"] = [each for each in group.get("userIds") or [] if each != user_id]

    def memberships(self, place: Workspace, kind: str) -> dict[str, list[Document]]:
        """Each member's memberships, of one kind or ALL.

        A person of several workspaces shows their membership of each, whichever workspace was asked for.
        """
        found: dict[str, list[Document]] = {user_id: [] for user_id in place.members}
        given: list[Document] = []
        if kind in ("ALL", "WORKSPACE"):
            given += [member for each in self.workspaces.values() for member in each.members.values()]
        if kind in ("ALL", "PROJECT"):
            given += [each for project in place.projects.values() for each in project.get("memberships") or []]
        if kind in ("ALL", "USERGROUP"):
            given += [
                documents.membership(user_id, str(group["id"]), "USERGROUP")
                for group in place.groups.values()
                for user_id in group.get("userIds") or []
            ]
        for member in given:
            if member.get("userId") in found:
                found[member["userId"]].append(member)
        return found


def _drop_memberships(document: Document, user_id: str) -> None:
    held = document.get("memberships") or []
    document["memberships"] = [each for each in held if each.get("userId") != user_id]
