"""The images under test: settings, and their build from a clean checkout."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import bases
import emulation
import engine
from engine import docker

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = os.environ.get("IMAGE_TEST_ARCH") or emulation.own_architecture()
EMULATED = ARCHITECTURE != emulation.own_architecture()
TARGETS = (os.environ.get("IMAGE_TEST_TARGETS") or ("cpu" if EMULATED else "cpu gpu")).split()
CUDA_VARIANT = os.environ.get("CUDA_VARIANT") or "cu126"

# Set by `prepared`: a folder for files of the tests, the clean checkout, the outputs of the first builds by target,
# and the build's arguments.
work: Path
context: Path
first_builds: dict[str, str] = {}
flags: dict[str, str]


@contextlib.contextmanager
def prepared() -> Iterator[None]:
    """Provides an engine, base images, a clean checkout and the images within the block."""
    global work, context, flags
    unknown = set(TARGETS) - {"cpu", "gpu"}
    if unknown or not TARGETS:
        raise ValueError(f"IMAGE_TEST_TARGETS names images from cpu and gpu, not {' '.join(unknown)}")
    with contextlib.ExitStack() as stack:
        kept = os.environ.get("IMAGE_TEST_WORK")
        work = Path(kept or tempfile.mkdtemp(prefix="iopaint-image-"))
        work.mkdir(parents=True, exist_ok=True)
        if not kept:
            stack.callback(shutil.rmtree, work, ignore_errors=True)
        stack.enter_context(engine.running(work))
        stack.enter_context(emulation.of(ARCHITECTURE))
        flags = bases.build_arguments(work, ARCHITECTURE)
        context = work / "context"
        shutil.rmtree(context, ignore_errors=True)
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(context)], check=True)
        for target in TARGETS:
            first_builds[target] = build(target, "a clean checkout")
        yield


def image_of(target: str) -> str:
    return f"iopaint:{target}-latest"


def path_with_client() -> str:
    """Returns PATH with the tests' docker client first."""
    return f"{Path(engine.client() or 'docker').parent}:{os.environ['PATH']}"


def build(target: str, occasion: str, **settings: str) -> str:
    """Builds an image from `context` with the script for users; returns the build's output."""
    more = f"--network host --progress plain --platform linux/{ARCHITECTURE}"
    environment = {**os.environ, **flags, "BUILD_FLAGS": more, "VERSION": "test", "CUDA_VARIANT": CUDA_VARIANT}
    began = time.monotonic()
    done = subprocess.run(
        [str(context / "docker" / "build_docker_multistage.sh"), target],
        env={**environment, "PATH": path_with_client(), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"the build failed:\n{done.stdout[-6000:]}")
    print(f"{target}: built in {time.monotonic() - began:.0f} s after {occasion}", flush=True)
    return done.stdout


def was_cached(output: str, instruction: str) -> bool:
    """Returns True if a step of a build came from the cache. `instruction` is the start of the step's text."""
    step = re.search(rf"^#(\d+) \[[^]]*\] {re.escape(instruction)}", output, re.MULTILINE)
    if step is None:
        raise AssertionError(f"the build has no step `{instruction}`:\n{output[-3000:]}")
    return re.search(rf"^#{step.group(1)} CACHED", output, re.MULTILINE) is not None


def shell(image: str, script: str) -> str:
    """Runs a script as root in a new container; returns its output."""
    return docker("run", "--rm", "--user", "0", "--entrypoint", "/bin/sh", image, "-c", script).stdout


def inspect(image: str) -> dict:
    return json.loads(docker("image", "inspect", image).stdout)[0]
