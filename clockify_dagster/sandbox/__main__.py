"""`python -m clockify_dagster.sandbox`: the agency, served in the foreground until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from threading import Event

from .seed import make_agency
from .server import Sandbox


def serve(port: int = 8765, latency: float = 0.0, seed: int = 7) -> int:
    """Serve the made-up agency until Ctrl-C; 0 then, 2 when the port is taken."""
    account = make_agency(seed=seed)
    account.latency_seconds = latency
    sandbox = Sandbox(account, port=port)
    try:
        sandbox.start()
    except OSError as error:
        sys.stderr.write(f"Cannot serve on port {port}: {error.strerror}. Choose another with --port.\n")
        return 2
    lines = [
        "A made-up Clockify account is served here; Ctrl-C ends it.",
        "",
        f"export CLOCKIFY_API_URL={sandbox.api_url}",
        f"export CLOCKIFY_REPORTS_URL={sandbox.reports_url}",
        f"export CLOCKIFY_API_KEY={sandbox.api_key}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    try:
        Event().wait()
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    finally:
        sandbox.stop()
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m clockify_dagster.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8765, help="the port to serve on (8765)")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds every answer waits (0)")
    parser.add_argument("--seed", type=int, default=7, help="another number makes other hours (7)")
    given = parser.parse_args(arguments)
    return serve(given.port, given.latency, given.seed)


if __name__ == "__main__":
    sys.exit(main())
