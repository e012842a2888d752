"""Tests that need what not every machine has."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def leave_out(why: str) -> NoReturn:
    """Skip the running test, since this machine lacks something. In CI it fails: there none may be left out."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)
