"""deploy/: what can be known of it without building it; its files agree with each other and with the project."""

from __future__ import annotations

import re
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from dagster import DagsterInstance

from clockify_dagster.settings import Settings, variable
from clockify_dagster.warehouse.addresses import LAKE

DEPLOY = Path(__file__).parents[1] / "deploy"
OURS = {"code", "webserver", "daemon"}


def read(name: str) -> dict[str, Any]:
    found = yaml.safe_load((DEPLOY / name).read_text())
    assert isinstance(found, dict)
    return found


DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE, HELM, INSTANCE = read("compose.yaml"), read("helm-values.yaml"), read("dagster.yaml")
(LOCATION,) = HELM["dagster-user-deployments"]["deployments"]
PODS = [LOCATION, HELM["dagsterWebserver"], HELM["dagsterDaemon"]]


def in_image(name: str) -> str:
    """A variable that the image sets."""
    found = re.search(rf"\b{name}=(\S+)", DOCKERFILE)
    assert found, name
    return found[1]


def test_compose_names_files_and_variables_that_there_are() -> None:
    ours = COMPOSE["x-dagster"]
    mounted = [each.partition(":")[0] for each in ours["volumes"] if each.startswith("./")]
    mounted += [each.partition(":")[0] for each in COMPOSE["services"]["postgres"]["volumes"] if each.startswith("./")]
    assert [each for each in mounted if not (DEPLOY / each).exists()] == []
    known = {variable(name) for name in Settings.model_fields}
    named = {name for name in ours["environment"] if name.startswith("CLOCKIFY_")}
    named |= {each["name"] for each in LOCATION["env"]}
    named |= {
        line.partition("=")[0]
        for line in (DEPLOY / "example.env").read_text().splitlines()
        if line.startswith("CLOCKIFY_")
    }
    assert named <= known
    assert (ours["read_only"], ours["cap_drop"]) == (True, ["ALL"])


def test_the_image_copies_what_there_is_installs_extras_that_there_are_and_is_not_roots() -> None:
    lines = DOCKERFILE.splitlines()
    copied = [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]]
    assert [each for each in copied if not (DEPLOY.parent / each).exists()] == []
    assert "USER 10001" in lines
    # a volume takes the owner of the folder in the image where it is mounted, and is root's where there is none
    volumes = [each.split(":")[1] for each in COMPOSE["x-dagster"]["volumes"] if not each.startswith("./")]
    made = re.findall(r"mkdir -p (\S+) && chown -R dagster (\S+)", DOCKERFILE)
    assert volumes == ["/dagster/storage"]
    assert [(folder, owned) for folder, owned in made if folder in volumes and folder.startswith(owned)] == [
        ("/dagster/storage", "/dagster")
    ]
    (extras,) = re.findall(r'"/src\[(.*?)\]"', DOCKERFILE)
    text = (DEPLOY.parent / "pyproject.toml").read_text()
    assert [each for each in extras.split(",") if f"\n{each} = [" not in text] == []


def test_the_image_is_built_of_all_files_that_the_package_brings() -> None:
    text = (DEPLOY.parent / "pyproject.toml").read_text()
    (section,) = re.findall(r"\n\[tool\.setuptools\.data-files\]\n(.*?)\n\n", text, re.DOTALL)
    brought = [Path(each).parts[0] for line in section.splitlines() for each in re.findall('"(.*?)"', line)[1:]]
    copied = [word for line in DOCKERFILE.splitlines() if line.startswith("COPY") for word in line.split()[1:-1]]
    assert [each for each in brought if each not in copied] == []
    assert len(brought) > 5


def test_the_classes_that_dagsters_configurations_name_are_the_projects() -> None:
    log, of_the_chart = INSTANCE["event_log_storage"], HELM["additionalInstanceConfig"]["event_log_storage"]
    assert (log["module"], log["class"]) == (of_the_chart["module"], of_the_chart["class"])
    source = DEPLOY.parent.joinpath(*log["module"].split(".")).with_suffix(".py")
    assert f"class {log['class']}(" in source.read_text()


