"""The lower bound: what a plain script needs that loads the same account once, and can do nothing else.

16 threads, orjson, pyarrow, DuckDB. No retries, no pace, no state, no checks of what comes, no Dagster; whatever goes
wrong ends it, and a second run doubles the rows. Prints its seconds and rows as JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import requests

THREADS = 16
PAGE = 5000
LISTS = {
    "clients": {},
    "projects": {"hydrated": "true"},
    "tags": {},
    "user-groups": {},
    "users": {"memberships": "ALL"},
}
TEXTS = {
    "id": "id", "workspaceid": "workspaceId", "description": "description", "taskid": "taskId",
    "projectid": "projectId", "userid": "userId",
}  # fmt: skip

_session = threading.local()


def get(url: str, **params: Any) -> tuple[Any, bool]:
    """A page and whether it is the last; each thread keeps its connection."""
    if not hasattr(_session, "it"):
        _session.it = requests.Session()
        _session.it.headers["X-Api-Key"] = "sandbox-key"
    answer = _session.it.get(url, params={**params, "page-size": PAGE}, timeout=60)
    answer.raise_for_status()
    return orjson.loads(answer.content), answer.headers.get("Last-Page") == "true"


def entries_of(url: str) -> list[tuple[pa.Table, pa.Table]]:
    """All pages of one user as typed columns: the entries and their tags."""
    pages, number, is_last = [], 1, False
    while not is_last:
        documents, is_last = get(url, page=number)
        pages.append(columns(documents))
        number += 1
    return pages


def columns(documents: list[dict[str, Any]]) -> tuple[pa.Table, pa.Table]:
    """Two Arrow tables of a page."""
    intervals = [document["timeInterval"] for document in documents]
    entries = {name: pa.array([document[key] for document in documents], pa.string()) for name, key in TEXTS.items()}
    entries["timeinterval__duration"] = pa.array([interval["duration"] for interval in intervals], pa.string())
    for name, key in (("timeinterval_start", "start"), ("timeinterval_end", "end")):
        texts = pa.array([interval[key] for interval in intervals], pa.string())
        entries[name] = pc.assume_timezone(pc.strptime(texts, "%Y-%m-%dT%H:%M:%SZ", "us"), "UTC")
    for name, key in (("islocked", "isLocked"), ("billable", "billable")):
        entries[name] = pa.array([document[key] for document in documents], pa.bool_())
    pairs = [(document["id"], tag) for document in documents for tag in document["tagIds"]]
    tags = {"timeentry_id": pa.array([one for one, _ in pairs], pa.string()), "tag_id": [tag for _, tag in pairs]}
    return pa.table(entries), pa.table({**tags, "tag_id": pa.array(tags["tag_id"], pa.string())})


def load(api: str, database: str) -> int:
    """Load everything; gives the number of entries."""
    with ThreadPoolExecutor(THREADS) as pool, duckdb.connect(database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        workspace = get(f"{api}/workspaces")[0][0]["id"]
        home = f"{api}/workspaces/{workspace}"
        lists = dict(
            zip(LISTS, pool.map(lambda name: get(f"{home}/{name}", page=1, **LISTS[name])[0], LISTS), strict=True)
        )
        for name, documents in lists.items():
            plain = pa.table({"document": [json.dumps(document) for document in documents]})
            connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM plain')
            del plain
        urls = [f"{home}/user/{user['id']}/time-entries" for user in lists["users"]]
        pages = [page for found in pool.map(entries_of, urls) for page in found]
        for place, name in enumerate(("clockify_timeentries", "clockify_timeentries__tags")):
            table = pa.concat_tables([page[place] for page in pages])
            connection.register("source", table)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM source")
            connection.unregister("source")
        return sum(page[0].num_rows for page in pages)


def main() -> None:
    """Load, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("api")
    parser.add_argument("database")
    given = parser.parse_args()
    began = time.monotonic()
    rows = load(given.api, given.database)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "seconds": round(time.monotonic() - began, 3), "peak_mb": round(peak)}))  # noqa: T201


if __name__ == "__main__":
    main()
