"""Resumable downloads, and the addresses of wheels."""

from __future__ import annotations

import dataclasses
import hashlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

READ_TIMEOUT_SECONDS = 60.0
ATTEMPTS = 5
CHUNK_BYTES = 1 << 20

# Releases before this one download a whole wheel to read its description.
PIP = "pip==25.3"
PIP_MAJOR = 25


class FetchError(Exception):
    """A failed download, with a sentence for the user."""


class Unreachable(FetchError):
    """The server is unreachable or lacks the file; another source may have it."""


@dataclasses.dataclass(frozen=True)
class Wheel:
    """A file of the package index."""

    url: str
    sha256: str


# --- downloads ----------------------------------------------------------------------------------------------------


def probe(url: str, timeout_seconds: float) -> None:
    """Raises `Unreachable` unless the server responds for `url` in time."""
    host = urllib.parse.urlsplit(url).hostname
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=timeout_seconds):
            return
    except urllib.error.HTTPError as error:
        raise Unreachable(f"{host} answered {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{host} can't be reached ({reason(error)})") from error


def reason(error: BaseException) -> str:
    inner = getattr(error, "reason", None)
    return str(inner or error) or type(error).__name__


def download(
    url: str,
    folder: Path,
    sha256: str | None,
    say: Callable[[str], None],
    pause_seconds: float = 1.0,
) -> Path:
    """Downloads `url` into `folder` and returns the complete file with the right hash.

    Received data is kept in a `.part` file, from which a later run resumes. Without a hash, it is resumed only if the
    ETag is unchanged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = urllib.parse.unquote(Path(urllib.parse.urlsplit(url).path).name)
    file, part = folder / name, folder / f"{name}.part"
    if sha256 and file.is_file() and digest(file) == sha256:
        return file
    failure: BaseException | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(pause_seconds * attempt)
        try:
            receive(url, part, sha256 is not None, say)
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise FetchError(f"{name}: the server answered {error.code} {error.reason}") from error
            failure = error
            continue
        except (OSError, http.client.HTTPException) as error:
            failure = error
            say(f"{name}: {reason(error)}; trying again")
            continue
        found = digest(part)
        if sha256 is None or found == sha256:
            finish(part, file)
            return file
        failure = FetchError(f"its SHA-256 is {found}, not {sha256}")
        say(f"{name}: {failure}; starting over")
        part.unlink()
    raise FetchError(f"{name} could not be fetched: {reason(failure) if failure else 'no answer'}")


def receive(url: str, part: Path, hash_is_known: bool, say: Callable[[str], None]) -> None:
    """Appends the missing bytes to `part`. Raises if the connection ends early."""
    tag_file = part.with_suffix(".tag")
    tag = tag_file.read_text(encoding="utf-8") if tag_file.is_file() else ""
    have = part.stat().st_size if part.is_file() and (hash_is_known or tag) else 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if tag:
            headers["If-Range"] = tag
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=READ_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # The part is complete or longer than the file; the hash decides.
            if not hash_is_known:
                part.unlink(missing_ok=True)
                raise OSError("the server has no such range") from error
            return
        raise
    with answer:
        if answer.status != 206:
            have = 0
        tag_file.write_text(strong_tag(answer.headers.get("ETag")), encoding="utf-8")
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        with part.open("ab" if have else "wb") as sink:
            have = copy(answer, sink, have, total, part.stem, say)
            sink.flush()
            os.fsync(sink.fileno())
    if total is not None and have != total:
        raise OSError(f"the connection ended at {have} of {total} bytes")


def strong_tag(tag: str | None) -> str:
    """Returns an ETag for If-Range; weak ones are not allowed there."""
    return tag if tag and not tag.startswith("W/") else ""


def copy(answer, sink, have: int, total: int | None, name: str, say: Callable[[str], None]) -> int:
    """Copies the response's body and logs progress. Returns the total size so far."""
    said = time.monotonic()
    say(f"fetching {name}" + (f" ({total / 1e6:.0f} MB)" if total else "") + (f", from byte {have}" if have else ""))
    while chunk := answer.read(CHUNK_BYTES):
        sink.write(chunk)
        have += len(chunk)
        if time.monotonic() - said > 5:
            said = time.monotonic()
            say(f"{name}: {have / 1e6:.0f} MB" + (f" of {total / 1e6:.0f}" if total else ""))
    return have


def digest(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def finish(part: Path, file: Path) -> None:
    part.replace(file)
    part.with_suffix(".tag").unlink(missing_ok=True)


# --- pip ----------------------------------------------------------------------------------------------------------


def find_wheels(requirements: Sequence[str], downloads: Path, machine: str | None = None) -> list[Wheel]:
    """Returns the wheels of packages from pip's configured index and proxy, in the order of `requirements`.

    `requirements` have the form "name==version". `machine` selects another Linux processor, such as "aarch64".
    """
    with tempfile.TemporaryDirectory() as nowhere:
        report = run_pip([*pip_command(downloads), *resolve_arguments(requirements, nowhere, machine)])
    return [parse_report(report, requirement) for requirement in requirements]


def resolve_arguments(requirements: Sequence[str], nowhere: str, machine: str | None) -> list[str]:
    # Any Python's wheel holds the same libraries, so the one that runs this script does not matter; pip takes
    # --python-version and --platform only along with --target.
    arguments = ["install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", "--no-deps"]
    arguments += ["--target", nowhere, "--python-version", "3.11", "--only-binary", ":all:"]
    arguments += ["--use-feature", "fast-deps", *requirements]
    if machine:
        arguments += [f"--platform={family}_{machine}" for family in ("manylinux_2_28", "manylinux2014")]
    return arguments


def pip_command(downloads: Path) -> list[str]:
    """Returns a pip command that resolves without downloading wheels: the installed one, or a newer one."""
    pip = [sys.executable, "-m", "pip"]
    words = run_pip([*pip, "--version"]).split()
    if len(words) > 1 and words[1].split(".")[0].isdigit() and int(words[1].split(".")[0]) >= PIP_MAJOR:
        return pip
    run_pip([*pip, "download", "--quiet", "--no-deps", "--dest", str(downloads), PIP])
    wheel = downloads / f"{PIP.replace('==', '-')}-py3-none-any.whl"
    return [sys.executable, str(wheel / "pip")]


def run_pip(command: list[str]) -> str:
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode == 0:
        return done.stdout
    if "No module named pip" in done.stderr:
        raise FetchError("Python has no pip. Install it (Debian: apt-get install python3-pip) or set LIBTORCH.")
    lines = done.stderr.strip().splitlines() or ["no reason given"]
    raise FetchError(f"pip found no file to fetch: {lines[-1]}")


def parse_report(report: str, requirement: str) -> Wheel:
    """Returns address and hash of a requirement from pip's installation report."""
    name = canonical(requirement.partition("==")[0])
    try:
        packages = json.loads(report)["install"]
        source = next(
            package["download_info"] for package in packages if canonical(package["metadata"]["name"]) == name
        )
        url, sha256 = source["url"], source["archive_info"]["hashes"]["sha256"]
    except (ValueError, LookupError, TypeError, StopIteration) as error:
        raise FetchError(f"pip's report names no file with a SHA-256 for {requirement}") from error
    return Wheel(url, sha256)


def canonical(name: str) -> str:
    """Returns a package's normalised name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
