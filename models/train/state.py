"""The training state on disk, written atomically and verified when read."""

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
    """A damaged state file; the message has its path and the reason."""


def previous(path: Path) -> Path:
    """Returns the path of the previous state."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def write(path: Path, state: dict) -> None:
    """Writes the state to `path` and moves the old one to `previous(path)`."""
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
    """Reads a state. Raises `DamagedState` if it is incomplete."""
    try:
        # PyTorch doesn't verify the checksums of its zip archives.
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
    """Returns the state at `path`, or the previous one if that is damaged or missing. Returns None without either file;
    raises `DamagedState` if all existing files are damaged."""
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
