"""Tests of running containers."""

from __future__ import annotations

import json
import shutil
import time
import unittest

import images
from containers import STRICT, address, container, inpaint, multipart, request, wait_until_healthy, wait_until_ready
from engine import docker
from images import ROOT, TARGETS, image_of


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
        result = images.work / "result.png"
        with container(*STRICT, *volumes, image_of("cpu")) as name:
            wait_until_healthy(name)
            result.write_bytes(inpaint(address(name)))
            body, kind = multipart(file=result)
            self.assertEqual(request(f"{address(name)}/api/v1/save_image", body, kind)[0], 200)
        with container(*STRICT, *volumes, image_of("cpu")) as name:
            wait_until_healthy(name)
            listed = docker("exec", name, "ls", "/app/outputs").stdout.split()
            self.assertEqual(listed, ["result.png"])

    def test_models_of_an_old_volume_are_used(self) -> None:
        old = images.work / "old-volume"
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
