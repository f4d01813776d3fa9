"""A clean Debian in a container without a network, for the checks of the Debian package.

systemd boots it if possible. Otherwise the service's command runs in a chroot with its user, environment file and
state directories, but without the unit's sandbox.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent)]
import deb  # noqa: E402
import setup_libtorch  # noqa: E402

SERVICE = "iopaint.service"
BOOT_SECONDS = 90
READY_SECONDS = 120
STOP_SECONDS = 60
POLL_SECONDS = 0.2
# Flag of setns(2) for network namespaces, from <linux/sched.h>.
CLONE_NEWNET = 0x40000000
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


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
