"""What a check is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from clockify_dagster.contract.model import Table
from clockify_dagster.warehouse.audit.context import AuditContext

Severity = Literal["ERROR", "WARN"]


@dataclass(frozen=True)
class Check:
    """A question about a table, before it is asked.

    Attributes:
        description: what holds when it passes, in a sentence.
        severity: ERROR where a failure makes sums wrong, WARN where Clockify itself allows it.
        others: other tables that it looks into.
    """

    table: str
    name: str
    description: str
    severity: Severity = "ERROR"
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """The answer.

    Attributes:
        passed: None where the question could not be asked: that is neither a pass nor a failure.
        message: a sentence for the reader; of what was not checked it says why.
        numbers: counts, shares and ids, by name.
        severity: how bad it is if it failed; WARN where nothing was checked.
    """

    check: Check
    passed: bool | None
    message: str
    severity: Severity
    numbers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def metadata(self) -> dict[str, Any]:
        """The numbers and whether there was a check at all."""
        return {"checked": self.passed is not None, **self.numbers}

    @property
    def is_error(self) -> bool:
        """Whether it failed so that sums are wrong."""
        return self.passed is False and self.severity == "ERROR"


Find = Callable[[AuditContext, Table, Check], Finding]
"""How the answer is found; every kind of check has one."""


def found(check: Check, passed: bool, message: str, severity: Severity | None = None, **numbers: Any) -> Finding:
    """An answer; of the check's severity unless said otherwise."""
    return Finding(check, passed, message, severity or check.severity, numbers)


def not_checked(check: Check, why: str, **numbers: Any) -> Finding:
    """No answer. `why` is a sentence."""
    return Finding(check, None, f"Not checked: {why}", "WARN", numbers)
