"""Entries that come and go while they are listed."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from clockify_dagster.sandbox import Account, Fault, Sandbox, faults
from clockify_dagster_tests.api.conftest import BEGIN, ZONES, Read, ids


@pytest.mark.parametrize("seed", range(8))
def test_a_listing_during_random_deletions_and_insertions_has_all_that_stood_still(
    account: Account, workspace: str, user: str, sandbox: Sandbox, read: Read, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311
    account.timezone = dice.choice(ZONES)
    still = {
        account.add_entry(workspace, user, BEGIN + timedelta(minutes=dice.randrange(60 * 24 * 40)))["id"]
        for _ in range(150)
    }
    loose = [
        account.add_entry(workspace, user, BEGIN + timedelta(minutes=dice.randrange(60 * 24 * 40))) for _ in range(80)
    ]

    def disturb(account: Account) -> None:
        for _ in range(dice.randrange(5)):
            if loose:
                account.delete_entry(loose.pop(dice.randrange(len(loose))))
            account.add_entry(workspace, user, BEGIN + timedelta(minutes=dice.randrange(60 * 24 * 40)))

    sandbox.faults.add(Fault("time-entries", faults.After(disturb), times=None))
    found = ids(read(25))
    assert still <= set(found), f"seed {seed}"
