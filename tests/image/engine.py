"""A docker engine for the tests: a running one, or a temporary one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

STARTS_WITHIN_SECONDS = 60


class EngineError(Exception):
    """A missing requirement, as a sentence."""


def answers() -> bool:
    """Returns True if an engine answers at DOCKER_HOST, or at the default address."""
    return client() is not None and subprocess.run([client(), "info"], capture_output=True, check=False).returncode == 0


def client() -> str | None:
    """Returns the client's path. Debian's own comes first: another one may lack buildx and refuse BuildKit's mounts."""
    debian = "/usr/bin/docker"
    return debian if os.access(debian, os.X_OK) else shutil.which("docker")


def install() -> None:
    """Installs Debian's engine as root; raises elsewhere."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise EngineError("No docker engine answers, and only root on Debian can have one installed here.")
    # Another process may be installing something.
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "--quiet"]
    subprocess.run([*command, "update"], check=True)
    packages = ["docker.io", "debootstrap", "iptables"]
    subprocess.run([*command, "install", "--yes", "--no-install-recommends", *packages], check=True)


@contextlib.contextmanager
def running(work: Path) -> Iterator[None]:
    """Provides an engine within the block. A temporary one keeps its data in `work` and changes no firewall."""
    if answers():
        yield
        return
    if shutil.which("dockerd") is None or client() is None:
        install()
    socket = f"unix://{work}/docker.sock"
    before = {name: os.environ.get(name) for name in ("DOCKER_HOST", "DOCKER_BUILDKIT")}
    os.environ.update(DOCKER_HOST=socket, DOCKER_BUILDKIT="1")
    had_bridge = Path("/sys/class/net/docker0").exists()
    command = ["dockerd", "--data-root", f"{work}/data", "--exec-root", f"{work}/exec", "--pidfile", f"{work}/pid"]
    # The engine's own proxy serves published ports.
    command += ["--host", socket, "--iptables=false", "--ip-masq=false", "--ip-forward=false"]
    with (work / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_until(lambda: answers() or process.poll() is not None, STARTS_WITHIN_SECONDS, "no docker engine answers")
        if process.poll() is not None:
            log_text = (work / "dockerd.log").read_text(errors="replace")
            raise EngineError(f"The docker engine did not start:\n{log_text[-2000:]}")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if not had_bridge and Path("/sys/class/net/docker0").exists():
            subprocess.run(["ip", "link", "delete", "docker0"], check=False)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def wait_until(condition: Callable[[], bool], seconds: float, failure: str) -> None:
    """Polls until `condition` holds; raises after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise EngineError(f"{failure} within {seconds} s")
        time.sleep(0.2)


def docker(*arguments: str, check: bool = True, **options) -> subprocess.CompletedProcess[str]:
    """Runs the client; raises with its output if it fails."""
    done = subprocess.run([client() or "docker", *arguments], capture_output=True, text=True, check=False, **options)
    if check and done.returncode != 0:
        raise EngineError(f"docker {' '.join(arguments)}\n{done.stdout[-3000:]}{done.stderr[-6000:]}")
    return done
