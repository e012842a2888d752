"""`fct_time_entry` and what is made of it: the traps that questions about hours fall into."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from clockify_dagster.sandbox.documents import rate
from clockify_dagster_tests.marts.conftest import ZONE, Load, Office, ask

OWED = """entry_id, workspace_id, user_id, user_name, project_id, project_name, client_id, client_name, task_id,
    local_date, hours, billable_hours, amount, cost, currency, is_work, is_running, is_billable"""


def test_the_columns_that_are_owed_come_first_and_entries_of_every_kind_are_there_once(
    office: Office, load: Load
) -> None:
    account, place = office.account, office.place
    leaver = account.add_user(place, "Leaver", status="DELETED", membership_status="INACTIVE")
    gone = account.add_project(place, "Gone", office.client)
    task = account.add_task(place, office.project, "Design")
    ordinary = office.work(3, taskId=task["id"], **office.billable(12050, cost=5000))
    without = office.work(3, 11)
    pause = office.work(3, 12, 0.5, type="BREAK", costRate=rate(5000))
    left = office.work(4, user=leaver, projectId=gone["id"])
    running = account.add_entry(place, office.ana, office.moment(0, 0), None)
    del account.workspace(place).projects[gone["id"]]
    project = load(office)
    columns = ask(project, "SELECT column_name FROM (DESCRIBE {}.fct_time_entry) LIMIT 18")
    assert [name for (name,) in columns] == [name.strip() for name in OWED.split(",")]
    rows = {row[0]: row[1:] for row in ask(project, f"SELECT {OWED}, work_hours FROM {{}}.fct_time_entry")}
    day, ana = office.today - timedelta(days=3), (place["id"], office.ana["id"], "Ana")
    shop = (office.project["id"], "Shop", office.client["id"], "Nordwind", task["id"])
    nothing = (None, "(no project)", None, "(no client)", None)
    assert rows.pop(ordinary["id"]) == (*ana, *shop, day, 1, 1, 120.5, 50, "USD", True, False, True, 1)
    assert rows.pop(without["id"]) == (*ana, *nothing, day, 1, 0, 0, 0, "USD", True, False, False, 1)
    assert rows.pop(pause["id"]) == (*ana, *nothing, day, 0.5, 0, 0, 0, "USD", False, False, False, 0)
    assert rows.pop(running["id"])[-8:] == (0, 0, 0, "USD", True, True, False, 0)
    assert rows.pop(left["id"])[2:5] == ("Leaver", gone["id"], f"(deleted project {gone['id']})")
    assert rows == {}


def test_its_sums_are_those_of_clockifys_own_report(office: Office, load: Load) -> None:
    office.work(3, 9, 1.25, **office.billable(12345))
    office.work(3, 23, 2, billable=True, hourlyRate=rate(777))
    office.work(4, 12, 0.5, type="BREAK")
    office.work(5, 9, 7.1, user=office.account.add_user(office.place, "Leaver", status="DELETED"))
    project = load(office)
    body = {
        "dateRangeStart": f"{office.today - timedelta(days=30)}T00:00:00.000",
        "dateRangeEnd": f"{office.today}T23:59:59.999",
        "timeZone": ZONE,
        "detailedFilter": {"page": 1, "pageSize": 1000, "options": {"totals": "CALCULATE"}},
    }
    url = f"{project.sandbox.reports_url}/workspaces/{office.place['id']}/reports/detailed"
    answer = requests.post(url, json=body, headers={"X-Api-Key": project.sandbox.api_key}, timeout=5)
    (totals,) = answer.json()["totals"]
    sums = "SELECT count(*), sum(hours) * 3600, sum(billable_hours) * 3600, 100 * sum(amount)"
    ((entries, seconds, billable, cents),) = ask(project, f"{sums} FROM {{}}.fct_time_entry")
    assert entries == totals["entriesCount"]
    assert (seconds, billable) == pytest.approx((totals["totalTime"], totals["totalBillableTime"]))
    assert round(cents) == totals["amounts"][0]["value"] == round(1.25 * 12345 + 2 * 777)


def test_a_user_in_no_list_and_a_deleted_tag_have_names_and_rows_in_their_dimensions(
    office: Office, load: Load
) -> None:
    tag = office.account.add_tag(office.place, "gone")
    office.work(2, tagIds=[tag["id"]])
    office.account.delete_tag(tag)
    project = load(office)
    project.execute("UPDATE clockify_timeentries SET userid = 'ffff'")
    assert ask(project, "SELECT user_name FROM {}.fct_time_entry") == [("(deleted user ffff)",)]
    assert ask(project, "SELECT is_listed FROM {}.dim_user WHERE user_id = 'ffff'") == [(False,)]
    name = f"(deleted tag {tag['id']})"
    assert ask(project, "SELECT tag_name, hours FROM {}.hours_by_tag") == [(name, 1)]
    assert ask(project, "SELECT is_deleted FROM {}.dim_tag WHERE tag_name LIKE '(deleted%'") == [(True,)]


def test_currencies_are_never_added_up_and_a_margin_of_two_is_null(office: Office, load: Load) -> None:
    office.work(2, 9, **office.billable(10000, "USD", cost=4000))
    office.work(2, 10, **office.billable(20000, "EUR", cost=4000))
    office.work(2, 11, projectId=office.project["id"], billable=True, hourlyRate=rate(30000, "CHF"), costRate=rate(900))
    project = load(office)
    rows = ask(project, "SELECT currency, cost_currency, amount, cost, margin FROM {}.project_margin_month ORDER BY 1")
    assert rows == [
        ("CHF", "USD", 300, 9, None),
        ("EUR", "EUR", 200, 40, 160),
        ("USD", "USD", 100, 40, 60),
    ]
    assert ask(project, "SELECT count(DISTINCT currency) FROM {}.billing_by_client_month") == [(3,)]


def test_an_entry_over_midnights_is_split_at_those_of_the_zone_and_ends_at_midnight_on_the_day_before(
    office: Office, load: Load
) -> None:
    long = office.work(10, 22, 28, **office.billable(9999))  # from ten in the evening to two, two days later
    office.work(7, 22, 2)  # up to midnight
    project = load(office)
    days = ask(project, "SELECT local_date, hours, amount FROM {}.fct_time_entry_day ORDER BY local_date")
    assert [(office.today - day).days for day, _, _ in days] == [10, 9, 8, 7]
    assert [hours for _, hours, _ in days] == [2, 24, 2, 2]
    assert abs(sum(amount for _, _, amount in days) - 28 * 99.99) < 1e-9
    (whole,) = ask(project, f"SELECT hours FROM {{}}.fct_time_entry WHERE entry_id = '{long['id']}'")
    assert whole == (28,)


def test_weeks_begin_on_the_day_that_most_members_have(office: Office, load: Load) -> None:
    office.work(2)
    for name in ("Ben", "Cem"):
        office.account.add_user(office.place, name)["settings"]["weekStart"] = "SUNDAY"
    project = load(office)
    assert ask(project, "SELECT week_start FROM {}.dim_workspace") == [("SUNDAY",)]
    day = office.today - timedelta(days=2)
    assert ask(project, "SELECT week FROM {}.fct_time_entry") == [(day - timedelta(days=day.isoweekday() % 7),)]


def test_tags_share_an_entry_evenly_and_add_up(office: Office, load: Load) -> None:
    one, two = (office.account.add_tag(office.place, name)["id"] for name in ("one", "two"))
    office.work(2, 9, 3, tagIds=[one, two], **office.billable(10000))
    office.work(2, 13, 1, tagIds=[one])
    office.work(2, 15, 2)
    office.work(2, 17, 1, type="BREAK")
    project = load(office)
    assert ask(project, "SELECT tag_name, sum(hours), sum(amount) FROM {}.hours_by_tag GROUP BY 1 ORDER BY 1") == [
        ("(no tag)", 2, 0),
        ("one", 2.5, 150),
        ("two", 1.5, 150),
    ]


def test_what_is_invoiced_and_approved_is_told_and_what_a_void_invoice_had_is_open_again(
    office: Office, load: Load
) -> None:
    account = office.account
    entries = [office.work(back, **office.billable(10000)) for back in (35, 5, 4, 3)]
    for entry, status in zip(entries[1:3], ("SENT", "VOID"), strict=True):
        invoice = account.add_invoice(office.client, status, issued=office.moment(1, 0), status=status)
        account.import_entries(invoice, [entry])
    account.workspace(office.place).manually_invoiced.add(entries[3]["id"])
    project = load(office, "all")
    states = dict(ask(project, "SELECT entry_id, is_invoiced FROM {}.fct_time_entry"))
    assert [states[entry["id"]] for entry in entries] == [False, True, False, True]
    assert ask(project, "SELECT age, amount FROM {}.unbilled_work ORDER BY age") == [("0-30", 100), ("31-60", 100)]
    (sums,) = ask(
        project, "SELECT sum(amount), sum(invoiced_amount), sum(unbilled_amount) FROM {}.billing_by_client_month"
    )
    assert sums == (400, 200, 200)
    assert ask(project, "SELECT DISTINCT approval_state FROM {}.fct_time_entry") == [("NOT_SUBMITTED",)]


def test_faults_are_named_and_breaks_have_none(office: Office, load: Load) -> None:
    office.work(6, 9, 13, **office.billable(0))
    office.work(6, 12, 1, type="BREAK")
    office.work(2)
    project = load(office)
    assert ask(project, "SELECT problem, count(*) FROM {}.data_quality GROUP BY 1 ORDER BY 1") == [
        ("NO_COST_RATE", 2),
        ("NO_PROJECT", 1),
        ("NO_RATE", 1),
        ("NO_TAG", 2),
        ("NO_TASK", 1),
        ("OVERLAPPING", 1),
        ("TOO_LONG", 1),
    ]
