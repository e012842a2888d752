"""How lists are read: page by page, until Clockify says that it was the last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clockify_dagster.api.transport import Answer, Transport
from clockify_dagster.api.wire import Params
from clockify_dagster.errors import UnreadableAnswerError

LARGEST_PAGE = 5000

Documents = list[dict[str, Any]]


def pages(
    transport: Transport, url: str, params: Params | None = None, size: int = LARGEST_PAGE
) -> Iterator[Documents]:
    """The pages of a list, the empty ones left out. Rows may come twice.

    The header `Last-Page: true` ends the list, and so does an empty page; where the header is missing, a page
    that is not full does. When a row is deleted while pages are read, all later ones move up; so each page begins
    within the one before (`overlapping`). Raises `UnreadableAnswerError` where such pages share no row.
    """
    number, before = 1, Documents()
    while True:
        asked = overlapping(size, number)
        answer = page(transport, url, params, number, asked)
        documents: Documents = answer.document
        if is_same(documents, before):
            raise repeated(answer.endpoint, number)
        overlap = asked < overlapping(size, number - 1) == len(before)
        if overlap and documents and not _share_a_row(documents, before):
            raise shifted(answer.endpoint)
        if documents:
            yield documents
        if is_last(answer, len(documents), asked):
            return
        number, before = number + 1, documents


def overlapping(size: int, number: int) -> int:
    """How many rows to ask for on a page: each is smaller than the one before, and so begins within it."""
    return max(size - size // 4, size - (number - 1) * (size // 50))


def shifted(endpoint: str) -> UnreadableAnswerError:
    """What to raise when pages that should overlap do not: rows between them may have been missed."""
    return UnreadableAnswerError(
        f"{endpoint}: so much was deleted while the list was read that some may have been missed. "
        "Nothing of it is used; try again later.",
        endpoint=endpoint,
        status=200,
    )


def page(transport: Transport, url: str, params: Params | None, number: int, size: int) -> Answer:
    """One page of a list; its document is a list of documents."""
    asked = {**(params or {}), "page": number, "page-size": size}
    return transport.send("GET", url, asked, check=documents_of)


def documents_of(answer: Answer) -> Documents:
    """The answer's list of documents. Raises `UnreadableAnswerError` when it is anything else."""
    given = answer.document
    if not isinstance(given, list) or not all(isinstance(document, dict) for document in given):
        raise wrong_shape(answer, "a list of objects")
    return given


def document_of(answer: Answer) -> dict[str, Any]:
    """The answer's single document. Raises `UnreadableAnswerError` when it is anything else."""
    if not isinstance(answer.document, dict):
        raise wrong_shape(answer, "an object")
    return answer.document


def wrong_shape(answer: Answer, expected: str) -> UnreadableAnswerError:
    """JSON, but not what the endpoint should give."""
    given = answer.document
    odd = [row for row in given if not isinstance(row, dict)] if isinstance(given, list) else []
    what = f"a list with {_named(odd[0])} in it" if odd else _named(given)
    return UnreadableAnswerError(
        f"{answer.endpoint} was answered with {what} in place of {expected}. "
        "Clockify is not well, or something answers in its place; try again later.",
        endpoint=answer.endpoint,
        status=200,
    )


def is_last(answer: Answer, count: int, size: int) -> bool:
    """Whether no page follows one of so many rows, when so many were asked for."""
    said = answer.headers.get("Last-Page", "").strip().lower()
    if count == 0 or said == "true":
        return True
    return said != "false" and count < size


def is_same(documents: Documents, before: Documents) -> bool:
    """Whether a page is the one before it once more: the same documents, or at least the same ids."""
    if not documents or len(documents) > len(before):
        return False
    if documents == before[: len(documents)]:
        return True
    ids = _ids(documents)
    return None not in ids and ids == _ids(before[: len(documents)])


def _share_a_row(documents: Documents, before: Documents) -> bool:
    ids = set(_ids(documents))
    return None in ids or not ids.isdisjoint(_ids(before))


def _ids(documents: Documents) -> list[Any]:
    return [document.get("id") or document.get("_id") for document in documents]


def repeated(endpoint: str, number: int) -> UnreadableAnswerError:
    """What to raise when a page comes again: the list would never end."""
    return UnreadableAnswerError(
        f"{endpoint} gave the same page twice (pages {number - 1} and {number}), so the list would never "
        f"end. "
        "Nothing of it is used. Clockify is not well; try again later.",
        endpoint=endpoint,
        status=200,
    )


def _named(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
