"""What `clockify-dagster sync` shows on the terminal during a run: our own log lines, not Dagster's events."""

from __future__ import annotations

import logging
import sys

from dagster import InitLoggerContext, logger

from clockify_dagster.progress import COVERED, is_watched

# Dagster logs that it skips a step; the command lists the missing tables and the reasons at its end.
_SKIPPED_STEP = "Dependencies for step "


def _is_shown(record: logging.LogRecord) -> bool:
    """Whether the project's code logged it, and no bar says the same; its text becomes what was logged, without the
    run's name."""
    meta = getattr(record, "dagster_meta", None) or {}
    record.msg, record.args = str(meta.get("orig_message", record.getMessage())), ()
    is_ours = meta.get("dagster_event") is None and not record.msg.startswith(_SKIPPED_STEP)
    return is_ours and not (is_watched() and COVERED.keys() <= record.__dict__.keys())


@logger({}, description="Progress in plain lines, as `clockify-dagster sync` prints it.")
def progress(context: InitLoggerContext) -> logging.Logger:
    """A logger that writes to stderr, with the time of day in front of each line."""
    del context
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    handler.addFilter(_is_shown)
    made = logging.Logger("clockify_dagster.progress", logging.INFO)
    made.addHandler(handler)
    return made
