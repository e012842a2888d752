"""The page for operators has every error there is, with the words that the code has for it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from clockify_dagster import errors
from clockify_dagster.api import sessions, transport
from clockify_dagster.cli import home
from clockify_dagster.defs import io_manager
from clockify_dagster.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
GROUPS = {errors.ClockifyDagsterError, errors.ApiError, errors.WarehouseError}
ALL = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.ClockifyDagsterError)
]


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in GROUPS])
def test_each_error_has_its_line_which_says_whether_it_may_go_away(kind: type[errors.ClockifyDagsterError]) -> None:
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{kind.__name__}` |")]
    assert line.endswith("| yes |" if kind.can_retry else "| no |")


@pytest.mark.parametrize("kind", ALL)
def test_each_error_is_in_the_tree_at_the_top_of_its_module(kind: type[errors.ClockifyDagsterError]) -> None:
    assert re.search(rf"[ ─]{kind.__name__}\b", errors.__doc__ or "")


def test_the_limits_are_those_of_the_code() -> None:
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    assert f"| {defaults['timeout_seconds']} s | `CLOCKIFY_TIMEOUT_SECONDS`" in PAGE
    assert f"| {defaults['lock_timeout_seconds']} s | `CLOCKIFY_LOCK_TIMEOUT_SECONDS`" in PAGE
    assert f"| {defaults['max_wait_seconds'] // 3600} h | `CLOCKIFY_MAX_WAIT_SECONDS`" in PAGE
    assert f"| {sessions.WHOLE_ANSWER} times that" in PAGE
    pauses = f"from {transport.FIRST_PAUSE} s, doubled each time, {transport.LONGEST_PAUSE:g} s at most"
    assert f"| {transport.MAX_TRIES}, with pauses {pauses}" in PAGE
    assert f"| {transport.TRIES_WHEN_DOWN}, until one gets through" in PAGE
    assert f"| {transport.LONGEST_TRYING / 60:g} min, or 3 times" in PAGE
    assert f"written them meanwhile | {io_manager.MOST_CONFLICTS} times |" in PAGE
    assert f"opens Dagster's history | {home.LONGEST_WAIT_SECONDS} s |" in PAGE


def texts_of_the_code() -> str:
    """All texts in the package, values that are put into them left out."""
    texts = []
    for module in Path(errors.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "..." for part in node.values]
                texts.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return "\n".join(texts)


def test_every_message_that_the_page_quotes_is_one_that_the_code_says() -> None:
    table = PAGE.partition("| error | you read |")[2].partition("\n\n")[0]
    quoted = [text for line in table.splitlines()[2:] for text in re.findall(r"`([^`]+)`", line.split(" | ")[1])]
    assert len(quoted) > 20
    said = texts_of_the_code()
    parts = [part.strip() for text in quoted for part in re.split(r"\.\.\.|\d{3}", text)]
    assert [part for part in parts if part not in said] == []
    assert "`This is a bug in clockify_dagster`" in PAGE
    assert "This is a bug in clockify_dagster" in said


def test_every_test_that_the_page_names_exists() -> None:
    modules = [path.read_text(encoding="utf-8") for path in Path(__file__).parents[1].rglob("test_*.py")]
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 10
    assert [name for name in named if not any(f"def {name}(" in module for module in modules)] == []


def test_every_variable_that_the_page_names_exists() -> None:
    known = {f"CLOCKIFY_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"CLOCKIFY_[A-Z_]*[A-Z]", PAGE)) <= known
