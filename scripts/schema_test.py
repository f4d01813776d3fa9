#!/usr/bin/env python3
"""Tests a server against its API description with schemathesis: thousands of valid and invalid requests.

    scripts/schema_test.py --schemathesis build/schema/bin/schemathesis [--binary target/release/iopaint]

Every response must match the description in status, body and headers, and none may be a server error. A second run with
a key checks that protected routes reject requests without one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from run_api_examples import KEY, MASK, PHOTO, STAND_IN, server  # noqa: E402


def main() -> int:
    """Runs schemathesis twice; returns 0 without findings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path, default=ROOT / "target" / "release" / "iopaint")
    parser.add_argument("--schemathesis", type=Path, required=True)
    parser.add_argument("--examples", type=int, default=int(os.environ.get("SCHEMA_EXAMPLES", "50")))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for sub in ("models", "photos", "results"):
            (folder / sub).mkdir()
        shutil.copy(STAND_IN, folder / "models" / "big-lama.pt")
        shutil.copy(PHOTO, folder / "photos" / "photo.jpg")
        shutil.copy(MASK, folder / "photos" / "mask.png")
        folders = ("--input", str(folder / "photos"), "--output-dir", str(folder / "results"))
        for keys in ((), ("--api-key", KEY)):
            with server(arguments.binary.resolve(), folder / "models", *folders, *keys) as port:
                command = [
                    str(arguments.schemathesis.resolve()),
                    "--config-file",
                    str(ROOT / "scripts" / "schemathesis.toml"),
                    "run",
                    f"http://127.0.0.1:{port}/openapi.json",
                    "--max-examples",
                    str(arguments.examples),
                    "--generation-database",
                    "none",
                    "--no-color",
                ]
                if keys:
                    command += ["--header", f"Authorization: Bearer {KEY}"]
                if code := subprocess.run(command, cwd=folder).returncode:
                    return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
