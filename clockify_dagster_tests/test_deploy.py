"""deploy/: what can be known of it without building it."""

from __future__ import annotations

from pathlib import Path

import yaml

from clockify_dagster.settings import Settings, variable

DEPLOY = Path(__file__).parents[1] / "deploy"


def test_compose_names_files_and_variables_that_there_are() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    ours = compose["x-dagster"]
    mounted = [each.partition(":")[0] for each in ours["volumes"] if each.startswith("./")]
    mounted += [each.partition(":")[0] for each in compose["services"]["postgres"]["volumes"] if each.startswith("./")]
    assert [each for each in mounted if not (DEPLOY / each).exists()] == []
    known = {variable(name) for name in Settings.model_fields}
    named = {name for name in ours["environment"] if name.startswith("CLOCKIFY_")}
    named |= {
        line.partition("=")[0]
        for line in (DEPLOY / "example.env").read_text().splitlines()
        if line.startswith("CLOCKIFY_")
    }
    assert named <= known
    assert (ours["read_only"], ours["cap_drop"]) == (True, ["ALL"])


def test_the_image_copies_what_there_is_and_is_not_roots() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    copied = [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]]
    assert [each for each in copied if not (DEPLOY.parent / each).exists()] == []
    assert "USER 10001" in lines


def test_its_dagster_yaml_names_classes_that_there_are() -> None:
    given = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    assert given["event_log_storage"]["class"] == "PostgresEventLog"
    source = DEPLOY.parent / "clockify_dagster" / "defs" / "postgres_event_log.py"
    assert "class PostgresEventLog(" in source.read_text()
