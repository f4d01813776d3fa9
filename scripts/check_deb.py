#!/usr/bin/env python3
"""Tests a release's Debian package: installs it into a clean Debian that is booted in a container without a network,
fills a photo through the service, upgrades, removes and purges.

Needs root on Debian or a derivative; elsewhere the check is skipped with a message. Missing debootstrap,
systemd-nspawn and lintian are installed. If systemd can't be booted, the service's
command runs in a chroot with its user, environment file and state directories, but without the unit's
sandbox.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import hashlib
import http.client
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = ROOT / "tests" / "fixtures" / "photos"
IMAGE, MASK = PHOTOS / "astronaut.png", PHOTOS / "astronaut.mask.png"

sys.path[:0] = [str(Path(__file__).resolve().parent)]
import deb  # noqa: E402
import setup_libtorch  # noqa: E402

SUITE = "bookworm"
SERVICE = "iopaint.service"
PORT = 8080
STATE = "var/lib/iopaint"
DEFAULTS = f"/{deb.CONFFILE}"
# Limit for `systemd-analyze security`, 0 (best) to 10; systemd rates services below it "OK".
MOST_EXPOSURE = 2.0
BOOT_SECONDS = 90
READY_SECONDS = 120
STOP_SECONDS = 60
POLL_SECONDS = 0.2
CLONE_NEWNET = 0x40000000
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Files that a running system changes.
VOLATILE = ("dev", "proc", "run", "sys", "tmp", "var/tmp", "var/log", "var/cache", "var/lib/dpkg", "root")
ACCOUNTS = re.compile(r"etc/(\.pwd\.lock|(passwd|group|shadow|gshadow)-)")
TOOLS = {
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "lintian": "lintian",
    "systemd-nspawn": "systemd-container",
}


class Fault(Exception):
    """A fault of the package."""


class NoBoot(Exception):
    """systemd can't be booted here."""


def say(sentence: str) -> None:
    print(f"check_deb: {sentence}", flush=True)


def expect(holds: bool, fault: str) -> None:
    """Raises a fault unless the condition holds."""
    if not holds:
        raise Fault(fault)


# --- the Debian that the package is installed into ----------------------------------------------------------------


