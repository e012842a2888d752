"""The `.env` as editors and people write it, and keys as they are pasted."""

from __future__ import annotations

from pathlib import Path

import pytest

from clockify_dagster.env_file import env_file
from clockify_dagster.errors import SettingsError
from clockify_dagster.settings import Settings

PLAIN = "CLOCKIFY_API_KEY=NzUxMjM0\nCLOCKIFY_REGION=euc1\nDAGSTER_HOME=/srv/dagster home\n"
FORMS = {
    "plain": PLAIN,
    "a byte order mark": "\ufeff" + PLAIN,
    "CRLF": PLAIN.replace("\n", "\r\n"),
    "a byte order mark and CRLF": "\ufeff" + PLAIN.replace("\n", "\r\n"),
    "export": "export " + PLAIN.strip().replace("\n", "\nexport "),
    "single quotes": "CLOCKIFY_API_KEY='NzUxMjM0'\nCLOCKIFY_REGION='euc1'\nDAGSTER_HOME='/srv/dagster home'\n",
    "double quotes": 'CLOCKIFY_API_KEY="NzUxMjM0"\nCLOCKIFY_REGION="euc1"\nDAGSTER_HOME="/srv/dagster home"\n',
    "blanks and comments": "# mine\n\n CLOCKIFY_API_KEY = NzUxMjM0 # of Ana\nCLOCKIFY_REGION= euc1\n" + PLAIN[-31:],
    "no line break at the end": PLAIN.strip(),
    "all at once": "\ufeff# mine\r\nexport CLOCKIFY_API_KEY='NzUxMjM0'\r\nexport CLOCKIFY_REGION=\"euc1\"\r\n"
    + PLAIN[-31:],
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_the_env_file_may_have_any_usual_form(text: str) -> None:
    Path(".env").write_bytes(text.encode())
    settings = Settings.load()
    assert settings.api_key is not None
    assert (settings.api_key.get_secret_value(), settings.region) == ("NzUxMjM0", "euc1")
    assert env_file()["DAGSTER_HOME"] == "/srv/dagster home"
    assert Settings.unknown_variables() == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_one_in_another_encoding_is_refused(encoding: str) -> None:
    Path(".env").write_bytes(("\ufeff" * encoding.endswith("le") + PLAIN + "# \u00fc\n").encode(encoding))
    with pytest.raises(SettingsError, match=r"The file \.env in this folder cannot be read: .* UTF-8"):
        Settings.load()
    assert env_file() == {}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ('"NzUxMjM0"', 'it stands in quotes ("), which count as part of it here; leave them out'),
        ("'NzUxMjM0'", "it stands in quotes ('), which count as part of it here; leave them out"),
        (" 'NzUxMjM0' ", "it stands in quotes ('), which count as part of it here; leave them out"),
        ("\u201cNzUxMjM0\u201d", "there are quotes in it; write the key without them"),
        ("`NzUxMjM0`", "there are quotes in it; write the key without them"),
        ('"NzUxMjM0', "there are quotes in it; write the key without them"),
        ("Bearer NzUxMjM0", "the value begins with Bearer; write the key alone"),
        ("bearer NzUxMjM0", "the value begins with bearer; write the key alone"),
        ("Bearer: NzUxMjM0", "the value begins with Bearer:; write the key alone"),
        ("X-Api-Key: NzUxMjM0", "the value begins with X-Api-Key:; write the key alone"),
        ("CLOCKIFY_API_KEY=NzUxMjM0", "the value begins with CLOCKIFY_API_KEY=; write the key alone"),
    ],
)
def test_a_key_with_something_around_it_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, value: str, fault: str
) -> None:
    monkeypatch.setenv("CLOCKIFY_API_KEY", value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert str(caught.value).startswith(f"CLOCKIFY_API_KEY cannot be used: {fault}. Write for example ")
    assert "NzUx" not in str(caught.value)


@pytest.mark.parametrize("name", ["TIMEZONE", "DATABASE", "START_DATE", "CONCURRENCY", "WORKSPACES", "API_URL"])
def test_literal_quotes_are_named_whatever_the_setting(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As `docker run --env-file` gives them, which leaves quotes where they are."""
    monkeypatch.setenv(f"CLOCKIFY_{name}", '"a value"')
    with pytest.raises(SettingsError, match=rf"CLOCKIFY_{name} cannot be used: it stands in quotes"):
        Settings.load()
