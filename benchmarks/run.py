"""`make bench`: measure, print, and write what was found into docs/performance.md, with a picture.

Ours and the plain script run by turns against one server; what counts is the median of the pairs' ratios. With
`--large` also ten million entries, with `--quick` only one pair of each. With `--against PATH` nothing is written: a
daily sync and two first loads are compared with those of another working copy of the project.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks import against, measure
from benchmarks.measure import Checkout, Shape, Taken
from benchmarks.report import write_report

SMALL, MIDDLE, MILLION = Shape(40, 2_500), Shape(40, 12_500), Shape(40, 25_000)
LARGE = Shape(400, 25_000)
SHAPES = [Shape(1, 100), Shape(5, 300), Shape(40, 50), Shape(2, 4_900), Shape(1, 12_000)]
LATENCIES = [0.0, 0.05, 0.2]


def compare(shape: Shape, latency: float, pairs: int, tables: str = "core") -> dict[str, Any]:
    """Ours against the plain script: medians of seconds, and medians of the pairs' ratios.

    The script loads the core tables, and of the entries some columns.
    """
    both: list[tuple[Taken, Taken]] = []
    with measure.served(shape, latency) as api:
        for _ in range(pairs):
            plain, own = measure.floor(api), measure.ours(api, shape.start, tables=tables)
            both.append((plain, own))
    found = {
        "rows": shape.rows,
        "latency": latency,
        "tables": tables,
        "floor": statistics.median(plain.seconds for plain, _ in both),
        "command": statistics.median(own.seconds for _, own in both),
        "run": statistics.median(own.run_seconds for _, own in both),
        "command_ratio": statistics.median(own.seconds / plain.seconds for plain, own in both),
        "run_ratio": statistics.median(own.run_seconds / plain.seconds for plain, own in both),
        "floor_mb": max(plain.peak_mb for plain, _ in both),
        "our_mb": max(own.peak_mb for _, own in both),
    }
    say(found)
    return found


def memory(shape: Shape) -> dict[str, Any]:
    """Peak memory and rows a second of the run, at no latency."""
    with measure.served(shape, 0.0) as api:
        taken = measure.ours(api, shape.start)
    found = {"rows": shape.rows, "peak_mb": taken.peak_mb, "rows_a_second": shape.rows / taken.run_seconds}
    say(found)
    return found


def say(found: object) -> None:
    """Show what was found."""
    sys.stdout.write(f"{found}\n")
    sys.stdout.flush()


def machine() -> str:
    """What it was measured on, without names."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} processors ({platform.machine()}), {memory_gb:.0f} GB, Python {platform.python_version()}"


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--large", action="store_true", help="ten million entries too: half an hour")
    parser.add_argument("--quick", action="store_true", help="one pair of each, not three")
    parser.add_argument("--against", type=Path, help="another working copy, to be compared with and nothing else")
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="where performance.md goes (docs)")
    given = parser.parse_args()
    pairs = 1 if given.quick else 3
    if given.against:
        other = Checkout(given.against.resolve())
        say(against.daily(other, 2 * pairs))
        for shape in (SMALL, MIDDLE):
            say(against.first_load(other, shape, 0.05, pairs))
        return
    with measure.served(MILLION, 0.0) as api:
        ceiling = measure.ceiling(api, MILLION)
    say({"the sandbox alone, entries a second": ceiling})
    requests = [(shape, measure.requests_of_first_sync(shape)) for shape in SHAPES]
    say([(shape, shape.least_requests, sent) for shape, sent in requests])
    speed = [compare(SMALL, latency, pairs) for latency in LATENCIES]
    speed += [compare(MIDDLE, 0.05, pairs, tables) for tables in ("core", "all")]
    sizes = [memory(shape) for shape in (SMALL, MILLION, *([LARGE] if given.large else []))]
    with measure.served(MIDDLE, 0.05) as api:
        phases = measure.ours(api, MIDDLE.start, instrumented=True)
    say(phases)
    write_report(
        given.docs,
        about=f"{datetime.now(timezone.utc):%Y-%m-%d}, {machine()}; the server ran on the same processors.",
        load=os.getloadavg()[1],
        ceiling=ceiling,
        requests=requests,
        speed=speed,
        sizes=sizes,
        phases=phases,
    )


if __name__ == "__main__":
    main()
