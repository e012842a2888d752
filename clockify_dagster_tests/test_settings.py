from __future__ import annotations

import os
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest

from clockify_dagster.errors import SettingsError
from clockify_dagster.settings import Settings
from clockify_dagster.settings_rules import REGIONS, missing_key


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.upper().startswith("CLOCKIFY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_needs_to_be_set() -> None:
    settings = Settings.load()
    assert settings.api_key is None
    assert settings.start_date.year in (THIS_YEAR - 1, date.today().year - 1)  # noqa: DTZ011
    assert (settings.start_date.month, settings.start_date.day) == (1, 1)
    assert settings.database == Path("data/clockify.duckdb")
    assert (settings.concurrency, settings.max_wait_seconds, settings.lock_timeout_seconds) == (8, 7200, 600)


@pytest.mark.parametrize("blank", ["", "  ", "\t"])
def test_blank_is_as_good_as_not_set(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(f"CLOCKIFY_{name.upper()}", blank)
    assert Settings.load() == Settings()
    assert Settings.load().timezone == "UTC"


def test_the_env_file_is_read_and_the_environment_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("CLOCKIFY_REGION=euc1\nCLOCKIFY_TIMEZONE=Europe/Belgrade\nOTHER=1\n")
    monkeypatch.setenv("CLOCKIFY_REGION", "use2")
    settings = Settings.load()
    assert (settings.region, settings.timezone) == ("use2", "Europe/Belgrade")


def test_an_env_file_that_is_no_text_is_an_error_that_says_so(folder: Path) -> None:
    (folder / ".env").write_bytes(b"CLOCKIFY_REGION=\xff\xfe")
    with pytest.raises(SettingsError, match=r"\.env .* UTF-8"):
        Settings.load()
    assert Settings.forgiving().region == "global"


THIS_YEAR = date.today().year  # noqa: DTZ011 - the year of the machine's clock
LATER = (datetime.now(timezone.utc) + timedelta(days=9)).date().isoformat()


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("API_KEY", "abc def", "no blanks"),
        ("API_KEY", "abc\ndef", "line breaks"),
        ("API_KEY", "schlüssel", "beyond ASCII"),
        ("REGION", "mars", "there are only global, euc1"),
        ("API_URL", "http://example.com/api/v1", "with http the key would travel unencrypted"),
        ("API_URL", "https://api.clockify.me", "must end in /api/v1"),
        ("API_URL", "https://api.clockify.me/v1", "must end in /api/v1"),
        ("API_URL", "http://127.0.0.1:80", "must end in /api/v1"),
        ("API_URL", "ftp://api.clockify.me/v1", "begins with https://"),
        ("API_URL", "https://a b/v1", "must not have blanks"),
        ("API_URL", "https://host:99999/v1", "cannot be read"),
        ("API_URL", "https://me:pw@host/v1", "no user, password"),
        ("REPORTS_URL", "http://10.0.0.1/v1", "with http the key would travel unencrypted"),
        ("WORKSPACES", "abc,d/e", "letters and digits"),
        ("START_DATE", "01.02.2025", "yyyy-MM-dd"),
        ("START_DATE", "2025-02-30", "no such day"),
        ("START_DATE", "1735689600", "yyyy-MM-dd"),
        ("START_DATE", "1969-12-31", "before 1970"),
        ("START_DATE", LATER, "in the future"),
        ("UPDATE_WINDOW_DAYS", "0", "at least 1"),
        ("UPDATE_WINDOW_DAYS", "many", "must be a whole number"),
        ("UPDATE_WINDOW_DAYS", "1.5", "must be a whole number"),
        ("TIMEZONE", "Mars/Olympus", "no time zone of that name"),
        ("TIMEZONE", "../../etc/passwd", "no time zone of that name"),
        ("DATABASE", ".", "it is a folder"),
        ("DATABASE_STORAGE_VERSION", "v9.9.9", f"DuckDB {duckdb.__version__}, which is installed, has no such"),
        ("DATABASE_STORAGE_VERSION", "1.4", "has no such storage version"),
        ("REQUESTS_PER_SECOND", "0", "at least 0.001"),
        ("REQUESTS_PER_SECOND", "nan", "must be a finite number"),
        ("CONCURRENCY", "65", "at most 64"),
        ("EXECUTOR", "threads", "'in_process' or 'multiprocess'"),
        ("TIMEOUT_SECONDS", "-1", "more than 0"),
        ("MAX_WAIT_SECONDS", "-1", "at least 0"),
        ("LOCK_TIMEOUT_SECONDS", "soon", "must be a number"),
    ],
)
def test_a_bad_value_is_named_with_its_fault_and_an_example(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, fault: str
) -> None:
    monkeypatch.setenv(f"CLOCKIFY_{name}", value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    message = str(caught.value)
    assert message.startswith(f"CLOCKIFY_{name} cannot be used: ")
    assert fault in message
    assert f"Write for example CLOCKIFY_{name}=" in message
    assert "\n" not in message
    default = Settings.model_fields[name.lower()].get_default(call_default_factory=True)
    assert getattr(Settings.forgiving(), name.lower()) == default


def test_all_faults_are_told_at_once_and_forgiving_keeps_what_is_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLOCKIFY_REGION", "mars")
    monkeypatch.setenv("CLOCKIFY_CONCURRENCY", "0")
    monkeypatch.setenv("CLOCKIFY_TIMEZONE", "Asia/Tokyo")
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert [line.split()[0] for line in str(caught.value).split("\n")] == [
        "CLOCKIFY_REGION",
        "CLOCKIFY_CONCURRENCY",
    ]
    assert Settings.forgiving().timezone == "Asia/Tokyo"


@pytest.mark.parametrize("key", ["Secret0Key0Of0Mine", "Secret0Key0Of0Mine with more"])
def test_the_key_is_in_no_text(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("CLOCKIFY_API_KEY", key)
    monkeypatch.setenv("CLOCKIFY_REGION", key)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert "Secret0" not in str(caught.value)
    assert "Secret0" not in repr(Settings.forgiving())


def test_a_password_in_an_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOCKIFY_API_URL", "https://me:hunter2@host/v1")
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "core", "reports"),
    [
        ({}, "https://api.clockify.me/api/v1", "https://reports.api.clockify.me/v1"),
        ({"REGION": "use2"}, "https://use2.clockify.me/api/v1", "https://use2.clockify.me/report/v1"),
        (
            {"API_URL": "http://localhost:4010/v1", "REPORTS_URL": "http://localhost:4010/v1"},
            "http://localhost:4010/v1",
            "http://localhost:4010/v1",
        ),
        (
            {"REGION": "use2", "API_URL": "http://127.0.0.1:80/api/v1/"},
            "http://127.0.0.1:80/api/v1",
            "http://127.0.0.1:80/report/v1",
        ),
        (
            {"API_URL": "https://x.clockify.me/api/v1", "REPORTS_URL": "http://[::1]:1/v1"},
            "https://x.clockify.me/api/v1",
            "http://[::1]:1/v1",
        ),
    ],
)
def test_addresses_come_from_the_region_unless_they_are_set(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], core: str, reports: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"CLOCKIFY_{name}", value)
    settings = Settings.load()
    assert (settings.core_url, settings.reports_host_url) == (core, reports)


