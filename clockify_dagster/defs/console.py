"""What a run shows on the terminal of the command: our own lines, not Dagster's events."""

from __future__ import annotations

import logging
import sys

from dagster import InitLoggerContext, logger

# Dagster says of each step that it is not tried; the command tells in the end which tables are missing, and why.
_NOT_TRIED = "Dependencies for step "


class _OurLines(logging.Filter):
    """Lets through what our code logged; Dagster's events carry an event with them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to show the record; its text is shortened to what was logged."""
        meta = getattr(record, "dagster_meta", None) or {}
        said = str(meta.get("orig_message", record.getMessage()))
        if meta.get("dagster_event") is not None or said.startswith(_NOT_TRIED):
            return False
        record.msg, record.args = said, ()
        return True


@logger({}, description="Progress in plain lines, as `clockify-dagster sync` prints it.")
def progress(context: InitLoggerContext) -> logging.Logger:
    """A logger that writes to stderr, with the time of day in front of each line."""
    del context
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    handler.addFilter(_OurLines())
    made = logging.Logger("clockify_dagster.progress", logging.INFO)
    made.addHandler(handler)
    return made
