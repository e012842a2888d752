"""The key leaves by no side door: proxies, certificates and addresses, with a real proxy on loopback."""

from __future__ import annotations

import base64
import logging
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from clockify_dagster import errors
from clockify_dagster.api.network import CERTIFICATES, way_to
from clockify_dagster.sandbox import Sandbox
from clockify_dagster_tests.api.conftest import URL
from clockify_dagster_tests.proxy import HOST, Proxy, forget_the_network, proxying


@pytest.fixture(autouse=True)
def _no_network_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_the_network(monkeypatch)


Ask = Callable[..., object]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_requests_to_this_machine_never_go_through_a_proxy(
    sandbox: Sandbox, ask: Ask, monkeypatch: pytest.MonkeyPatch, name: str, host: str
) -> None:
    with proxying(("127.0.0.1", 9)) as proxy:
        monkeypatch.setenv(name, f"http://{proxy.address}")
        assert ask(f"{sandbox.api_url}/user".replace("127.0.0.1", host))
        assert proxy.received == []
    assert [request.key for request in sandbox.requests] == [sandbox.api_key]


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "not an address", "http://"])
@pytest.mark.parametrize("host", ["[::1]", "127.5.5.5", "LOCALHOST"])
def test_whatever_the_proxies_are_like_this_machine_is_reached_without_them(
    monkeypatch: pytest.MonkeyPatch, proxy: str, host: str
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)
    monkeypatch.setenv("NO_PROXY", "something.else")
    assert way_to(f"http://{host}:1/api/v1/user")["proxies"] == {}


@pytest.mark.parametrize(
    "address",
    [
        "http://{host}:{port}/api/v1/user",
        "http://127.0.0.1.example:{port}/api/v1/user",
        "http://127.0.0.1@{host}:{port}/api/v1/user",
        "http://127.0.0.1\\@{host}:{port}/api/v1/user",
        "http://{host}:{port}/#@127.0.0.1/",
        "http://localhost.example:{port}/api/v1/user",
        "http://0.0.0.0:{port}/api/v1/user",
    ],
)
def test_over_http_the_key_goes_to_this_machine_and_nowhere_else(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    with proxying(("127.0.0.1", 9)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
        with pytest.raises(errors.SettingsError, match=r"The key was not sent to .* unencrypted; use https"):
            ask(address.format(host=HOST, port=80))
        assert proxy.received == []


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("trusted", CERTIFICATES)
def test_a_proxy_and_a_companys_certificates_work_by_the_variables_that_are_usual(
    sandbox: Sandbox, proxy: Proxy, bundle: str, ask: Ask, monkeypatch: pytest.MonkeyPatch, name: str, trusted: str
) -> None:
    monkeypatch.setenv(name, f"http://{proxy.address}")
    monkeypatch.setenv(trusted, bundle)
    assert ask()
    (received,) = proxy.received
    assert received.startswith(f"CONNECT {HOST}:443 ")
    assert sandbox.api_key not in received
    assert [request.key for request in sandbox.requests] == [sandbox.api_key]


@pytest.mark.parametrize("address", ["{login}@{proxy}", "http://{login}@{proxy}"])
def test_a_proxy_gets_its_login_and_not_the_key(
    sandbox: Sandbox,
    proxy: Proxy,
    bundle: str,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    address: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    proxy.login = "ana:p@ss/word#1"
    written = address.format(login="ana:p%40ss%2Fword%231", proxy=proxy.address)
    monkeypatch.setenv("HTTPS_PROXY", written)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    assert ask()
    (received,) = proxy.received
    assert base64.b64encode(proxy.login.encode()).decode() in received
    assert sandbox.api_key not in received
    assert "proxy-authorization" not in {name.lower() for name in sandbox.requests[0].headers}
    assert not [secret for secret in (sandbox.api_key, "p@ss", "p%40ss") if secret in caplog.text]


@pytest.mark.skipif(not shutil.which("openssl"), reason="the folder is prepared by the program openssl")
@pytest.mark.parametrize("trusted", CERTIFICATES)
def test_a_companys_certificates_may_be_a_folder(
    sandbox: Sandbox, proxy: Proxy, bundle: str, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trusted: str
) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    shutil.copy(bundle, folder)
    subprocess.run(["openssl", "rehash", str(folder)], check=True)  # noqa: S603, S607 - of the system
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    monkeypatch.setenv(trusted, str(folder))
    assert ask()
    assert sandbox.requests[0].key == sandbox.api_key


def test_a_host_that_no_proxy_names_is_reached_without(proxy: Proxy, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    monkeypatch.setenv("NO_PROXY", "10.0.0.0/8,.clockify.example")
    assert way_to(URL)["proxies"] == {}
    assert way_to("https://10.1.2.3/api/v1")["proxies"] == {}
    assert way_to("https://api.clockify.me/api/v1")["proxies"]["https"] == f"http://{proxy.address}"
    with pytest.raises(errors.UnreachableError, match=f"to {HOST}: the name of the host is unknown"):
        ask()
    assert proxy.received == []


def test_netrc_does_not_replace_the_key_nor_give_the_proxy_a_login(
    sandbox: Sandbox, proxy: Proxy, bundle: str, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login somebody password secret\ndefault login anybody password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    assert ask()
    assert "authorization" not in proxy.received[0].lower()
    (request,) = sandbox.requests
    assert request.key == sandbox.api_key
    assert "authorization" not in {name.lower() for name in request.headers}


def test_a_proxy_with_tls_works(
    clockify: tuple[str, int], authority: trustme.CA, bundle: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxying(clockify, authority, login="ana:hunter2") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"https://ana:hunter2@{proxy.address}")
        monkeypatch.setenv("SSL_CERT_FILE", bundle)
        assert ask()
        assert len(proxy.received) == 1


@pytest.mark.parametrize("name", CERTIFICATES)
@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_certificates_that_cannot_be_read_are_named(
    sandbox: Sandbox, proxy: Proxy, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, content: str
) -> None:
    path = tmp_path / "none.pem"
    if content:
        path.write_text(content)
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    monkeypatch.setenv(name, str(path))
    with pytest.raises(errors.SettingsError, match=rf"{name} names .*none\.pem, which "):
        ask()
    assert sandbox.requests == []
