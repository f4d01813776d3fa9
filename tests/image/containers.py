"""Containers of the images, and requests to the server in them."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

from engine import docker
from images import EMULATED, ROOT

FIXTURES = ROOT / "tests" / "fixtures"
STRICT = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
OFFLINE = ("--env", "IOPAINT_LOCAL_FILES_ONLY=true")
# Emulation is many times slower.
PATIENCE = 20 if EMULATED else 1
HEALTHY_WITHIN_SECONDS = 60 * PATIENCE


@contextlib.contextmanager
def container(*arguments: str, name: str | None = None) -> Iterator[str]:
    """Runs a container within the block; prints its log if the block fails."""
    name = name or f"iopaint-test-{uuid.uuid4().hex[:8]}"
    patience = ("--health-timeout", "120s", "--health-start-period", "600s") if EMULATED else ()
    docker("run", "--detach", "--name", name, "--publish", "127.0.0.1:0:8080", *OFFLINE, *patience, *arguments)
    try:
        yield name
    except BaseException:
        logs = docker("logs", name, check=False)
        print(f"--- logs of {name}\n{logs.stdout}{logs.stderr}", flush=True)
        raise
    finally:
        docker("rm", "--force", name, check=False)


def address(name: str) -> str:
    return "http://" + docker("port", name, "8080/tcp").stdout.splitlines()[0].strip()


def wait_until_healthy(name: str) -> float:
    """Waits for the engine's health check to pass; returns the seconds."""
    began = time.monotonic()
    while time.monotonic() - began < HEALTHY_WITHIN_SECONDS:
        state = json.loads(docker("inspect", "--format", "{{json .State}}", name).stdout)
        if state["Health"]["Status"] == "healthy":
            return time.monotonic() - began
        if not state["Running"]:
            raise AssertionError(f"the container ended with {state['ExitCode']}")
        time.sleep(0.25)
    raise AssertionError(f"not healthy within {HEALTHY_WITHIN_SECONDS} s: {state['Health']}")


def wait_until_ready(name: str) -> float:
    """Waits for /readyz, which answers before the engine's first health check; returns the seconds."""
    began = time.monotonic()
    while time.monotonic() - began < HEALTHY_WITHIN_SECONDS:
        with contextlib.suppress(OSError):
            if request(f"{address(name)}/readyz")[0] == 200:
                return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(f"not ready within {HEALTHY_WITHIN_SECONDS} s")


def multipart(**files: Path) -> tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    body = b""
    for name, path in files.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{path.name}"\r\n\r\n'
        body += head.encode() + path.read_bytes() + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def request(url: str, body: bytes | None = None, kind: str | None = None) -> tuple[int, bytes]:
    headers = {"Content-Type": kind} if kind else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60 * PATIENCE) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def inpaint(base: str) -> bytes:
    """Fills a hole in a photo; returns the response, which must be another image of the same format."""
    photo, mask = FIXTURES / "photos/cocktail.png", FIXTURES / "photos/cocktail.mask.png"
    if EMULATED:
        inputs = FIXTURES / "goldens/inputs"
        photo, mask = inputs / "rgb-150x101.png", inputs / "mask-disc-150x101.png"
    body, kind = multipart(image=photo, mask=mask)
    status, answer = request(f"{base}/api/v1/inpaint", body, kind)
    assert status == 200, answer[:300]
    assert answer.startswith(b"\x89PNG") and answer != photo.read_bytes()
    return answer
