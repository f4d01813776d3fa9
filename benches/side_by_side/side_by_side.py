"""Compares this server with IOPaint 1.6.0 in turns and writes a table of ratios.

Run by `make bench-peer`, in the virtual environment with IOPaint.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import math
import os
import platform
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "models" / "export"))  # after this folder, since both have a pictures.py

import contention  # noqa: E402
import forward  # noqa: E402
import pictures  # noqa: E402
import quota  # noqa: E402
import servers  # noqa: E402
from report import OPENVINO, OURS, PEER, Report  # noqa: E402

DEFAULT_PARTS = ("forward", "start", "requests", "clients", "low-mem", "contention")
PARTS = (*DEFAULT_PARTS, "quota")  # limits need the right to create control groups
FORWARD_SIZES = (
    (64, 64),
    (128, 128),
    (256, 256),
    (512, 512),
    (768, 512),
    (1024, 1024),
    (1536, 1536),
    (2048, 2048),
)
# Name, width, height, format, diameter of the hole.
REQUESTS = (
    ("512x512 PNG", 512, 512, "PNG", 120),
    ("1024x768 JPEG", 1024, 768, "JPEG", 200),
    ("12 MP JPEG, small hole", 4000, 3000, "JPEG", 200),
    ("12 MP PNG, small hole", 4000, 3000, "PNG", 200),
    ("24 MP JPEG, small hole", 6000, 4000, "JPEG", 200),
)
CLIENTS = (1, 4, 8)
# Limits of processor time, in processors.
QUOTAS = (1.5, 1.0, 0.5)
DEFAULT_MODEL = "lama-patches"


def stand_in(folder: Path) -> Path:
    """Creates a model folder with a full-size LaMa of random weights."""
    file = folder / "torch" / "hub" / "checkpoints" / "big-lama.pt"
    if not file.exists():
        from standin import narrow_lama, save

        print("writing a stand-in for big-lama", flush=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        save(narrow_lama(width=64, blocks=18), part)
        part.rename(file)
    return file


def measure_forward(report: Report, arguments: argparse.Namespace, model: Path) -> None:
    """Measures the network alone at several sizes."""
    ours, peer = forward.Ours(arguments.example, model, arguments.threads), forward.peer(model)
    third = forward.openvino(model)
    if isinstance(third, str):
        report.about["OpenVINO"] = third
    for width, height in arguments.sizes:
        name = f"forward {width}x{height}"
        for measured in range(-1, arguments.rounds):  # the first round is a warm-up
            numbers = {PEER: peer(width, height), OURS: ours(width, height)["rewritten"]}
            if not isinstance(third, str):
                numbers[OPENVINO] = third(width, height)
            if measured >= 0:
                for whose, seconds in numbers.items():
                    report.note(name, "s", whose, seconds["wall"])
                    report.note(f"{name}, processor time", "s", whose, seconds["processor"])
    ours.close()


def ours(arguments: argparse.Namespace, models: Path, model: str, threads: int | None) -> tuple[list[str], str]:
    """Returns this server's command line with a model, and its readiness path. `None` leaves the number of threads to it."""
    common = ["start", "--model", model, "--device", "cpu", "--model-dir", str(models), "--local-files-only"]
    return [str(arguments.binary), *common, *([] if threads is None else ["--threads", str(threads)])], "/readyz"


def commands(arguments: argparse.Namespace, models: Path, threads: int | None) -> dict[str, tuple[list[str], str]]:
    """Returns each server's command line with big-lama, and its readiness path; `threads` applies to this server."""
    common = ["start", "--model", "lama", "--device", "cpu", "--model-dir", str(models)]
    return {
        OURS: ours(arguments, models, "lama", threads),
        PEER: ([str(Path(sys.executable).with_name("iopaint")), *common], "/api/v1/server-config"),
    }


def measure_start(report: Report, arguments: argparse.Namespace, models: Path) -> None:
    """Measures the time from process start to the page, to a loaded model, and to the first response."""
    request = small_request()
    for _ in range(arguments.rounds):
        for name, (command, ready) in commands(arguments, models, arguments.threads).items():
            with servers.running(name, command, arguments.output / "server.log", ready) as server:
                report.note("idle memory", "MB", name, server.memory()["now"])
                server.inpaint(request)
                server.seconds["first answer"] = time.monotonic() - server.began
                for what, seconds in server.seconds.items():
                    report.note(what, "s", name, seconds)


def small_request() -> bytes:
    picture, mask = pictures.photo(512, 512), pictures.hole(512, 512, 120)
    return servers.body(pictures.encoded(picture, "PNG"), pictures.encoded(mask, "PNG"))


def measure_requests(report: Report, arguments: argparse.Namespace, both: dict[str, servers.Server]) -> None:
    """Measures sequential requests and their memory."""
    for name, width, height, kind, side in REQUESTS:
        picture = pictures.encoded(pictures.photo(width, height), kind)
        request = servers.body(picture, pictures.encoded(pictures.hole(width, height, side), "PNG"))
        for measured in range(-1, arguments.rounds):
            for whose, server in both.items():
                seconds, _ = server.inpaint(request)
                if measured >= 0:
                    report.note(name, "s", whose, seconds)
        if name.startswith("12 MP PNG"):
            for whose, server in both.items():
                report.note("peak memory after 12 MP jobs", "MB", whose, server.memory()["peak"])


