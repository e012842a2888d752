"""Staging the page that an answer holds."""

from __future__ import annotations

from clockify_dagster.api import Answer, documents_of
from clockify_dagster.errors import UnreadableAnswerError
from clockify_dagster.warehouse import PageSource, PageStaging
from clockify_dagster.warehouse.page_reader import PageRows


def stage_page(staging: PageStaging, answer: Answer, source: PageSource | None = None) -> PageRows:
    """Stage a page as it was received; gives its rows.

    Raises `UnreadableAnswerError`, which lets the transport ask again, and `ContractError`.
    """
    envelope = "" if source is None else source.envelope
    try:
        rows = staging.add(answer.body, source)
    except ValueError as error:
        documents_of(answer, envelope)  # which says it in better words where it holds no documents at all
        raise UnreadableAnswerError(f"{answer.endpoint}: {error}.", endpoint=answer.endpoint, status=200) from None
    if not len(rows):
        documents_of(answer, envelope)  # for DuckDB, a list that is not there is one without rows
    return rows
