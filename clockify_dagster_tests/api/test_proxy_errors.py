"""What goes wrong with a proxy is said with its address, and without the login in it; the key has not been sent."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import trustme

from clockify_dagster import errors
from clockify_dagster.sandbox import Sandbox
from clockify_dagster_tests.proxy import HANGS_UP, HOST, Proxy, forget_the_network, proxying

Ask = Callable[..., object]


@pytest.fixture(autouse=True)
def _with_password(proxy: Proxy, bundle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_the_network(monkeypatch)
    monkeypatch.setenv("HTTPS_PROXY", f"http://ana:hunter2@{proxy.address}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)


@pytest.fixture
def said(ask: Ask, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> Callable[..., str]:
    """What is said in the end; on the way neither the password nor the key is logged, nor is the key sent."""

    def message(kind: type[errors.ClockifyDagsterError], proxy: str = "") -> str:
        with caplog.at_level(logging.DEBUG), pytest.raises(kind) as caught:
            ask()
        everything = f"{caught.value}\n{caplog.text}"
        assert not [secret for secret in ("hunter2", sandbox.api_key) if secret in everything]
        assert f"GET /api/v1/user to {HOST}" in str(caught.value)
        assert proxy in str(caught.value)
        assert sandbox.requests == []
        return str(caught.value)

    return message


def test_a_proxy_where_nobody_listens(said: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ana:hunter2@127.0.0.1:9")
    message = said(errors.UnreachableError, "the proxy http://127.0.0.1:9 cannot be used: nobody listens at that")
    assert "Check HTTPS_PROXY (or ALL_PROXY), or name the host in NO_PROXY" in message


def test_a_proxy_of_an_unknown_name(said: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ana:hunter2@proxy.example:3128")
    said(errors.UnreachableError, "the proxy http://proxy.example:3128 cannot be used: the name of the host is unk")


def test_a_proxy_that_wants_another_login_is_asked_once(said: Callable[..., str], proxy: Proxy) -> None:
    proxy.login = "ana:another"
    message = said(errors.ProxyRefusedError, f"the proxy http://{proxy.address} does not let us through: it answer")
    assert "407 and wants a login. Write it into the address, as HTTPS_PROXY=http://user:password@host" in message
    assert len(proxy.received) == 1, "a wrong password tried again and again locks people out"


def test_a_proxy_that_forbids_the_host_is_asked_once(said: Callable[..., str], proxy: Proxy) -> None:
    proxy.status = 403
    said(errors.ProxyRefusedError, f"the proxy http://{proxy.address} does not let us through: it answered with 403")
    assert len(proxy.received) == 1


def test_a_proxy_that_cannot_reach_the_host_is_asked_again(said: Callable[..., str], proxy: Proxy) -> None:
    proxy.status = 502
    said(errors.UnreachableError, f"the proxy http://{proxy.address} has no connection for us: it answered with 502")
    assert len(proxy.received) == 6, "that may pass"


def test_a_proxy_that_hangs_up(said: Callable[..., str], proxy: Proxy) -> None:
    proxy.status = HANGS_UP
    said(errors.UnreachableError, f"through the proxy http://{proxy.address}: the connection failed")


def test_a_proxy_with_a_certificate_that_nobody_trusts(
    said: Callable[..., str], clockify: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxying(clockify, trustme.CA()) as other:
        monkeypatch.setenv("HTTPS_PROXY", f"https://ana:hunter2@{other.address}")
        said(
            errors.UnreachableError,
            f"the proxy https://{other.address} cannot be used: its TLS certificate cannot be verified "
            "(unable to get local issuer certificate)",
        )


def test_a_proxy_that_does_not_speak_tls(
    said: Callable[..., str], proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"https://ana:hunter2@{proxy.address}")
    said(errors.UnreachableError, f"the proxy https://{proxy.address} cannot be used: ")


def test_a_proxy_that_decrypts_with_a_certificate_that_nobody_trusts(
    said: Callable[..., str], proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    message = said(errors.UnreachableError, f"through the proxy http://{proxy.address}: its TLS certificate cannot")
    assert "set REQUESTS_CA_BUNDLE or SSL_CERT_FILE to a file with its certificate" in message


@pytest.mark.parametrize(
    "address",
    [
        "http://ana:hunter2#1@proxy.example:1",
        "http://ana:hunter2/1@proxy.example:1",
        "http://ana:žhunter2@proxy.example:1",
    ],
)
def test_a_login_with_characters_that_are_not_escaped(
    said: Callable[..., str], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    message = said(errors.SettingsError, "the proxy http://proxy.example:1 cannot be used: its address cannot be read")
    assert "as % and its two hexadecimal digits" in message


def test_a_proxy_of_a_kind_that_needs_a_package(said: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5h://ana:hunter2@proxy.example:1080")
    said(errors.SettingsError, "proxy socks5h://proxy.example:1080 cannot be used: for a SOCKS proxy the package Py")