def clean_root(suite: str, target: Path) -> None:
    """Creates a minimal Debian with systemd in `target`; downloaded packages stay in the project's cache."""
    archive = setup_libtorch.cache_root().parent / "deb-check" / f"{suite}.tar"
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        say(f"bootstrapping {suite}")
        with tempfile.TemporaryDirectory() as work:
            command = ["debootstrap", "--variant=minbase", "--include=systemd-sysv", suite, f"{work}/root"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            shutil.rmtree(f"{work}/root/var/cache/apt/archives")
            partial = archive.with_suffix(".part")
            subprocess.run(["tar", "-C", f"{work}/root", "-cf", str(partial), "."], check=True)
            partial.rename(archive)
    target.mkdir()
    subprocess.run(["tar", "-C", str(target), "-xpf", str(archive)], check=True)


def enter_network(namespace: int) -> None:
    """Moves this thread into a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Machine:
    """A Debian root in its own namespaces, with a loopback interface only."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.process: subprocess.Popen | None = None
        self.leader = 0

    def start(self, command: list[str], log: Path) -> None:
        """Starts the container's first process and looks up its id on the host."""
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True
            )
        deadline = time.monotonic() + BOOT_SECONDS
        while not (leader := first_process(self.process.pid)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NoBoot(log.read_text(errors="replace").strip()[-500:])
            time.sleep(POLL_SECONDS)
        self.leader = leader

    def stop(self) -> None:
        """Stops the container with all its processes."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            if self.leader:
                os.kill(self.leader, signal.SIGKILL)
            self.process.kill()
            self.process.wait()

    def enter(self, *command: str) -> list[str]:
        """Returns the command line that runs a command in the container."""
        namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"]
        settings = [f"PATH={PATH}", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
        return ["nsenter", f"--target={self.leader}", *namespaces, "--", "env", "-i", *settings, *command]

    def run(self, *command: str, codes: tuple[int, ...] = (0,)) -> str:
        """Runs a command in the container; returns its output."""
        done = subprocess.run(self.enter(*command), check=False, capture_output=True, text=True)
        if done.returncode not in codes:
            raise Fault(f"`{' '.join(command)}` exits with {done.returncode}: {(done.stderr or done.stdout).strip()}")
        return done.stdout + done.stderr

    @contextlib.contextmanager
    def network(self) -> Iterator[None]:
        """Moves this thread into the container's network namespace within the block."""
        with open("/proc/thread-self/ns/net") as own, open(f"/proc/{self.leader}/ns/net") as inner:
            enter_network(inner.fileno())
            try:
                yield
            finally:
                enter_network(own.fileno())

    def request(self, method: str, path: str, port: int, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Sends a request to the service; returns status and body, status 0 without a response."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with self.network():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS)
            try:
                connection.request(method, path, body or None, named)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (ConnectionError, http.client.HTTPException):
                return 0, b""
            finally:
                connection.close()

    def wait_until_ready(self, port: int) -> None:
        """Waits until the service is ready."""
        deadline = time.monotonic() + READY_SECONDS
        while self.request("GET", "/readyz", port)[0] != 200:
            expect(time.monotonic() < deadline, f"the service is not ready after {READY_SECONDS} s:\n{self.log()}")
            time.sleep(POLL_SECONDS)

    def restart_service(self) -> None:
        """Restarts the service after a change of its settings."""
        raise NotImplementedError

    def service_process(self) -> int:
        """Returns the service's process id in the container; 0 if it isn't running."""
        raise NotImplementedError

    def log(self) -> str:
        """Returns the end of the service's log."""
        raise NotImplementedError


def first_process(parent: int) -> int:
    """Returns the child of `parent` that is process 1 of a namespace; 0 if it doesn't exist yet."""
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            ids = fields.get("NSpid", "").split()
            if int(fields["PPid"]) == parent and len(ids) > 1 and ids[-1] == "1":
                return int(ids[0])
    return 0


class Booted(Machine):
    """A Debian booted by systemd."""

    def __init__(self, root: Path, work: Path) -> None:
        super().__init__(root)
        command = ["systemd-nspawn", "--quiet", f"--directory={root}", f"--machine=iopaint-{uuid.uuid4().hex[:8]}"]
        # The host may have no systemd that could register the container.
        command += ["--boot", "--register=no", "--keep-unit", "--private-network", "--link-journal=no"]
        try:
            self.start(command, work / "boot.log")
            self.wait_for_systemd(work / "boot.log")
        except NoBoot:
            self.stop()
            raise

    def wait_for_systemd(self, log: Path) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        state = ""
        while state not in ("running", "degraded"):
            if time.monotonic() > deadline or self.process is None or self.process.poll() is not None:
                raise NoBoot(f"{state} {log.read_text(errors='replace').strip()[-500:]}")
            time.sleep(POLL_SECONDS)
            done = subprocess.run(
                self.enter("systemctl", "is-system-running"), check=False, capture_output=True, text=True
            )
            state = done.stdout.strip()

    def restart_service(self) -> None:
        self.run("systemctl", "restart", SERVICE)

    def service_process(self) -> int:
        return int(self.run("systemctl", "show", "--property=MainPID", "--value", SERVICE))

    def log(self) -> str:
        return self.run("journalctl", "--no-pager", "--lines=30", "--output=cat", "--unit", SERVICE)


class Unbooted(Machine):
    """A Debian without systemd; the service's command runs with the unit's settings except the sandbox."""

    def __init__(self, root: Path, work: Path) -> None:
        super().__init__(root)
        self.service: subprocess.Popen | None = None
        self.output = work / "service.log"
        mounts = f"mount -t proc proc {root}/proc && mount --rbind /dev {root}/dev"
        script = f"{mounts} && exec chroot {root} sleep infinity"
        command = [
            "unshare",
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            script,
        ]
        self.start(command, work / "container.log")
        subprocess.run(["nsenter", f"--target={self.leader}", "--net", "ip", "link", "set", "lo", "up"], check=True)

    def restart_service(self) -> None:
        self.stop_service()
        settings = self.unit()
        for folder in settings["StateDirectory"][0].split():
            mode = settings["StateDirectoryMode"][0]
            self.run("install", "-d", "-o", "iopaint", "-g", "iopaint", "-m", mode, f"/var/lib/{folder}")
        environment = [line.replace("%S", "/var/lib") for line in settings["Environment"]]
        for line in (self.root / deb.CONFFILE).read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                environment.append(line.strip())
        command = ["sh", "-c", f"umask {settings['UMask'][0]} && exec {settings['ExecStart'][0]}"]
        rights = ["--reuid=iopaint", "--regid=iopaint", "--init-groups", "--no-new-privs", "--bounding-set=-all"]
        with self.output.open("ab") as stream:
            self.service = subprocess.Popen(
                self.enter("env", *environment, "setpriv", *rights, *command), stdout=stream, stderr=stream
            )

    def stop_service(self) -> None:
        """Stops the service as systemd would."""
        if self.service is not None:
            if process := self.service_process():
                self.run("sh", "-c", f"kill -TERM {process}", codes=(0, 1))
            self.service.wait(STOP_SECONDS)
            self.service = None

    def unit(self) -> dict[str, list[str]]:
        """Returns the unit's settings; names may repeat."""
        settings: dict[str, list[str]] = {}
        for line in (self.root / deb.FILES[SERVICE]).read_text(encoding="utf-8").splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                settings.setdefault(name, []).append(value)
        return settings

    def service_process(self) -> int:
        # The container's /proc, which is mounted for its own processes only.
        for folder in Path(f"/proc/{self.leader}/root/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if b"/usr/bin/iopaint\0start" in (folder / "cmdline").read_bytes():
                    return int(folder.name)
        return 0

    def log(self) -> str:
        return self.output.read_text(errors="replace")[-3000:] if self.output.exists() else ""

    def stop(self) -> None:
        try:
            self.stop_service()
        finally:
            super().stop()


@contextlib.contextmanager
def machine(suite: str, work: Path) -> Iterator[Machine]:
    """Provides a clean Debian, booted if possible."""
    clean_root(suite, work / "root")
    try:
        started: Machine = Booted(work / "root", work)
        say(f"{suite} is booted in a container")
    except NoBoot as error:
        say(f"systemd can't be booted here ({error}); the service runs without its sandbox")
        started = Unbooted(work / "root", work)
    try:
        yield started
    finally:
        started.stop()


# --- checks -------------------------------------------------------------------------------------------------------


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
        expect("cpuinfo" not in debian.log(), f"libtorch can't read what the processor is:\n{debian.log()}")
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
    expect(status == 200, f"filling a photo is answered with {status}: {filled[:300]!r}\n{debian.log()}")
    photo = IMAGE.read_bytes()
    # Signature, and width and height in the first chunk.
    expect(filled[:24] == photo[:24] and filled != photo, "the answer is no filled photo")


def check_save(debian: Machine) -> None:
    """Checks that a saved result is readable for the service's user and group only."""
    body, kind = form(file=IMAGE)
    status, answer = debian.request("POST", "/api/v1/save_image", PORT, body, Content_Type=kind)
    expect(status == 200, f"saving is answered with {status}: {answer[:300]!r}")
    saved = debian.root / STATE / "outputs" / IMAGE.name
    mode = stat.S_IMODE(saved.stat().st_mode)
    expect(mode & 0o007 == 0, f"everybody may read what is saved: {mode:o}")


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
    expect(status == 401, f"without the key the answer is {status}")
    status, _ = fill(debian, 8099, X_API_Key="0123456789abcdef")
    expect(status == 200, f"with the key the answer is {status}")
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
    expect("CUDA" in debian.log(), f"the device was not asked for:\n{debian.log()}")
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


def check(package: Path, suite: str) -> None:
    """Runs all checks of one package in one release of Debian."""
    with tempfile.TemporaryDirectory(prefix="iopaint-deb-") as folder, machine(suite, Path(folder)) as debian:
        before = files_of(debian.root)
        install(debian, package)
        debian.wait_until_ready(PORT)
        say("installed; the service is ready")
        check_user(debian)
        check_process(debian)
        check_exposure(debian)
        check_programs(debian)
        check_fill(debian)
        check_save(debian)
        say("a photo is filled, a result saved")
        if isinstance(debian, Booted):
            check_gpu_drop_in(debian)
        check_settings(debian)
        check_upgrade(debian, package, Path(folder))
        say("settings are followed, and kept by an upgrade")
        check_removal(debian)
        check_purge(debian, before)
        check_fresh_purge(debian, package, before)
        say("removal and purge leave what they should")


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
    say(f"{found[0].name} installs, serves and leaves {options.suite} as it should")
    return 0


if __name__ == "__main__":
    sys.exit(main())
