"""Checks of the Debian package after its installation into a clean Debian."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import uuid
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent)]
import deb  # noqa: E402
from debian_machine import SERVICE, Booted, Machine, Unbooted, expect, say  # noqa: E402

PHOTOS = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "photos"
IMAGE, MASK = PHOTOS / "astronaut.png", PHOTOS / "astronaut.mask.png"
PORT = 8080
STATE = "var/lib/iopaint"
DEFAULTS = f"/{deb.CONFFILE}"
# Limit for `systemd-analyze security`, 0 (best) to 10; systemd rates services below it "OK".
MOST_EXPOSURE = 2.0
# Files that a running system changes.
VOLATILE = ("dev", "proc", "run", "sys", "tmp", "var/tmp", "var/log", "var/cache", "var/lib/dpkg", "root")
ACCOUNTS = re.compile(r"etc/(\.pwd\.lock|(passwd|group|shadow|gshadow)-)")


def install(debian: Machine, package: Path, *options: str) -> None:
    """Installs a package with dpkg, which checks its dependencies against a minimal Debian."""
    inside = debian.root / "root" / package.name
    if not inside.exists():
        shutil.copyfile(package, inside)
    debian.run("dpkg", "--force-unsafe-io", *options, "--install", f"/root/{package.name}")
    if isinstance(debian, Unbooted):
        debian.restart_service()


def check_user(debian: Machine) -> None:
    """Checks that the system user exists, can't log in, and is the only owner of the state directories."""
    name, _, uid, _, _, home, shell = debian.run("getent", "passwd", "iopaint").strip().split(":")
    expect(
        home == f"/{STATE}" and shell.endswith("nologin") and 0 < int(uid) < 1000, f"the user is {name}:{uid}:{home}"
    )
    for folder in (STATE, f"{STATE}/models", f"{STATE}/outputs"):
        found = debian.run("stat", "--format=%U:%G %a", f"/{folder}").strip()
        expect(found == "iopaint:iopaint 750", f"/{folder} has {found}")
    found = debian.run("stat", "--format=%U:%G %a", DEFAULTS).strip()
    expect(found == "root:root 640", f"{DEFAULTS} has {found}")