def test_the_commands_are_programs_that_there_are_and_name_modules_that_there_are() -> None:
    services = {name for name, service in COMPOSE["services"].items() if "build" in service}
    assert services == OURS
    for name in OURS:
        program, *arguments = COMPOSE["services"][name]["command"]
        assert shutil.which(program, path=str(Path(sys.executable).parent)), program
        if name != "code":
            assert arguments[-2:] == ["--workspace", "workspace.yaml"]
    named = LOCATION["codeServerArgs"]
    assert COMPOSE["services"]["code"]["command"][-2:] == named
    assert named[0] == "--module-name"
    assert import_module(named[1]).defs


def test_the_code_locations_address_is_where_it_listens() -> None:
    (server,) = read("workspace.yaml")["load_from"]
    command = COMPOSE["services"]["code"]["command"]
    assert server["grpc_server"]["host"] in COMPOSE["services"]
    assert command[command.index("--port") + 1] == str(server["grpc_server"]["port"]) == str(LOCATION["port"])
    webserver = HELM["dagsterWebserver"]
    assert webserver["service"]["port"] == webserver["readinessProbe"]["httpGet"]["port"]


def test_what_is_written_to_is_not_on_the_root_file_system_which_is_read_only() -> None:
    written = {in_image("TMPDIR"), f"{in_image('DAGSTER_HOME')}/storage"}
    ours = COMPOSE["x-dagster"]
    named = {each.split(":")[1] for each in ours["volumes"] if not each.startswith("./")}
    assert named | {each.partition(":")[0] for each in ours["tmpfs"]} == written
    assert HELM["global"]["dagsterHome"] == in_image("DAGSTER_HOME")
    for pod in PODS:
        assert {each["mountPath"] for each in pod["volumeMounts"]} == written
        assert {each["name"] for each in pod["volumes"]} == {each["name"] for each in pod["volumeMounts"]}


def test_no_pod_is_roots() -> None:
    (user,) = re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE)
    launcher = HELM["runLauncher"]["config"]["k8sRunLauncher"]
    pods = [(each["podSecurityContext"], each["securityContext"]) for each in PODS]
    pods.append((launcher["runK8sConfig"]["podSpecConfig"]["securityContext"], launcher["securityContext"]))
    for pod, container in pods:
        assert (pod["runAsUser"], pod["runAsNonRoot"]) == (int(user), True)
        assert container["readOnlyRootFilesystem"]
        assert container["capabilities"] == {"drop": ["ALL"]}


def test_no_secret_is_in_the_values_and_the_tables_are_in_a_lake() -> None:
    text = (DEPLOY / "helm-values.yaml").read_text()
    secrets = [
        line.partition("=")[0]
        for line in (DEPLOY / "example.env").read_text().splitlines()
        if re.match(r"\w*(KEY|PASSWORD|SECRET)\w*=", line)
    ]
    assert len(secrets) == 4
    assert [each for each in secrets if re.search(rf"\b{each}\b", text)] == []
    for each in (COMPOSE["x-dagster"]["environment"], {each["name"]: each["value"] for each in LOCATION["env"]}):
        assert each["CLOCKIFY_DATABASE"].startswith(LAKE)


def test_dagsters_history_is_in_one_place_and_its_scheme_is_the_one_that_sqlalchemy_finds() -> None:
    chart = HELM["postgresql"]
    (log,) = HELM["additionalInstanceConfig"]["event_log_storage"]["config"].values()
    assert (log["hostname"], log["username"], log["db_name"], log["scheme"]) == (
        chart["postgresqlHost"],
        chart["postgresqlUsername"],
        chart["postgresqlDatabase"],
        chart["postgresqlScheme"],
    )
    assert COMPOSE["x-dagster"]["environment"]["DAGSTER_POSTGRES_URL"].startswith(f"{log['scheme']}://")
    assert HELM["dagsterDaemon"]["runMonitoring"]["enabled"]
    assert INSTANCE["run_monitoring"]["enabled"]


def test_of_a_key_that_is_there_twice_dagster_takes_the_last(tmp_path: Path) -> None:
    """The chart writes its own event log's class, and then what additionalInstanceConfig says."""
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: true}\ntelemetry: {enabled: false}\n")
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        assert not instance.telemetry_enabled
