"""How a destination is written that is no file: a lake, with the place of its data, and MotherDuck."""

from __future__ import annotations

import os
import re
from pathlib import Path

LAKE, MOTHERDUCK = "ducklake:postgres:", "md:"
"""How the address of a destination begins that is no file's path."""

# a password in a URL may hold any character, though it should not
_PASSWORD = re.compile(r"password\s*=|://[^@]*:[^@]*@", re.IGNORECASE)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_PATTERN = "*?[]"  # the folder is part of what is searched for files


def is_address(database: object) -> bool:
    """Whether it names a destination that is no file."""
    return str(database).startswith((LAKE, MOTHERDUCK))


def checked_address(address: str, lake_path: str | None) -> str:
    """An address without a password, since it is shown; a lake's data has a place too. Raises `ValueError`."""
    if address.startswith(LAKE) and not lake_path:
        raise ValueError("a lake needs a place for its data; set CLOCKIFY_LAKE_PATH as well")
    if _PASSWORD.search(address):
        raise ValueError(
            "there is a password in it, which would be shown; write it into PGPASSWORD (and an @ in a name as %40)"
        )
    rest = address.removeprefix(LAKE).removeprefix(MOTHERDUCK).strip()
    if not rest:
        raise ValueError("it does not say which database")
    if address.startswith(MOTHERDUCK) and not re.fullmatch(r"\w+", rest):
        raise ValueError("a name has letters, digits, underscores")
    return address


def checked_lake_path(path: str) -> str:
    """A folder, as a whole path, or a place in an S3 bucket; with a slash at its end. Raises `ValueError`."""
    if path.startswith("s3://"):
        if not re.fullmatch(r"s3://[^/?#@*\[\]]+(/[^?#*\[\]]*)?", path):
            raise ValueError("it is written s3://bucket/folder")
        return path.rstrip("/") + "/"
    if _URL.match(path):
        raise ValueError("it must be a folder's path, or begin with s3://")
    if "\0" in path:
        raise ValueError("a path cannot hold a NUL character")
    folder = Path(path).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise ValueError("it is not a folder")
    found = sorted(set(_PATTERN) & set(str(folder)) - {os.sep})
    if found:
        raise ValueError(f"a lake cannot have {' or '.join(found)} in its path, and the whole path is {folder}")
    return f"{str(folder).rstrip(os.sep)}/"
