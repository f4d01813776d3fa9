"""Both servers: start, requests, memory, termination."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_SECONDS = 600
POLL_SECONDS = 0.01


def free_port() -> int:
    """Returns a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Server:
    """A running server and the times of its milestones."""

    name: str
    process: subprocess.Popen
    address: str
    began: float
    seconds: dict[str, float] = field(default_factory=dict)

    def get(self, path: str) -> int:
        """Returns the status of a GET; 0 if the connection is refused."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=30) as response:
                response.read()
                return response.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def inpaint(self, body: bytes) -> tuple[float, bytes]:
        """Returns duration in seconds and response of an inpaint request."""
        request = urllib.request.Request(
            self.address + "/api/v1/inpaint", data=body, headers={"Content-Type": "application/json"}
        )
        began = time.monotonic()
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            answer = response.read()
        return time.monotonic() - began, answer

    def processor_seconds(self) -> float:
        """Returns the processor time that the process has used."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def wait(self, what: str, is_so: Callable[[], bool]) -> None:
        """Polls a condition; records the seconds since the start of the process."""
        while not is_so():
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended with {self.process.returncode} before {what}")
            if time.monotonic() - self.began > PATIENCE_SECONDS:
                raise SystemExit(f"{self.name} took more than {PATIENCE_SECONDS} s before {what}")
            time.sleep(POLL_SECONDS)
        self.seconds[what] = time.monotonic() - self.began

    def memory(self) -> dict[str, float]:
        """Returns current and peak resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        kilobytes = {
            line.split(":")[0]: int(line.split()[1])
            for line in status.splitlines()
            if line.startswith(("VmRSS", "VmHWM"))
        }
        return {"now": kilobytes["VmRSS"] / 1024, "peak": kilobytes["VmHWM"] / 1024}


@contextlib.contextmanager
def running(name: str, command: list[str], log: Path, ready: str) -> Iterator[Server]:
    """Runs a server within the block. `ready` is the path that returns 200 when it is ready."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("IOPAINT_")}
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    server = Server(name, process, f"http://127.0.0.1:{port}", time.monotonic())
    try:
        server.wait("page up", lambda: server.get("/") == 200)
        server.wait("ready", lambda: server.get(ready) == 200)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def body(image: str, mask: str) -> bytes:
    """Returns a request body in the form of IOPaint's page, from base64 strings."""
    return json.dumps({"image": image, "mask": mask}).encode()
