#!/usr/bin/env python3
"""Tests the release workflow, its rules and its commands, without publishing anything.

The commands of its `run` steps are executed as GitHub does, in a clone of this checkout whose CHANGELOG.md
describes the version. Programs that publish (gh, docker, cosign) or take long (make, apt-get) are replaced by
ones that record their arguments; `make dist` and `make sbom` write the files of --artifacts, or empty
ones of the same names. Steps that use an action are not executed, except for those that pass files from job
to job.

Needs PyYAML.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = ROOT / ".github" / "workflows"
PINNED = re.compile(r"uses:\s*([\w.-]+/[\w.-]+)(?:/[\w./-]+)?@([0-9a-f]{40}) # (v?\d+\.\d+\.\d+)$")
USES = re.compile(r"uses:\s*(\S+)")
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
DIGEST = "sha256:" + "5" * 64

sys.path[:0] = [str(Path(__file__).resolve().parent)]
import release  # noqa: E402

# Each appends its name and arguments, tab-separated, to $CALLS.
RECORD = '{ printf \'%s\' "${0##*/}"; printf \'\\t%s\' "$@"; echo; } >> "$CALLS"\n'
PROGRAMS = {
    "apt-get": "",
    "docker": 'if [ "$2" = imagetools ]; then printf \'{"digest":"%s"}\' "$DIGEST"; fi\n',
    "cosign": 'if [ "$1" = sign-blob ]; then echo signed > "$4"; fi\n',
    # No release exists yet.
    "gh": 'if [ "$2" = view ]; then exit 1; fi\n',
    "make": 'if [ "$1" = sbom ]; then cp -r "$ARTIFACTS/sbom" build/; else mkdir -p build; cp -r "$ARTIFACTS/dist" build/; fi\n',
}


class Fault(Exception):
    """A fault of the workflow."""


def expect(holds: bool, fault: str) -> None:
    """Raises a fault unless the condition holds."""
    if not holds:
        raise Fault(fault)


def load(path: Path) -> dict[str, Any]:
    """A workflow."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


# --- rules --------------------------------------------------------------------------------------------------------


def check_pins(paths: list[Path]) -> None:
    """Checks that every action is pinned to one commit, with its version in a comment."""
    pins: dict[str, tuple[str, str]] = {}
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            used = USES.search(line)
            if used is None or used.group(1).startswith("$/"):
                continue
            pinned = PINNED.search(line)
            expect(pinned is not None, f"{path.name}: {used.group(1)} is not pinned to a commit and its version")
            if pinned is not None:
                action, *pin = pinned.groups()
                known = pins.setdefault(action, (pin[0], pin[1]))
                expect(
                    known == tuple(pin), f"{path.name}: {action} is pinned to {pin[1]} here and to {known[1]} elsewhere"
                )


def ancestors(jobs: dict[str, Any], name: str) -> set[str]:
    """Returns all jobs that a job needs, directly or transitively."""
    needs = jobs[name].get("needs", [])
    direct = {needs} if isinstance(needs, str) else set(needs)
    return direct.union(*(ancestors(jobs, job) for job in direct))


def check_rules(workflow: dict[str, Any]) -> None:
    """Checks that publication needs all other jobs, and that only one job may write to the repository."""
    jobs = workflow["jobs"]
    expect(workflow["permissions"] == {"contents": "read"}, "the workflow's own permissions are too wide")
    publishers = {name for name, job in jobs.items() if job.get("permissions", {}).get("contents") == "write"}
    expect(publishers == {"publish"}, f"these jobs may write to the repository: {sorted(publishers)}")
    expect(ancestors(jobs, "publish") == set(jobs) - {"publish"}, "`publish` doesn't wait for all other jobs")
    for name in set(jobs) - {"version", "ci"}:
        expect({"version", "ci"} <= ancestors(jobs, name), f"`{name}` doesn't wait for the tests")
    for name, job in jobs.items():
        expect("uses" in job or "timeout-minutes" in job, f"`{name}` has no time limit")


# --- expressions --------------------------------------------------------------------------------------------------


def resolve(expression: str, context: dict[str, Any]) -> Any:
    """Evaluates an expression: a path, or a path compared with a string."""
    compared = re.fullmatch(r"([\w.-]+) == '([^']*)'", expression)
    if compared:
        return resolve(compared.group(1), context) == compared.group(2)
    expect(re.fullmatch(r"[\w.-]+", expression) is not None, f"`{expression}` is more than this check understands")
    value: Any = context
    for name in expression.split("."):
        expect(isinstance(value, dict) and name in value, f"`{expression}` has no value")
        value = value[name]
    return value


def text(value: Any, context: dict[str, Any]) -> str:
    """Returns a value of the workflow with its expressions evaluated."""

    def replaced(found: re.Match[str]) -> str:
        result = resolve(found.group(1), context)
        return str(result).lower() if isinstance(result, bool) else str(result)

    return EXPRESSION.sub(replaced, str(value))


