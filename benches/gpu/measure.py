#!/usr/bin/env python3
"""Measures the server and PyTorch on a device; see README.md. `run.sh` calls it with a prepared folder.

Writes report.json after each step, and report.md at the end. Each step has a share of the time; steps that fail or find no time
left are entries of the report.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import platform
import resource
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import table  # noqa: E402
from servers import Server, body, running  # noqa: E402

CLIENTS = (1, 16)
# Bytes of address space of the server in the check of the memory limit on the CPU.
CPU_ADDRESS_SPACE = 3 << 30
# Side of an image in pixels whose pass exceeds either limit, at a quarter of its pixels too: 36 GB with big-lama's network.
LARGE_SIDE = 9216
# Share of the GPU's memory in the same check, with which weights and small passes fit on GPUs of 16 GB and more.
GPU_SHARE = "0.05"


class Run:
    """A measurement: its folder, its device, its end, and its results."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.folder = Path(arguments.folder)
        self.device = arguments.device
        self.out = Path(arguments.out)
        self.quick = arguments.quick
        self.ends = time.monotonic() + arguments.seconds
        self.prepared = json.loads((self.folder / "prepared.json").read_text(encoding="utf-8"))
        self.measured: dict = {"machine": {}, "forward": [], "throughput": [], "checks": []}

    def left(self) -> float:
        """Returns the seconds left."""
        return self.ends - time.monotonic()

    def check(self, name: str, outcome: str) -> None:
        """Records the outcome of a check."""
        print(f"{name}: {outcome}", flush=True)
        self.measured["checks"].append({"name": name, "outcome": outcome})

    def store(self) -> None:
        """Writes the report."""
        self.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.measured, indent=1) + "\n"
        (self.out / "report.json").write_text(text, encoding="utf-8")
        (self.out / "report.md").write_text(table.report(self.measured), encoding="utf-8")

    def log(self, name: str) -> Path:
        """Returns the path of a log file."""
        self.out.mkdir(parents=True, exist_ok=True)
        return self.out / f"{name}.log"


