#!/usr/bin/env python3
"""Holds a server to its own description of the API with schemathesis: thousands of requests, good and bad.

    scripts/schema_test.py --schemathesis build/schema/bin/schemathesis [--binary target/release/iopaint]

Every answer must be one that the description names, with the body and headers it names, and none may be a fault of the
server's. A second run with a key finds out whether routes that want one can be reached without.
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
    """Runs schemathesis twice; 0 where it found nothing."""
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
