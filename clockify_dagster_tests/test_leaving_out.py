"""A test that cannot run is skipped at home, and never silently in CI."""

from __future__ import annotations

import pytest

from clockify_dagster_tests.leaving_out import leave_out


def test_what_a_machine_lacks_skips_a_test_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no mounts"):
        leave_out("no mounts can be made here")


def test_what_a_machine_lacks_fails_a_test_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no mounts"):
        leave_out("no mounts can be made here")
