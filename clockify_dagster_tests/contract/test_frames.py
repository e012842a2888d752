"""What becomes of a batch of documents."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from clockify_dagster.contract import CONTRACT, Flattened, Misfit, Type, merge_misfits
from clockify_dagster.errors import ContractError
from clockify_dagster_tests.contract.flattening import entry, flat, rows

DTYPES = {
    Type.ID: "string",
    Type.TEXT: "string",
    Type.BOOLEAN: "boolean",
    Type.FLOAT: "Float64",
    Type.TIMESTAMP: "datetime64[us, UTC]",
}


def membership(target: str, kind: str = "WORKSPACE", **fields: Any) -> dict[str, Any]:
    return {"userId": "u1", "targetId": target, "membershipType": kind, **fields}


@pytest.mark.parametrize("root", CONTRACT.roots, ids=lambda table: table.name)
@pytest.mark.parametrize("documents", [[], [entry()]], ids=["none", "one"])
def test_every_frame_has_its_tables_columns_and_dtypes_also_without_documents(
    root: Any, documents: list[dict[str, Any]]
) -> None:
    flattened = flat(root.name, *documents)
    assert list(flattened.frames) == [table.name for table in CONTRACT.family(root.name)]
    for table in CONTRACT.family(root.name):
        dtypes = {name: str(dtype) for name, dtype in flattened.frames[table.name].dtypes.items()}
        expected = {column.name: DTYPES[column.type] for column in table.document_columns}
        assert {n: d.replace("[python]", "") for n, d in dtypes.items()} == expected


def test_a_time_entry_becomes_a_row_and_one_for_each_tag() -> None:
    frames = flat("clockify_timeentries", entry(tagIds=["t1", "t2"], taskId="", description="")).frames
    start = datetime(2024, 3, 1, 8, tzinfo=timezone.utc)
    columns = ("id", "timeinterval_start", "timeinterval__duration", "taskid", "description")
    assert rows(frames["clockify_timeentries"], *columns) == [("e1", start, "PT1H30M", None, "")]
    tags = rows(frames["clockify_timeentries__tags"], "timeentry_id", "tag_id")
    assert tags == [("e1", "t1"), ("e1", "t2")]


def test_a_running_timer_has_no_end_and_no_duration() -> None:
    running = entry(timeInterval={"start": "2024-03-01T08:00:00Z", "end": None, "duration": None})
    frame = flat("clockify_timeentries", running).frames["clockify_timeentries"]
    assert rows(frame, "timeinterval_end", "timeinterval__duration") == [(None, None)]


def test_unknown_keys_and_enum_values_do_not_matter() -> None:
    flattened = flat("clockify_timeentries", entry(type="SIESTA", mood={"good": True}))
    assert rows(flattened.frames["clockify_timeentries"], "type") == [("SIESTA",)]
    assert flattened.misfits == ()


def test_a_document_that_comes_twice_counts_once_with_the_children_of_the_last() -> None:
    first, other = entry(description="old", tagIds=["t1", "t2"]), entry("e2")
    frames = flat("clockify_timeentries", first, other, entry(description="new", tagIds=["t3"])).frames
    assert rows(frames["clockify_timeentries"], "id", "description") == [("e2", None), ("e1", "new")]
    assert rows(frames["clockify_timeentries__tags"], "timeentry_id", "tag_id") == [("e1", "t3")]


def test_a_document_that_is_superseded_may_be_broken() -> None:
    broken = entry(timeInterval={"start": "soon"})
    assert len(flat("clockify_timeentries", broken, entry()).frames["clockify_timeentries"]) == 1


def test_a_user_of_two_workspaces_is_one_row_with_the_memberships_of_both() -> None:
    one = {"id": "u1", "name": "old", "memberships": [membership("w1"), membership("g1", "USERGROUP")]}
    two = {"id": "u1", "name": "new", "memberships": [membership("w2"), membership("w1", costRate={})]}
    frames = flat("clockify_users", one, two).frames
    assert rows(frames["clockify_users"], "id", "name") == [("u1", "new")]
    kept = rows(frames["clockify_users_memberships"], "targetid", "membershiptype", "costrate")
    assert kept == [("g1", "USERGROUP", None), ("w2", "WORKSPACE", None), ("w1", "WORKSPACE", "{}")]


@pytest.mark.parametrize("given", [None, ""])
def test_a_membership_that_does_not_name_its_user_belongs_to_the_one_it_is_listed_with(given: Any) -> None:
    frames = flat("clockify_users", {"id": "u9", "memberships": [membership("w1", userId=given)]}).frames
    assert rows(frames["clockify_users_memberships"], "user_id", "targetid") == [("u9", "w1")]


def test_a_rate_stays_in_cents_and_as_an_object_where_it_is_owed_as_text() -> None:
    paid = membership("w1", hourlyRate={"amount": 10500, "currency": "USD"}, costRate={"amount": 1})
    frame = flat("clockify_users", {"id": "u1", "memberships": [paid]}).frames["clockify_users_memberships"]
    columns = ("hourlyrate_amount", "hourlyrate_currency", "costrate", "costrate__amount")
    assert rows(frame, *columns) == [(10500.0, "USD", '{"amount":1}', 1.0)]


def test_a_tag_that_an_entry_bears_twice_is_one_row() -> None:
    frames = flat("clockify_timeentries", entry(tagIds=["t1", "t1", None, "", "t2"])).frames
    assert rows(frames["clockify_timeentries__tags"], "tag_id") == [("t1",), ("t2",)]


@pytest.mark.parametrize("fields", [{"tagIds": None}, {"tagIds": []}, {"tagIds": ""}, {}])
def test_without_a_list_there_are_no_children(fields: dict[str, Any]) -> None:
    flattened = flat("clockify_timeentries", {**entry(), **fields})
    assert flattened.frames["clockify_timeentries__tags"].empty
    assert flattened.misfits == ()


@pytest.mark.parametrize(("stranger", "sample"), [("t1", '"t1"'), ({"t1": 1}, '{"t1":1}'), (0, "0")])
def test_a_list_of_another_shape_is_told(stranger: Any, sample: str) -> None:
    flattened = flat("clockify_timeentries", entry(tagIds=stranger), entry("e2", tagIds=["t2"]))
    assert rows(flattened.frames["clockify_timeentries__tags"], "tag_id") == [("t2",)]
    assert flattened.misfits == (Misfit("clockify_timeentries__tags", "tag_id", 1, sample),)


def test_a_value_that_does_not_fit_becomes_null_and_is_told_with_its_count_and_a_sample() -> None:
    flattened = flat("clockify_timeentries", entry(billable="maybe"), entry("e2", billable=7), entry("e3"))
    assert rows(flattened.frames["clockify_timeentries"], "billable") == [(None,)] * 3
    assert flattened.misfits == (Misfit("clockify_timeentries", "billable", 2, '"maybe"'),)
    assert str(flattened.misfits[0]).startswith("clockify_timeentries.billable: 2 values did not fit")


def test_a_step_into_what_is_no_object_is_told_but_an_absent_object_is_not() -> None:
    flattened = flat("clockify_timeentries", entry(hourlyRate=105), entry("e2", hourlyRate=""))
    amount, currency = flattened.misfits
    assert amount == Misfit("clockify_timeentries", "hourlyrate__amount", 1, "105")
    assert currency.column == "hourlyrate__currency"


@pytest.mark.parametrize(
    "interval",
    [None, "", {}, {"start": None}, {"start": ""}, {"start": "soon"}, {"start": 5}, "08:00-09:00", 7],
)
def test_an_entry_without_a_sound_start_is_an_error_that_names_table_id_and_column(interval: Any) -> None:
    with pytest.raises(ContractError) as error:
        flat("clockify_timeentries", entry(), entry("e2", timeInterval=interval))
    for fact in ("clockify_timeentries", '"e2"', "timeinterval_start"):
        assert fact in str(error.value)


@pytest.mark.parametrize("identity", [None, ""])
@pytest.mark.parametrize("root", CONTRACT.roots, ids=lambda table: table.name)
def test_a_document_without_an_id_is_an_error(root: Any, identity: Any) -> None:
    with pytest.raises(ContractError, match=rf"^{root.name}: .* id \(id in Clockify's document\) is missing"):
        flat(root.name, {**entry(), "id": identity})


def test_a_membership_that_is_no_object_is_an_error_since_its_key_cannot_be_read() -> None:
    with pytest.raises(ContractError, match=r'clockify_users_memberships: .*"u1".*user_id'):
        flat("clockify_users", {"id": "u1", "memberships": ["w1"]})


def test_years_that_nanoseconds_cannot_hold_are_kept() -> None:
    starts = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-01-01T00:00:00.1234567Z"]
    usual = [entry(str(n), timeInterval={"start": start}) for n, start in enumerate(starts)]
    for documents in (usual[:2], usual):
        frame = flat("clockify_timeentries", *documents).frames["clockify_timeentries"]
        assert frame["timeinterval_start"].dt.year.tolist() == [1, 9999, 2024][: len(documents)]
    assert frame["timeinterval_start"].dt.microsecond.tolist()[-1] == 123_456


def test_misfits_of_several_batches_add_up() -> None:
    first, second, other = Misfit("t", "a", 2, "1"), Misfit("t", "a", 3, "2"), Misfit("t", "b", 1, "3")
    assert merge_misfits([first], (), [other, second]) == (Misfit("t", "a", 5, "1"), other)


def day_of_entries() -> Flattened:
    starts = [
        "2024-02-29T23:59:59Z",
        "2024-03-01T00:00:00Z",
        "2024-03-01T23:59:59.999999Z",
        "2024-03-02T00:00:00Z",
    ]
    documents = [entry(f"e{n}", timeInterval={"start": start}, tagIds=["t"]) for n, start in enumerate(starts)]
    return flat("clockify_timeentries", *documents)


def test_entries_are_cut_by_their_own_start_together_with_their_tags() -> None:
    start = datetime(2024, 3, 1, tzinfo=timezone.utc)
    cut = day_of_entries().between(start, start + timedelta(days=1))
    assert rows(cut.frames["clockify_timeentries"], "id") == [("e1",), ("e2",)]
    assert rows(cut.frames["clockify_timeentries__tags"], "timeentry_id") == [("e1",), ("e2",)]


def test_a_cut_may_be_in_any_time_zone_and_leave_nothing() -> None:
    zone = timezone(timedelta(hours=2))
    nothing = day_of_entries().between(datetime(2024, 3, 5, tzinfo=zone), datetime(2024, 3, 6, tzinfo=zone))
    assert all(frame.empty for frame in nothing.frames.values())
    one = day_of_entries().between(datetime(2024, 3, 2, 2, tzinfo=zone), datetime(2024, 3, 3, tzinfo=zone))
    assert rows(one.frames["clockify_timeentries"], "id") == [("e3",)]


def test_a_cut_needs_a_column_to_cut_by_and_instants() -> None:
    start = datetime(2024, 3, 1, tzinfo=timezone.utc)
    with pytest.raises(ValueError, match="clockify_tags has no partition column"):
        flat("clockify_tags").between(start, start)
    with pytest.raises(ValueError, match="time zone"):
        day_of_entries().between(start.replace(tzinfo=None), start)
    integral = flat("clockify_timeentries_integral", entry())
    assert integral.between(start, start, column="timeinterval_start").frames["clockify_timeentries_integral"].empty
