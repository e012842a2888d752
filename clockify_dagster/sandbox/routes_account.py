"""Who asks, which workspaces there are, and their people and groups."""

from __future__ import annotations

from . import pages
from .documents import Document
from .messages import Call, Response, denied, invalid
from .state import Workspace

SHOWN_ACCOUNTS = ["ACTIVE", "PENDING_EMAIL_VERIFICATION", "NOT_REGISTERED"]


def may_enter(call: Call, place: Workspace) -> bool:
    """The account's own key sees every workspace, any other key those its user is an active member of."""
    if call.key.user_id is None:
        return True
    member = place.members.get(call.key.user_id)
    return member is not None and member.get("membershipStatus") == "ACTIVE"


def current_user(call: Call) -> Response:
    """`GET /user`."""
    user = call.account.user_of(call.key)
    if user is None:
        raise denied()
    held: list[Document] = []
    if call.request.flag("include-memberships"):
        places = call.account.workspaces.values()
        held = [place.members[user["id"]] for place in places if user["id"] in place.members]
    return Response({**user, "memberships": held})


def workspaces(call: Call) -> Response:
    """`GET /workspaces`: Clockify does not page it and sends no Last-Page."""
    places = call.account.workspaces.values()
    return Response([place.document for place in places if may_enter(call, place)])


def workspace(call: Call) -> Response:
    """`GET /workspaces/{w}`."""
    return Response(call.workspace.document)


def groups(call: Call) -> Response:
    """`GET /workspaces/{w}/user-groups`: their managers come with `includeTeamManagers=true` alone."""
    call.require_admin()
    found = pages.by_name(call.request, call.workspace.groups.values())
    if not call.request.flag("includeTeamManagers"):
        found = [{name: value for name, value in each.items() if name != "teamManagers"} for each in found]
    return pages.page(call, pages.ordered(call.request, found, "name"))


def users(call: Call) -> Response:
    """`GET /workspaces/{w}/users`.

    Without `account-statuses` Clockify leaves out people whose account is limited or deleted; without
    `memberships` it gives none; without `status` it gives members of every membership status.
    """
    call.require_admin()
    request = call.request
    if call.account.include_roles_required and request.one("include-roles") is None:
        raise invalid("Required request parameter 'include-roles' is not present")
    kind = request.one("memberships") or "NONE"
    if kind not in ("ALL", "NONE", "WORKSPACE", "PROJECT", "USERGROUP"):
        raise invalid(f"Invalid value for memberships: {kind}")
    found = pages.ordered(request, _members(call), "email")
    skip, take = pages.position(request)
    held = {} if kind == "NONE" else call.account.memberships(call.workspace, kind)
    shown = [{**user, "memberships": held.get(user["id"], [])} for user in found[skip : skip + take]]
    if request.flag("include-roles"):
        shown = [{**user, "roles": call.workspace.roles.get(user["id"], [])} for user in shown]
    return pages.answer(call, shown, len(found), skip)


def _members(call: Call) -> list[Document]:
    request, place = call.request, call.workspace
    accounts = request.many("account-statuses") or SHOWN_ACCOUNTS
    status = request.one("status") or "ALL"
    email = (request.one("email") or "").lower()
    chosen = []
    for user_id, member in place.members.items():
        user = call.account.user_in(place, user_id)
        if status not in ("ALL", member.get("membershipStatus")) or user.get("status") not in accounts:
            continue
        if email in str(user.get("email") or "").lower():
            chosen.append(user)
    return pages.by_name(request, chosen)
