"""One pass of the network, without a server around it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import torch


class Ours:
    """This program's pass, in a process of its own that stays: see server/torch/examples/forward.rs."""

    def __init__(self, example: Path, model: Path, threads: int) -> None:
        self._process = subprocess.Popen(
            [str(example), str(model), str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, width: int, height: int) -> dict[str, dict[str, float]]:
        """Seconds of the plain and of the rewritten graph: `wall` and `processor`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(width, height, file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def timed(call: Callable[[], object]) -> dict[str, float]:
    """Seconds by the clock and of all threads."""
    wall, processor = time.monotonic(), time.process_time()
    call()
    return {"wall": time.monotonic() - wall, "processor": time.process_time() - processor}


def inputs(width: int, height: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A picture and its hole."""
    torch.manual_seed(1)
    mask = torch.zeros(1, 1, height, width)
    mask[:, :, height // 3 : height // 2, width // 3 : width // 2] = 1
    return torch.rand(1, 3, height, width), mask


def peer(model: Path) -> Callable[[int, int], dict[str, float]]:
    """PyTorch, called as IOPaint calls it."""
    network = torch.jit.load(str(model), map_location="cpu").eval()

    def run(width: int, height: int) -> dict[str, float]:
        image, mask = inputs(width, height)
        with torch.no_grad():
            return timed(lambda: network(image, mask))

    return run


def openvino(model: Path) -> Callable[[int, int], dict[str, float]] | str:
    """OpenVINO on the same network, or why there is none."""
    try:
        from openvino import Core, convert_model
    except ImportError:
        return "not installed"
    try:
        network = torch.jit.load(str(model), map_location="cpu").eval()
        converted = convert_model(network, example_input=inputs(64, 64))
        compiled = Core().compile_model(converted, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    except Exception as error:  # whatever a converter throws
        return f"can't convert the network: {str(error).splitlines()[0][:120]}"

    def run(width: int, height: int) -> dict[str, float]:
        image, mask = (tensor.numpy() for tensor in inputs(width, height))
        return timed(lambda: compiled([image, mask]))

    return run