def check_process(debian: Machine) -> None:
    """Checks the service's user and capabilities, and under systemd its system call filter."""
    process = debian.service_process()
    status = debian.run("cat", f"/proc/{process}/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    uid = debian.run("id", "--user", "iopaint").strip()
    expect(fields["Uid"].split() == [uid] * 4, f"the service runs as {fields['Uid']}")
    for name in ("CapEff", "CapPrm", "CapBnd"):
        expect(int(fields[name], 16) == 0, f"the service has {name} {fields[name]}")
    expect(fields["NoNewPrivs"] == "1", "the service may gain privileges")
    if isinstance(debian, Booted):
        expect(fields["Seccomp"] == "2", "no filter of system calls is active")
        expect("cpuinfo" not in debian.log(), f"libtorch can't identify the processor:\n{debian.log()}")
        mounts = debian.run("cat", f"/proc/{process}/mountinfo")
        expect(
            re.search(r"^\S+ \S+ \S+ \S+ / ro[, ]", mounts, re.MULTILINE) is not None,
            "the service can write to the system",
        )


def check_exposure(debian: Machine) -> None:
    """Checks the unit's syntax and its exposure level."""
    debian.run("systemd-analyze", "verify", "--man=no", SERVICE)
    report = debian.run("systemd-analyze", "security", "--no-pager", "--offline=yes", SERVICE)
    found = re.search(r"Overall exposure level for iopaint.service: ([\d.]+)", report)
    expect(found is not None, f"systemd-analyze reports {report}")
    expect(
        found is not None and float(found.group(1)) <= MOST_EXPOSURE,
        f"the unit's exposure is over {MOST_EXPOSURE}:\n{report}",
    )
    say(f"the unit's exposure is {found.group(1) if found else ''}")


def form(**files: Path) -> tuple[bytes, str]:
    """Returns a multipart form of files and its content type."""
    boundary = uuid.uuid4().hex
    parts = []
    for field, path in files.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{path.name}"\r\n\r\n'
        parts += [head.encode(), path.read_bytes(), b"\r\n"]
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def fill(debian: Machine, port: int, **headers: str) -> tuple[int, bytes]:
    """Requests an inpainting from the service."""
    body, kind = form(image=IMAGE, mask=MASK)
    return debian.request("POST", "/api/v1/inpaint", port, body, Content_Type=kind, **headers)


def check_fill(debian: Machine) -> None:
    """Checks size and format of a filled photo."""
    status, filled = fill(debian, PORT)
    expect(status == 200, f"filling a photo returns {status}: {filled[:300]!r}\n{debian.log()}")
    photo = IMAGE.read_bytes()
    # Signature, and width and height in the first chunk.
    expect(filled[:24] == photo[:24] and filled != photo, "the response is not a filled photo")


def check_save(debian: Machine) -> None:
    """Checks that a saved result is readable for the service's user and group only."""
    body, kind = form(file=IMAGE)
    status, answer = debian.request("POST", "/api/v1/save_image", PORT, body, Content_Type=kind)
    expect(status == 200, f"saving returns {status}: {answer[:300]!r}")
    saved = debian.root / STATE / "outputs" / IMAGE.name
    mode = stat.S_IMODE(saved.stat().st_mode)
    expect(mode & 0o007 == 0, f"other users can read the saved file: {mode:o}")


def check_settings(debian: Machine) -> None:
    """Checks settings from the file: port, key, and a model that oneDNN compiles at run time."""
    settings = [
        "IOPAINT_PORT=8099",
        "IOPAINT_API_KEY=0123456789abcdef",
        "IOPAINT_MODEL=lama-mini",
        "IOPAINT_OPTIMIZE_GRAPH=false",
    ]
    (debian.root / deb.CONFFILE).write_text("\n".join(settings) + "\n", encoding="utf-8")
    debian.restart_service()
    debian.wait_until_ready(8099)
    status, _ = fill(debian, 8099)
    expect(status == 401, f"without the key the status is {status}")
    status, _ = fill(debian, 8099, X_API_Key="0123456789abcdef")
    expect(status == 200, f"with the key the status is {status}")
    expect(debian.request("GET", "/readyz", PORT)[0] == 0, "the old port is still served")


def check_programs(debian: Machine) -> None:
    """Checks the command line as another user, the manual page and the completions."""
    expect(debian.run("iopaint", "--version").startswith("iopaint "), "iopaint is not in the PATH")
    expect(
        "lama-mini" in debian.run("setpriv", "--reuid=65534", "--clear-groups", "iopaint", "list"), "no built-in model"
    )
    for name in ("man/man1/iopaint-start.1.gz", "bash-completion/completions/iopaint", "zsh/vendor-completions/_iopaint",
                 "fish/vendor_completions.d/iopaint.fish", "doc/iopaint/copyright"):  # fmt: skip
        expect((debian.root / "usr/share" / name).is_file(), f"/usr/share/{name} is missing")


def check_gpu_drop_in(debian: Machine) -> None:
    """Checks that the service starts with the GPU drop-in on a machine without a GPU."""
    folder = debian.root / "etc/systemd/system/iopaint.service.d"
    folder.mkdir(parents=True)
    shutil.copyfile(debian.root / deb.DOC / "examples/gpu.conf", folder / "gpu.conf")
    debian.run("systemd-analyze", "verify", "--man=no", SERVICE)
    debian.run("systemctl", "daemon-reload")
    debian.restart_service()
    debian.wait_until_ready(PORT)
    expect("CUDA" in debian.log(), f"the log doesn't mention CUDA:\n{debian.log()}")
    shutil.rmtree(folder)
    debian.run("systemctl", "daemon-reload")
    debian.restart_service()
    debian.wait_until_ready(PORT)


def next_version(package: Path, work: Path) -> Path:
    """Builds a later version of the package, with a changed settings file."""
    tree = work / "next"
    subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(tree)], check=True)
    control = tree / "DEBIAN" / "control"
    control.write_text(
        re.sub(r"(?m)^(Version: .*)$", r"\1+next", control.read_text(encoding="utf-8")), encoding="utf-8"
    )
    with (tree / deb.CONFFILE).open("a", encoding="utf-8") as file:
        file.write("# A new setting.\n")
    later = work / "next.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(later)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    shutil.rmtree(tree)
    return later


