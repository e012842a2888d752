"""The file `.env` in the working directory, which holds what the environment does not."""

from __future__ import annotations

from pathlib import Path

from dotenv import dotenv_values

ENV_FILE = ".env"
ENCODING = "utf-8-sig"  # UTF-8, with or without the byte order mark that editors on Windows put first
UNREADABLE = (
    f"The file {ENV_FILE} in this folder cannot be read: it must be readable text in UTF-8, a line for each variable. "
    "Write for example CLOCKIFY_REGION=euc1"
)


def env_file() -> dict[str, str | None]:
    """Its variables; none where it cannot be read, which `Settings.load` reports."""
    try:
        return dotenv_values(ENV_FILE, encoding=ENCODING) if Path(ENV_FILE).is_file() else {}
    except (OSError, UnicodeDecodeError):
        return {}
