"""Builds a Debian package from the folder that `dist.py` lays out: iopaint_<version>-1_<architecture>.deb.

dpkg-deb is called directly. Debian's helpers (debhelper, cargo-deb) add the same few lines to the maintainer
scripts, but need a source package or a Cargo.toml section and don't support the libraries that
`stage_runtime.py` selects.

The package depends on the libraries that dpkg-shlibdeps finds, in the versions of the machine that builds:
build on the oldest release that is to be supported.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
from email.utils import formatdate
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "packaging" / "debian"
# Debian revision; packaging changes are released with a new version of the program.
REVISION = "1"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
# Of packages that are built without DEBFULLNAME and DEBEMAIL. Mail to this domain is discarded.
MAINTAINER = ("IOPaint server packages", "noreply@users.noreply.github.com")

DOC = "usr/share/doc/iopaint"
CONFFILE = "etc/default/iopaint"
# Below the release's folder, and in the package. Folders are copied with everything in them.
LAYOUT = {
    "bin": "usr/lib/iopaint/bin",
    "lib": "usr/lib/iopaint/lib",
    "licences": f"{DOC}/licences",
    "NOTICE": f"{DOC}/NOTICE",
    "README.md": f"{DOC}/README.md",
    "CHANGELOG.md": f"{DOC}/changelog",
    "share/man": "usr/share/man",
    "share/bash-completion": "usr/share/bash-completion",
    "share/fish": "usr/share/fish",
    "share/zsh/site-functions": "usr/share/zsh/vendor-completions",
}
# Below packaging/debian, and in the package.
FILES = {
    "copyright": f"{DOC}/copyright",
    "gpu.conf": f"{DOC}/examples/gpu.conf",
    "iopaint.default": CONFFILE,
    "iopaint.lintian-overrides": "usr/share/lintian/overrides/iopaint",
    "iopaint.service": "usr/lib/systemd/system/iopaint.service",
    "iopaint.sysusers": "usr/lib/sysusers.d/iopaint.conf",
}
SCRIPTS = ("postinst", "prerm", "postrm")
EXECUTABLES = {"usr/lib/iopaint/bin/iopaint", *(f"DEBIAN/{script}" for script in SCRIPTS)}
# It may hold keys.
PRIVATE = {CONFFILE: 0o640}

CONTROL = """\
Package: iopaint
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size}
Depends: {depends}, systemd | systemd-standalone-sysusers | systemd-sysusers
Recommends: ca-certificates
Section: graphics
Priority: optional
Description: inpainting server with a web page
 Removes people, text, scratches and other things from pictures: in a browser,
 through an HTTP API or from the command line. A small model is part of the
 program and serves at once; LaMa is downloaded in the background.
 .
 The service iopaint listens on 127.0.0.1:8080. Its settings are in
 /etc/default/iopaint.
"""
CHANGELOG = """\
iopaint ({version}) unstable; urgency=medium

  * Release {upstream}; /usr/share/doc/iopaint/changelog.gz lists the changes.

 -- {maintainer}  {date}
"""


class DebError(Exception):
    """An error with a sentence for the user."""


def missing_tool() -> str | None:
    """Returns the first missing program that the build needs."""
    return next((tool for tool in ("dpkg-deb", "dpkg-shlibdeps") if shutil.which(tool) is None), None)


def deb_version(version: str, variant: str = "") -> str:
    """Returns Debian's form of a version: pre-releases sort before their release; CUDA builds have a suffix."""
    return version.replace("-", "~", 1) + (f"+{variant}" if variant else "") + f"-{REVISION}"


def maintainer() -> str:
    """Returns the maintainer from the variables of Debian's tools."""
    name, address = MAINTAINER
    return f"{os.environ.get('DEBFULLNAME') or name} <{os.environ.get('DEBEMAIL') or address}>"


def compress(path: Path) -> None:
    """Replaces a file with its gzipped form, without name and time."""
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    path.unlink()


