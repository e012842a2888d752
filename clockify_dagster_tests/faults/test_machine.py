"""A full disk, a folder that may not be written, an unknown certificate: each is reported, and the data stays."""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import trustme

from clockify_dagster.api import Transport
from clockify_dagster.errors import DatabaseUnusableError
from clockify_dagster.warehouse import Database
from clockify_dagster_tests.faults.conftest import Loaded, everything
from clockify_dagster_tests.proxy import with_certificate

SIZE = 8 << 20
NOBODY = 65534


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Make the folder a disk of a few megabytes; False where that is not allowed here."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    is_mounted = shutil.which("mount") is not None and not subprocess.run(mount, capture_output=True).returncode  # noqa: S603
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S603, S607


@contextmanager
def small_files() -> Iterator[None]:
    """Let no file grow beyond a few megabytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def fill_up(loaded: Loaded) -> None:
    """Load more than there is room for; assert that it is reported, changes nothing, and heals when there is room."""
    before = everything(loaded.database)
    big = [loaded.account.add_tag(loaded.people.workspace, secrets.token_hex(50_000)) for _ in range(200)]
    result = loaded.load("clockify_clients", "clockify_tags", expect=False)
    (message,) = loaded.failures(result).values()
    assert message.startswith("The disk is full")
    assert "as before. Make room and start again" in message
    after = everything(loaded.database)
    assert after["main.clockify_tags"] == before["main.clockify_tags"]
    for tag in big:
        loaded.account.delete_tag(tag)
    loaded.heal("clockify_tags", "clockify_clients")


def test_a_full_disk_is_reported_and_changes_nothing(loaded: Loaded) -> None:
    small = loaded.folder / "small"
    with small_disk(small) as is_small:
        shutil.copyfile(loaded.database, small / "clockify.duckdb")
        loaded.set(database=small / "clockify.duckdb")
        loaded.folder = small
        if is_small:
            fill_up(loaded)
        else:
            with small_files():
                fill_up(loaded)


def test_a_file_that_may_not_grow_is_reported_and_changes_nothing(loaded: Loaded) -> None:
    with small_files():
        fill_up(loaded)


@contextmanager
def nobody() -> Iterator[None]:
    """Be somebody who is not root, whom no permission could stop."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.mark.parametrize("mode", [0o555, 0o000])
def test_a_folder_that_may_not_be_written_is_reported(loaded: Loaded, mode: int) -> None:
    before = everything(loaded.database)
    with tempfile.TemporaryDirectory() as name:  # the test's own folder is closed to others
        folder = Path(name)
        path = folder / "clockify.duckdb"
        shutil.copyfile(loaded.database, path)
        path.chmod(0o444)
        folder.chmod(mode)
        database = Database(path, lock_timeout=5)
        try:
            with (
                nobody(),
                pytest.raises(DatabaseUnusableError, match=r"may not be .* by this user\. Change the permissions"),
                database.writing(),
            ):
                pass
        finally:
            folder.chmod(0o755)
        assert everything(path) == before


def test_a_certificate_that_nobody_trusts_is_refused_before_the_key_is_sent(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    before = everything(loaded.database)
    with with_certificate(loaded.sandbox, authority, "127.0.0.1"):
        loaded.set(
            api_url=loaded.sandbox.api_url.replace("http:", "https:"),
            reports_url=loaded.sandbox.reports_url.replace("http:", "https:"),
        )
        result = loaded.load("clockify_tags", expect=False)
        (message,) = loaded.failures(result).values()
        assert "its TLS certificate cannot be verified" in message
        assert loaded.sandbox.requests == []
        assert everything(loaded.database) == before
        # a company's own authority is trusted by the variable that all of Python's programs know
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
        loaded.heal("clockify_tags")


def test_no_session_leaves_certificates_unverified() -> None:
    class Careless(requests.Session):
        def __init__(self) -> None:
            super().__init__()
            self.verify = False

    with Transport("key", sessions=Careless) as transport, transport._sessions.new_session() as session:
        assert session.verify is True