@pytest.mark.parametrize(
    ("api_url", "reports"),
    [
        (*(str((Settings.model_fields[name].examples or [""])[0]) for name in ("api_url", "reports_url")),),
        ("https://api.clockify.me/api/v1/", "https://reports.api.clockify.me/v1"),
        ("https://API.clockify.me:443/api/v1", "https://reports.api.clockify.me/v1"),
        ("https://euc1.clockify.me/api/v1", "https://euc1.clockify.me/report/v1"),
        ("https://use2.clockify.me/api/v1", "https://use2.clockify.me/report/v1"),
        ("https://euw2.clockify.me/api/v1", "https://euw2.clockify.me/report/v1"),
        ("https://apse2.clockify.me/api/v1", "https://apse2.clockify.me/report/v1"),
        ("https://agency.clockify.me/api/v1", "https://agency.clockify.me/report/v1"),
        ("https://clockify.example.com:8443/api/v1", "https://clockify.example.com:8443/report/v1"),
        ("http://localhost:4010/v1", "http://localhost:4010/report/v1"),
    ],
)
def test_the_reports_are_where_the_host_of_the_core_api_has_them(
    monkeypatch: pytest.MonkeyPatch, api_url: str, reports: str
) -> None:
    monkeypatch.setenv("CLOCKIFY_API_URL", api_url)
    assert Settings.load().reports_host_url == reports
    monkeypatch.setenv("CLOCKIFY_REGION", "use2")
    assert Settings.load().reports_host_url == reports, "the address goes before the region"


@pytest.mark.parametrize("region", REGIONS)
def test_the_address_of_a_region_has_the_reports_of_the_region(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    by_region = Settings.load(region=region)
    monkeypatch.setenv("CLOCKIFY_API_URL", by_region.core_url)
    assert Settings.load().reports_host_url == by_region.reports_host_url


def test_workspaces_are_plain_ids_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOCKIFY_WORKSPACES", " a1, b2 ,,a1 ")
    assert Settings.load().workspaces == ("a1", "b2")


def test_variables_that_nobody_knows_are_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("CLOCKIFY_START=2025-01-01\n")
    monkeypatch.setenv("CLOCKIFY_WORKSPACE", "x")
    monkeypatch.setenv("CLOCKIFY_REGION", "euc1")
    assert Settings.unknown_variables() == ["CLOCKIFY_START", "CLOCKIFY_WORKSPACE"]


def test_a_missing_key_is_told_with_what_to_do() -> None:
    assert "CLOCKIFY_API_KEY is not set" in str(missing_key("CLOCKIFY_API_KEY"))
    assert "CLOCKIFY_" not in str(missing_key("api_key"))