def settings(owner: dict[str, Any], context: dict[str, Any]) -> dict[str, str]:
    """Returns the environment variables of a job or step."""
    return {name: text(value, context) for name, value in owner.get("env", {}).items()}


# --- the dry run --------------------------------------------------------------------------------------------------


@dataclass
class DryRun:
    """One run of the workflow's commands for a tag."""

    work: Path
    source: Path
    artifacts: Path
    tag: str
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.programs = self.work / "programs"
        self.programs.mkdir(parents=True)
        self.uploads = self.work / "uploads"
        self.uploads.mkdir()
        (self.work / "calls").touch()
        for name, body in PROGRAMS.items():
            program = self.programs / name
            program.write_text(f"#!/bin/bash\n{RECORD}{body}", encoding="utf-8")
            program.chmod(0o755)

    def calls(self, *beginning: str) -> list[list[str]]:
        """Returns the recorded calls that start with these words."""
        lines = (self.work / "calls").read_text(encoding="utf-8").splitlines()
        return [words for line in lines if (words := line.split("\t"))[: len(beginning)] == list(beginning)]

    def job(self, name: str, job: dict[str, Any], matrix: dict[str, Any]) -> Path:
        """Runs a job's steps in a fresh checkout; returns the checkout."""
        number = len(list(self.work.glob(f"{name}-*")))
        checkout = self.work / f"{name}-{number}"
        shutil.copytree(self.source, checkout, symlinks=True)
        context: dict[str, Any] = {
            "github": {
                "ref_name": self.tag,
                "ref": f"refs/tags/{self.tag}",
                "repository_owner": "Someone",
                "actor": "someone",
                "token": "token",
            },
            "matrix": matrix,
            "needs": {needed: {"outputs": outputs} for needed, outputs in self.outputs.items()},
            "steps": {},
        }
        context["env"] = settings(job, context)
        for step in job["steps"]:
            self.step(step, checkout, context)
        self.outputs[name] = {key: text(value, context) for key, value in job.get("outputs", {}).items()}
        return checkout

    def step(self, step: dict[str, Any], checkout: Path, context: dict[str, Any]) -> None:
        """Runs one step; expressions are evaluated even if its action is not executed."""
        if "if" in step and not resolve(step["if"], context):
            return
        inputs = {name: text(value, context) for name, value in step.get("with", {}).items()}
        used = step.get("uses", "")
        if used.startswith("actions/upload-artifact@"):
            target = self.uploads / inputs["name"]
            expect(not target.exists(), f"two jobs upload {inputs['name']}")
            shutil.copytree(checkout / inputs["path"], target)
        elif used.startswith("actions/download-artifact@"):
            for folder in sorted(self.uploads.glob(inputs["pattern"])):
                shutil.copytree(folder, checkout / inputs["path"], dirs_exist_ok=True)
        elif "run" in step:
            self.command(step, checkout, context)

    def command(self, step: dict[str, Any], checkout: Path, context: dict[str, Any]) -> None:
        """Runs a step's commands in GitHub's shell."""
        output = self.work / "output"
        output.write_text("", encoding="utf-8")
        environment = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "HOME": str(self.work),
            "CALLS": str(self.work / "calls"),
            "ARTIFACTS": str(self.artifacts),
            "DIGEST": DIGEST,
            "GITHUB_OUTPUT": str(output),
            **context["env"],
            **settings(step, context),
        }
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text(step["run"], context)]
        folder = checkout / step.get("working-directory", ".")
        done = subprocess.run(shell, cwd=folder, env=environment, check=False, capture_output=True, text=True)
        name = step.get("name", step["run"].splitlines()[0])
        expect(done.returncode == 0, f"the step `{name}` fails: {(done.stdout + done.stderr).strip()[-1500:]}")
        if "id" in step:
            pairs = [line.partition("=") for line in output.read_text(encoding="utf-8").splitlines()]
            context["steps"][step["id"]] = {"outputs": {key: value for key, _, value in pairs}}


