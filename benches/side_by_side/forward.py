"""A forward pass of the network alone, without a server."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import torch


class Ours:
    """This server's forward pass, in a persistent process: see server/torch/examples/forward.rs."""

    def __init__(self, example: Path, model: Path, threads: int) -> None:
        self._process = subprocess.Popen(
            [str(example), str(model), str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, width: int, height: int) -> dict[str, dict[str, float]]:
        """Returns seconds of the original and the rewritten graph: `wall` and `processor`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(width, height, file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Terminates the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def timed(call: Callable[[], object]) -> dict[str, float]:
    """Returns wall-clock and processor seconds."""
    wall, processor = time.monotonic(), time.process_time()
    call()
    return {"wall": time.monotonic() - wall, "processor": time.process_time() - processor}


def inputs(width: int, height: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns an image and its mask."""
    torch.manual_seed(1)
    mask = torch.zeros(1, 1, height, width)
    mask[:, :, height // 3 : height // 2, width // 3 : width // 2] = 1
    return torch.rand(1, 3, height, width), mask


def peer(model: Path) -> Callable[[int, int], dict[str, float]]:
    """Returns PyTorch's forward pass as IOPaint calls it."""
    network = torch.jit.load(str(model), map_location="cpu").eval()

    def run(width: int, height: int) -> dict[str, float]:
        image, mask = inputs(width, height)
        with torch.no_grad():
            return timed(lambda: network(image, mask))

    return run


def openvino(model: Path) -> Callable[[int, int], dict[str, float]] | str:
    """Returns OpenVINO's forward pass, or the reason of its absence."""
    try:
        from openvino import Core, convert_model
    except ImportError:
        return "not installed"
    try:
        network = torch.jit.load(str(model), map_location="cpu").eval()
        converted = convert_model(network, example_input=inputs(64, 64))
        compiled = Core().compile_model(converted, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    except Exception as error:  # converters raise exceptions of any type
        return f"can't convert the network: {str(error).splitlines()[0][:120]}"

    def run(width: int, height: int) -> dict[str, float]:
        image, mask = (tensor.numpy() for tensor in inputs(width, height))
        return timed(lambda: compiled([image, mask]))

    return run