def check_upgrade(debian: Machine, package: Path, work: Path) -> None:
    """Checks that an upgrade keeps the settings, restarts the service, and leaves a disabled one stopped."""
    before, process = (debian.root / deb.CONFFILE).read_text(encoding="utf-8"), debian.service_process()
    later = next_version(package, work)
    install(debian, later, "--force-confdef", "--force-confold")
    expect((debian.root / deb.CONFFILE).read_text(encoding="utf-8") == before, "the upgrade changed the settings")
    found = debian.run("stat", "--format=%U:%G %a", DEFAULTS).strip()
    expect(found == "root:root 640", f"after the upgrade {DEFAULTS} has {found}")
    debian.wait_until_ready(8099)
    expect(debian.service_process() not in (0, process), "the upgrade didn't restart the service")
    if isinstance(debian, Booted):
        debian.run("systemctl", "disable", "--now", SERVICE)
        install(debian, later, "--force-confdef", "--force-confold")
        state = debian.run("systemctl", "is-enabled", SERVICE, codes=(0, 1)).strip()
        expect(state == "disabled", f"after an upgrade the disabled service is {state}")
        expect(debian.service_process() == 0, "an upgrade started the disabled service")
        debian.run("systemctl", "enable", "--now", SERVICE)
        debian.wait_until_ready(8099)


def check_removal(debian: Machine) -> None:
    """Checks that removal stops the service and keeps settings, models and results."""
    model = debian.root / STATE / "models" / "own.pt"
    model.write_bytes(b"model")
    if isinstance(debian, Unbooted):
        debian.stop_service()
    debian.run("dpkg", "--remove", "iopaint")
    expect(debian.request("GET", "/readyz", 8099)[0] == 0, "the removed service still runs")
    for name in ("usr/bin/iopaint", "usr/lib/iopaint", deb.FILES[SERVICE], deb.FILES["iopaint.sysusers"]):
        path = debian.root / name
        expect(not path.exists() and not path.is_symlink(), f"/{name} is left after removal")
    for name in (deb.CONFFILE, f"{STATE}/outputs/{IMAGE.name}"):
        expect((debian.root / name).is_file(), f"/{name} is gone after removal")
    expect(model.is_file(), "the models are gone after removal")


def files_of(root: Path) -> set[str]:
    """Returns the names of all files and folders, except those that a running system changes."""
    names = set()
    for folder, folders, files in os.walk(root):
        base = Path(folder).relative_to(root)
        folders[:] = [name for name in folders if (base / name).as_posix() not in VOLATILE]
        names |= {(base / name).as_posix() for name in [*folders, *files]}
    return {name for name in names if not ACCOUNTS.fullmatch(name)}


def check_purge(debian: Machine, before: set[str]) -> None:
    """Checks that a purge removes everything except saved results."""
    message = debian.run("dpkg", "--purge", "iopaint")
    results = {STATE, f"{STATE}/outputs", f"{STATE}/outputs/{IMAGE.name}"}
    left = files_of(debian.root) - before
    expect(left == results, f"after a purge these are left: {sorted(left - results)}; gone: {sorted(results - left)}")
    expect(f"/{STATE}" in message, "the purge doesn't say that results are kept")
    shutil.rmtree(debian.root / STATE)


def check_fresh_purge(debian: Machine, package: Path, before: set[str]) -> None:
    """Checks a new installation with default settings, and that a purge then leaves nothing."""
    install(debian, package)
    debian.wait_until_ready(PORT)
    if isinstance(debian, Unbooted):
        debian.stop_service()
    debian.run("dpkg", "--purge", "iopaint")
    left = files_of(debian.root) - before
    expect(not left, f"after a purge these are left: {sorted(left)}")
