"""docs/scale.md: its sensor starts runs, and each of them is about the workspace that it names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dagster import DagsterInstance, Definitions, build_sensor_context

from clockify_dagster.sandbox import Account
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.defs.accounts import days_before_today
from clockify_dagster_tests.small import add_everything

PAGE = (Path(__file__).parents[1] / "docs" / "scale.md").read_text()


def definitions() -> Definitions:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own page
    found = names["defs"]
    assert isinstance(found, Definitions)
    return found


def test_the_pages_sensor_starts_a_run_for_each_workspace_that_something_happened_to(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    account = Account()
    for _ in range(3):
        add_everything(account, people=2, days=5)
    first, second, third = sorted(account.workspaces)
    project = make_project(account, tables="core", start_date=days_before_today(10)[0])
    defs, folder = definitions(), tmp_path / "approved"
    sensor = defs.resolve_sensor_def("timesheets_were_approved")

    def asked(instance: DagsterInstance) -> dict[str, Mapping[str, str]]:
        context = build_sensor_context(instance=instance, definitions=defs)
        with context:
            requests = sensor.evaluate_tick(context).run_requests or []
        return {str(each.run_key): each.tags for each in requests}

    assert asked(project.instance) == {}, "nothing has happened yet"
    folder.mkdir()
    for name in (first, third):
        (folder / name).touch()
    found = asked(project.instance)
    assert [tags["clockify/workspaces"] for tags in found.values()] == [first, third]
    job = defs.resolve_job_def(str(sensor.job_name))
    for tags in found.values():
        assert job.execute_in_process(instance=project.instance, tags=tags).success
    held = {row["workspaceid"] for row in project.rows("clockify_timeentries")}
    assert held == {first, third}
    assert second not in held
    assert asked(project.instance).keys() == found.keys(), "the same happening has the same key"
    os.utime(folder / first, (1, 1))
    assert asked(project.instance).keys() != found.keys(), "and what happens again has another"
