#!/usr/bin/env python3
"""Runs a real server under mixed load for SOAK_MIN minutes and checks its promises.

Well-behaved clients, each with its own address, send small and large images and honour `Retry-After`. Misbehaving ones
disconnect during a body or while waiting, send garbage, and flood the queue. Meanwhile the model is switched. Once a
minute all clients pause, and the memory of the idle server is recorded: under load it depends on the images in flight. At
the end the server gets SIGTERM during a job. The test fails if a well-behaved request is lost, a response is wrong, idle
memory grows, or small images wait too long.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import random
import signal
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
FIXTURES = ROOT / "tests" / "fixtures"
REPORT = ROOT / "build" / "soak" / "report.json"
MODELS = ["lama-mini", "cv2", "lama-patches"]
# Queue size, small enough for the flood to fill it.
PLACES = 16
DRAIN_SECONDS = 30
# Seconds between two pauses. At least three rounds are needed for the comparison of thirds.
ROUND_SECONDS = 60
ROUNDS = 6
# Freed memory is returned within a second after the last job.
REST_SECONDS = 3
# Allowed ratio of the idle memory in the last third of the pauses to that in the first.
GROWTH = 1.05


def body(picture: str, **fields: Any) -> bytes:
    image = (FIXTURES / f"{picture}.png").read_bytes()
    mask = (FIXTURES / f"{MASKS[picture]}.png").read_bytes()
    texts = {"image": base64.b64encode(image).decode(), "mask": base64.b64encode(mask).decode()}
    return json.dumps(texts | fields).encode()


MASKS = {
    "goldens/inputs/rgb-150x101": "goldens/inputs/mask-disc-150x101",
    "goldens/inputs/rgb-512": "goldens/inputs/mask-stroke-512",
    "photos/dog": "photos/dog.mask",
    "photos/flower-2268x1512": "photos/flower-2268x1512.mask",
}
SMALL = ["goldens/inputs/rgb-150x101", "goldens/inputs/rgb-512"]
MIDDLE = ["photos/dog"]
LARGE = ["photos/flower-2268x1512"]


@dataclass
class Figures:
    """Statistics of all clients."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    small: list[float] = field(default_factory=list)
    large: list[float] = field(default_factory=list)
    large_forward: list[float] = field(default_factory=list)
    answered: int = 0
    sent_away: int = 0
    came_in_time: int = 0
    rude: int = 0
    switches: int = 0
    faults: list[str] = field(default_factory=list)
    # Resident bytes: every second under load, and at each pause.
    memory: list[int] = field(default_factory=list)
    at_rest: list[int] = field(default_factory=list)

    def fault(self, text: str) -> None:
        with self.lock:
            self.faults.append(text)


