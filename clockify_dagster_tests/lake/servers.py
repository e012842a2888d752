"""The servers that a lake needs, started here: a Postgres from the system's package, and an S3 server in Python.

Each is on a port of the loopback interface, with its files in a temporary folder, and goes with the tests.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

PASSWORD = f"secret-{secrets.token_hex(8)}"
KEY_ID, SECRET = "AKIALAKEOFTHETESTS", f"secret-{secrets.token_hex(16)}"
BUCKET = "lake"


class ServerMissingError(Exception):
    """A server cannot be started here; says what is missing."""


@dataclass(frozen=True)
class Postgres:
    """A cluster that runs.

    Attributes:
        folder: where its data and its log are.
        port: where it listens, on the loopback interface.
    """

    folder: Path
    port: int

    def conninfo(self, database: str) -> str:
        """How libpq reaches a database, but for the password."""
        return f"host=127.0.0.1 port={self.port} user=lake dbname={database}"

    def run(self, sql: str, database: str = "postgres") -> str:
        """Execute a statement; gives what it prints."""
        command = [_binary("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", self.conninfo(database), "-c", sql]
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout  # noqa: S603

    def new_database(self) -> str:
        """Make an empty database; gives its name."""
        name = f"lake_{secrets.token_hex(4)}"
        self.run(f"CREATE DATABASE {name}")
        return name

    def restart(self) -> None:
        """Stop it at once, as a machine that is started anew does, and start it again."""
        _as_its_user([_binary("pg_ctl"), "-D", self.folder / "data", "-m", "immediate", "stop"])
        _start(self.folder, self.port)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a cluster as a user of its own, since Postgres refuses root. Raises `ServerMissingError`."""
    _binary("initdb")
    folder, port = Path(tempfile.mkdtemp(prefix="lake-postgres-")), free_port()
    try:
        secret = folder / "password"
        secret.write_text(PASSWORD)
        for each in (folder, secret):
            if os.geteuid() == 0:
                shutil.chown(each, _user(), pwd.getpwnam(_user()).pw_gid)
        options = ["-U", "lake", "--auth=scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C"]
        _as_its_user([_binary("initdb"), "-D", folder / "data", *options])
        _start(folder, port)
        try:
            yield Postgres(folder, port)
        finally:
            _as_its_user([_binary("pg_ctl"), "-D", folder / "data", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, port: int) -> None:
    # what is lost when the machine fails does not matter here, and the disk is slow
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c max_connections=200"
    _as_its_user([_binary("pg_ctl"), "-D", folder / "data", "-l", folder / "log", "-o", options, "-w", "start"])


def _binary(name: str) -> str:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
    found = shutil.which(name, path=os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")]))
    if found is None:
        raise ServerMissingError(f"Postgres is not installed ({name} is missing): apt-get install postgresql")
    return found


def _user() -> str:
    known = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _as_its_user(command: list[str | Path]) -> None:
    is_root = os.geteuid() == 0
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
    with tempfile.TemporaryFile("w+") as output:  # not a pipe: the server would hold it for ever
        ended = subprocess.run(  # noqa: S603
            command,
            cwd="/",
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            user=_user() if is_root else None,
            group=pwd.getpwnam(_user()).pw_gid if is_root else None,
        )
        output.seek(0)
        if ended.returncode:
            raise ServerMissingError(f"Postgres cannot be started here: {output.read()[-2000:]}")


@dataclass(frozen=True)
class S3:
    """An S3 server with a bucket.

    Attributes:
        url: its address.
        log: the file in which it notes each request.
    """

    url: str
    log: Path

    @property
    def variables(self) -> dict[str, str]:
        """What is in the environment of those who use it."""
        return {
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.url,
        }


@contextmanager
def running_s3() -> Iterator[S3]:
    """Start a server, and make the bucket. Raises `ServerMissingError`."""
    program = Path(sys.executable).with_name("moto_server")
    if not program.exists():
        raise ServerMissingError("No S3 server is installed: pip install 'moto[server]'")
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="lake-s3-"))
    url, log = f"http://127.0.0.1:{port}", folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603
            [program, "-H", "127.0.0.1", "-p", str(port)], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until(lambda: _answers(f"{url}/moto-api/"), "the S3 server does not answer")
        requests.put(f"{url}/{BUCKET}", timeout=10).raise_for_status()
        yield S3(url, log)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _answers(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(url, timeout=5).ok
    return False


def free_port() -> int:
    """A port of the loopback interface where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_until(happens: Callable[[], bool], otherwise: str, seconds: float = 60) -> None:
    """Wait for something. Raises `AssertionError` where it does not come."""
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            raise AssertionError(otherwise)
        time.sleep(0.02)
