"""`make demo`: the made-up account, loaded by a real run, and a few questions that an analyst would ask of it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from tabulate import tabulate

from clockify_dagster.sandbox import Sandbox, make_agency

DATABASE = Path("data/demo.duckdb")
HOME = Path(".dagster-demo")
ZONE = "Europe/Belgrade"

QUESTIONS = {
    "Hours by project and month, the last three months": """
        SELECT coalesce(c.name, '(internal)') AS client, p.name AS project, strftime(e.timeinterval_start, '%Y-%m') AS
               month, round(sum(epoch(e.timeinterval_end - e.timeinterval_start)) / 3600, 1) AS hours
        FROM clockify_timeentries e
        JOIN clockify_projects p ON p.id = e.projectid
        LEFT JOIN clockify_clients c ON c.id = p.clientid
        WHERE e.timeinterval_start >= date_trunc('month', current_date) - INTERVAL 2 MONTH
        GROUP BY ALL ORDER BY month DESC, hours DESC LIMIT 12""",
    "Who worked how much this month and the last, billable or not": """
        SELECT u.name AS who, u.status AS account, strftime(e.timeinterval_start, '%Y-%m') AS month,
               round(sum(epoch(e.timeinterval_end - e.timeinterval_start)) FILTER (WHERE e.billable) / 3600, 1) AS
               billable, round(sum(epoch(e.timeinterval_end - e.timeinterval_start)) / 3600, 1) AS hours
        FROM clockify_timeentries e JOIN clockify_users u ON u.id = e.userid
        WHERE e.timeinterval_start >= date_trunc('month', current_date) - INTERVAL 1 MONTH
        GROUP BY ALL ORDER BY month DESC, hours DESC LIMIT 12""",
    "What to bill, by client and currency, at the rate of each entry": """
        SELECT coalesce(c.name, '(internal)') AS client, e.hourlyrate__currency AS currency,
               round(sum(epoch(e.timeinterval_end - e.timeinterval_start) / 3600 * e.hourlyrate__amount / 100), 2) AS
        amount FROM clockify_timeentries e
        JOIN clockify_projects p ON p.id = e.projectid
        LEFT JOIN clockify_clients c ON c.id = p.clientid
        WHERE e.billable GROUP BY ALL HAVING amount > 0 ORDER BY amount DESC""",
    "The most used tags (entries may still name tags that were deleted)": """
        SELECT coalesce(t.name, 'deleted: ' || et.tag_id) AS tag, count(*) AS entries
        FROM clockify_timeentries__tags et LEFT JOIN clockify_tags t ON t.id = et.tag_id
        GROUP BY ALL ORDER BY entries DESC LIMIT 6""",
}


def main() -> int:
    """Serve the sandbox, sync from it and ask; with `--ui` start Dagster's UI instead. Gives the exit code."""
    with Sandbox(make_agency(timezone=ZONE)) as sandbox:
        environment = {**os.environ, **_variables(sandbox)}
        if "--ui" in sys.argv[1:]:
            return _run("dagster", "dev", "--workspace", "workspace.yaml", "--host", "127.0.0.1", env=environment)
        DATABASE.unlink(missing_ok=True)
        _say(
            f"A made-up Clockify account is served on {sandbox.origin}. Loading it, as `clockify-dagster sync` does:\n"
        )
        code = _run("clockify-dagster", "sync", "--integral", env=environment)
    if code == 0:
        _ask()
    return code


def _variables(sandbox: Sandbox) -> dict[str, str]:
    return {
        "CLOCKIFY_API_URL": sandbox.api_url,
        "CLOCKIFY_REPORTS_URL": sandbox.reports_url,
        "CLOCKIFY_API_KEY": sandbox.api_key,
        "CLOCKIFY_WORKSPACES": "",
        "CLOCKIFY_DATABASE": str(DATABASE),
        "CLOCKIFY_TIMEZONE": ZONE,
        "CLOCKIFY_START_DATE": (datetime.now(ZoneInfo(ZONE)) - timedelta(days=150)).date().isoformat(),
        "CLOCKIFY_REQUESTS_PER_SECOND": "50",
        "DAGSTER_HOME": str(HOME.absolute()),
    }


def _run(program: str, *arguments: str, env: dict[str, str]) -> int:
    """Run a program of this environment; Ctrl-C ends it, and then us."""
    command = [str(Path(sys.executable).parent / program), *arguments]
    try:
        return subprocess.run(command, env=env, check=False).returncode  # noqa: S603 - a program of our own
    except KeyboardInterrupt:
        return 0


def _ask() -> None:
    with duckdb.connect(str(DATABASE), read_only=True) as connection:
        connection.execute(f"SET TimeZone = '{ZONE}'")
        for question, sql in QUESTIONS.items():
            answer = connection.execute(sql)
            names = [column[0] for column in answer.description or []]
            _say(f"\n{question}\n\n{tabulate(answer.fetchall(), names, tablefmt='simple')}")
    _say(
        f"\nAll of it is in {DATABASE}; ask your own questions with pandas or the DuckDB command line.\n"
        "See the run, the tables and the checks in Dagster's UI: `make demo-ui`, then open http://127.0.0.1:3000\n"
        "Load your own account: put CLOCKIFY_API_KEY=... into a file .env here, then `make sync`."
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
