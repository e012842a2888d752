from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import requests

from clockify_dagster.api import Transport
from clockify_dagster.api.clock import Clock
from clockify_dagster.sandbox import Sandbox

Make = Callable[..., Transport]


def test_connections_are_kept_alive_and_shared_by_threads(sandbox: Sandbox, make: Make) -> None:
    made: list[requests.Session] = []

    def session() -> requests.Session:
        made.append(requests.Session())
        return made[-1]

    transport = make(sessions=session)
    for _ in range(5):
        thread = threading.Thread(target=transport.send, args=("GET", f"{sandbox.api_url}/user"))
        thread.start()
        thread.join()
    (only,) = made
    adapter: Any = only.get_adapter(sandbox.api_url)
    (key,) = adapter.poolmanager.pools.keys()
    assert adapter.poolmanager.pools[key].num_connections == 1
    assert transport.requests == 5


def test_one_pace_holds_for_all_threads(sandbox: Sandbox, make: Make) -> None:
    transport = make(requests_per_second=50, clock=Clock())
    threads = [threading.Thread(target=transport.send, args=("GET", f"{sandbox.api_url}/user")) for _ in range(11)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.19 < time.monotonic() - started < 2
