"""What an answer says: which statuses are errors, of which kind, and what the reader can do about it."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from clockify_dagster import errors

_ENTITY_MISSING = 501
_UNKNOWN_KEY = 4003
_LONGEST_MESSAGE = 200
_ECHO = 8  # so many characters of the key in a row are an echo of it, also where the rest is missing
_BIG = re.compile(rb"\d{19}")
_EMAIL = r"[^\s@<>\"']+@[^\s@<>\"']+"


def error_of(
    status: int, headers: Mapping[str, str], body: bytes, *, endpoint: str, key: str, now: datetime
) -> errors.ApiError | None:
    """The error that an answer stands for, or None. `now` counts where it has no date of its own."""
    if 200 <= status < 300:
        return None
    given: Any = None
    with suppress(ValueError, RecursionError):
        given = json.loads(body)
    said = given if isinstance(given, dict) else {}
    code = said["code"] if isinstance(said.get("code"), int) else None
    text = f"{endpoint} was answered with {status}."
    if message := masked(str(said.get("message") or ""), key):
        text += f" Clockify says: {message.rstrip('.')}."
    if status == 429:
        retry_after = _retry_after(headers.get("Retry-After", ""), moment_of(headers.get("Date", "")) or now)
        return errors.RateLimitedError(text, endpoint=endpoint, retry_after=retry_after)
    kind, advice = _kind(status, code, endpoint)
    return kind(f"{text} {advice}", endpoint=endpoint, status=status, code=code)


def _kind(status: int, code: int | None, endpoint: str) -> tuple[type[errors.ApiError], str]:
    """The class of an error, and what to do about it."""
    if status == 401 and code == _UNKNOWN_KEY:
        return errors.KeyRefusedError, (
            "Clockify does not know the key in CLOCKIFY_API_KEY. Check that it is copied whole, and that "
            "CLOCKIFY_REGION or CLOCKIFY_API_URL is where it was made: each region, and each subdomain, knows only its "
            "own keys."
        )
    if status == 401:
        return errors.KeyRefusedError, (
            "Clockify refuses the key in CLOCKIFY_API_KEY: it was revoked, or it is a key of another kind. Make a new "
            "one in Clockify (Profile settings, API), and check that CLOCKIFY_REGION or CLOCKIFY_API_URL is where it "
            "was made."
        )
    if status == 403:
        why = "The key's owner may not see this, or the workspace's plan lacks the feature."
        if endpoint.endswith("/users"):
            why = "A plain member's key cannot list the workspace's users."
        return errors.NotAllowedError, f"{why} Put the key of the workspace's owner or an admin into CLOCKIFY_API_KEY."
    if status == 404 or (status == 400 and code == _ENTITY_MISSING):
        return errors.NotThereError, (
            "It was deleted, or belongs to another workspace; or the address in CLOCKIFY_API_URL is wrong."
        )
    if status >= 500 or status in (408, 425):
        return errors.ServerFaultError, "Clockify has a problem at the moment; run it again later."
    if status < 400:
        return errors.BadRequestError, (
            "It is a redirect, and the key is sent to no address but the one that is set: check CLOCKIFY_REGION or "
            "CLOCKIFY_API_URL."
        )
    return errors.BadRequestError, "Asking again will not help."


def parsed(body: bytes, endpoint: str) -> Any:
    """The JSON of a good answer. Raises `UnreadableAnswerError`."""
    # orjson makes floats of integers beyond 64 bits, and refuses NaN and lone surrogates; the standard library does
    # neither. Nineteen digits in a row are rare enough to take the slow way whatever they are.
    if _BIG.search(body) is None:
        with suppress(ValueError):
            return orjson.loads(body)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise errors.UnreadableAnswerError(
            f"{endpoint} was answered with {len(body)} bytes that are not JSON. Something between here and Clockify "
            "answers in its place (a proxy, a login page), or the answer was cut.",
            endpoint=endpoint,
            status=200,
        ) from None


def decompressed(body: bytes, encoding: str, endpoint: str) -> bytes:
    """The body as it was before it was compressed. Raises `UnreachableError` where its end is missing."""
    if encoding.strip().lower() in ("", "identity") or not body:
        return body
    try:
        return zlib.decompress(body, wbits=zlib.MAX_WBITS | 32)
    except zlib.error:
        raise errors.UnreachableError(
            f"{endpoint}: the compressed answer ({len(body)} bytes) is damaged or its end is missing. The connection "
            "broke, or something between here and Clockify changed it.",
            endpoint=endpoint,
        ) from None


def moment_of(header: str) -> datetime | None:
    """The instant that a header such as `Date` names; None where it cannot be read."""
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def masked(text: str, key: str) -> str:
    """The text on one line, shortened, without the key, longer parts of it, and e-mail addresses."""
    sizes = range(len(key), max(min(_ECHO, len(key)), 1) - 1, -1)  # the longest first, as they are tried in this order
    parts = (re.escape(key[start : start + size]) for size in sizes for start in range(len(key) - size + 1))
    secrets = "|".join([*parts, _EMAIL])
    return " ".join(re.sub(f"({secrets})+", "***", text).replace("\0", " ").split())[:_LONGEST_MESSAGE]


def _retry_after(header: str, now: datetime) -> float | None:
    """Seconds to wait, from a header that gives seconds or a date; None where it gives neither."""
    if re.fullmatch(r"\d{1,9}(\.\d+)?", header.strip()):
        return float(header)
    until = moment_of(header)
    return None if until is None else max(0.0, (until - now).total_seconds())