def measure_clients(report: Report, arguments: argparse.Namespace, both: dict[str, servers.Server]) -> None:
    """Measures concurrent clients with sequential requests each."""
    request = small_request()
    for clients in CLIENTS:
        for _ in range(arguments.rounds):
            for whose, server in both.items():
                with concurrent.futures.ThreadPoolExecutor(clients) as pool:
                    began = time.monotonic()
                    list(pool.map(lambda _, server=server: server.inpaint(request), range(max(4, clients))))
                    rate = max(4, clients) / (time.monotonic() - began)
                report.note(f"{clients} clients, 512x512", "images/s", whose, rate)


def measure_low_memory(report: Report, arguments: argparse.Namespace, models: Path) -> None:
    """Measures the peak memory of 12-megapixel requests with low-memory settings."""
    requests = [
        servers.body(
            pictures.encoded(pictures.photo(width, height), kind),
            pictures.encoded(pictures.hole(width, height, side), "PNG"),
        )
        for name, width, height, kind, side in REQUESTS
        if name.startswith("12 MP")
    ]
    for _ in range(arguments.rounds):
        for whose, (command, ready) in commands(arguments, models, arguments.threads).items():
            log = arguments.output / "low-mem.log"
            with servers.running(whose, [*command, "--low-mem"], log, ready) as server:
                for request in requests:
                    server.inpaint(request)
                report.note("peak memory after 12 MP jobs, --low-mem", "MB", whose, server.memory()["peak"])


def measure_contention(report: Report, arguments: argparse.Namespace, models: Path) -> None:
    """Measures a 512x512 request idle and beside busy loops: big-lama against IOPaint, and the default model."""
    request = small_request()
    started = {
        f"{DEFAULT_MODEL} of {OURS}": ours(arguments, models, DEFAULT_MODEL, arguments.threads),
        **commands(arguments, models, arguments.threads),
    }
    with contextlib.ExitStack() as stack:
        requests = {}
        for name, (command, ready) in started.items():
            log = arguments.output / f"contention-{name.replace(' ', '-')}.log"
            server = stack.enter_context(servers.running(name, command, log, ready))
            requests[name] = lambda server=server: server.inpaint(request)[0]

        def note(load: str, name: str, seconds: float) -> None:
            model, whose = ("lama", name) if name in (OURS, PEER) else (DEFAULT_MODEL, OURS)
            report.note(f"{model}, 512x512, {load}", "s", whose, seconds)

        contention.measure(arguments.rounds, requests, note)


def measure_quotas(report: Report, arguments: argparse.Namespace, models: Path) -> None:
    """Measures a 512x512 request under limits of processor time, with as many threads as each server chooses.

    The ideal duration is the processor time of the request without a limit and with one thread per begun
    processor, divided by the limit.
    """
    request = small_request()
    for cpus in QUOTAS:
        with contextlib.ExitStack() as stack:
            processes = stack.enter_context(quota.limited(cpus))
            log = arguments.output / "quota.log"
            free_command, ready = ours(arguments, models, "lama", threads=math.ceil(cpus))
            free = stack.enter_context(servers.running(OURS, free_command, log, ready))
            limited = {}
            for name, (command, ready) in commands(arguments, models, threads=None).items():
                log = arguments.output / f"quota-{name.replace(' ', '-')}.log"
                inside = quota.inside(processes, command)
                limited[name] = stack.enter_context(servers.running(name, inside, log, ready))
            for server in (free, *limited.values()):
                server.inpaint(request)
            for _ in range(arguments.rounds):
                before = free.processor_seconds()
                free.inpaint(request)
                ideal = (free.processor_seconds() - before) / cpus
                for name, server in limited.items():
                    seconds, _ = server.inpaint(request)
                    report.note(f"lama, 512x512, {cpus} processors", "s", name, seconds)
                    report.note(f"lama, 512x512, {cpus} processors, times the ideal", "", name, seconds / ideal)


def size(text: str) -> tuple[int, int]:
    """Parses `512x384` as width and height."""
    width, height = text.split("x")
    return int(width), int(height)


def main() -> None:
    """Runs the measurements of `--only`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/iopaint")
    parser.add_argument("--example", type=Path, default=ROOT / "target/release/examples/forward")
    parser.add_argument("--output", type=Path, default=ROOT / "build/side_by_side")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--sizes", type=size, nargs="+", default=FORWARD_SIZES, help="of the forward: 512x512 ...")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=DEFAULT_PARTS)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    models = arguments.output / "models"
    model = stand_in(models)
    report = Report(
        {
            "machine": f"{platform.machine()}, {processor()}, {arguments.threads} threads",
            "rounds": arguments.rounds,
            "ratio": "how many times faster, or smaller, this program is",
        }
    )
    if "forward" in arguments.only:
        measure_forward(report, arguments, model)
    if "start" in arguments.only:
        measure_start(report, arguments, models)
    if "low-mem" in arguments.only:
        measure_low_memory(report, arguments, models)
    if "contention" in arguments.only:
        measure_contention(report, arguments, models)
    if "quota" in arguments.only:
        measure_quotas(report, arguments, models)
    if {"requests", "clients"} & set(arguments.only):
        with contextlib.ExitStack() as stack:
            both = {}
            for name, (command, ready) in commands(arguments, models, arguments.threads).items():
                log = arguments.output / f"{name.replace(' ', '-')}.log"
                both[name] = stack.enter_context(servers.running(name, command, log, ready))
            if "requests" in arguments.only:
                measure_requests(report, arguments, both)
            if "clients" in arguments.only:
                measure_clients(report, arguments, both)
    report.write(arguments.output)
    print(f"\n{report.table()}\nwritten to {arguments.output}/report.md and report.json")


def processor() -> str:
    """Returns the processor's name if available."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "an unknown processor"


if __name__ == "__main__":
    main()