class Server:
    """A server on a free port."""

    def __init__(self, binary: Path, more: list[str]) -> None:
        command = [binary, "start", "--port", "0", "--local-files-only", "--model", MODELS[0], "--max-queue", PLACES]
        command += ["--drain-timeout", DRAIN_SECONDS, *more]
        self.process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        while self.ask("GET", "/readyz")[0] != 200:
            time.sleep(0.05)

    def ask(
        self, method: str, path: str, body: bytes | None = None, source: str = "127.0.0.1"
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=900, source_address=(source, 0))
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def resident(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def metric(self, sample: str) -> float:
        for line in self.ask("GET", "/metrics")[2].decode().splitlines():
            if line.startswith(sample + " "):
                return float(line.rsplit(" ", 1)[1])
        raise KeyError(sample)


def size_of(png: bytes) -> tuple[int, int]:
    return struct.unpack(">II", png[16:24])


def polite(server: Server, figures: Figures, end: float, source: str, pictures: list[str], times: list[float]) -> None:
    """A well-behaved client: sends images one by one and retries each until it is filled."""
    bodies = {name: body(name, hd_strategy="Original") for name in pictures}
    sizes = {name: size_of((FIXTURES / f"{name}.png").read_bytes()) for name in pictures}
    while time.monotonic() < end:
        name = random.choice(pictures)
        responded = False
        while True:
            began = time.monotonic()
            try:
                status, headers, answer = server.ask("POST", "/api/v1/inpaint", bodies[name], source)
            except (OSError, http.client.HTTPException) as error:
                figures.fault(f"{source}: {name} was lost: {error!r}")
                break
            if status == 429:
                with figures.lock:
                    figures.sent_away += 1
                responded = True
                time.sleep(float(headers["Retry-After"]))
                continue
            with figures.lock:
                figures.answered += 1
                figures.came_in_time += responded
                times.append(time.monotonic() - began)
                if times is figures.large and status == 200:
                    stages = dict(part.split(";dur=") for part in headers["Server-Timing"].split(", "))
                    figures.large_forward.append(float(stages["forward"]) / 1000)
            if status != 200:
                figures.fault(f"{source}: {name} was answered with {status}: {answer[:200]!r}")
            elif size_of(answer) != sizes[name]:
                figures.fault(f"{source}: {name} came back as {size_of(answer)}")
            break


def rude(server: Server, figures: Figures, end: float, source: str) -> None:
    """A misbehaving client: disconnects, sends garbage, and exceeds limits."""
    whole = body(LARGE[0])
    head = f"POST /api/v1/inpaint HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(whole)}\r\n\r\n".encode()
    while time.monotonic() < end:
        kind = random.choice(["half a body", "no wait", "garbage", "flood", "reset"])
        connections = []
        try:
            for _ in range(PLACES * 2 if kind == "flood" else 1):
                connection = socket.create_connection(("127.0.0.1", server.port), 10, (source, 0))
                connections.append(connection)
                if kind == "garbage":
                    connection.sendall(random.randbytes(2000))
                elif kind == "half a body":
                    connection.sendall(head + whole[: len(whole) // 2])
                elif kind == "flood":
                    small = body(SMALL[0])
                    connection.sendall(head.replace(str(len(whole)).encode(), str(len(small)).encode()) + small)
                else:
                    connection.sendall(head + whole)
            time.sleep(random.uniform(0, 1))
            if kind == "reset":
                linger = struct.pack("ii", 1, 0)
                connections[0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        except OSError:
            # A rejection before the end is correct behaviour.
            pass
        finally:
            for connection in connections:
                connection.close()
        with figures.lock:
            figures.rude += 1
        time.sleep(0.2)


def switch(server: Server, figures: Figures, end: float) -> None:
    """Switches the model repeatedly."""
    while time.monotonic() < end:
        for model in MODELS:
            status, _, answer = server.ask("POST", "/api/v1/model", json.dumps({"name": model}).encode())
            figures.switches += 1
            if status != 200:
                figures.fault(f"switching to {model} was answered with {status}: {answer[:200]!r}")
            time.sleep(5)


def watch(server: Server, figures: Figures, end: float) -> None:
    """Records the memory every second."""
    while time.monotonic() < end:
        figures.memory.append(server.resident())
        time.sleep(1)


def rest(server: Server, figures: Figures) -> None:
    """Records the memory of the idle server with the first model loaded."""
    while server.metric("iopaint_jobs_inside") > 0:
        time.sleep(0.1)
    server.ask("POST", "/api/v1/model", json.dumps({"name": MODELS[0]}).encode())
    time.sleep(REST_SECONDS)
    figures.at_rest.append(server.resident())


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def stop_while_it_works(server: Server, figures: Figures) -> tuple[int, float]:
    """Sends SIGTERM during a job; returns exit code and duration."""
    answers: list[int] = []
    working = threading.Thread(
        target=lambda: answers.append(server.ask("POST", "/api/v1/inpaint", body(LARGE[0], hd_strategy="Original"))[0])
    )
    working.start()
    while server.metric("iopaint_job_running") == 0:
        time.sleep(0.01)
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    code = server.process.wait(DRAIN_SECONDS + 10)
    working.join()
    if answers != [200]:
        figures.fault(f"the job that ran at SIGTERM got the responses {answers}")
    return code, time.monotonic() - began


def run(binary: Path, minutes: float, more: list[str]) -> dict[str, Any]:
    figures = Figures()
    server = Server(binary, more)
    try:
        # A warm-up round, so that one-time allocations don't count as growth.
        for model in MODELS:
            server.ask("POST", "/api/v1/model", json.dumps({"name": model}).encode())
            server.ask("POST", "/api/v1/inpaint", body(LARGE[0], hd_strategy="Original"))
        work = [
            (polite, ("127.0.0.2", SMALL, figures.small)),
            (polite, ("127.0.0.3", SMALL, figures.small)),
            (polite, ("127.0.0.4", MIDDLE, [])),
            (polite, ("127.0.0.5", LARGE, figures.large)),
            (polite, ("127.0.0.5", LARGE, figures.large)),
            (polite, ("127.0.0.5", LARGE, figures.large)),
            (rude, ("127.0.0.6",)),
            (rude, ("127.0.0.7",)),
            (switch, ()),
            (watch, ()),
        ]
        rounds = max(ROUNDS, round(minutes * 60 / ROUND_SECONDS))
        for _ in range(rounds):
            end = time.monotonic() + minutes * 60 / rounds
            threads = [threading.Thread(target=what, args=(server, figures, end, *more)) for what, more in work]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            rest(server, figures)
        restarts = server.metric("iopaint_worker_restarts_total")
        code, drained = stop_while_it_works(server, figures)
    finally:
        server.process.kill()
        server.process.wait()
    return judge(figures, restarts, code, drained, minutes)


def judge(figures: Figures, restarts: float, code: int, drained: float, minutes: float) -> dict[str, Any]:
    third = len(figures.at_rest) // 3
    first, last = statistics.median(figures.at_rest[:third]), statistics.median(figures.at_rest[-third:])
    small_p99, slowest = percentile(figures.small, 0.99), max(figures.large_forward)
    # The running job, then one of each other client: two large or flooding ones, a medium one, a small one.
    bound = 3 * slowest + 2
    if last > first * GROWTH:
        figures.fault(f"memory at rest grew from {first / 1e6:.0f} to {last / 1e6:.0f} MB")
    if small_p99 > bound:
        figures.fault(f"small pictures waited {small_p99:.1f} s (p99), bound {bound:.1f}")
    if restarts:
        figures.fault(f"the model's thread died {restarts:.0f} times")
    if code != 0:
        figures.fault(f"the server left with {code}")
    return {
        "minutes": minutes,
        "processors": os.cpu_count(),
        "answered": figures.answered,
        "sent away with 429": figures.sent_away,
        "small pictures": len(figures.small),
        "small p50 s": round(percentile(figures.small, 0.5), 2),
        "small p99 s": round(small_p99, 2),
        "small p99 bound s": round(bound, 2),
        "large pictures": len(figures.large),
        "large p50 s": round(percentile(figures.large, 0.5), 2),
        "slowest large forward s": round(slowest, 2),
        "rude connections": figures.rude,
        "switches": figures.switches,
        "memory at rest MB": [round(bytes / 1e6) for bytes in figures.at_rest],
        "last third of them to the first": round(last / first, 3),
        "memory under load, mean MB": round(statistics.mean(figures.memory) / 1e6),
        "memory peak MB": round(max(figures.memory) / 1e6),
        "exit code": code,
        "drained in s": round(drained, 2),
        "faults": figures.faults[:20],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, default=ROOT / "target" / "release" / "iopaint")
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("SOAK_MIN", "10")))
    parser.add_argument("more", nargs="*", help="flags of the server, after --")
    arguments = parser.parse_args()
    report = run(arguments.binary, arguments.minutes, arguments.more)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 1 if report["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
