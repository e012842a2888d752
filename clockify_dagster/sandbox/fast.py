"""`python -m clockify_dagster.sandbox.fast`: a workspace of millions of entries, served as fast as a socket takes them.

For measuring loads, not for tests: it knows what a first load asks for and nothing else, keeps no account, and breaks
nothing on purpose. All entries have the same length, so a page is a slice of a block of bytes; every user has the same
entries, but for the ids that are written over.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import numpy.typing as npt

from . import documents
from .times import iso_duration, query_clock, written

KEY = "sandbox-key"
WORKSPACE = "64c0ffee" + "f" * 16
PROJECTS, TAGS, CLIENTS = 60, 20, 25
STEP = timedelta(minutes=30)
_USER = "u" * 12  # stands for a user's number until a page is cut; letters that no id has
_ROOM = "~"  # where a description is made longer until all entries have one length


class Block:
    """The entries of one user, newest first, a comma behind each."""

    def __init__(self, entries: int, end: datetime) -> None:
        """Make so many entries of half an hour, back to back up to `end`."""
        self._end = end
        texts = [_text(number, end - (number + 1) * STEP) for number in range(entries)]
        width = max(map(len, texts))
        padded = [text.replace(_ROOM, "." * (width + 1 - len(text))) for text in texts]
        self._ids = [found.start() for found in re.finditer(_USER, padded[0])]
        self._rows = np.frombuffer("".join(padded).encode(), np.uint8).reshape(entries, width)

    def page(self, user: int, start: datetime | None, end: datetime | None, skip: int, take: int) -> tuple[bytes, bool]:
        """A page of a user's entries in a window as JSON, and whether it is the last one."""
        newest = 0 if end is None else max(0, (self._end - end) // STEP)
        oldest = len(self._rows) if start is None else min(len(self._rows), (self._end - start) // STEP)
        first = newest + skip
        last = min(first + take, oldest)
        if first >= last:
            return b"[]", True
        rows: npt.NDArray[np.uint8] = self._rows[first:last].copy()
        digits = np.frombuffer(_number(user).encode(), np.uint8)
        for place in self._ids:
            rows[:, place : place + len(_USER)] = digits
        rows[-1, -1] = ord("]")
        return b"[" + rows.tobytes(), last >= oldest


def _number(user: int) -> str:
    return f"{user:0{len(_USER)}d}"


def _user_id(user: int | str) -> str:
    return f"64c0ffee0000{_number(user) if isinstance(user, int) else user}"


def _thing_id(kind: int, number: int) -> str:
    return f"64c0ffee{kind:04x}{number:012x}"


def _text(number: int, start: datetime) -> str:
    """An entry as JSON: two of three have tags, half of them a rate, nine of ten a project."""
    entry = documents.entry(f"{number:012x}{_USER}", WORKSPACE, _user_id(_USER))
    entry["description"] = f"Meeting and review of item {number % 977}{_ROOM}"
    entry["tagIds"] = [_thing_id(1, (number + each) % TAGS) for each in range(number % 3)]
    entry["projectId"] = _thing_id(2, number % PROJECTS) if number % 10 else None
    entry["billable"] = number % 2 == 0
    entry["hourlyRate"] = documents.rate(10500) if number % 2 == 0 else None
    seconds = int(STEP.total_seconds())
    entry["timeInterval"] = {
        "start": written(start), "end": written(start + STEP), "duration": iso_duration(seconds)
    }  # fmt: skip
    # the ids that are written over stand before whatever has another length in another entry
    ids_first = {key: entry[key] for key in ("id", "userId", *entry)}
    return json.dumps(ids_first, separators=(",", ":")) + ","


def _lists(users: int) -> dict[str, list[Any]]:
    """The lists of the workspace but for entries, by the last step of their path; each fits on one page."""
    people = [documents.user(_user_id(n), f"User {n}", "ACTIVE", "UTC") for n in range(users)]
    for person in people:
        person["memberships"] = [documents.membership(person["id"], WORKSPACE, "WORKSPACE")]
    return {
        "workspaces": [documents.workspace(WORKSPACE, "Large", "PRO", _thing_id(9, 0))],
        "users": people,
        "clients": [documents.client(_thing_id(3, n), WORKSPACE, f"Client {n}") for n in range(CLIENTS)],
        "projects": [
            {**documents.project(_thing_id(2, n), WORKSPACE, f"Project {n}"), "tasks": []} for n in range(PROJECTS)
        ],
        "tags": [documents.tag(_thing_id(1, n), WORKSPACE, f"Tag {n}") for n in range(TAGS)],
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

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, bytes, bool]:
        """Status, body and whether it is the last page."""
        steps = path.strip("/").split("/")
        if steps[-1] in self.lists:
            return 200, self.lists[steps[-1]], True
        if steps[-1] == "time-entries" and len(steps) == 7:
            size = int(query.get("page-size", "50"))
            skip = (int(query.get("page", "1")) - 1) * size
            body, is_last = self.block.page(
                int(steps[-2][-len(_USER) :]), _clock(query, "start"), _clock(query, "end"), skip, size
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
