"""A control group with a limit of processor time, as containers have it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

CONTROL_GROUPS = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS = 100_000
REMOVAL_SECONDS = 10


@contextlib.contextmanager
def limited(cpus: float) -> Iterator[Path]:
    """Creates a control group limited to `cpus` processors; yields the file that takes the ids of its processes.

    Needs the right to create groups: root, with control groups of version 1, or of version 2 with the controller
    `cpu` enabled.
    """
    quota = round(cpus * PERIOD_MICROSECONDS)
    is_v1 = (CONTROL_GROUPS / "cpu" / "cgroup.procs").exists()
    group = (CONTROL_GROUPS / "cpu" if is_v1 else CONTROL_GROUPS) / f"iopaint-quota-{os.getpid()}"
    group.mkdir()
    try:
        if is_v1:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS), encoding="ascii")
            (group / "cpu.cfs_quota_us").write_text(str(quota), encoding="ascii")
        else:
            (group / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}", encoding="ascii")
        yield group / "cgroup.procs"
    finally:
        _remove(group)


def _remove(group: Path) -> None:
    """Removes a group; its last process may take a moment to be gone."""
    deadline = time.monotonic() + REMOVAL_SECONDS
    while True:
        try:
            group.rmdir()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def inside(processes: Path, command: list[str]) -> list[str]:
    """Returns a command line that joins the group of `processes` and then runs `command`."""
    return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(processes), *command]
