"""How each setting's value is checked, and the message for a wrong one. The settings are in `settings.py`."""

from __future__ import annotations

import multiprocessing
import re
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import SecretStr, ValidationInfo

from clockify_dagster.api.network import UNENCRYPTED, is_loopback
from clockify_dagster.contract import ALL, CONTRACT, CORE_TABLES
from clockify_dagster.errors import SettingsError


class Region(NamedTuple):
    """The addresses of Clockify's two APIs for the accounts of a region."""

    api: str
    reports: str


REGIONS = {
    "global": Region("https://api.clockify.me/api/v1", "https://reports.api.clockify.me/v1"),
    **{
        name: Region(f"https://{name}.clockify.me/api/v1", f"https://{name}.clockify.me/report/v1")
        for name in ("euc1", "use2", "euw2", "apse2")
    },
}
FIRST_YEAR = 1970

# What pydantic calls a fault, and what we call it; the numbers come from the fault itself.
FAULTS = {
    "int_parsing": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "float_parsing": "it must be a number",
    "finite_number": "it must be a finite number",
    "greater_than": "it must be more than {gt:g}",
    "greater_than_equal": "it must be at least {ge:g}",
    "less_than_equal": "it must be at most {le:g}",
    "literal_error": "it must be one of {expected}",
    "bool_parsing": "it must be true or false",
}


def require(holds: object, fault: str) -> None:
    """Raise ValueError unless something holds."""
    if not holds:
        raise ValueError(fault)


def unquoted(value: Any) -> Any:
    """What is given, which must be no text in quotes: a shell or a `.env` would have left them out."""
    if isinstance(value, str) and len(value) > 1:
        is_quoted = value[0] == value[-1] and value[0] in "\"'"
        require(not is_quoted, f"it stands in quotes ({value[0]}), which count as part of it here; leave them out")
    return value


def checked_key(key: SecretStr | None) -> SecretStr | None:
    """A key that can go into a header."""
    text = "" if key is None else key.get_secret_value()
    begins = re.match(r"(?:Bearer\b ?:?|(?:X-Api-Key|CLOCKIFY_API_KEY) *[:=])", text, re.IGNORECASE)
    require(not begins, f"the value begins with {begins[0].strip() if begins else ''}; write the key alone")
    require(not re.search("[\"'`\u2018-\u201f]", text), "there are quotes in it; write the key without them")
    require(
        key is None or re.fullmatch(r"[\x21-\x7e]+", text),
        "a key has no blanks, line breaks, or letters beyond ASCII; copy it once more",
    )
    return key


def checked_region(region: str) -> str:
    """One of Clockify's regions."""
    require(region in REGIONS, f"there are only {', '.join(REGIONS)}")
    return region


def checked_list(value: Any) -> tuple[str, ...]:
    """Texts, from one text with commas between, each once."""
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else list(value)
    return tuple(dict.fromkeys(str(part) for part in parts if part))


def checked_executor(executor: str) -> str:
    """One that this system is able to run."""
    if executor == "multiprocess" and "fork" in multiprocessing.get_all_start_methods():
        try:
            multiprocessing.get_context("fork").Lock()
        except OSError as error:
            raise ValueError(f"its processes need /dev/shm, which cannot be written here ({error.strerror})") from None
    return executor


def checked_ids(value: Any) -> tuple[str, ...]:
    """Plain ids, from text with commas between, each once."""
    found = checked_list(value)
    plain = all(re.fullmatch(r"[0-9A-Za-z]+", identity) for identity in found)
    require(plain, "an id has only letters and digits; commas stand between ids")
    return found


def checked_tables(value: Any) -> tuple[str, ...]:
    """`all`, `core` and names of tables, from text with commas between; a name may leave out `clockify_`."""
    found = []
    for name in checked_list(value):
        full = next((each for each in (name, f"clockify_{name}") if each in CONTRACT), name)
        short = [each.removeprefix("clockify_") for each in CONTRACT.tables]
        close = get_close_matches(name.removeprefix("clockify_"), short, n=1)
        hint = f"; did you mean clockify_{close[0]}?" if close else " (nor core, nor all)"
        require(full in (*CONTRACT.tables, ALL, CORE_TABLES), f"{name} is not the name of a table{hint}")
        found.append(full)
    return tuple(found)


def checked_name(name: str | None) -> str | None:
    """A name as Dagster takes it."""
    require(name is None or re.fullmatch(r"[A-Za-z0-9_]+", name), "a name has only letters, digits and underscores")
    return name


def checked_key_prefix(value: Any) -> tuple[str, ...]:
    """The parts of a key prefix, from text with slashes between."""
    parts = value.split("/") if isinstance(value, str) else list(value)
    found = tuple(str(part).strip() for part in parts if str(part).strip())
    require(all(re.fullmatch(r"[A-Za-z0-9_]+", part) for part in found), "its parts have letters, digits, underscores")
    return found


def checked_zone(name: str) -> str:
    """A time zone that exists."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("there is no time zone of that name") from None
    return name


def checked_start(value: Any, info: ValidationInfo) -> date:
    """A date written yyyy-MM-dd that is not in the future, in the time zone of the settings."""
    text = str(value)
    require(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text), "a day is written yyyy-MM-dd")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such day in the calendar") from None
    require(day.year >= FIRST_YEAR, f"it is before {FIRST_YEAR}")
    zone = info.data.get("timezone", "UTC")
    require(day <= datetime.now(ZoneInfo(zone)).date(), f"that day is in the future (in {zone})")
    return day


def reports_url_of(api_url: str) -> str:
    """The reports API's address for a core API's: of Clockify's hosts the documented one, else on the same host."""
    parts = urlsplit(api_url)
    known = {urlsplit(region.api).hostname: region.reports for region in REGIONS.values()}
    return known.get(parts.hostname) or f"{parts.scheme}://{parts.netloc}/report/v1"


def checked_api_url(url: str | None) -> str | None:
    """An address to which the key may go, of the core API."""
    checked = checked_url(url)
    parts = urlsplit(checked or "")
    # a mock server made from Clockify's own document, whose paths begin with /v1, is welcome on this machine
    ending = "/v1" if is_loopback(parts.hostname or "") else "/api/v1"
    require(checked is None or parts.path.endswith(ending), "its path must end in /api/v1")
    return checked


def checked_url(url: str | None) -> str | None:
    """An address to which the key may go, without a slash at its end."""
    if url is None:
        return None
    require(not re.search(r"[\s\x00-\x1f]", url), "an address must not have blanks in it")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("its host or port cannot be read") from None
    require(parts.scheme in ("http", "https") and host, "an address begins with https://")
    more = parts.username or parts.password or parts.query or parts.fragment
    require(not more, "it may hold only host and path, no user, password, ? or #")
    require(parts.scheme == "https" or is_loopback(host), UNENCRYPTED)
    return url.rstrip("/")


def missing_key(name: str) -> SettingsError:
    """What to say when a run needs the key and there is none. `name` is how the user writes it."""
    is_variable = name.isupper()
    where = f"put {name}=... into the environment or into a file .env in {Path.cwd()}" if is_variable else "give it"
    return SettingsError(
        f"{name} is {'not set' if is_variable else 'empty'}. Make a key in Clockify (Profile settings, API; use the "
        f"workspace owner's or an admin's account) and {where}."
    )
