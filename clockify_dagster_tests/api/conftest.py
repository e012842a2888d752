"""An account over a real socket, and a transport whose waits take no time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import trustme

from clockify_dagster.api import Answer, ClockifyClient, Transport
from clockify_dagster.api.clock import Clock
from clockify_dagster.api.pages import documents_of
from clockify_dagster.contract.listing import Listing
from clockify_dagster.sandbox import Account, Sandbox
from clockify_dagster_tests.proxy import HOST, Proxy, proxying, with_certificate

URL = f"https://{HOST}/api/v1/user"  # which only a proxy finds
CLIENTS = Listing("workspaces/{workspace}/clients")
TAGS = Listing("workspaces/{workspace}/tags")
NOW = datetime(2026, 3, 31, 15, tzinfo=timezone.utc)
BEGIN = datetime(2026, 3, 1, tzinfo=timezone.utc)
ZONES = ["Pacific/Pago_Pago", "America/New_York", "UTC", "Asia/Kolkata", "Pacific/Kiritimati"]
Document = dict[str, Any]
Read = Callable[..., list[Document]]


class FakeClock(Clock):
    """Stands still until somebody waits, then jumps there; keeps the waits that were longer than a pace's."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        with self._lock:
            return self.time

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.monotonic() - 1000)

    def wait_until(self, moment: float, is_halted: Callable[[], bool]) -> None:
        with self._lock:
            if moment > self.time and not is_halted():
                self.waits.append(round(moment - self.time, 6))
                self.time = moment


def document_of(answer: Answer) -> Any:
    return answer.document


class Entries:
    """A page of entries as documents: what a reader of entries must tell of a page, said plainly."""

    def __init__(self, answer: Answer) -> None:
        self.documents = documents_of(answer)
        self.ids = [str(document["id"]) for document in self.documents]
        self.starts = [_start_of(document) for document in self.documents]

    def __len__(self) -> int:
        return len(self.documents)

    @property
    def oldest(self) -> datetime | None:
        return min((start for start in self.starts if start is not None), default=None)

    @property
    def is_newest_first(self) -> bool:
        readable = [start for start in self.starts if start is not None]
        return len(readable) == len(self.starts) and readable == sorted(readable, reverse=True)

    def count_until(self, moment: datetime) -> int:
        return sum(start is None or start <= moment for start in self.starts)


def _start_of(document: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(document["timeInterval"]["start"].replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None


@pytest.fixture
def account(clock: FakeClock) -> Account:
    return Account(now=clock.now)


@pytest.fixture
def workspace(account: Account) -> str:
    return str(account.add_workspace("Agency")["id"])


@pytest.fixture
def user(account: Account, workspace: str) -> str:
    return str(account.add_user(workspace, "Ana", email="ana@agency.example")["id"])


@pytest.fixture
def sandbox(account: Account, user: str) -> Iterator[Sandbox]:  # noqa: ARG001 - a key needs somebody to be
    with Sandbox(account) as sandbox:
        yield sandbox


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make(sandbox: Sandbox, clock: FakeClock) -> Iterator[Callable[..., Transport]]:
    """Make a transport; a pace so high that it never shows among the waits."""
    made: list[Transport] = []

    def transport(**options: Any) -> Transport:
        given = {"api_key": sandbox.api_key, "requests_per_second": 1e9, "timeout": 5, "clock": clock}
        made.append(Transport(**{**given, **options}))
        return made[-1]

    yield transport
    for each in made:
        each.close()


@pytest.fixture
def transport(make: Callable[..., Transport]) -> Transport:
    return make()


@pytest.fixture
def client(transport: Transport, sandbox: Sandbox) -> ClockifyClient:
    return ClockifyClient(transport, sandbox.api_url, sandbox.reports_url)


@pytest.fixture
def read(transport: Transport, sandbox: Sandbox, workspace: str, user: str) -> Read:
    def rows(size: int = 10, start: datetime | None = None, end: datetime | None = None) -> list[Document]:
        client = ClockifyClient(transport, sandbox.api_url, page_size=size)
        return [
            row for page in client.entry_pages(workspace, user, Entries, start=start, end=end) for row in page.documents
        ]

    return rows


def ids(rows: list[Document]) -> list[str]:
    """Each id once, where it came first; rows near the border of a page come twice."""
    return list(dict.fromkeys(row["id"] for row in rows))


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A company's own."""
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """The file with its certificate."""
    path = tmp_path / "company certificates.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def clockify(sandbox: Sandbox, authority: trustme.CA) -> Iterator[tuple[str, int]]:
    """The sandbox, with TLS and by another name; only a proxy finds it."""
    with with_certificate(sandbox, authority, HOST) as address:
        yield address


@pytest.fixture
def proxy(clockify: tuple[str, int]) -> Iterator[Proxy]:
    with proxying(clockify) as proxy:
        yield proxy


@pytest.fixture
def ask(make: Callable[..., Transport]) -> Callable[..., object]:
    """Ask for the user, once: the answer, or the error."""

    def send(url: str = URL) -> object:
        return make(timeout=10).send("GET", url, document_of)

    return send
