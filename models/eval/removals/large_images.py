#!/usr/bin/env python3
"""Evaluates one network on large photographs: under this server's strategies and under other programs' pipelines.

Per case and method: the distances of both judges at two sizes, the bands' energy, the ring's error, and the processor
seconds of one thread, without decoding and encoding. Methods run in turns. Writes rows.json, summary.md and sheet.png into
the output folder; a run that was interrupted continues.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from cases import Case
from evaluate import EMOJI_PACKAGE, NETWORK, ROOT, crop_around, sheet, write
from judges import CraftVgg, EfficientNetLite0
from large_cases import large_cases
from pipelines import LamaSidecar, Network, SnapOtter
from scores import LARGEST_WINDOW, MARGIN, WANTED_ENERGY, feature_distances, scored
from timed_server import Server

# Windows at full size per hole, centred at random pixels of the hole.
WINDOWS = 5
# Options of requests by strategy's name.
STRATEGIES = {
    "Auto": {"hd_strategy": "Auto"},
    "Auto, blended": {"hd_strategy": "Auto", "blend": True},
    "Crop": {"hd_strategy": "Crop"},
}
DEFAULTS = LamaSidecar()
# The pipelines with their defaults, then with one part changed.
PIPELINES = {
    "lama-sidecar": DEFAULTS,
    "snapotter": SnapOtter(),
    "lama-sidecar, mask not grown": replace(DEFAULTS, growth=0),
    "lama-sidecar, mask not grown, no colour match": replace(DEFAULTS, growth=0, match_colours=False),
    "lama-sidecar, mask not grown, no band": replace(DEFAULTS, growth=0, refine=False),
    "lama-sidecar, mask not grown, scale by crop": replace(DEFAULTS, growth=0, scale_by_hole=False),
    "snapotter, mask not grown": SnapOtter(grow=False),
}
SEED = 5


def timed_fill(method: str, servers: dict[str, Server], network: Network, case: Case) -> tuple[np.ndarray, float]:
    """Returns a method's fill and its processor seconds."""
    if method in PIPELINES:
        start = time.thread_time()
        fill = PIPELINES[method](network, case.image, case.mask > 0)
        return fill, time.thread_time() - start
    model, _, strategy = method.partition(": ")
    return servers[model].fill(case.image, case.mask, STRATEGIES[strategy])


def large_scores(judges: list, case: Case, fills: dict[str, np.ndarray]) -> dict[str, dict]:
    """Returns the scores of each fill: distances with the hole reduced to one window (`NAME, reduced`) and, as the geometric
    mean of windows at full size, `NAME, full size`; `energy` and `ring` at full size.
    """
    part = crop_around(case.mask, MARGIN)
    mask, truth = case.mask[part], case.truth[part]
    cropped = {name: fill[part] for name, fill in fills.items()}
    named = [judge.name for judge in judges]
    scale = min(1.0, LARGEST_WINDOW / max(mask.shape))
    size = (max(round(mask.shape[1] * scale), 32), max(round(mask.shape[0] * scale), 32))
    small = {name: cv2.resize(fill, size, interpolation=cv2.INTER_AREA) for name, fill in cropped.items()}
    small_mask = (cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5).astype(np.uint8)
    small_truth = cv2.resize(truth, size, interpolation=cv2.INTER_AREA)
    whole = np.s_[0 : size[1], 0 : size[0]]
    reduced = feature_distances(judges, small_truth, small_mask, small, whole)
    centres = np.argwhere(mask > 0)
    logs: dict[str, list] = {name: [] for name in fills}
    for y, x in np.random.default_rng(SEED).choice(centres, WINDOWS):
        window = tuple(_centred(at, side) for at, side in zip((y, x), mask.shape, strict=True))
        for name, scores in feature_distances(judges, truth, mask, cropped, window).items():
            logs[name].append([np.log(max(scores[judge], 1e-6)) for judge in named])
    full = scored([], truth, mask, cropped)
    for name in fills:
        means = np.exp(np.mean(logs[name], 0))
        full[name] |= {f"{judge}, reduced": reduced[name][judge] for judge in named}
        full[name] |= {f"{judge}, full size": float(mean) for judge, mean in zip(named, means, strict=True)}
    return full


