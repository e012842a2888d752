"""A page of a list as it was received, and what must be so for it to be one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clockify_dagster.api.transport import Answer
from clockify_dagster.contract.listing import Listing
from clockify_dagster.errors import UnreadableAnswerError

Documents = list[dict[str, Any]]


@dataclass(frozen=True)
class Page:
    """A page of a list: the answer, the list in it as JSON, and how many rows all pages have, where that is said."""

    answer: Answer
    documents: Documents
    count: int | None = None

    def __len__(self) -> int:
        """How many documents there are."""
        return len(self.documents)

    @property
    def ids(self) -> list[str]:
        """Their ids, in the page's order; a document without one is known by all it holds."""
        return [str(each.get("id") or each.get("_id") or each) for each in self.documents]


def page_of(answer: Answer, listing: Listing) -> Page:
    """The answer as a page. Raises `UnreadableAnswerError` where it holds no list of documents."""
    count: Any = answer.document if listing.count else None
    for step in listing.count.split("."):
        count = count.get(step) if isinstance(count, dict) else None
    return Page(answer, documents_of(answer, listing.envelope), count if isinstance(count, int) else None)


def documents_of(answer: Answer, envelope: str = "") -> Documents:
    """The answer's list of documents, at the end of a dotted way. Raises `UnreadableAnswerError` for anything else."""
    given = answer.document
    for name in envelope.split(".") if envelope else ():
        given = given.get(name, ...) if isinstance(given, dict) else ...
    if given is None and envelope:
        return []
    if not isinstance(given, list) or not all(isinstance(document, dict) for document in given):
        raise wrong_shape(answer, "a list of objects" + (f" in {envelope}" if envelope else ""))
    return given


def document_of(answer: Answer) -> dict[str, Any]:
    """The answer's single document. Raises `UnreadableAnswerError` for anything else."""
    if not isinstance(answer.document, dict):
        raise wrong_shape(answer, "an object")
    return answer.document


def wrong_shape(answer: Answer, expected: str) -> UnreadableAnswerError:
    """The error of an answer that is JSON, but not what the endpoint should give."""
    given = answer.document
    wrong = [row for row in given if not isinstance(row, dict)] if isinstance(given, list) else []
    what = f"a list with {_kind(wrong[0])} in it" if wrong else _kind(given)
    return UnreadableAnswerError(
        f"{answer.endpoint} was answered with {what} in place of {expected}. Clockify has a problem at the "
        "moment, or something answers in its place; try again later.",
        endpoint=answer.endpoint,
        status=200,
    )


def repeated(endpoint: str, number: int) -> UnreadableAnswerError:
    """The error of a page that comes again: the list would never end."""
    return UnreadableAnswerError(
        f"{endpoint} gave the same page twice (pages {number - 1} and {number}), so the list would never end. Nothing "
        "of it is used. Clockify has a problem at the moment; try again later.",
        endpoint=endpoint,
        status=200,
    )


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
