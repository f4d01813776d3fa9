"""A docker engine to test with: the one that answers, or one of our own that is gone afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

STARTS_WITHIN_SECONDS = 60


class EngineError(Exception):
    """A sentence that says what is missing."""


def answers() -> bool:
    """Whether an engine answers where DOCKER_HOST, or the default, says."""
    return client() is not None and subprocess.run([client(), "info"], capture_output=True, check=False).returncode == 0


def client() -> str | None:
    """The client. Debian's own comes first: another one may lack buildx and refuse BuildKit's mounts."""
    debian = "/usr/bin/docker"
    return debian if os.access(debian, os.X_OK) else shutil.which("docker")


def install() -> None:
    """Installs Debian's engine, where that can be done."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise EngineError("No docker engine answers, and only root on Debian can have one installed here.")
    subprocess.run(["apt-get", "update", "--quiet"], check=True)
    packages = ["docker.io", "debootstrap", "iptables"]
    subprocess.run(["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", *packages], check=True)


@contextlib.contextmanager
def running(work: Path) -> Iterator[None]:
    """An engine for the length of the block. One that is started here lives in `work` and changes no firewall."""
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
    # Published ports are served by the engine's own proxy.
    command += ["--host", socket, "--iptables=false", "--ip-masq=false", "--ip-forward=false"]
    with (work / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_until_it_answers(process, work / "dockerd.log")
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


def wait_until_it_answers(process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            raise EngineError(f"The docker engine did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.2)


def docker(*arguments: str, check: bool = True, **options) -> subprocess.CompletedProcess[str]:
    """Runs the client; raises with its words where it fails."""
    done = subprocess.run([client() or "docker", *arguments], capture_output=True, text=True, check=False, **options)
    if check and done.returncode != 0:
        raise EngineError(f"docker {' '.join(arguments)}\n{done.stdout[-3000:]}{done.stderr[-6000:]}")
    return done
