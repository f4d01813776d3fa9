#!/usr/bin/env python3
"""Times forward passes of a LaMa model in PyTorch and prints JSON lines; needs PyTorch and NumPy only.

    python eager.py MODEL.pt --device cuda --sizes 512 1024 --batches 1 2 4 8 16

The variant `iopaint` is a pass as IOPaint calls it: from an image in memory to an image in memory, eager, as the file was
saved. The variants of libtorch's switches run the frozen module from device memory to device memory, so that the effect
of a switch isn't hidden by copies: `plain`, `channels_last`, `tf32`, `channels_last+tf32`, `cuda_graph` (with
both). The variants `pageable` and `pinned` are the copies of one image and its mask to the device.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch

Pass = Callable[[], object]


def synchronize(device: torch.device) -> None:
    """Waits for the device's queue."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(call: Pass, device: torch.device, rounds: int, limit_s: float) -> list[float]:
    """Returns the durations of at most `rounds` calls within the limit, after two calls that aren't counted."""
    began = time.perf_counter()
    for _ in range(2):
        call()
    synchronize(device)
    measured: list[float] = []
    while len(measured) < rounds and (not measured or time.perf_counter() - began < limit_s):
        start = time.perf_counter()
        call()
        synchronize(device)
        measured.append(time.perf_counter() - start)
    return measured


def pictures(side: int, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns images [N, H, W, 3] and masks [N, H, W], 8 bits."""
    images = np.random.default_rng(1).integers(0, 256, (batch, side, side, 3), dtype=np.uint8)
    masks = np.zeros((batch, side, side), dtype=np.uint8)
    masks[:, side // 3 : side // 2, side // 3 : side // 2] = 255
    return images, masks


def planes(array: np.ndarray) -> np.ndarray:
    """Returns float32 [N, C, H, W] in 0..1."""
    if array.ndim == 3:
        array = array[..., np.newaxis]
    return np.ascontiguousarray(array.transpose(0, 3, 1, 2)).astype(np.float32) / 255


def iopaint_pass(module: torch.nn.Module, device: torch.device, side: int, batch: int) -> Pass:
    """Returns a pass as IOPaint calls it; batches, which IOPaint doesn't have, in the same manner."""
    images, masks = pictures(side, batch)

    def call() -> np.ndarray:
        image = torch.from_numpy(planes(images)).to(device)
        mask = torch.from_numpy((planes(masks) > 0).astype(np.float32)).to(device)
        filled = module(image, mask).permute(0, 2, 3, 1).detach().cpu().numpy()
        return np.clip(filled * 255, 0, 255).astype(np.uint8)

    return call


def device_pass(module: torch.nn.Module, device: torch.device, side: int, batch: int, channels_last: bool) -> Pass:
    """Returns a pass from device memory to device memory."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    images, masks = pictures(side, batch)
    image = torch.from_numpy(planes(images)).to(device).contiguous(memory_format=layout)
    mask = torch.from_numpy((planes(masks) > 0).astype(np.float32)).to(device)
    return lambda: module(image, mask)


def graph_pass(call: Pass, device: torch.device) -> Pass:
    """Captures a pass in a CUDA graph and returns its replay."""
    stream = torch.cuda.Stream(device)
    with torch.cuda.stream(stream):
        for _ in range(3):
            call()
    torch.cuda.current_stream(device).wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call()
    return graph.replay


def copy_pass(device: torch.device, side: int, pinned: bool) -> Pass:
    """Returns the copy of an image and its mask to the device."""
    images, masks = pictures(side, 1)
    host = [torch.from_numpy(images), torch.from_numpy(masks)]
    if pinned:
        host = [tensor.pin_memory() for tensor in host]
    return lambda: [tensor.to(device, non_blocking=pinned) for tensor in host]


def set_tf32(enabled: bool) -> None:
    """Sets TF32 in cuDNN and cuBLAS."""
    torch.backends.cudnn.allow_tf32 = enabled
    torch.backends.cuda.matmul.allow_tf32 = enabled


def variants(model: str, device: torch.device) -> Iterator[tuple[str, Callable[[int, int], Pass]]]:
    """Yields names, and functions of side and batch that return a pass. Later variants change libtorch's switches."""

    def loaded() -> torch.jit.ScriptModule:
        return torch.jit.load(model, map_location="cpu").eval().to(device)

    as_saved = loaded()
    set_tf32(False)
    torch.backends.cudnn.allow_tf32 = True  # PyTorch's defaults, which IOPaint doesn't change
    yield "iopaint", lambda side, batch: iopaint_pass(as_saved, device, side, batch)
    frozen = torch.jit.freeze(loaded())
    for tf32 in (False, True):
        set_tf32(tf32)
        yield ("tf32" if tf32 else "plain"), lambda side, batch: device_pass(frozen, device, side, batch, False)
    last = torch.jit.freeze(loaded().to(memory_format=torch.channels_last))
    for tf32 in (False, True):
        set_tf32(tf32)
        name = "channels_last+tf32" if tf32 else "channels_last"
        yield name, lambda side, batch: device_pass(last, device, side, batch, True)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        yield "cuda_graph", lambda side, batch: graph_pass(device_pass(last, device, side, batch, True), device)


def record(**fields: object) -> None:
    """Prints a line of JSON."""
    print(json.dumps(fields), flush=True)


def main() -> None:
    """Prints a line per variant, size and batch; an error is a line of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--limit", type=float, default=240, metavar="SECONDS", help="of the whole run")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    record(torch=torch.__version__, cuda=torch.version.cuda, device=name)
    torch.set_grad_enabled(False)
    torch._C._jit_set_profiling_executor(False)  # as the server: no compilation per size
    ends = time.perf_counter() + arguments.limit

    def measure(name: str, side: int, batch: int, make: Callable[[], Pass]) -> None:
        left = ends - time.perf_counter()
        if left <= 0:
            record(variant=name, side=side, batch=batch, error="skipped: out of time")
            return
        try:
            measured = seconds(make(), device, arguments.rounds, min(left, arguments.limit / 20))
            record(variant=name, side=side, batch=batch, seconds=measured)
        except RuntimeError as error:
            record(variant=name, side=side, batch=batch, error=str(error).splitlines()[0][:200])

    if device.type == "cuda":
        for name, pinned in (("pageable", False), ("pinned", True)):
            for side in arguments.sizes:
                measure(name, side, 1, lambda side=side, pinned=pinned: copy_pass(device, side, pinned))
    for name, make in variants(arguments.model, device):
        for side in arguments.sizes:
            for batch in arguments.batches:
                measure(name, side, batch, lambda side=side, batch=batch, make=make: make(side, batch))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
