#!/usr/bin/env python3
"""Builds the page and the server: target/<profile>/iopaint, target/release/iopaint by default.

libtorch is fetched and the page is built in parallel. Then one call of cargo compiles the server: a separate call for some of
the crates would compile their shared dependencies twice, with different features. Each step
prints its start, its end and its duration; the output of tools is prefixed with the step's name.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Clock:
    """Seconds since the start of the build."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __str__(self) -> str:
        return f"{time.monotonic() - self._began:6.1f} s"


@dataclass
class Step:
    """One command of the build, run on its own thread."""

    name: str
    purpose: str
    command: list[str]
    clock: Clock
    exit_code: int | None = None

    def start(self) -> threading.Thread:
        """Runs the step on a new thread."""
        thread = threading.Thread(target=self.run, name=self.name)
        thread.start()
        return thread

    def run(self) -> None:
        """Runs the command and forwards its output line by line."""
        began = time.monotonic()
        self.say(self.purpose)
        environment = {**os.environ, "CARGO_TERM_COLOR": "never", "NO_COLOR": "1"}
        try:
            process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=environment,
                text=True,
                errors="replace",
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            self.say(f"{self.command[0]} can't be started: {error.strerror}")
            self.exit_code = 127
            return
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip():
                self.say(line.rstrip())
        self.exit_code = process.wait()
        outcome = "done" if self.exit_code == 0 else f"FAILED with exit status {self.exit_code}"
        self.say(f"{outcome} in {time.monotonic() - began:.1f} s")

    def say(self, line: str) -> None:
        """Prints one line with the time and the step's name."""
        print(f"[{self.clock}] {self.name}: {line}", flush=True)


def run_together(steps: list[Step]) -> bool:
    """Runs steps in parallel; returns True if all of them succeed."""
    for thread in [step.start() for step in steps]:
        thread.join()
    return all(step.exit_code == 0 for step in steps)


def cargo_build(profile: str, *arguments: str) -> list[str]:
    """Returns the cargo command line for a profile."""
    return [os.environ.get("CARGO", "cargo"), "build", "--locked", "--profile", profile, *arguments]


def main() -> int:
    """Builds everything; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="release", help="cargo's profile: release, or dist for a release's speed")
    arguments = parser.parse_args()
    clock = Clock()
    make = [os.environ.get("MAKE", "make"), "--no-print-directory"]
    preparation = [
        Step("libtorch", "fetching libtorch, or finding it in the cache", [*make, "libtorch"], clock),
        Step("page", "installing packages and building the page", [*make, "web_app/dist/index.html"], clock),
    ]
    if not run_together(preparation):
        return 1
    server = Step("rust", "compiling the server", cargo_build(arguments.profile, "-p", "iopaint"), clock)
    if not run_together([server]):
        return 1
    print(f"[{clock}] built target/{arguments.profile}/iopaint", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
