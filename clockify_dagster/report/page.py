"""The HTML file: a page with its style, its program, the charts' library and the numbers in it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from clockify_dagster.errors import MissingExtraError
from clockify_dagster.marts import marts_schema
from clockify_dagster.report.data import report_data, text_of
from clockify_dagster.warehouse import Destination

LIBRARY = "vl_convert"
"""The package that brings Vega-Lite, with which the charts are drawn, as JavaScript."""


@dataclass(frozen=True)
class Written:
    """A report that was written.

    Attributes:
        path: the file, absolute.
        size: how large it is, in bytes.
        is_empty: whether there were no hours to show.
    """

    path: Path
    size: int
    is_empty: bool


def is_installed() -> bool:
    """Whether the extra is installed that a report needs."""
    return find_spec(LIBRARY) is not None


def report_path(database: Destination) -> Path:
    """Where the report of a database's tables is by default: beside the file, `clockify_report.html`."""
    return database.folder / f"{marts_schema(database.schema).removesuffix('_marts')}_report.html"


def write_report(database: Destination, path: Path, zone: str) -> Written:
    """Write the report of what is loaded; a file that is there is replaced, all at once.

    `zone` is the account's time zone.

    Raises:
        MissingExtraError: the extra `report` is not installed.
        NotLoadedError: there is no database, or there are no marts in it.
        OSError: the file cannot be written.
    """
    library = _library()  # before the database is held open, since it takes seconds
    with database.reading() as connection:
        report = report_data(connection, zone)
    text = page(report, library).encode()
    path = path.absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")
    try:
        unfinished.write_bytes(text)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return Written(path, len(text), report["is_empty"])


def page(report: dict[str, Any], library: str) -> str:
    """The page as text. What is said in it by users stands in JSON in which no `<` is left to end it."""
    parts = {
        "style": text_of("page.css"),
        "report": json.dumps(report, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        "library": library.replace("</script", "<\\/script"),
        "program": text_of("page.js"),
    }
    return re.sub(r"\{(style|report|library|program)\}", lambda found: parts[found[1]], text_of("page.html"))


def _library() -> str:
    if not is_installed():
        raise MissingExtraError(
            "The report needs the package vl-convert-python, which brings the charts. "
            "Install it: pip install 'clockify_dagster[report]'"
        )
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