def matrices(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the matrix variables of each run of a job."""
    return job.get("strategy", {}).get("matrix", {}).get("include", [{}])


def clone(target: Path, version: str) -> None:
    """Clones this checkout with its uncommitted changes, and marks the version as released."""
    target.mkdir()
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    wanted = ("Cargo.toml", "CHANGELOG.md", "scripts/", "docker/", "server/", "web_app/package")
    for name in listing.split("\0"):
        if name.startswith(wanted) and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    changelog = target / "CHANGELOG.md"
    entries = changelog.read_text(encoding="utf-8")
    if f"## [{version}]" not in entries:
        entries = entries.replace("## [Unreleased]\n", f"## [Unreleased]\n\n## [{version}] - 2026-01-01\n", 1)
        changelog.write_text(entries, encoding="utf-8")


def artifacts(folder: Path | None, work: Path, version: str) -> Path:
    """Returns the results of `make dist` and `make sbom`: the files of a folder, or stand-ins."""
    target = work / "artifacts"
    (target / "sbom").mkdir(parents=True)
    (target / "sbom" / "iopaint.cdx.json").write_text("{}\n", encoding="utf-8")
    if folder is not None:
        shutil.copytree(folder, target / "dist")
        return target
    (target / "dist").mkdir()
    for name in (f"iopaint-{version}-linux-x86_64.tar.zst", f"iopaint_{version}-1_amd64.deb"):
        (target / "dist" / name).write_text("content\n", encoding="utf-8")
        command = f"sha256sum {name} > {name}.sha256"
        subprocess.run(["sh", "-c", command], cwd=target / "dist", check=True)
    return target


def check_release(workflow: dict[str, Any], run: DryRun, version: str) -> None:
    """Runs all jobs in order, then checks the published files."""
    jobs = workflow["jobs"]
    order = sorted((name for name in jobs if "steps" in jobs[name]), key=lambda name: len(ancestors(jobs, name)))
    checkout = run.source
    for name in order:
        if name == "publish":
            expect(not run.calls("gh"), "a release is made before `publish`")
        for matrix in matrices(jobs[name]):
            # Files of other machines have other names; here all are this machine's.
            if name == "linux" and not matrix["sbom"] or name == "macos":
                continue
            checkout = run.job(name, jobs[name], matrix)
    images = [f"ghcr.io/someone/iopaint@{DIGEST}"] * 2
    expect([call[-1] for call in run.calls("cosign", "sign")] == images, f"these are signed: {run.calls('cosign')}")
    for target in ("cpu", "gpu"):
        tag = f"ghcr.io/someone/iopaint:{target}-{version}"
        pushed = [call for call in run.calls("docker", "buildx", "build") if "--push" in call and tag in call]
        expect(len(pushed) == 1, f"{tag} is pushed {len(pushed)} times")
    expect(
        [call[2] for call in run.calls("gh", "release")] == ["view", "create", "edit"],
        f"gh is called so: {run.calls('gh')}",
    )
    create = run.calls("gh", "release", "create")[0]
    expect(
        create[3] == run.tag and "--draft" in create and "--verify-tag" in create, f"the release is made so: {create}"
    )
    expect(("--prerelease" in create) == ("-" in version), f"a pre-release is not marked so: {create}")
    expect(run.calls("gh", "release", "edit")[0][3:] == [run.tag, "--draft=false"], "the release stays a draft")
    names = {Path(name).name for name in create if name.startswith("release/")}
    for wanted in (r".*\.tar\.zst", r".*\.deb", r".*\.cdx\.json", r"SHA256SUMS", r"SHA256SUMS\.sigstore\.json"):
        expect(any(re.fullmatch(wanted, name) for name in names), f"the release has no {wanted}: {sorted(names)}")
    summed = {line.split()[1] for line in (checkout / "release/SHA256SUMS").read_text(encoding="utf-8").splitlines()}
    unsummed = {name for name in names - summed if not name.endswith(".sha256") and "SHA256SUMS" not in name}
    expect(not unsummed, f"SHA256SUMS lacks {sorted(unsummed)}")
    expect("###" in (checkout / "notes.md").read_text(encoding="utf-8"), "the notes have no section of the changelog")


def check_refusal(workflow: dict[str, Any], run: DryRun) -> None:
    """Checks that a tag other than the version fails the first job."""
    try:
        run.job("version", workflow["jobs"]["version"], {})
    except Fault as fault:
        expect("which Cargo.toml says" in str(fault), f"a wrong tag is refused for another reason: {fault}")
        return
    raise Fault("a tag that is not the version is accepted")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--artifacts", type=Path, help="what `make dist` left, such as build/dist; stand-ins without it"
    )
    options = parser.parse_args()
    workflow = load(WORKFLOWS / "release.yaml")
    version = release.version()
    try:
        check_pins(sorted(WORKFLOWS.glob("*.yaml")))
        check_rules(workflow)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            clone(folder / "source", version)
            source, files = folder / "source", artifacts(options.artifacts, folder, version)
            check_refusal(workflow, DryRun(folder / "refused", source, files, "v0.0.0-other"))
            check_release(workflow, DryRun(folder / "released", source, files, f"v{version}"), version)
    except (Fault, OSError, subprocess.CalledProcessError) as error:
        print(f"check_release: {error}", file=sys.stderr)
        return 1
    print(f"check_release: the workflow would publish v{version}, and refuses other tags")
    return 0


if __name__ == "__main__":
    sys.exit(main())
