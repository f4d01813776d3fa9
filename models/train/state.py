"""The state of a training on disk: never half-written, and never taken where it is damaged."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import torch

FILE = "state.pth"
FORMAT = 1
KEYS = {
    "format",
    "shape",
    "settings",
    "step",
    "network",
    "average",
    "optimizer",
    "critic",
    "critic_optimizer",
    "gradient_norms",
    "best",
    "best_score",
}


class DamagedState(Exception):
    """A file that is no whole state; the message says which and why."""


def previous(path: Path) -> Path:
    """Where the state before the newest is."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def write(path: Path, state: dict) -> None:
    """Puts the state at `path`, and what was there at `previous(path)`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("wb") as file:
        torch.save({"format": FORMAT, **state}, file)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        os.replace(path, previous(path))
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path) -> dict:
    """A whole state; `DamagedState` where it is none."""
    try:
        # PyTorch doesn't compare the checksums of the archive that its files are.
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
        if broken is not None:
            raise DamagedState(f"{path} is damaged: the checksum of {broken} is wrong")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, zipfile.BadZipFile, EOFError) as error:
        raise DamagedState(f"{path} can't be read: {error}") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT or not state.keys() >= KEYS:
        raise DamagedState(f"{path} is no state of this training")
    return state


def newest(path: Path) -> dict | None:
    """The newest whole state at `path`, or the one before it where that is damaged or missing. None where there is
    neither file; `DamagedState` where no file that is there is whole."""
    damage = None
    for candidate in (path, previous(path)):
        if not candidate.exists():
            continue
        try:
            return read(candidate)
        except DamagedState as error:
            print(f"not taken: {error}", flush=True)
            damage = error
    if damage is not None:
        raise damage
    return None