def lay_out(release: Path, tree: Path) -> None:
    """Copies the release's files to their places in the package."""
    for source, place in LAYOUT.items():
        target = tree / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if (release / source).is_dir():
            shutil.copytree(release / source, target)
        else:
            shutil.copyfile(release / source, target)
    for source, place in FILES.items():
        (tree / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SOURCES / source, tree / place)
    (tree / "usr/bin").mkdir()
    (tree / "usr/bin/iopaint").symlink_to("../lib/iopaint/bin/iopaint")
    pages = sorted((tree / "usr/share/man").rglob("*.[1-8]"))
    for path in [*pages, tree / DOC / "NOTICE", tree / DOC / "changelog", *(tree / DOC / "licences").iterdir()]:
        compress(path)


def dependencies(tree: Path, architecture: str) -> str:
    """Returns the packages of the program's libraries with minimum versions."""
    binaries = [tree / "usr/lib/iopaint/bin/iopaint", *sorted((tree / "usr/lib/iopaint/lib").iterdir())]
    with tempfile.TemporaryDirectory() as work:
        control = Path(work) / "debian" / "control"
        control.parent.mkdir()
        control.write_text(f"Source: iopaint\n\nPackage: iopaint\nArchitecture: {architecture}\n", encoding="utf-8")
        # The package's own libraries belong to no other package.
        command = ["dpkg-shlibdeps", "-O", "--ignore-missing-info", f"-l{tree / 'usr/lib/iopaint/lib'}"]
        done = subprocess.run([*command, *binaries], cwd=work, check=False, capture_output=True, text=True)
    found = re.search(r"^shlibs:Depends=(.+)$", done.stdout, re.MULTILINE)
    if done.returncode != 0 or found is None:
        raise DebError(f"dpkg-shlibdeps finds no dependencies: {done.stderr.strip()}")
    return found.group(1)


def write_control(tree: Path, fields: dict[str, str]) -> None:
    """Writes the package's DEBIAN folder."""
    folder = tree / "DEBIAN"
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    # As dpkg-gencontrol counts: whole KiB of each file, one of anything else.
    others = sum(1 for path in tree.rglob("*") if path.is_symlink() or path.is_dir())
    size = others + sum((path.stat().st_size + 1023) // 1024 for path in files)
    folder.mkdir()
    (folder / "control").write_text(CONTROL.format(size=size, **fields), encoding="utf-8")
    (folder / "conffiles").write_text(f"/{CONFFILE}\n", encoding="utf-8")
    sums = []
    for path in files:
        name = path.relative_to(tree).as_posix()
        if name == CONFFILE:
            continue
        with path.open("rb") as content:
            sums.append(f"{hashlib.file_digest(content, 'md5').hexdigest()}  {name}\n")
    (folder / "md5sums").write_text("".join(sums), encoding="utf-8")
    for script in SCRIPTS:
        shutil.copyfile(SOURCES / script, folder / script)


def settle(tree: Path, date: int) -> None:
    """Sets equal times, and modes that are independent of the umask."""
    for path in sorted(tree.rglob("*"), reverse=True):
        name = path.relative_to(tree).as_posix()
        if not path.is_symlink():
            executable = path.is_dir() or name in EXECUTABLES
            path.chmod(PRIVATE.get(name, 0o755 if executable else 0o644))
        os.utime(path, (date, date), follow_symlinks=False)
    tree.chmod(0o755)
    os.utime(tree, (date, date))


def build(release: Path, version: str, variant: str, output: Path, date: int) -> Path:
    """Builds the package from the release's folder; returns its path."""
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise DebError(f"Debian's name of {platform.machine()} is not known.")
    full = deb_version(version, variant)
    package = output / f"iopaint_{full}_{architecture}.deb"
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work) / "iopaint"
        lay_out(release, tree)
        log = CHANGELOG.format(version=full, upstream=version, maintainer=maintainer(), date=formatdate(date))
        (tree / DOC / "changelog.Debian").write_text(log, encoding="utf-8")
        compress(tree / DOC / "changelog.Debian")
        depends = dependencies(tree, architecture)
        fields = {"version": full, "architecture": architecture, "maintainer": maintainer(), "depends": depends}
        write_control(tree, fields)
        settle(tree, date)
        pack(tree, package, date)
    return package


def pack(tree: Path, package: Path, date: int) -> None:
    """Runs dpkg-deb: all files belong to root, and the archive's own times are `date`."""
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(package)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(date)}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise DebError(f"dpkg-deb fails: {done.stderr.strip()}")
