"""The balances of time off policies, worked out from policies and requests."""

from __future__ import annotations

import hashlib

from .documents import Document
from .people import People
from .state import Workspace


def balances(account: People, place: Workspace) -> list[Document]:
    """Each member's balance of each policy that is theirs, in the policy's unit: approved requests use it up."""
    found = []
    for policy in place.policies.values():
        people = _people(place, policy)
        found += [_balance(account, place, policy, user_id) for user_id in place.members if user_id in people]
    return found


def _people(place: Workspace, policy: Document) -> set[str]:
    groups = [place.groups.get(each, {}) for each in policy["userGroupIds"]]
    asked = {each["userId"] for each in place.time_off_requests.values() if each["policyId"] == policy["id"]}
    everybody = place.members if policy["everyoneIncludingNew"] else ()
    return {*policy["userIds"], *asked, *everybody, *(user for group in groups for user in group.get("userIds") or ())}


def _balance(account: People, place: Workspace, policy: Document, user_id: str) -> Document:
    total = (policy["automaticAccrual"] or {}).get("amount", 0.0)
    total += place.balance_changes.get((policy["id"], user_id), 0.0)
    used = sum(
        each["balanceDiff"]
        for each in place.time_off_requests.values()
        if (each["policyId"], each["userId"], each["status"]["statusType"]) == (policy["id"], user_id, "APPROVED")
    )
    return {
        "id": hashlib.sha256(f"{policy['id']} {user_id}".encode()).hexdigest()[:24],
        "workspaceId": place.identity,
        "policyId": policy["id"],
        "policyName": policy["name"],
        "policyTimeUnit": policy["timeUnit"],
        "policyArchived": policy["archived"],
        "userId": user_id,
        "userName": account.users[user_id]["name"],
        "balance": total - used,
        "used": used,
        "total": total,
        "negativeBalanceAmount": (policy["negativeBalance"] or {}).get("amount"),
        "negativeBalanceLimit": policy["negativeBalance"] is not None,
    }
