"""`make demo`: the made-up account, loaded by a real run, and a few questions that an analyst would ask of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from clockify_dagster.cli.terminal import table
from clockify_dagster.report import is_installed
from clockify_dagster.sandbox import Sandbox, make_agency

DATABASE = Path("data/demo.duckdb")
REPORT = Path("data/demo_report.html")
HOME = Path(".dagster-demo")
MADE_AT = HOME / "made_at"  # when the account was made that the tables are of, so that the UI has the same one
ZONE = "Europe/Belgrade"
UI = "http://127.0.0.1:3000"

QUESTIONS = Path(__file__).with_name("demo.sql")  # each below the comment that asks it


def main() -> int:
    """Serve the sandbox, sync from it and ask; with `--ui` start Dagster's UI instead. Gives the exit code."""
    only_ui, now = "--ui" in sys.argv[1:], datetime.now(timezone.utc)
    made_at = datetime.fromisoformat(MADE_AT.read_text()) if only_ui and MADE_AT.exists() else now
    with Sandbox(make_agency(timezone=ZONE, made_at=made_at)) as sandbox:
        environment = _environment(sandbox)
        if only_ui:
            _say(f"Dagster's UI starts, which takes a moment. Then open {UI}/assets/clockify_timeentries\n")
            return _serve_ui(environment)
        DATABASE.unlink(missing_ok=True)
        _say(
            f"A made-up Clockify account is served on {sandbox.origin}. Loading it, as `clockify-dagster sync` does:\n"
        )
        code = _run("clockify-dagster", "sync", "--integral", "--launched-by", "demo", env=environment)
    if code == 0:
        MADE_AT.write_text(made_at.isoformat())
        _ask()
        if is_installed():
            _say("\nHours, budgets and money as charts, in one file that needs no network:")
            code = _run("clockify-dagster", "report", "--out", str(REPORT.absolute()), env=environment)
    return code


def _serve_ui(environment: dict[str, str]) -> int:
    from clockify_dagster.cli.home import ensure_home  # which imports Dagster, and that takes seconds

    os.environ.update(environment)
    ensure_home()
    workspace = str(Path("workspace.yaml").absolute())
    return _run("dagster", "dev", "--workspace", workspace, "--host", "127.0.0.1", env=environment)


def _environment(sandbox: Sandbox) -> dict[str, str]:
    """The environment with the settings of the demo in place of your own."""
    others = {name: value for name, value in os.environ.items() if not name.upper().startswith("CLOCKIFY_")}
    return {
        **others,
        "CLOCKIFY_API_URL": sandbox.api_url,
        "CLOCKIFY_REPORTS_URL": sandbox.reports_url,
        "CLOCKIFY_API_KEY": sandbox.api_key,
        "CLOCKIFY_DATABASE": str(DATABASE.absolute()),
        "CLOCKIFY_TIMEZONE": ZONE,
        "CLOCKIFY_START_DATE": (datetime.now(ZoneInfo(ZONE)) - timedelta(days=150)).date().isoformat(),
        "CLOCKIFY_REQUESTS_PER_SECOND": "50",
        "DAGSTER_HOME": str(HOME.absolute()),
    }


def _run(program: str, *arguments: str, env: dict[str, str]) -> int:
    """Run a program of this environment; what would end us ends it, and we wait until it has ended in order."""
    HOME.mkdir(exist_ok=True)
    command = [str(Path(sys.executable).parent / program), *arguments]
    # in a folder without a `.env`, which is for your own account; Dagster would let it win over the environment
    # in a session of its own, so that Ctrl-C reaches it once: from us
    with subprocess.Popen(command, env=env, cwd=HOME, start_new_session=True) as process:  # noqa: S603 - our own
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: process.send_signal(number))
        return process.wait()


def _ask() -> None:
    with duckdb.connect(str(DATABASE), read_only=True) as connection:
        connection.execute(f"SET TimeZone = '{ZONE}'")
        for text in QUESTIONS.read_text(encoding="utf-8").split("\n\n"):
            answer = connection.execute(text)
            names = [column[0] for column in answer.description or []]
            question = text.partition("\n")[0].removeprefix("-- ")
            _say(f"\n{question}\n\n{table(answer.fetchall(), names)}")
    _say(
        f"\nAll of it is in {DATABASE}; ask your own questions with pandas or the DuckDB command line.\n"
        "To see it in Dagster's UI: `make demo-ui`, and then open\n"
        f"  {UI}/assets/clockify_timeentries  the time entries: their columns, days and checks\n"
        f"  {UI}/asset-groups                 all tables, and which depend on which\n"
        f"  {UI}/runs                         the run that loaded them\n"
        "Load your own account: put CLOCKIFY_API_KEY=... into a file .env here, then `make sync`."
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
