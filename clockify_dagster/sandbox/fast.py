"""`python -m clockify_dagster.sandbox.fast`: a workspace of millions of entries, served as fast as a socket takes them.

For measuring loads, not for tests: it knows what a first load asks for and nothing else, keeps no account, and breaks
nothing on purpose. What it does not know, reports and the change feed among it, answers 403. A page is a slice of a
block of bytes: every user has the same entries, but for the user's number within the ids, which is put in when a page
is asked for. Entries are as large as those of a paid plan with custom fields, about a kilobyte each.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import accumulate
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from . import documents, paid_documents
from .times import iso_duration, query_clock, written

KEY = "sandbox-key"
WORKSPACE = "64c0ffee" + "f" * 16
PROJECTS, TAGS, CLIENTS = 60, 20, 25
STEP = timedelta(minutes=30)
DESCRIPTIONS = [
    "Meeting and review",
    "Call with the client about the second round of wireframes, then the list of what is open",
    "Überarbeitung der Startseite nach Rückmeldung",
    "Fixed the basket that forgets its items when somebody signs in on a second device 🛒",
    'Answered "when is it done?" again; wrote the estimate down where everybody can see it',
    "Deployed to staging",
    "ロゴ案の修正とクライアントへの送付",
    "",
]
CUSTOM_FIELDS: list[tuple[str, list[object]]] = [
    ("Order number", ["PO-2026-004711", "PO-2026-004712", "Internal, no order", None]),
    ("Phase of the project", [["Phase 1"], ["Phase 1", "Phase 2"], []]),
    ("Reviewed by", ["Ana Petrović", "Łukasz Żółkiewski", None]),
    ("Kilometres", [12, 0, 7.5, None]),
]
FEATURES = ["TIME_TRACKING", "CUSTOM_FIELDS"]  # of those that have lists, what is served here
_USER = "~" * 12  # stands for a user's number until a page is cut; nothing else in an entry looks like it
_PLACE = _USER.encode()


class Block:
    """The entries of one user, newest first, each with a comma before it, and a comma behind the last."""

    def __init__(self, entries: int, end: datetime) -> None:
        """Make so many entries of half an hour, back to back up to `end`."""
        self._end = end
        rows = [_row(number, end - (number + 1) * STEP) for number in range(entries)]
        self._starts = [0, *accumulate(map(len, rows))]
        self._bytes = memoryview(b"".join(rows) + b",")
        self._places = np.array([found.start() for found in re.finditer(_PLACE, self._bytes)], np.intp)

    def page(
        self, user: int, start: datetime | None, end: datetime | None, *, skip: int, take: int
    ) -> tuple[bytes | bytearray, bool]:
        """A page of a user's entries in a window as JSON, and whether it is the last one."""
        entries = len(self._starts) - 1
        newest = 0 if end is None else max(0, (self._end - end) // STEP)
        oldest = entries if start is None else min(entries, (self._end - start) // STEP)
        first = newest + skip
        last = min(first + take, oldest)
        if first >= last:
            return b"[]", True
        begin, stop = self._starts[first], self._starts[last]
        rows = bytearray(self._bytes[begin : stop + 1])
        rows[0], rows[-1] = b"[]"
        # every twelve bytes in a row, wherever they begin: so all numbers are written by one assignment
        twelve = np.ndarray((len(rows) - len(_PLACE) + 1,), f"V{len(_PLACE)}", rows, strides=(1,))
        low, high = np.searchsorted(self._places, (begin, stop))
        twelve[self._places[low:high] - begin] = np.void(_number(user).encode())
        return rows, last >= oldest


def _number(user: int) -> str:
    return f"{user:0{len(_USER)}d}"


def _user_id(user: int | str) -> str:
    return f"64c0ffee0000{_number(user) if isinstance(user, int) else user}"


def _thing_id(kind: int, number: int) -> str:
    return f"64c0ffee{kind:04x}{number:012x}"


def _row(number: int, start: datetime) -> bytes:
    """A comma and an entry as JSON: most have a project, a task, tags, rates and values of custom fields."""
    entry = documents.entry(f"{number:012x}{_USER}", WORKSPACE, _user_id(_USER))
    entry["description"] = f"{DESCRIPTIONS[number % len(DESCRIPTIONS)]} (item {number % 977})"
    entry["tagIds"] = [_thing_id(1, (number + each) % TAGS) for each in range(number % 3)]
    entry["projectId"] = _thing_id(2, number % PROJECTS) if number % 10 else None
    entry["taskId"] = _thing_id(5, number % PROJECTS) if number % 5 else None
    entry["kioskId"] = _thing_id(6, 0) if number % 50 == 0 else None
    entry["billable"] = number % 2 == 0
    entry["isLocked"] = number > 2000
    entry["hourlyRate"] = documents.rate(10500) if number % 2 == 0 else None
    entry["costRate"] = documents.rate(6200)
    entry["timeInterval"] = {
        "start": written(start), "end": written(start + STEP), "duration": iso_duration(int(STEP.total_seconds()))
    }  # fmt: skip
    entry["customFieldValues"] = [
        documents.custom_field_value(entry["id"], _thing_id(7, each), name, values[number % len(values)])
        for each, (name, values) in enumerate(CUSTOM_FIELDS[: (4, 4, 3, 4, 4, 4, 0)[number % 7]])
    ]
    return b"," + json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode()


def _lists(users: int) -> dict[str, list[Any]]:
    """The lists of the workspace but for entries, by the last step of their path; each fits on one page."""
    people = [documents.user(_user_id(n), f"User {n}", "ACTIVE", "UTC") for n in range(users)]
    for person in people:
        person["memberships"] = [documents.membership(person["id"], WORKSPACE, "WORKSPACE")]
    return {
        "workspaces": [{**documents.workspace(WORKSPACE, "Large", "PRO", _thing_id(9, 0)), "features": FEATURES}],
        "users": people,
        "clients": [documents.client(_thing_id(3, n), WORKSPACE, f"Client {n}") for n in range(CLIENTS)],
        "projects": [
            {
                **documents.project(_thing_id(2, n), WORKSPACE, f"Project {n}"),
                "tasks": [documents.task(_thing_id(5, n), _thing_id(2, n), f"Task {n}")],
            }
            for n in range(PROJECTS)
        ],
        "tags": [documents.tag(_thing_id(1, n), WORKSPACE, f"Tag {n}") for n in range(TAGS)],
        "custom-fields": [
            paid_documents.custom_field(_thing_id(7, n), WORKSPACE, name, kind="TXT", entity_type="TIMEENTRY")
            for n, (name, _) in enumerate(CUSTOM_FIELDS)
        ],
        "user-groups": [documents.group(_thing_id(4, 0), WORKSPACE, "Everybody")],
    }


class FastSandbox(ThreadingHTTPServer):
    """The server; `serve_forever()` serves."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, users: int, entries: int, latency: float) -> None:
        """Make ready so many users with so many entries each; every answer waits for `latency` seconds."""
        midnight = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
        self.block = Block(entries, midnight)
        self.latency = latency
        self.lists = {name: json.dumps(found).encode() for name, found in _lists(users).items()}
        super().__init__(("127.0.0.1", port), _Handler)

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, bytes | bytearray, bool]:
        """Status, body and whether it is the last page."""
        steps = path.strip("/").split("/")
        if steps[-1] in self.lists:
            return 200, self.lists[steps[-1]], True
        if steps[-1] == "time-entries" and len(steps) == 7:
            size = int(query.get("page-size", "50"))
            skip = (int(query.get("page", "1")) - 1) * size
            body, is_last = self.block.page(
                int(steps[-2][-len(_USER) :]), _clock(query, "start"), _clock(query, "end"), skip=skip, take=size
            )
            return 200, body, is_last
        if steps[-1] == "in-progress":
            return 200, b"[]", True
        return 403, b'{"message": "Access Denied", "code": 403}', True


def _clock(query: dict[str, str], name: str) -> datetime | None:
    clock = query_clock(query[name]) if name in query else None
    return clock and clock.replace(tzinfo=timezone.utc)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FastSandbox

    def do_GET(self) -> None:
        if self.server.latency:
            time.sleep(self.server.latency)
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        status, body, is_last = self.server.answer(parts.path, query)
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Page", "true" if is_last else "false")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Be quiet."""


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and serve until killed; the first line on stdout is the address of the core API."""
    parser = argparse.ArgumentParser(prog="python -m clockify_dagster.sandbox.fast", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port to serve on (0: a free one)")
    parser.add_argument("--users", type=int, default=40, help="how many users (40)")
    parser.add_argument("--entries", type=int, default=2500, help="how many entries each of them has (2500)")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds every answer waits (0)")
    given = parser.parse_args(arguments)
    server = FastSandbox(given.port, given.users, given.entries, given.latency)
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}/api/v1\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
