"""Whatever happens to what paid plans add, all tables equal the account after the next loads, whatever fails between.

What no list tells is not promised and not tried: items of a settled invoice, payments that change and keep their sum,
and balances that an admin corrects, until the next day. The walk of entries is in `test_random_walk.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from clockify_dagster.contract import CONTRACT
from clockify_dagster.errors import ClockifyDagsterError
from clockify_dagster.sandbox import Account, Fault, faults
from clockify_dagster.sandbox.random_changes import change_something
from clockify_dagster_tests.refresh.conftest import Office
from clockify_dagster_tests.refresh.loading import asked, assert_equal, load, pass_a_day
from clockify_dagster_tests.small import add_everything

ENTRIES = ("clockify_timeentries", "clockify_timeentries_integral", "clockify_workspaces")
ROOTS = [table.name for table in CONTRACT.roots if table.name not in ENTRIES]
STEPS = [name for name in ROOTS if CONTRACT[name].listed_with is None]
FAULTS: dict[str, Callable[[], faults.Kind]] = {
    "500": lambda: faults.Status(500),
    "403": lambda: faults.Status(403),
    "400": lambda: faults.Status(400),
    "429": lambda: faults.Status(429, retry_after=0),
    "html": faults.Body,
    "cut": faults.Cut,
    "reset": faults.Reset,
    "close": faults.Close,
    "doubled": faults.Doubled,
    "no header": lambda: faults.LastPage(None, None),
    "null": lambda: faults.Body(None),
}


def make_agency(make_office: Callable[..., Office], plan: str = "PRO") -> Office:
    """An office of one workspace with a little of everything."""
    office = make_office()
    del office.account.workspaces[office.place]
    office.place = str(add_everything(office.account, plan, days=5)["id"])
    office.page_size = 7
    return office


def change(office: Office, chance: random.Random, times: int) -> list[str]:
    """Let things happen, some time after what was before."""
    happened = []
    for _ in range(times):
        office.clock.advance(seconds=chance.choice([0.3, 2, 600]))
        happened.append(change_something(office.account, office.place, chance))
        settle(office.account, office.place)
    return happened


def settle(account: Account, place: str) -> None:
    """Undo what no list tells: of a settled invoice nothing but its row changes with its payments."""
    for number, invoice in enumerate(account.documents(place, "invoices")):
        stored = account.workspace(place).invoices[invoice["id"]]
        if invoice["status"] in ("PAID", "VOID"):
            account.edit(stored, billFrom=repr([stored["items"], number]))
    for payment in account.workspace(place).payments.values():
        payment["note"] = ""


@pytest.mark.parametrize("seed", range(3))
def test_all_tables_equal_the_account_after_random_changes(make_office: Callable[..., Office], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - made-up changes
    office = make_agency(make_office, plan=["STANDARD", "PRO", "ENTERPRISE"][seed % 3])
    office.account.last_page_header = chance.choice(["Last-Page", "last-page", None])
    office.account.largest_post_page = chance.choice([None, 3])
    for table in STEPS:
        load(office, table)
    assert_equal(office, *reachable(office))
    for _ in range(3):
        happened = change(office, chance, 25)
        if any("balance" in each for each in happened):
            pass_a_day(office)
        for table in STEPS:
            load(office, table)
        try:
            assert_equal(office, *reachable(office))
        except AssertionError as error:
            raise AssertionError(f"{error} after {happened}") from error


def reachable(office: Office) -> list[str]:
    """The tables that the workspace's plan has."""
    document = office.account.workspace(office.place).document
    listings = {name: CONTRACT[CONTRACT[name].listed_with or name].listing for name in ROOTS}
    has = {name: each is None or each.feature in (None, *document["features"]) for name, each in listings.items()}
    return [name for name in ROOTS if has[name]]


@pytest.mark.parametrize("seed", range(4))
def test_a_load_that_fails_anywhere_leaves_the_tables_so_that_the_next_one_makes_them_equal(
    make_office: Callable[..., Office], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("clockify_dagster.api.transport.FIRST_PAUSE", 0.0)
    office, chance = make_agency(make_office), random.Random(seed)  # noqa: S311 - made-up changes
    for table in STEPS:
        load(office, table)
    for table in STEPS:
        happened = change(office, chance, 6)
        pass_a_day(office)
        name, nth = chance.choice(sorted(FAULTS)), chance.randint(1, 4)
        times = 1 if name == "429" else chance.choice([1, None])  # it would be waited for
        office.sandbox.faults.add(Fault("/workspaces/", FAULTS[name](), nth=nth, times=times))
        with suppress(ClockifyDagsterError):
            load(office, table)
        office.sandbox.faults.clear()
        pass_a_day(office)
        load(office, table)
        assert asked(office)
        try:
            assert_equal(office, *(each for each in ROOTS if table in (each, CONTRACT[each].listed_with)))
        except AssertionError as error:
            raise AssertionError(f"{error} after {happened}, {name} at request {nth}") from error
