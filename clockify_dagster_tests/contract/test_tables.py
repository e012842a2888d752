"""What the contract owes."""

from __future__ import annotations

import pytest

from clockify_dagster.contract import CHANGED_AT, CONTRACT, CORE, LOADED_AT, Orphans, Table, Type

OWED = {
    "clockify_clients": "Clients",
    "clockify_projects": "Projects",
    "clockify_tags": "Tags",
    "clockify_tasks": "Tasks",
    "clockify_tasks__assignees": "Tasks",
    "clockify_timeentries": "Time entries",
    "clockify_timeentries__tags": "Time entries",
    "clockify_timeentries_integral": "Time entries [Integral]",
    "clockify_timeentries_integral__tags": "Time entries [Integral]",
    "clockify_usergroups": "User groups",
    "clockify_users": "Users",
    "clockify_users_memberships": "Users",
    "clockify_workspaces": "Workspaces",
}
every_table = pytest.mark.parametrize("table", list(CONTRACT), ids=lambda table: table.name)


def test_the_core_are_the_thirteen_owed_tables_and_one_of_our_own() -> None:
    assert {name: CONTRACT[name].pipeline for name in OWED} == OWED
    assert set(CORE) - set(OWED) == {"clockify_usergroups__users"}


def test_larger_plans_add_twenty_six_tables() -> None:
    """Twenty-five, of which one comes for both kinds of entries."""
    assert len(CONTRACT.tables) - len(CORE) == 26


def test_a_part_of_the_tables_brings_what_it_needs_and_refers_to_nothing_that_is_left_out() -> None:
    part = CONTRACT.only(["clockify_workspaces", "clockify_invoices__items", "clockify_timeentries__billing"])
    assert set(part.tables) == {
        "clockify_workspaces",
        "clockify_invoices",
        "clockify_invoices__items",
        "clockify_timeentries",
        "clockify_timeentries__billing",
    }
    assert set(part["clockify_invoices"].references) == {"workspaceid"}
    assert set(part["clockify_timeentries__billing"].references) == {"timeentry_id", "invoiceid", "workspaceid"}


@every_table
def test_a_table_ends_in_when_its_rows_were_loaded_and_when_they_changed(table: Table) -> None:
    assert table.columns[-2:] == (LOADED_AT, CHANGED_AT)


@every_table
def test_references_point_to_keys(table: Table) -> None:
    for column, reference in table.references.items():
        assert CONTRACT[reference.table].primary_key == (reference.column,)
        assert table[column].type is Type.ID


@every_table
def test_each_column_of_a_key_is_an_id_or_a_text_but_for_the_place_on_an_invoice(table: Table) -> None:
    if table.name != "clockify_invoices__items":
        assert {table[column].type for column in table.primary_key} <= {Type.ID, Type.TEXT}


@every_table
def test_names_that_end_in_id_are_ids_and_rates_are_numbers_beside_a_currency(table: Table) -> None:
    for column in table.document_columns:
        if column.name.endswith("id") and column.name != "paid":
            assert column.type is Type.ID, column.name
        if column.name.endswith("rate_amount") or column.name.endswith("rate__amount"):
            assert column.type is Type.FLOAT
            assert "cents" in column.description
            assert table[column.name.replace("_amount", "_currency")].type is Type.TEXT


@every_table
def test_what_is_in_a_workspace_cannot_be_without_it(table: Table) -> None:
    reference = table.references.get("workspaceid")
    assert reference is None or (reference.table, reference.orphans) == (
        "clockify_workspaces",
        Orphans.IMPOSSIBLE,
    )


@pytest.mark.parametrize(
    ("table", "column", "target"),
    [
        ("clockify_projects", "clientid", "clockify_clients"),
        ("clockify_tasks", "assigneeid", "clockify_users"),
        ("clockify_tasks__assignees", "assignee_user_id", "clockify_users"),
        ("clockify_usergroups__users", "user_id", "clockify_users"),
        ("clockify_timeentries", "projectid", "clockify_projects"),
        ("clockify_timeentries", "taskid", "clockify_tasks"),
        ("clockify_timeentries", "userid", "clockify_users"),
        ("clockify_timeentries__tags", "tag_id", "clockify_tags"),
    ],
)
def test_what_clockify_may_have_deleted_may_be_missing(table: str, column: str, target: str) -> None:
    reference = CONTRACT[table].references[column]
    assert (reference.table, reference.orphans) == (target, Orphans.ALLOWED)


def test_a_task_cannot_be_without_its_project_since_both_come_from_one_listing() -> None:
    assert CONTRACT["clockify_tasks"].references["projectid"].orphans is Orphans.IMPOSSIBLE


def test_both_kinds_of_time_entries_have_the_same_columns_and_requirements() -> None:
    for daily, integral in zip(
        CONTRACT.family("clockify_timeentries"), CONTRACT.family("clockify_timeentries_integral"), strict=True
    ):
        assert daily.columns == integral.columns
        assert daily.primary_key == integral.primary_key
        assert daily.never_null == integral.never_null


def test_only_the_daily_entries_and_what_reports_say_of_days_are_replaced_by_day() -> None:
    assert [table.name for table in CONTRACT if table.is_by_day] == [
        "clockify_timeentries",
        "clockify_attendance",
        "clockify_timeentries__billing",
    ]
    assert CONTRACT["clockify_timeentries"].never_null == ("id", "timeinterval_start")


def test_memberships_and_fields_are_gathered_from_every_document_of_a_user() -> None:
    assert [table.name for table in CONTRACT if table.keeps_all_documents] == [
        "clockify_users_memberships",
        "clockify_users__customfields",
    ]


def test_what_people_are_called_and_what_they_write_is_private() -> None:
    personal = ("name", "mail", "address", "note", "picture", "customfield", "timezone", "color", "imageurl")
    for table in CONTRACT:
        for column in table.columns:
            is_personal = any(each in column.name for each in personal) or column.name == "description"
            assert column.is_private or column.type is not Type.TEXT or not is_personal, f"{table.name}.{column.name}"
    assert not CONTRACT["clockify_timeentries"]["timeinterval__duration"].is_private
    assert not any(column.is_private for table in CONTRACT for column in table.columns if column.type is not Type.TEXT)


def test_every_description_is_a_sentence() -> None:
    for table in CONTRACT:
        for text in (table.description, *(column.description for column in table.columns)):
            assert text[0].isupper() or text[0].isdigit()
            assert text.endswith(".")
