"""What lists have in common: each is a row of a table (`routes_paid`) that says only what is special to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import pages
from .documents import Document
from .messages import Call, Response, invalid
from .shown import documents_of

Filter = Callable[[Call, list[Document], str], list[Document]]  # the last is the parameter's name
PAGED = ("page", "page-size")


@dataclass(frozen=True)
class Listing:
    """A `GET` of a list: which documents, the feature that a plan needs, and what may be asked.

    `found_by` are parameters that `find` itself reads; `columns` are the values of `sort-column` and the fields they
    sort by; `around` makes the answer of the rows of the page and of all that were found. A list that is not paged
    ignores `page` and `page-size`.
    """

    find: Callable[[Call], list[Document]]
    feature: str | None = None
    found_by: tuple[str, ...] = ()
    filters: Mapping[str, Filter] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    sort: str = "sort-column"
    default: str = "id"
    newest_first: bool = False
    paged: bool = True
    most: int = 5000
    most_pages: int | None = None
    last_page: bool = True
    around: Callable[[list[Document], list[Document]], Any] = lambda rows, _: rows

    def __call__(self, call: Call) -> Response:
        """Answer; 403 where the plan lacks the feature, 400 for a parameter that is unknown or has a wrong value."""
        if self.feature is not None:
            call.require_feature(self.feature)
        request = call.request
        sorting = (self.sort, "sort-order") if self.columns else ()
        pages.only_these(request.query, (*PAGED, *sorting, *self.found_by, *self.filters))
        found = self.find(call)
        for name, chosen in self.filters.items():
            found = chosen(call, found, name)
        found = self._sorted(call, found)
        if not self.paged:
            return Response(self.around(found, found))
        pages.number(request, "page", 1, least=1, most=self.most_pages)
        page = pages.page(call, found, most=self.most)
        return Response(self.around(page.payload, found), headers=page.headers if self.last_page else {})

    def _sorted(self, call: Call, found: list[Document]) -> list[Document]:
        asked = call.request.one(self.sort) if self.columns else None
        if asked and asked not in self.columns:
            raise invalid(f"Invalid value for {self.sort}: {asked}")
        order = call.request.one("sort-order") or ("DESCENDING" if self.newest_first and not asked else "ASCENDING")
        if order not in ("ASCENDING", "DESCENDING"):
            raise invalid(f"Invalid value for sort-order: {order}")
        return pages.sorted_by(found, self.columns[asked] if asked else self.default, down=order == "DESCENDING")


def of(kind: str) -> Callable[[Call], list[Document]]:
    """All documents of a kind that the workspace has, as lists show them."""
    return lambda call: documents_of(call.account, call.workspace, kind)


def one_of(path: str, allowed: tuple[str, ...] | None = None) -> Filter:
    """Those whose field has one of the values given, of which Clockify knows the allowed ones; all without any."""

    def chosen(call: Call, found: list[Document], name: str) -> list[Document]:
        wanted = call.request.many(name)
        unknown = [value for value in wanted if allowed is not None and value not in allowed]
        if unknown:
            raise invalid(f"Invalid value for {name}: {', '.join(unknown)}")
        return [each for each in found if not wanted or pages.at(each, path) in wanted]

    return chosen


def by_name(call: Call, found: list[Document], _: str) -> list[Document]:
    """Those whose name contains the text given."""
    return pages.by_name(call.request, found)


def by_name_in(*fields: str) -> Filter:
    """Those with the text given in one of the fields, in any case of letters."""

    def chosen(call: Call, found: list[Document], name: str) -> list[Document]:
        wanted = (call.request.one(name) or "").lower()
        return [each for each in found if any(wanted in str(each.get(field) or "").lower() for field in fields)]

    return chosen


def by_archived(call: Call, found: list[Document], name: str) -> list[Document]:
    """Active ones, or with `archived=true` archived ones and no other."""
    archived = bool(call.request.flag(name))
    return [each for each in found if bool(each.get("archived")) is archived]
