"""What was measured, as docs/performance.md and its picture. The text around the numbers stands in a template there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Shape, Taken
from benchmarks.phases import LISTING, WRITING

BEGIN, END = "<!-- measured by make bench -->", "<!-- end of what was measured -->"
_BARS = {"floor": ("plain script", "#9aa5b1"), "run": ("run", "#3e7cb1"), "command": ("whole command", "#1f4e79")}


def write_report(
    docs: Path,
    *,
    about: str,
    load: float,
    ceiling: float,
    requests: Sequence[tuple[Shape, int]],
    speed: Sequence[dict[str, Any]],
    sizes: Sequence[dict[str, Any]],
    phases: Taken,
) -> None:
    """Put the numbers between the marks of the page, and draw the picture."""
    lines = [
        f"Measured on {about} Load of the machine meanwhile: {load:.1f}.",
        "",
        f"The sandbox alone serves {ceiling:,.0f} entries a second to a client that throws them away.",
        "",
        "### Requests of a first sync, on the free plan",
        "",
        *_table(
            ["users", "entries each", "computed minimum", "sent"],
            [[shape.users, f"{shape.entries:,}", shape.least_requests, sent] for shape, sent in requests],
        ),
        "",
        "### Seconds, beside the plain script",
        "",
        *_table(
            [
                *("entries", "ms a request", "our tables"),
                *("plain script", "run", "whole command", "run : script", "command : script"),
            ],
            [
                [
                    f"{each['rows']:,}", f"{each['latency'] * 1000:.0f}", each["tables"], f"{each['floor']:.2f}",
                    f"{each['run']:.2f}", f"{each['command']:.2f}",
                    f"{each['run_ratio']:.2f}", f"{each['command_ratio']:.2f}",
                ]
                for each in speed
            ],
        ),
        "",
        "![Seconds by entries and latency](images/performance.svg)",
        "",
        "### Memory",
        "",
        *_table(
            ["entries", "peak memory, MB", "to the smallest", "entries a second"],
            [
                [
                    f"{each['rows']:,}", f"{each['peak_mb']:.0f}", f"{each['peak_mb'] / sizes[0]['peak_mb']:.2f}",
                    f"{each['rows_a_second']:,.0f}",
                ]
                for each in sizes
            ],
        ),
        "",
        "### Where the time goes",
        "",
        f"{phases.seconds:.1f} s for the command, {phases.run_seconds:.1f} s of them from the run's start to its end.",
        "",
        *_table(["part", "seconds"], [[name, f"{spent:.2f}"] for name, spent in _parts(phases).items()]),
    ]  # fmt: skip
    page = docs / "performance.md"
    text = page.read_text()
    measured = f"{BEGIN}\n" + "\n".join(lines) + f"\n{END}"
    page.write_text(re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: measured, text, flags=re.DOTALL))
    (docs / "images").mkdir(exist_ok=True)
    (docs / "images" / "performance.svg").write_text(picture(speed))


def _parts(taken: Taken) -> dict[str, float]:
    """The parts, and what is left of the run and of the command: Dagster, the other tables, the checks; the start."""
    parts = dict(taken.phases or {})
    whole = parts.pop("all", taken.seconds)
    rest = taken.run_seconds - parts.get(LISTING, 0.0) - parts.get(WRITING, 0.0)
    return {
        **parts,
        "the rest of the run: Dagster, the reference tables, the checks": rest,
        "the rest of the command: start, Dagster's history, the table that is printed": whole - taken.run_seconds,
    }


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    lines = [f"| {' | '.join(map(str, row))} |" for row in (head, *rows)]
    return [lines[0], "|" + "---|" * len(head), *lines[1:]]


def picture(speed: Sequence[dict[str, Any]]) -> str:
    """Bars, three for each measurement."""
    width, bar, gap, left = 760, 16, 22, 210
    scale = (width - left - 70) / max(each[key] for each in speed for key in _BARS)
    parts, top = [], 40
    for place, (label, colour) in enumerate(_BARS.values()):
        parts.append(f'<rect x="{left + place * 150}" y="12" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{left + 18 + place * 150}" y="22">{label}</text>')
    for each in speed:
        what = f"{each['rows']:,} entries, {each['latency'] * 1000:.0f} ms, {each['tables']}"
        parts.append(f'<text x="8" y="{top + 29}">{what}</text>')
        for key, (_, colour) in _BARS.items():
            length = each[key] * scale
            parts.append(f'<rect x="{left}" y="{top}" width="{length:.1f}" height="{bar - 2}" fill="{colour}"/>')
            parts.append(f'<text x="{left + length + 5:.1f}" y="{top + 11}">{each[key]:.1f} s</text>')
            top += bar
        top += gap
    size = f'width="{width}" height="{top}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    return "\n".join([head, f'<rect width="{width}" height="{top}" fill="white"/>', *parts, "</svg>"]) + "\n"
