"""Paging, sorting and name filters, as every list of Clockify has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .documents import Document
from .messages import Call, Request, Response, invalid


def number(request: Request, name: str, default: int, *, least: int, most: int | None = None) -> int:
    """A whole number from the query; anything out of its bounds is refused with 400."""
    value = request.one(name)
    if value is None:
        return default
    try:
        found = int(value)
    except ValueError:
        raise invalid(f"Invalid value for {name}: {value}") from None
    if found < least or (most is not None and found > most):
        raise invalid(f"{name} must be between {least} and {most or 'any number'}, not {found}")
    return found


def number_in(body: Document, name: str, default: int, *, most: int | None = None) -> int:
    """A whole number from 1 on in the body of a POST; anything else is refused with 400."""
    value = body.get(name, default)
    if not isinstance(value, int) or value < 1 or (most is not None and value > most):
        raise invalid(f"Invalid value for {name}: {value}; from 1 to {most or 'any number'}")
    return value


def only_these(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse parameters that the sandbox does not know: to ignore them would hide a misspelt one."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise invalid(f"the sandbox does not know the parameters {', '.join(unknown)}")


def body_of(call: Call, known: Iterable[str]) -> Document:
    """The body of a POST that lists: an object with parameters that are known, and none of them in the address."""
    body = call.request.body
    if not isinstance(body, dict):
        raise invalid("Required request body is missing")
    only_these(call.request.query, ())
    only_these(body, known)
    return body


def position(request: Request, *, default: int = 50, most: int = 5000) -> tuple[int, int]:
    """How many items to skip and to take. Clockify counts pages from 1, 50 items each unless asked."""
    size = number(request, "page-size", default, least=1, most=most)
    return (number(request, "page", 1, least=1) - 1) * size, size


def answer(call: Call, items: list[Document], total: int, skip: int) -> Response:
    """A page of a list; the header says whether it is the last one."""
    name = call.account.last_page_header
    last = "true" if skip + len(items) >= total else "false"
    return Response(items, headers={} if name is None else {name: last})


def page(call: Call, found: list[Document], *, default: int = 50, most: int = 5000) -> Response:
    """The page of `found` that was asked for."""
    skip, take = position(call.request, default=default, most=most)
    return answer(call, found[skip : skip + take], len(found), skip)


def of_body(
    body: Document, found: list[Document], *, most: int | None = None, given: int | None = None
) -> list[Document]:
    """The page of `found` that `page` and `pageSize` ask for in the body of a POST: 50 items unless asked.

    More than `most` are refused; of more than `given`, so many are given all the same.
    """
    size = number_in(body, "pageSize", 50, most=most)
    size = size if given is None else min(size, given)
    skip = (number_in(body, "page", 1) - 1) * size
    return found[skip : skip + size]


def by_name(request: Request, documents: Iterable[Document]) -> list[Document]:
    """Those whose name contains `name`, or is just that under `strict-name-search`."""
    wanted = request.one("name")
    if not wanted:
        return list(documents)
    if request.flag("strict-name-search"):
        return [each for each in documents if each.get("name") == wanted]
    return [each for each in documents if wanted.lower() in str(each.get("name") or "").lower()]


def by_flag(request: Request, name: str, documents: list[Document]) -> list[Document]:
    """Those with that yes or no field as asked; both kinds where the parameter is left out."""
    wanted = request.flag(name)
    return documents if wanted is None else [each for each in documents if bool(each.get(name)) is wanted]


def ordered(request: Request, documents: list[Document], default: str) -> list[Document]:
    """Sorted by `sort-column`, and down where `sort-order` says so."""
    column = (request.one("sort-column") or default).lower()
    return sorted_by(documents, column, down=request.one("sort-order") == "DESCENDING")


def sorted_by(documents: list[Document], path: str, *, down: bool = False) -> list[Document]:
    """Sorted by a field and then by id, so that pages of a list at rest never overlap; numbers before text."""

    def place(document: Document) -> tuple[bool, float, str, str]:
        value = at(document, path)
        is_number = isinstance(value, int | float)
        text = "" if is_number else str(value or "").lower()
        return not is_number, float(value) if is_number else 0.0, text, str(document.get("id"))

    return sorted(documents, key=place, reverse=down)


def at(document: Document, path: str) -> Any:
    """The value at a path such as `project.id`; None where something on the way is missing."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
