"""The key leaves by no side door: proxies, certificates and addresses, with a real proxy on loopback."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from clockify_dagster import errors
from clockify_dagster.api import Transport
from clockify_dagster.api.network import CERTIFICATES, way_to
from clockify_dagster.sandbox import Sandbox
from clockify_dagster_tests.api.conftest import document_of
from clockify_dagster_tests.proxy import HANGS_UP, HOST, Proxy, forget_the_network, proxying, with_certificate

Make = Callable[..., Transport]
URL = f"https://{HOST}/api/v1/user"


@pytest.fixture(autouse=True)
def _no_network_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_the_network(monkeypatch)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A company's own."""
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """The file with its certificate."""
    path = tmp_path / "company certificates.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def clockify(sandbox: Sandbox, authority: trustme.CA) -> Iterator[tuple[str, int]]:
    """The sandbox, with TLS and by another name; only a proxy finds it."""
    with with_certificate(sandbox, authority, HOST) as address:
        yield address


@pytest.fixture
def proxy(clockify: tuple[str, int]) -> Iterator[Proxy]:
    with proxying(clockify) as proxy:
        yield proxy


@pytest.fixture
def ask(make: Make) -> Callable[..., object]:
    """Ask for the user, once: the answer, or the error."""

    def send(url: str = URL) -> object:
        return make(timeout=10).send("GET", url, document_of)

    return send


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
    sandbox: Sandbox, proxy: Proxy, bundle: str, ask: Ask, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    proxy.login = "ana:p@ss/word#1"
    written = address.format(login="ana:p%40ss%2Fword%231", proxy=proxy.address)
    monkeypatch.setenv("HTTPS_PROXY", written)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    assert ask()
    (received,) = proxy.received
    assert base64.b64encode(proxy.login.encode()).decode() in received
    assert sandbox.api_key not in received
    assert "proxy-authorization" not in {name.lower() for name in sandbox.requests[0].headers}


def test_a_host_that_no_proxy_names_is_reached_without(
    proxy: Proxy, ask: Ask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    monkeypatch.setenv("NO_PROXY", "10.0.0.0/8,.clockify.example")
    del ask
    assert way_to(URL)["proxies"] == {}
    assert way_to("https://10.1.2.3/api/v1")["proxies"] == {}
    assert way_to("https://api.clockify.me/api/v1")["proxies"]["https"] == f"http://{proxy.address}"
    with pytest.raises(errors.UnreachableError, match=f"to {HOST}: the name of the host is unknown"):
        make().send("GET", URL, document_of)
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


class TestErrorsNameTheProxyWithoutItsPassword:
    """Each of them is met with `http://ana:hunter2@...` in the environment."""

    @pytest.fixture(autouse=True)
    def _with_password(self, proxy: Proxy, bundle: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ana:hunter2@{proxy.address}")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)

    @pytest.fixture
    def said(self, ask: Ask, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> Callable[..., str]:
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

    def test_nobody_listens_there(self, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://ana:hunter2@127.0.0.1:9")
        message = said(errors.UnreachableError, "the proxy http://127.0.0.1:9 cannot be used: nobody listens at that")
        assert "Check HTTPS_PROXY (or ALL_PROXY), or name the host in NO_PROXY" in message

    def test_its_name_is_unknown(self, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://ana:hunter2@proxy.example:3128")
        said(errors.UnreachableError, "the proxy http://proxy.example:3128 cannot be used: the name of the host is unk")

    def test_it_wants_another_login(self, said: Callable[..., str], proxy: Proxy) -> None:
        proxy.login = "ana:another"
        message = said(errors.ProxyRefusedError, f"the proxy http://{proxy.address} does not let us through: it answer")
        assert "407 and wants a login. Write it into the address, as HTTPS_PROXY=http://user:password@host" in message
        assert len(proxy.received) == 1, "a wrong password tried again and again locks people out"

    def test_it_forbids_the_host(self, said: Callable[..., str], proxy: Proxy) -> None:
        proxy.status = 403
        said(
            errors.ProxyRefusedError, f"the proxy http://{proxy.address} does not let us through: it answered with 403"
        )
        assert len(proxy.received) == 1

    def test_it_cannot_reach_the_host(self, said: Callable[..., str], proxy: Proxy) -> None:
        proxy.status = 502
        said(
            errors.UnreachableError, f"the proxy http://{proxy.address} has no connection for us: it answered with 502"
        )
        assert len(proxy.received) == 6, "that may pass"

    def test_it_hangs_up(self, said: Callable[..., str], proxy: Proxy) -> None:
        proxy.status = HANGS_UP
        said(errors.UnreachableError, f"through the proxy http://{proxy.address}: the connection failed")

    def test_its_certificate_is_unknown(
        self, said: Callable[..., str], clockify: tuple[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with proxying(clockify, trustme.CA()) as other:
            monkeypatch.setenv("HTTPS_PROXY", f"https://ana:hunter2@{other.address}")
            said(
                errors.UnreachableError,
                f"the proxy https://{other.address} cannot be used: its TLS certificate cannot be verified "
                "(unable to get local issuer certificate)",
            )

    def test_it_does_not_speak_tls(
        self, said: Callable[..., str], proxy: Proxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", f"https://ana:hunter2@{proxy.address}")
        said(errors.UnreachableError, f"the proxy https://{proxy.address} cannot be used: ")

    def test_it_decrypts_and_its_certificate_is_unknown(
        self, said: Callable[..., str], proxy: Proxy, monkeypatch: pytest.MonkeyPatch
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
    def test_its_login_has_characters_that_are_not_escaped(
        self, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", address)
        message = said(
            errors.SettingsError, "the proxy http://proxy.example:1 cannot be used: its address cannot be read"
        )
        assert "as % and its two hexadecimal digits" in message

    def test_it_is_of_a_kind_that_needs_a_package(
        self, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "socks5h://ana:hunter2@proxy.example:1080")
        said(
            errors.SettingsError, "proxy socks5h://proxy.example:1080 cannot be used: for a SOCKS proxy the package Py"
        )


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
