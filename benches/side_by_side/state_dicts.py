"""Times networks that are built from a state dict against IOPaint's classes, at full size with seeded weights.

Run by `make bench-state-dicts`, in the virtual environment with IOPaint. Passes of both programs alternate in one run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from iopaint.model.fcf import Generator as FcfGenerator
from iopaint.model.mat import Generator as MatGenerator
from iopaint.plugins.anime_seg import ISNetDIS

ROOT = Path(__file__).resolve().parents[2]
SIDE = 512
ISNET_SIDE = 1024


def mat() -> tuple[torch.nn.Module, Callable[[torch.nn.Module], torch.Tensor]]:
    """Returns MAT's network and a pass on an image of 512 x 512 pixels."""
    network = MatGenerator(
        z_dim=512,
        c_dim=0,
        w_dim=512,
        img_resolution=SIDE,
        img_channels=3,
        mapping_kwargs={"torch_dtype": torch.float32},
    )
    image, mask = torch.rand(1, 3, SIDE, SIDE) * 2 - 1, torch.ones(1, 1, SIDE, SIDE)
    mask[:, :, 180:260, 150:300] = 0
    z, label = torch.randn(1, 512), torch.zeros(1, 0)
    return network, lambda net: net(image, mask, z, label, truncation_psi=1, noise_mode="none")


def fcf() -> tuple[torch.nn.Module, Callable[[torch.nn.Module], torch.Tensor]]:
    """Returns FcF's network and a pass on an image of 512 x 512 pixels."""
    options = {"channel_base": 32768, "channel_max": 512, "num_fp16_res": 4, "conv_clamp": 256}
    network = FcfGenerator(
        z_dim=512,
        c_dim=0,
        w_dim=512,
        img_resolution=SIDE,
        img_channels=3,
        synthesis_kwargs=options,
        encoder_kwargs=options,
        mapping_kwargs={"num_layers": 2},
    )
    image = torch.rand(1, 4, SIDE, SIDE) * 2 - 1
    label = torch.zeros(1, 0)
    return network, lambda net: net(image, label, truncation_psi=0.1, noise_mode="none")


def isnet() -> tuple[torch.nn.Module, Callable[[torch.nn.Module], torch.Tensor]]:
    """Returns anime-segmentation's network and a pass on an image of 1024 x 1024 pixels."""
    image = torch.rand(1, 3, ISNET_SIDE, ISNET_SIDE)
    return ISNetDIS(), lambda net: net(image)


NETWORKS = {"mat": mat, "fcf": fcf, "isnet": isnet}


def peak_megabytes(process: subprocess.Popen) -> float:
    """Returns the peak of the process's resident memory in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def measure(name: str, example: Path, threads: int, rounds: int) -> str:
    """Returns a row of the table for one network."""
    torch.manual_seed(0)
    np.random.seed(0)
    network, run = NETWORKS[name]()
    network.eval()
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        file = Path(folder) / f"{name}.pth"
        torch.save(network.state_dict(), file)
        megabytes = file.stat().st_size / 1e6
        command = [str(example), name, str(file), str(threads), str(Path(folder) / "result")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
            assert process.stdin and process.stdout
            ours, theirs = [], []
            for measured in range(-1, rounds):  # the first round is a warm-up
                process.stdin.write("\n")
                seconds = float(process.stdout.readline())
                began = time.monotonic()
                run(network)
                if measured >= 0:
                    ours.append(seconds)
                    theirs.append(time.monotonic() - began)
            peak = peak_megabytes(process)
            process.stdin.close()
    mine, peers = statistics.median(ours), statistics.median(theirs)
    cells = [name, f"{megabytes:.0f} MB", f"{mine:.2f} s", f"{peers:.2f} s", f"{peers / mine:.2f}", f"{peak:.0f} MB"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Writes the table of `--only`, by default of all networks, to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--example", type=Path, default=ROOT / "target/release/examples/time_state_dict")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=NETWORKS, nargs="+", default=list(NETWORKS))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print("| network | file | this program | IOPaint's class | ratio | peak memory of this program |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in arguments.only:
        print(measure(name, arguments.example, arguments.threads, arguments.rounds), flush=True)


if __name__ == "__main__":
    main()
