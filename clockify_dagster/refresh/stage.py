"""Staging the page that an answer holds."""

from __future__ import annotations

from clockify_dagster.api import Answer
from clockify_dagster.errors import UnreadableAnswerError
from clockify_dagster.warehouse import PageSource, PageStaging
from clockify_dagster.warehouse.page_reader import PageRows


def stage_page(staging: PageStaging, answer: Answer, source: PageSource | None = None) -> PageRows:
    """Stage a page as it was received; gives its rows.

    Raises `UnreadableAnswerError`, which lets the transport ask again, and `ContractError`.
    """
    try:
        return staging.add(answer.body, source)
    except ValueError as error:
        raise UnreadableAnswerError(f"{answer.endpoint}: {error}.", endpoint=answer.endpoint, status=200) from None