def _centred(centre: int, length: int) -> slice:
    first = int(np.clip(centre - LARGEST_WINDOW // 2, 0, max(length - LARGEST_WINDOW, 0)))
    return slice(first, min(first + LARGEST_WINDOW, length))


def summary(rows: list[dict], own: list[str]) -> str:
    """Returns the comparison of each of `own` with every other method, and all means, as Markdown."""
    methods = list(rows[0]["scores"])
    judges = [key for key in rows[0]["scores"][methods[0]] if key.startswith(("CRAFT", "Efficient"))]
    values = {
        key: np.array([[row["scores"][method][key] for method in methods] for row in rows])
        for key in (*judges, "energy", "ring")
    }
    seconds = np.array([[row["seconds"][method] for method in methods] for row in rows])
    megapixels = [row["megapixels"] for row in rows]
    lines = [f"{len(rows)} cases, {min(megapixels):.1f} to {max(megapixels):.1f} megapixels", ""]
    lines += ["| method | " + " | ".join(judges) + " | ring | energy | wanted energy | median seconds |"]
    lines += ["| --- |" + " ---: |" * (len(judges) + 4)]
    for at, method in enumerate(methods):
        energies = values["energy"][:, at]
        cells = [f"{np.exp(np.log(np.maximum(values[key][:, at], 1e-6)).mean()):.3f}" for key in (*judges, "ring")]
        wanted = np.mean((energies >= WANTED_ENERGY[0]) & (energies <= WANTED_ENERGY[1]))
        cells += [f"{np.exp(np.log(energies).mean()):.2f}", f"{wanted:.0%}", f"{np.median(seconds[:, at]):.2f}"]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    for chosen in own:
        lines += ["", f"{chosen} against", ""]
        lines += [
            "| method | "
            + " | ".join(f"{judge}: closer | ratio" for judge in judges)
            + " | median time ratio | faster |"
        ]
        lines += ["| --- |" + " ---: |" * (2 * len(judges) + 2)]
        mine = methods.index(chosen)
        for at, method in enumerate(methods):
            if at == mine:
                continue
            cells = []
            for judge in judges:
                ratio = np.log(np.maximum(values[judge][:, mine], 1e-6)) - np.log(
                    np.maximum(values[judge][:, at], 1e-6)
                )
                cells += [f"{(ratio < 0).sum()}", f"{np.exp(ratio.mean()):.3f}"]
            times = seconds[:, mine] / seconds[:, at]
            cells += [f"{np.median(times):.2f}", f"{(times < 1).sum()}"]
            lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fills in turns, scores and reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "target/release/iopaint"))
    parser.add_argument("--model", default="lama-mini", help="this program's model with the network")
    parser.add_argument("--model-dir", type=Path, help="folder of this program's models")
    parser.add_argument("--network", type=Path, default=NETWORK, help="TorchScript file that the rivals' pipelines run")
    parser.add_argument("--strategies", nargs="*", default=["Auto", "Auto, blended"], choices=STRATEGIES)
    parser.add_argument("--pipelines", nargs="*", default=list(PIPELINES), choices=PIPELINES)
    parser.add_argument("--sources", type=Path, required=True, help="folder that `fetch_sources` made")
    parser.add_argument("--output", type=Path, default=ROOT / "build/eval-large")
    parser.add_argument("--limit", type=int, help="number of cases")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    own = [f"{arguments.model}: {strategy}" for strategy in arguments.strategies]
    methods = [*own, *arguments.pipelines]
    stored = arguments.output / "rows.json"
    rows = json.loads(stored.read_text()) if stored.exists() else []
    network, judges = Network(arguments.network), [CraftVgg(), EfficientNetLite0()]
    strips = arguments.output / "strips"
    strips.mkdir(exist_ok=True)
    with Server(arguments.binary, arguments.model, arguments.model_dir) as server:
        for index, case in enumerate(large_cases(arguments.sources, arguments.sources / EMOJI_PACKAGE)):
            if arguments.limit is not None and index >= arguments.limit:
                break
            if any(row["case"] == case.name for row in rows):
                continue
            # In turns over the cases, so that no method always runs first.
            order = [*methods[index % len(methods) :], *methods[: index % len(methods)]]
            timed = {method: timed_fill(method, {arguments.model: server}, network, case) for method in order}
            fills = {method: timed[method][0] for method in methods}
            seconds = {method: timed[method][1] for method in methods}
            scores = large_scores(judges, case, fills)
            rows.append(
                {"case": case.name, "kind": case.kind, "megapixels": case.mask.size / 1e6, "seconds": seconds}
                | {"hole": int(case.mask.sum()), "scores": scores}
            )
            stored.write_text(json.dumps(rows, indent=1))
            print(case.name, {method: round(value, 2) for method, value in seconds.items()}, flush=True)
            part = crop_around(case.mask, MARGIN + max(case.mask.shape) // 40)
            write(
                strips / f"{case.name}.png",
                sheet([[image[part] for image in (case.image, *fills.values(), case.truth)]]),
            )
    text = summary(rows, own)
    (arguments.output / "summary.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
