#!/usr/bin/env python3
"""Counts the instructions of the pure paths and compares them with benches/instructions.json.

Times vary on a shared machine; instruction counts are the same in every run. Callgrind counts them. The baseline is
valid for one compiler and one kind of processor; elsewhere the comparison is skipped with a message.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STORED = ROOT / "benches" / "instructions.json"

# Runs, C libraries and versions of Valgrind differ by less than 0.1 % (docs/performance.md). The remainder allows for
# different code generation after unrelated changes.
TOLERANCE = 0.05


class Skipped(Exception):
    """Raised if counts can't be compared on this machine, with the reason."""


@dataclass
class Verdict:
    """The result of a comparison: one sentence per finding."""

    passed: int = 0
    faults: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)


def compare(stored: Mapping[str, int], counted: Mapping[str, int]) -> Verdict:
    """Compares counts with the baseline: an increase is a failure, a decrease a hint; both must have the same paths."""
    verdict = Verdict()
    for path in sorted(stored.keys() - counted.keys()):
        verdict.faults.append(f"{path} is stored, but benches/instructions.rs has no such path.")
    for path, count in counted.items():
        if path not in stored:
            verdict.faults.append(f"{path} takes {count:,} instructions, and none are stored.")
            continue
        change = count / stored[path] - 1
        sentence = f"{path} takes {count:,} instructions, {stored[path]:,} are stored ({change:+.1%})."
        if change > TOLERANCE:
            verdict.faults.append(sentence)
            continue
        verdict.passed += 1
        if change < -TOLERANCE:
            verdict.hints.append(sentence)
    return verdict


def collected(output: str) -> int:
    """Returns the number of instructions from the end of callgrind's output."""
    found = re.search(r"Collected : (\d+)", output)
    count = int(found.group(1)) if found else 0
    if count == 0:
        raise RuntimeError(f"Callgrind counted nothing:\n{output}")
    return count


def compiler(version: str) -> str:
    """Returns release and target from `rustc -vV`."""
    facts = dict(re.findall(r"^(\w+): (.*)$", version, re.MULTILINE))
    return f"rustc {facts['release']} for {facts['host']}"


def require_processor(machine: str, cpuinfo: str) -> None:
    """Raises Skipped without AVX2: with it, Valgrind emulates the same x86-64 processor everywhere."""
    if machine != "x86_64" or not re.search(r"^flags\s*:.*\bavx2\b", cpuinfo, re.MULTILINE):
        raise Skipped("the counts are those of an x86-64 processor with AVX2")


def require_own_flags(environment: Mapping[str, str]) -> None:
    """Raises Skipped if RUSTFLAGS is set, since it changes the code."""
    for name in ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"):
        if environment.get(name):
            raise Skipped(f"the counts are those of cargo's own flags, and {name} is set")


def valgrind() -> str:
    """Returns Valgrind's path, after an installation if necessary."""
    if not shutil.which("valgrind") and os.geteuid() == 0 and shutil.which("apt-get"):
        print("No valgrind here; trying to install it.", flush=True)
        subprocess.run(["apt-get", "update", "--quiet"], check=False)
        subprocess.run(
            ["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", "valgrind"],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            check=False,
        )
    if path := shutil.which("valgrind"):
        return path
    raise Skipped("there is no valgrind, and it could not be installed")


def build() -> str:
    """Builds the benchmark with the server's profile; returns its executable."""
    command = ["cargo", "bench", "--locked", "--no-run", "--workspace", "--bench", "instructions"]
    messages = subprocess.run(
        [*command, "--message-format=json-render-diagnostics"], cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE
    ).stdout
    return executable(messages.splitlines())


def executable(messages: Iterable[str]) -> str:
    """Returns the last executable in cargo's messages."""
    files = [json.loads(message).get("executable") for message in messages]
    return [file for file in files if file][-1]


def count(callgrind: str, program: str, path: str) -> int:
    """Counts the instructions of one path."""
    run = subprocess.run(
        [
            callgrind,
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            "--collect-atstart=no",
            "--toggle-collect=*instructions*measured*",
            program,
            path,
        ],
        # The environment is on the stack and would shift its addresses.
        env={"PATH": os.environ.get("PATH", os.defpath)},
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if run.returncode != 0:
        raise RuntimeError(f"{path} failed under callgrind:\n{run.stdout}")
    return collected(run.stdout)


def count_all(callgrind: str) -> dict[str, int]:
    """Counts the instructions of all paths, in the order of benches/instructions.rs."""
    program = build()
    paths = subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE).stdout.split()
    return {path: count(callgrind, program, path) for path in paths}


def store(by: str, counted: Mapping[str, int]) -> None:
    """Writes the baseline for later runs."""
    STORED.write_text(json.dumps({"compiler": by, "instructions": counted}, indent=2) + "\n")


def main() -> int:
    """Counts, then compares or stores; returns 0 without a regression or if the comparison is skipped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", action="store_true", help="store the counts as the new baseline")
    arguments = parser.parse_args()
    stored = json.loads(STORED.read_text())
    by = compiler(subprocess.run(["rustc", "-vV"], check=True, text=True, stdout=subprocess.PIPE).stdout)
    try:
        cpuinfo = Path("/proc/cpuinfo")
        require_processor(platform.machine(), cpuinfo.read_text() if cpuinfo.exists() else "")
        require_own_flags(os.environ)
        if by != stored["compiler"] and not arguments.store:
            raise Skipped(f"the counts are those of {stored['compiler']}, and this is {by}")
        callgrind = valgrind()
    except Skipped as reason:
        print(f"skipped: the pure paths' instructions, because {reason}")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    counted = count_all(callgrind)
    for path, instructions in counted.items():
        print(f"{path:16}{instructions:>14,}")
    if arguments.store:
        store(by, counted)
        return 0
    verdict = compare(stored["instructions"], counted)
    for sentence in verdict.faults:
        print(f"FAILED: {sentence}")
    for sentence in verdict.hints:
        print(f"faster: {sentence}")
    if verdict.faults or verdict.hints:
        print("What is meant is stored by `make bench-instructions STORE=1`.")
    print(f"{verdict.passed} passed, {len(verdict.faults)} failed, 0 skipped")
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    sys.exit(main())