def last_line(text: str) -> str:
    """Returns the last line that isn't empty."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no output"


def lines_of(run: Run, command: list[str], limit_s: float, log: str, given: str = "") -> list[dict]:
    """Runs a command and returns its lines of JSON, those before a failure or the limit too."""
    with run.log(log).open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
        )
        try:
            output, _ = process.communicate(given, timeout=max(limit_s, 1))
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
    if process.returncode != 0:
        run.check(log, f"ended with {process.returncode}: {last_line(run.log(log).read_text(encoding='utf-8'))}")
    return [json.loads(line) for line in output.splitlines() if line.startswith("{") and line.endswith("}")]


def write_model(run: Run) -> Path:
    """Writes the stand-in for big-lama: its architecture with seeded random weights."""
    target = run.out / "models" / "big-lama.pt"
    target.parent.mkdir(parents=True, exist_ok=True)
    width, blocks = ("32", "2") if run.quick else ("64", "18")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from standin import narrow_lama, save; "
        "save(narrow_lama(int(sys.argv[3]), int(sys.argv[4])), Path(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", code, str(run.folder), str(target), width, blocks], check=True)
    return target


def forward_passes(run: Run, model: Path) -> None:
    """Measures forward passes: PyTorch's, and the server's with and without TF32."""
    sizes, batches = ([64, 128], [1, 2]) if run.quick else ([512, 1024], [1, 2, 4, 8, 16])
    share = run.left() * 0.35
    eager = [sys.executable, str(run.folder / "eager.py"), str(model), "--device", run.device]
    eager += ["--limit", str(share * 0.9), "--sizes", *map(str, sizes), "--batches", *map(str, batches)]
    for line in lines_of(run, eager, share, "eager"):
        if "variant" in line:
            run.measured["forward"].append(line)
        else:
            run.measured["machine"].update({f"PyTorch's {key}": value for key, value in line.items()})
    run.store()
    given = "".join(f"{side} {batch} 10\n" for side in sizes for batch in batches)
    for name, flags in (("server", []), ("server, --no-tf32", ["--no-tf32"])):
        if run.device == "cpu" and flags:
            continue
        command = [str(run.folder / "device_forward"), str(model), run.device, *flags]
        limit = run.left() * 0.2
        for line in lines_of(run, command, limit, name.replace(", --", "-"), given):
            run.measured["forward"].append({"variant": name, **line})
        run.store()


def bodies(run: Run) -> list[bytes]:
    """Returns the bodies of fill requests for the prepared photographs."""
    masks = sorted((run.folder / "photos").glob("*.mask.png"))
    pairs = [(mask.with_name(mask.name.replace(".mask.png", ".png")), mask) for mask in masks]
    return [body(*(base64.b64encode(path.read_bytes()).decode() for path in pair)) for pair in pairs]


def server_command(run: Run, model: Path, *flags: str) -> list[str]:
    """Returns the command of the server with the stand-in."""
    command = [str(run.folder / "iopaint"), "start", "--model", "lama", "--model-dir", str(model.parent)]
    return [*command, "--local-files-only", "--device", run.device, "--max-queue", "64", *flags]


def throughput(run: Run, model: Path) -> None:
    """Measures whole requests of the photographs with one and with several clients, without and with batches."""
    requests = bodies(run)
    variants = [("server", []), *[(f"server, {flags}", flags.split()) for flags in run.prepared["variants"]]]
    for position, (name, flags) in enumerate(variants):
        share = max(run.left() - 120, 0) / (len(variants) - position)
        try:
            with running(
                name, server_command(run, model, *flags), run.log(f"throughput-{position}"), "/readyz"
            ) as server:
                server.inpaint(requests[0])
                for clients in CLIENTS:
                    run.measured["throughput"].append(
                        {
                            "name": name,
                            "clients": clients,
                            **load(server, requests, clients, min(share / 3, 40), run.quick),
                        }
                    )
                    run.store()
        except (SystemExit, OSError) as error:
            run.measured["throughput"].append({"name": name, "clients": 0, "error": str(error)})


def load(server: Server, requests: list[bytes], clients: int, limit_s: float, quick: bool) -> dict:
    """Sends requests from concurrent clients until the time is over."""
    ends = time.monotonic() + (2 if quick else max(limit_s, 5))

    def client(number: int) -> list[float]:
        taken = []
        while time.monotonic() < ends:
            taken.append(server.inpaint(requests[(number + len(taken)) % len(requests)])[0])
        return taken

    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        seconds = [taken for one in pool.map(client, range(clients)) for taken in one]
    return {"images_per_second": len(seconds) / (time.monotonic() - began), "seconds": seconds}


def png(side: int) -> bytes:
    """Returns a gray PNG of `side` x `side` pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([y % 251]) * side for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def answer(server: Server, side: int) -> str:
    """Returns the status and the error code of a fill whose hole is the whole image."""
    text = base64.b64encode(png(side)).decode()
    fields = {"image": text, "mask": text, "hd_strategy": "Original"}
    request = urllib.request.Request(
        server.address + "/api/v1/inpaint",
        data=json.dumps(fields).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            response.read()
            return f"{response.status}, scaled: {response.headers.get('X-Inpaint-Scaled', 'false')}"
    except urllib.error.HTTPError as error:
        return f"{error.code} {json.loads(error.read()).get('error')}"


@contextlib.contextmanager
def address_space(limit: int):
    """Limits the address space of processes that are started meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def memory_limit(run: Run, model: Path) -> None:
    """Checks that a pass beyond the memory limit is answered with its error, and that the server serves afterwards."""
    name = "memory limit"
    flags = ["--max-forward-pixels", "1000000000", "--workers", "1", "--threads", "1"]
    limit: contextlib.AbstractContextManager = contextlib.nullcontext()
    if run.device == "cpu":
        limit = address_space(CPU_ADDRESS_SPACE)
    elif run.prepared["cuda"]:
        flags += ["--gpu-memory", GPU_SHARE]
    else:
        # A build without CUDA's headers has no --gpu-memory; newer versions of libtorch read this limit themselves.
        os.environ["PYTORCH_CUDA_ALLOC_CONF"] = f"per_process_memory_fraction:{GPU_SHARE}"
    try:
        with contextlib.ExitStack() as stack:
            with limit:
                context = running(name, server_command(run, model, *flags), run.log("memory"), "/readyz")
                server = stack.enter_context(context)
            answers = [answer(server, side) for side in (512, LARGE_SIDE, 512)]
    except (SystemExit, OSError, subprocess.SubprocessError) as error:
        run.check(name, f"failed: {error}")
        return
    finally:
        os.environ.pop("PYTORCH_CUDA_ALLOC_CONF", None)
    expected = ["200, scaled: false", "500 out-of-memory", "200, scaled: false"]
    run.check(name, "passed" if answers == expected else f"failed: {answers} instead of {expected}")


def torch_tests(run: Run) -> None:
    """Runs the tests of the torch crate, which use every GPU they find."""
    name = "tests of the torch crate"
    link = Path(run.prepared["manifest_dir"])
    created = False
    if not link.exists():
        # The binary contains the path of its sources, from which it reads its fixtures.
        with contextlib.suppress(OSError):
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(run.folder / "source" / "server" / "torch")
            created = True
    try:
        with run.log("torch-tests").open("w", encoding="utf-8") as log:
            code = subprocess.run(
                [str(run.folder / "torch_tests"), "--test-threads", "4"],
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=max(run.left(), 20),
                check=False,
            ).returncode
    except subprocess.TimeoutExpired:
        run.check(name, "out of time")
        return
    finally:
        if created:
            link.unlink()
    text = run.log("torch-tests").read_text(encoding="utf-8", errors="replace")
    run.check(name, next((line for line in text.splitlines() if line.startswith("test result")), f"ended with {code}"))


def main() -> int:
    """Runs all steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="as written by prepare.sh")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, default=540)
    parser.add_argument("--quick", action="store_true", help="a small network and small images, to check the commands")
    run = Run(parser.parse_args())
    run.measured["machine"] = {
        "processor": platform.machine(),
        "CPUs": len(os.sched_getaffinity(0)),
        "device": run.device,
        "prepared from": run.prepared["commit"],
        "quick": run.quick,
    }
    model = write_model(run)
    for step in (forward_passes, throughput, memory_limit):
        try:
            step(run, model)
        except Exception as error:  # the other steps don't depend on it
            run.check(step.__name__, f"failed: {error!r}")
        run.store()
    torch_tests(run)
    run.store()
    model.unlink()
    print((run.out / "report.md").read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
