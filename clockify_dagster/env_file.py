"""The file `.env` in the working directory, which holds what the environment does not."""

from __future__ import annotations

from pathlib import Path

from dotenv import dotenv_values

ENV_FILE = ".env"
ENCODING = "utf-8-sig"  # UTF-8, with or without the byte order mark that editors on Windows put first


def env_file() -> dict[str, str | None]:
    """Its variables; none where it cannot be read, which `Settings.load` reports."""
    try:
        return dotenv_values(ENV_FILE, encoding=ENCODING) if Path(ENV_FILE).is_file() else {}
    except (OSError, UnicodeDecodeError):
        return {}
