"""The way to a host, as the environment sets it: its proxy and the certificates to trust; and what fails on the way.

`requests` would ask the environment by itself, but sends requests to this machine through a proxy as well, where the
key would be read in clear, and knows nothing of SSL_CERT_FILE and SSL_CERT_DIR. So it is asked here.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.utils import get_environ_proxies, select_proxy

from clockify_dagster.errors import ClockifyDagsterError, ProxyRefusedError, SettingsError, UnreachableError

CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""The variables that name certificates to trust, the first that is set goes: a file, or a folder that `openssl rehash`
has prepared."""

UNENCRYPTED = "with http the key would travel unencrypted; use https, or http to this machine only"
_TIMEOUTS = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)
_CHECK = "Check the network and CLOCKIFY_REGION or CLOCKIFY_API_URL."
_CHECK_PROXY = "Check HTTPS_PROXY (or ALL_PROXY), or name the host in NO_PROXY if it is reached without a proxy."


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: 127.0.0.0/8, ::1 or localhost."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def way_to(url: str) -> dict[str, Any]:
    """The proxies and certificates for a request with the key to the address, as `Session.request` takes them.

    Raises `SettingsError` where the environment names certificates that cannot be read, and as `check_key_may_go_to`.
    """
    check_key_may_go_to(url)
    return {"proxies": _proxies_for(url), "verify": _certificates() or True}


def check_key_may_go_to(url: str) -> None:
    """Raise `SettingsError` for an address to which the key would travel unencrypted."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise SettingsError(f"The key was not sent to {parts.netloc}: {UNENCRYPTED}.")


def proxy_of(url: str) -> str | None:
    """The proxy through which the address is reached, without user and password; None where there is none."""
    proxy = select_proxy(url, _proxies_for(url))
    if not proxy:
        return None
    scheme, _, rest = proxy.partition("://")
    # What is behind the last @, even where a password has characters in it that should have been escaped.
    return f"{scheme}://{re.split('[/?#]', rest.rpartition('@')[2])[0]}"


def error_of(error: Exception, url: str, endpoint: str, timeout: float) -> ClockifyDagsterError:
    """What a failed exchange with the address means. Neither the key nor a proxy's password is in it."""
    host, proxy = urlsplit(url).netloc, proxy_of(url)
    where = f"{endpoint} to {host}"
    if proxy and isinstance(error, ValueError):  # requests' errors of addresses, and a login beyond Latin-1
        return SettingsError(f"{where}: the proxy {proxy} cannot be used: {_unusable(proxy)}. {_CHECK_PROXY}")
    if isinstance(error, requests.exceptions.ProxyError):
        refused = re.search(r"Tunnel connection failed: (\d+)", str(error))
        if refused is None:
            said = f"the proxy {proxy} cannot be used: {_reason(error, timeout)}. {_CHECK_PROXY}"
            return UnreachableError(f"{where}: {said}", endpoint=endpoint)
        status = int(refused[1])
        if status >= requests.codes.server_error:
            said = f"the proxy {proxy} has no connection for us: it answered with {status}. {_CHECK_PROXY}"
            return UnreachableError(f"{where}: {said}", endpoint=endpoint)
        said = f"the proxy {proxy} does not let us through: it answered with {status}"
        if status == requests.codes.proxy_authentication_required:
            said += " and wants a login. Write it into the address, as HTTPS_PROXY=http://user:password@host:port"
        return ProxyRefusedError(f"{where}: {said}. {_CHECK_PROXY}", endpoint=endpoint)
    through = f" through the proxy {proxy}" if proxy else ""
    return UnreachableError(f"{where}{through}: {_reason(error, timeout)}. {_CHECK}", endpoint=endpoint)


def _proxies_for(url: str) -> dict[str, str]:
    if is_loopback(urlsplit(url).hostname or ""):
        return {}
    # requests would take the user in `user:password@host` for a scheme
    return {kind: each if "://" in each else f"http://{each}" for kind, each in get_environ_proxies(url).items()}


def _certificates() -> str | None:
    """The path that the environment names."""
    for name in CERTIFICATES:
        if path := os.environ.get(name):
            try:
                _load(path)
            except OSError as error:  # of which OpenSSL's are a kind
                what = (
                    "holds no certificate" if isinstance(error, ssl.SSLError) else f"cannot be read: {error.strerror}"
                )
                raise SettingsError(
                    f"{name} names {path}, which {what}. Name the file or folder with the certificates to trust, or "
                    "unset it."
                ) from None
            return path
    return None


@cache
def _load(path: str) -> None:
    """Try whether certificates can be read from the path, which requests would not say. Raises `OSError`."""
    is_folder = Path(path).is_dir()
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(**{"capath" if is_folder else "cafile": path})


def _unusable(proxy: str) -> str:
    if proxy.startswith("socks"):
        return "for a SOCKS proxy the package PySocks must be installed"
    return (
        "its address cannot be read. It is written http://user:password@host:port, and what is not a plain letter or "
        "digit in the login as % and its two hexadecimal digits"
    )


def _reason(error: Exception, timeout: float) -> str:
    """Why there is no answer. Of the error's own text only what is known to hold no secret."""
    said = str(error)
    is_certificate = isinstance(error, requests.exceptions.SSLError) or "SSLError" in said
    if is_certificate and "WRONG_VERSION_NUMBER" in said:
        return "it does not speak TLS (an address that begins with https:// must)"
    if is_certificate:
        why = re.search(r"certificate verify failed: ([\w ,.'-]+)", said)
        return (
            f"its TLS certificate cannot be verified{f' ({why[1].strip()})' if why else ''}; if a proxy or a firewall "
            f"decrypts TLS, set REQUESTS_CA_BUNDLE or SSL_CERT_FILE to a file with its certificate"
        )
    # In this order: requests' errors of connecting and of time are of several kinds at once.
    if isinstance(error, requests.exceptions.ConnectTimeout) or "ConnectTimeoutError" in said:
        return f"no connection within {timeout:g} s (CLOCKIFY_TIMEOUT_SECONDS)"
    if isinstance(error, _TIMEOUTS):
        return f"nothing came for {timeout:g} s (CLOCKIFY_TIMEOUT_SECONDS)"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "the connection broke in the middle of the answer"
    if "refused" in said:
        return "nobody listens at that address"
    if "resolve" in said or "getaddrinfo" in said:
        return "the name of the host is unknown"
    return f"the connection failed ({type(error).__name__})"
