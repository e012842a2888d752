"""This working copy beside another one: the same loads by turns, and how many times as long ours take."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.measure import THIS, Checkout, Shape
from clockify_dagster.sandbox import Sandbox, make_agency

DAYS = 365


def daily(other: Checkout, rounds: int) -> dict[str, Any]:
    """A daily sync of the made-up agency: what a sync takes once a first one has loaded a year."""
    start = datetime.now(timezone.utc).date() - timedelta(days=DAYS)
    with Sandbox(make_agency()) as sandbox, tempfile.TemporaryDirectory() as folder:
        homes = {THIS: Path(folder) / "this", other: Path(folder) / "other"}

        def sync(checkout: Checkout) -> float:
            return measure.sync(sandbox.api_url, start, homes[checkout], checkout=checkout)[0]

        for checkout, home in homes.items():
            home.mkdir()
            sync(checkout)
        return _alternating("a daily sync of the agency", sync, other, rounds)


def first_load(other: Checkout, shape: Shape, latency: float, rounds: int) -> dict[str, Any]:
    """A first load of an account, each time into a new database."""
    with measure.served(shape, latency) as api:
        return _alternating(
            f"{shape.rows:,} entries, {latency * 1000:.0f} ms",
            lambda checkout: measure.ours(api, shape.start, checkout=checkout).seconds,
            other,
            rounds,
        )


def _alternating(name: str, seconds_of: Callable[[Checkout], float], other: Checkout, rounds: int) -> dict[str, Any]:
    """Medians of the seconds, and of the pairs' ratios; each is the first of every other pair."""
    pairs = []
    for number in range(rounds):
        taken = {checkout: seconds_of(checkout) for checkout in ((THIS, other) if number % 2 else (other, THIS))}
        pairs.append((taken[THIS], taken[other]))
    return {
        "what": name,
        "this": round(statistics.median(ours for ours, _ in pairs), 2),
        "other": round(statistics.median(theirs for _, theirs in pairs), 2),
        "this : other": round(statistics.median(ours / theirs for ours, theirs in pairs), 2),
    }
