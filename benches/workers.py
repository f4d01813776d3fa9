#!/usr/bin/env python3
"""Measures the throughput of several model threads against one with all CPUs, and that their results are equal.

Starts one server per configuration and sends the same requests to each in turns: 1, 2, 4 and 8 concurrent clients. Prints
images per second, medians of the rounds, by that of the first configuration.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benches" / "side_by_side"))

from servers import Server, body, running  # noqa: E402

CLIENTS = (1, 2, 4, 8)
PHOTOS = ROOT / "tests" / "fixtures" / "photos"


def requests() -> list[bytes]:
    """Returns the bodies of fill requests for the test photographs."""
    masks = sorted(PHOTOS.glob("*.mask.png"))
    images = [mask.with_name(mask.name.replace(".mask.png", ".png")) for mask in masks]
    text = [
        tuple(base64.b64encode(path.read_bytes()).decode() for path in pair)
        for pair in zip(images, masks, strict=True)
        if pair[0].exists()
    ]
    return [body(*pair) for pair in text]


def throughput(server: Server, bodies: list[bytes], clients: int) -> tuple[float, list[str]]:
    """Returns images per second and the hashes of the results."""

    def one(data: bytes) -> str:
        return hashlib.sha256(server.inpaint(data)[1]).hexdigest()

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        hashes = list(pool.map(one, bodies))
    return len(bodies) / (time.perf_counter() - began), hashes


def main() -> None:
    """Starts the servers, measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "target/dist/iopaint"))
    parser.add_argument("--model", default="lama-mini")
    parser.add_argument("--model-dir", help="folder of the model's file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--configurations", nargs="*", default=["1x2", "2x1"], metavar="WORKERSxTHREADS", help="the first is the base"
    )
    arguments = parser.parse_args()
    bodies = requests()
    measured: dict[tuple[str, int], list[float]] = {}
    expected: dict[str, list[str]] = {}
    with contextlib.ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = {}
        for name in arguments.configurations:
            workers, _, threads = name.partition("x")
            command = [arguments.binary, "start", "--model", arguments.model, "--local-files-only"]
            command += ["--workers", workers, "--threads", threads]
            if arguments.model_dir:
                command += ["--model-dir", arguments.model_dir]
            servers[name] = stack.enter_context(running(name, command, logs / f"{name}.log", "/readyz"))
            throughput(servers[name], bodies, 1)
        for _ in range(arguments.rounds):
            for clients in CLIENTS:
                for name, server in servers.items():
                    rate, hashes = throughput(server, bodies, clients)
                    measured.setdefault((name, clients), []).append(rate)
                    if expected.setdefault(name.partition("x")[2], hashes) != hashes:
                        raise SystemExit(f"{name} with {clients} clients: results differ")
        memory = {name: server.memory()["peak"] for name, server in servers.items()}
    print(f"{arguments.model}, {len(bodies)} photographs per run, medians of {arguments.rounds} runs\n")
    print("| workers x threads | " + " | ".join(f"{count} clients" for count in CLIENTS) + " | peak memory |")
    print("| --- |" + " ---: |" * (len(CLIENTS) + 1))
    for name in servers:
        cells = []
        for clients in CLIENTS:
            rate = statistics.median(measured[name, clients])
            base = statistics.median(measured[arguments.configurations[0], clients])
            cells.append(f"{rate:.2f}/s ({rate / base:.2f})")
        print(f"| {name} | " + " | ".join(cells) + f" | {memory[name]:.0f} MB |")


if __name__ == "__main__":
    main()
