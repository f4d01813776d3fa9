#!/usr/bin/env python3
"""Tests a release's Debian package: installs it into a clean Debian that is booted in a container without a network,
fills a photo through the service, upgrades, removes and purges.

Needs root on Debian or a derivative; elsewhere the check is skipped with a message. Missing debootstrap,
systemd-nspawn and lintian are installed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent)]
import deb  # noqa: E402
import debian_checks as checks  # noqa: E402
from debian_machine import Booted, Fault, expect, machine, say  # noqa: E402

SUITE = "bookworm"
TOOLS = {
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "lintian": "lintian",
    "systemd-nspawn": "systemd-container",
}


def check_sum(package: Path) -> None:
    """Checks the hash and name in the `.sha256` file."""
    digest, name = package.with_name(package.name + ".sha256").read_text(encoding="utf-8").split()
    with package.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    expect((digest, name) == (found, package.name), f"its SHA-256 is {found}, not {digest}")


def check_contents(package: Path) -> None:
    """Checks owner, modes and modification times of all files."""
    listing = subprocess.run(
        ["dpkg-deb", "--contents", str(package)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "TZ": "UTC"},
    ).stdout.splitlines()
    times = set()
    for line in listing:
        mode, owner, _, date, clock, name = line.split(maxsplit=5)
        times.add(f"{date} {clock}")
        private = name == f"./{deb.CONFFILE}"
        executable = mode[0] == "d" or name == "./usr/lib/iopaint/bin/iopaint"
        wanted = (
            "rwxrwxrwx" if mode[0] == "l" else "rw-r-----" if private else "rwxr-xr-x" if executable else "rw-r--r--"
        )
        expect(owner == "root/root" and mode[1:] == wanted, f"{name} has {mode} {owner}")
    expect(len(times) == 1, f"its files have the times {sorted(times)}")


def check_lintian(package: Path) -> None:
    """Fails on errors and warnings of lintian."""
    command = ["lintian", "--profile", "debian", "--no-tag-display-limit", "--fail-on", "error,warning", "--allow-root"]
    done = subprocess.run([*command, str(package)], check=False, capture_output=True, text=True)
    expect(done.returncode == 0, f"lintian:\n{done.stdout}{done.stderr}")
    say("lintian finds nothing")


def check(package: Path, suite: str) -> None:
    """Runs all checks of one package in one release of Debian."""
    with tempfile.TemporaryDirectory(prefix="iopaint-deb-") as folder, machine(suite, Path(folder)) as debian:
        before = checks.files_of(debian.root)
        checks.install(debian, package)
        debian.wait_until_ready(checks.PORT)
        say("installed; the service is ready")
        checks.check_user(debian)
        checks.check_process(debian)
        checks.check_exposure(debian)
        checks.check_programs(debian)
        checks.check_fill(debian)
        checks.check_save(debian)
        say("a photo is filled and a result saved")
        if isinstance(debian, Booted):
            checks.check_gpu_drop_in(debian)
        checks.check_settings(debian)
        checks.check_upgrade(debian, package, Path(folder))
        say("settings apply, and an upgrade keeps them")
        checks.check_removal(debian)
        checks.check_purge(debian, before)
        checks.check_fresh_purge(debian, package, before)
        say("removal keeps settings, models and results; a purge keeps results only")


def install_tools() -> None:
    """Installs missing programs."""
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        subprocess.run(["apt-get", "update", "--quiet"], check=True)
        subprocess.run(["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", *missing], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", type=Path, help="a package, or the folder that holds one")
    parser.add_argument("--suite", default=SUITE, help=f"the release of Debian to install into; {SUITE} by default")
    options = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        say("skipped: the Debian package is installed into a clean Debian by root on Debian only")
        return 0
    found = sorted(options.packages.glob("*.deb")) if options.packages.is_dir() else [options.packages]
    if not found:
        say(f"skipped: there is no package in {options.packages}")
        return 0
    if len(found) != 1:
        print(f"check_deb: there are {len(found)} packages in {options.packages}", file=sys.stderr)
        return 1
    try:
        install_tools()
        check_sum(found[0])
        check_contents(found[0])
        check_lintian(found[0])
        check(found[0], options.suite)
    except (Fault, OSError, subprocess.CalledProcessError) as error:
        print(f"check_deb: {found[0].name}: {error}", file=sys.stderr)
        return 1
    say(f"{found[0].name} passes all checks on {options.suite}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
