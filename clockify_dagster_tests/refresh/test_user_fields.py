"""Values of users' custom fields, where people are in two workspaces and one of these cannot be read."""

from __future__ import annotations

import pytest

from clockify_dagster.contract import CONTRACT, WORKSPACES
from clockify_dagster.sandbox import Fault, faults
from clockify_dagster.warehouse import Warehouse
from clockify_dagster_tests.refresh.conftest import Document, Office
from clockify_dagster_tests.refresh.loading import load, rows

USERS, VALUES, FIELDS = "clockify_users", "clockify_users__customfields", "clockify_custom_fields"


@pytest.fixture
def both(office: Office) -> tuple[Document, Document, Document, str]:
    """Somebody of two workspaces, with a value of a field of each; and the second workspace."""
    account = office.account
    studio = str(account.add_workspace("Studio")["id"])
    user = account.add_user(office.place, "Both")
    account.add_to_workspace(user, studio)
    ours, theirs = (account.add_custom_field(place, "Size", entity_type="USER") for place in (office.place, studio))
    account.set_user_field(user, ours, "M")
    account.set_user_field(user, theirs, ["a", "b"])
    load(office, FIELDS)
    load(office, USERS)
    return user, ours, theirs, studio


def values(office: Office) -> set[tuple[str, str]]:
    return set(rows(office, VALUES, "customfieldid", "value"))


def test_values_of_both_workspaces_are_rows_of_the_user(
    office: Office, both: tuple[Document, Document, Document, str]
) -> None:
    user, ours, theirs, _ = both
    assert rows(office, USERS, "id") == [(user["id"],)]
    assert values(office) == {(ours["id"], "M"), (theirs["id"], '["a","b"]')}


def test_where_one_workspace_cannot_be_read_its_values_stay_and_those_of_the_other_are_as_they_are_now(
    office: Office, both: tuple[Document, Document, Document, str]
) -> None:
    user, ours, theirs, studio = both
    office.sandbox.faults.add(Fault(f"{studio}/users", faults.Status(403), times=None))
    office.account.set_user_field(user, ours, "L")
    office.account.set_user_field(user, theirs, "new")
    load(office, USERS)
    assert values(office) == {(ours["id"], "L"), (theirs["id"], '["a","b"]')}
    office.account.set_user_field(user, ours, ...)
    load(office, USERS)
    assert values(office) == {(theirs["id"], '["a","b"]')}
    office.sandbox.faults.clear()
    load(office, USERS)
    assert values(office) == {(theirs["id"], "new")}


def test_a_value_of_a_field_that_nobody_knows_stays_with_a_user_of_the_workspace_that_cannot_be_read(
    office: Office, both: tuple[Document, Document, Document, str]
) -> None:
    user, ours, _, studio = both
    unknown = {"id": "64c0ffee0000000000009999", "name": "Old", "type": "TXT"}
    office.account.set_user_field(user, unknown, "x")
    load(office, USERS)
    office.sandbox.faults.add(Fault(f"{studio}/users", faults.Status(403), times=None))
    office.account.set_user_field(user, unknown, ...)
    load(office, USERS)
    assert {(ours["id"], "M"), (unknown["id"], "x")} <= values(office)


def test_who_left_the_workspace_that_was_read_keeps_the_values_of_the_other(
    office: Office, both: tuple[Document, Document, Document, str]
) -> None:
    user, _, theirs, studio = both
    office.account.add_user(office.place, "Somebody")
    office.account.remove_user(office.place, user)
    office.sandbox.faults.add(Fault(f"{studio}/users", faults.Status(403), times=None))
    load(office, USERS)
    assert values(office) == {(theirs["id"], '["a","b"]')}
    assert (user["id"],) in rows(office, USERS, "id")


@pytest.mark.parametrize("names", [[USERS], [USERS, VALUES]])
def test_without_the_table_of_memberships_nobody_is_known_to_have_left(
    office: Office, both: tuple[Document, Document, Document, str], names: list[str]
) -> None:
    user, ours, theirs, studio = both
    office.warehouse = Warehouse(office.warehouse.database, CONTRACT.only([WORKSPACES, *names]))
    new = office.account.add_user(office.place, "New")
    office.account.set_user_field(user, ours, "L")
    office.sandbox.faults.add(Fault(f"{studio}/users", faults.Status(403), times=None))
    load(office, USERS)
    assert {row[0] for row in rows(office, USERS, "id")} == {user["id"], new["id"]}
    if VALUES in names:
        assert values(office) == {(ours["id"], "L"), (theirs["id"], '["a","b"]')}
