from __future__ import annotations

import ast
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

import clockify_dagster.sandbox
from clockify_dagster.sandbox import Account, Sandbox

Get = Callable[..., requests.Response]
Document = dict[str, Any]


def test_only_loopback_addresses_are_served() -> None:
    for host in ("0.0.0.0", "192.168.1.4"):  # noqa: S104 - what must not be
        with pytest.raises(ValueError, match="loopback"):
            Sandbox(host=host)


def test_requests_are_recorded_without_the_key(sandbox: Sandbox, get: Get) -> None:
    get("tags", {"page": 2, "name": ["a", "b"]})
    get("nothing")
    first, second = sandbox.requests
    assert first.path.endswith("/tags")
    assert first.query == {"page": ["2"], "name": ["a", "b"]}
    assert (first.method, first.status, second.status) == ("GET", 200, 404)
    assert sandbox.api_key not in repr(sandbox.requests)
    assert 0 < first.started <= second.started
    sandbox.reset_requests()
    assert sandbox.requests == []


def test_the_body_of_a_report_is_recorded(sandbox: Sandbox, report: Get) -> None:
    report(timeZone="Asia/Tokyo")
    assert sandbox.requests[0].body["timeZone"] == "Asia/Tokyo"


def test_a_connection_is_kept_alive_and_answers_without_delay(get: Get) -> None:
    get("tags")
    started = time.monotonic()
    for _ in range(25):
        assert get("tags").headers.get("Connection") != "close"
    assert time.monotonic() - started < 0.5


def test_long_answers_are_compressed_for_those_who_accept_it(
    account: Account, workspace: Document, sandbox: Sandbox, session: requests.Session
) -> None:
    for number in range(20):
        account.add_tag(workspace, f"{number}")
    url = f"{sandbox.api_url}/workspaces/{workspace['id']}/tags"
    answers = [
        session.get(url, headers={"X-Api-Key": sandbox.api_key, "Accept-Encoding": accepted}, timeout=5)
        for accepted in ("gzip", "identity")
    ]
    assert [answer.headers.get("Content-Encoding") for answer in answers] == ["gzip", None]
    assert answers[0].json() == answers[1].json()


def test_every_answer_waits_for_the_latency(account: Account, get: Get) -> None:
    account.latency_seconds = 0.05
    assert get("tags").elapsed.total_seconds() >= 0.05


def test_requests_are_answered_side_by_side(account: Account, workspace: Document, sandbox: Sandbox) -> None:
    account.latency_seconds = 0.2
    url = f"{sandbox.api_url}/workspaces/{workspace['id']}"
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: requests.get(url, headers={"X-Api-Key": sandbox.api_key}, timeout=5), range(8))
        )
    assert {answer.status_code for answer in answers} == {200}
    assert time.monotonic() - started < 1


def test_a_stopped_sandbox_refuses_and_starts_again_on_its_port(account: Account) -> None:
    sandbox = Sandbox(account)
    with sandbox:
        address = sandbox.api_url
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=5)
    with sandbox:
        assert sandbox.api_url == address
        assert requests.get(address, timeout=5).status_code == 401


def test_stopping_ends_connections_that_are_kept_alive(account: Account, session: requests.Session) -> None:
    sandbox = Sandbox(account).start()
    session.get(f"{sandbox.api_url}/user", timeout=5)
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        session.get(f"{sandbox.api_url}/user", timeout=5)


def test_text_goes_out_as_utf_8(account: Account, workspace: Document, get: Get) -> None:
    account.add_tag(workspace, "überstunden 🛒")
    assert "überstunden 🛒".encode() in get("tags").content


def test_the_sandbox_imports_the_standard_library_and_itself_only() -> None:
    folder = Path(clockify_dagster.sandbox.__file__).parent
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level < 2, file.name
                names = [] if node.level else [str(node.module)]
            # the fast mode makes a million entries, and numpy makes them quickly
            allowed = sys.stdlib_module_names | ({"numpy"} if file.name == "fast.py" else set())
            assert {name.split(".")[0] for name in names} <= allowed, file.name
