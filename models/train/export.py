#!/usr/bin/env python3
"""Exports a training state as a model for `iopaint start --model NAME`: NAME.pt, TorchScript with big-lama's contract, and
NAME.toml, its description."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

import state
import torch
from network import CoarseToFine, Network, Shape, folded

FORMATS = ("lama", "lama-patches")
DESCRIPTION = """title = "{name}, trained with make train"
format = "{format}"
padding = {{ modulo = 8, min_size = 64 }}
# 2048 x 2048: what the network was tried with.
max_forward_pixels = 4_194_304
"""


def scripted(kept: dict) -> torch.jit.ScriptModule:
    """Returns the best averaged weights of a state, frozen: image [N, 3, H, W] in 0..1 and mask [N, 1, H, W] of 0 and 1
    (1 = hole) to [N, 3, H, W] in 0..1, at any size of at least 64 pixels a side."""
    network = Network(Shape.of(kept["shape"]))
    network.load_state_dict(kept["best"])
    model = CoarseToFine(folded(network)).eval().requires_grad_(False)
    return torch.jit.freeze(torch.jit.script(model))


def export(kept: dict, folder: Path, name: str, contract: str = "lama") -> Path:
    """Writes both files atomically; returns the model's path."""
    folder.mkdir(parents=True, exist_ok=True)
    model, description = folder / f"{name}.pt", folder / f"{name}.toml"
    temporary = folder / f"{name}.pt.tmp"
    scripted(kept).save(str(temporary))
    os.replace(temporary, model)
    temporary.write_text(DESCRIPTION.format(name=name, format=contract))
    os.replace(temporary, description)
    return model


def main() -> None:
    """Exports the newest state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="a state, or the folder of a training")
    parser.add_argument("--output", type=Path, required=True, help="a model folder")
    parser.add_argument("--name", default="trained", help="how `--model` calls it")
    parser.add_argument(
        "--format", choices=FORMATS, default="lama", help="lama-patches: deep holes filled with patches"
    )
    given = parser.parse_args()
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", given.name):
        raise SystemExit("--name takes lower-case letters, digits, dots, hyphens and underscores")
    path = given.state / state.FILE if given.state.is_dir() else given.state
    try:
        kept = state.newest(path)
    except state.DamagedState as error:
        raise SystemExit(str(error)) from error
    if kept is None:
        raise SystemExit(f"there is no {path}: `make train` writes it")
    model = export(kept, given.output, given.name, given.format)
    score = f"score {kept['best_score']:.4f}" if kept["best_score"] < float("inf") else "not validated yet"
    print(f"{model}: {score}, of a training at step {kept['step']}")
    print(f"iopaint start --model-dir {given.output} --model {given.name}")


if __name__ == "__main__":
    main()
