"""The process that executes a run: what is known of it when the run starts, and whether it has ended since.

A process number says nothing on its own. Another host and another container have the same numbers, and a number is
given again when its process has ended. So the host, its boot, the namespace of processes and the time at which the
process started are recorded too. Linux shows all of them in `/proc`. Where there is none, nothing is recorded.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

_PROC = Path("/proc")


class RunProcess(BaseModel):
    """A process, and the run that it executes. It is recorded as JSON.

    Attributes:
        run_id: the run. When a run is started again Dagster copies its tags, and they are about the first one.
        host: the host's name.
        boot: the kernel's id of the time since the host was switched on.
        namespace: the kernel's name of the namespace in which the number is counted; each container has its own.
        pid: the process's number.
        started: when the process started, in clock ticks since the boot.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str
    host: str
    boot: str
    namespace: str
    pid: int = Field(gt=0)
    started: int

    @classmethod
    def current(cls, run_id: str) -> RunProcess | None:
        """This process, as the one that executes the run; None where the system does not show all that is needed."""
        try:
            if (_PROC / "self").readlink().name != str(os.getpid()):
                return None  # what is mounted there counts by another namespace
            return cls(
                run_id=run_id,
                host=socket.gethostname(),
                boot=(_PROC / "sys/kernel/random/boot_id").read_text().strip(),
                namespace=str((_PROC / "self/ns/pid").readlink()),
                pid=os.getpid(),
                started=_state_and_start(os.getpid())[1],
            )
        except OSError:
            return None

    def has_ended(self) -> bool:
        """Whether it is certain that this process is no more. False where it was on another host, or may have been."""
        here = RunProcess.current(self.run_id)
        if here is None or (here.host, here.boot, here.namespace) != (self.host, self.boot, self.namespace):
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            pass  # it belongs to another user
        try:
            state, started = _state_and_start(self.pid)
        except OSError:
            return False  # hidden from this user, or it ends at this moment
        return started != self.started or state in ("Z", "X")  # ended, and its parent has not taken note yet


def _state_and_start(pid: int) -> tuple[str, int]:
    """A process's state, and when it started in clock ticks since the boot: fields 3 and 22 of `/proc/PID/stat`.

    Raises `OSError` where the system does not show the process.
    """
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()  # the name before may have spaces
    return fields[0], int(fields[19])
