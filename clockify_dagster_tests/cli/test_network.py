"""The command behind a proxy, and beside one."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from clockify_dagster_tests.cli.conftest import Command
from clockify_dagster_tests.conftest import Project
from clockify_dagster_tests.proxy import HOST, forget_the_network, proxying, with_certificate
from clockify_dagster_tests.test_every_table import assert_equal


@pytest.fixture(autouse=True)
def _no_network_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_the_network(monkeypatch)


def test_it_loads_through_a_proxy_with_a_login_and_a_companys_certificate(
    command: Command, project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "company.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "company.pem"))
    project.set(api_url=f"https://{HOST}/api/v1", reports_url=f"https://{HOST}/v1")
    with (
        with_certificate(project.sandbox, authority, HOST) as clockify,
        proxying(clockify, login="ana:hunter2") as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://ana:hunter2@{proxy.address}")
        answers = [command("doctor"), command("sync"), command("check")]
        assert [answer.code for answer in answers] == [0, 0, 0], answers
        assert f"https://{HOST}/api/v1, through the proxy http://{proxy.address}" in answers[0].out
        assert {line.split()[0] for line in proxy.received} == {"CONNECT"}
        assert project.sandbox.api_key not in "".join(proxy.received)
    assert "hunter2" not in "".join(answer.all for answer in answers)
    assert_equal(project, "clockify_timeentries")


def test_what_is_on_this_machine_is_loaded_without_the_proxies_of_the_environment(
    command: Command, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxying(("127.0.0.1", 9)) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy.address}")
        answer = command("sync")
        assert answer.code == 0, answer.all
        assert proxy.received == []
    assert_equal(project, "clockify_timeentries")
