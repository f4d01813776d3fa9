#!/usr/bin/env python3
"""Evaluates removals: this server's models against OpenCV's Telea and Navier-Stokes, PyPatchMatch, and other programs'
pipelines with a network of LaMa's contract.

Writes summary.md, rows.json and one sheet per half into the output folder. Fills of the rivals and their scores are kept in
the output folder and used again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import patchmatch
from cases import FINAL, HALVES, SECOND_TUNING, Case, make_cases, make_final_cases, make_second_cases
from judges import CraftVgg, EfficientNetLite0
from photographs import final_photographs, photographs, second_photographs
from pipelines import PIPELINES, Network
from scores import WANTED_ENERGY, scored

ROOT = Path(__file__).resolve().parents[3]
OPENCV = {"telea": cv2.INPAINT_TELEA, "ns": cv2.INPAINT_NS}
# Radius of OpenCV's algorithms, in pixels.
RADIUS = 4
SEED = 0
EMOJI_PACKAGE = "lobehub-fluent-emoji-3d-1.1.0.tgz"
NETWORK = ROOT / "models/builtin/lama-mini.pt"


def rival_names(network: Network) -> tuple[str, ...]:
    """Returns the rivals' names; those that run a network name it."""
    return (*OPENCV, "pypatchmatch", *(f"{pipeline}+{network.name}" for pipeline in PIPELINES))


def rival_fill(rival: str, network: Network, case: Case) -> np.ndarray:
    """Returns a rival's fill. Those without a network are composed with the image outside the mask; pipelines compose
    themselves.
    """
    pipeline = PIPELINES.get(rival.partition("+")[0])
    if pipeline is not None:
        return pipeline(network, case.image, case.mask > 0)
    if rival in OPENCV:
        fill = cv2.inpaint(case.image, case.mask, RADIUS, OPENCV[rival])
    else:
        patchmatch.set_random_seed(SEED)
        fill = patchmatch.inpaint(case.image, case.mask * 255)
    return np.where(case.mask[..., None] > 0, fill, case.image)


def model_fills(binary: str, model: str, cases: list[Case], blend: bool = False) -> tuple[dict[str, np.ndarray], float]:
    """Returns a model's fills by case, and the seconds per case including coding and the start of the program."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for folder in ("images", "masks", "out"):
            (work / folder).mkdir()
        for case in cases:
            write(work / "images" / f"{case.name}.png", case.image)
            write(work / "masks" / f"{case.name}.png", np.repeat(case.mask[..., None] * 255, 3, 2))
        (work / "config.json").write_text(json.dumps({"hd_strategy": "Auto", "blend": blend}))
        flags = ["--image", work / "images", "--mask", work / "masks", "--output", work / "out"]
        flags += ["--config", work / "config.json"]
        start = time.perf_counter()
        subprocess.run([binary, "run", "--model", model, *map(str, flags)], check=True)
        seconds = (time.perf_counter() - start) / len(cases)
        return {case.name: read(work / "out" / f"{case.name}.png") for case in cases}, seconds


def read(path: Path) -> np.ndarray:
    """Returns an image file as RGB."""
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(f"no image {path}")
    return image[..., ::-1].copy()


def write(path: Path, rgb: np.ndarray) -> None:
    """Writes an RGB image."""
    cv2.imwrite(str(path), rgb[..., ::-1])


def kept(folder: Path, rival: str, network: Network, case: Case) -> np.ndarray:
    """Returns a rival's fill from `folder`, computing it first if it isn't there."""
    path = folder / rival / f"{case.name}.png"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, rival_fill(rival, network, case))
    return read(path)


def summary(rows: list[dict], rivals: tuple[str, ...], own: list[str], judges: list[str]) -> str:
    """Returns the shares of cases won against each rival by each judge and the bands' energy, per half, as Markdown."""
    lines = []
    for half in (*HALVES, FINAL, SECOND_TUNING):
        of_half = [row for row in rows if row["half"] == half]
        if not of_half:
            continue
        lines += [f"## {half}: {len(of_half)} cases", ""]
        lines += ["| method | judge | " + " | ".join(f"nearer than {rival}" for rival in rivals) + " | than all |"]
        lines += ["| --- | --- |" + " ---: |" * (len(rivals) + 1)]
        for method in own:
            for judge in (*judges, "ring"):
                beaten = [
                    [row["scores"][method][judge] < row["scores"][rival][judge] for rival in rivals] for row in of_half
                ]
                cells = [f"{share:.0%}" for share in (*np.mean(beaten, 0), np.mean(np.all(beaten, 1)))]
                lines.append(f"| {method} | {judge} | " + " | ".join(cells) + " |")
        lines += ["", "| method | " + " | ".join(judges) + " | ring | energy | wanted energy |"]
        lines += ["| --- |" + " ---: |" * (len(judges) + 3)]
        for method in (*rivals, *own):
            of_method = [row["scores"][method] for row in of_half]
            energies = np.array([scores["energy"] for scores in of_method])
            means = [np.exp(np.mean(np.log([scores[judge] for scores in of_method]))) for judge in (*judges, "ring")]
            wanted = np.mean((energies >= WANTED_ENERGY[0]) & (energies <= WANTED_ENERGY[1]))
            cells = [*(f"{mean:.3f}" for mean in means), f"{np.exp(np.mean(np.log(energies))):.2f}", f"{wanted:.0%}"]
            lines.append(f"| {method} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def sheet(strips: list[list[np.ndarray]], height: int = 260) -> np.ndarray:
    """Returns one row per case; images of a row have the same size."""
    rows = []
    for strip in strips:
        scale = height / strip[0].shape[0]
        small = [cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for image in strip]
        rows.append(np.concatenate(small, 1))
    width = max(row.shape[1] for row in rows)
    return np.concatenate([np.pad(row, ((0, 4), (0, width - row.shape[1]), (0, 0))) for row in rows], 0)


def crop_around(mask: np.ndarray, margin: int = 48) -> tuple[slice, slice]:
    """Returns the hole's surroundings, for the sheet."""
    rows, columns = np.nonzero(mask)
    return (
        slice(max(rows.min() - margin, 0), rows.max() + margin),
        slice(max(columns.min() - margin, 0), columns.max() + margin),
    )


def main() -> None:
    """Makes the cases, fills, scores and reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "target/release/iopaint"))
    parser.add_argument("--models", nargs="*", default=["lama-patches"], help="models of this program")
    parser.add_argument("--fills", nargs="*", default=[], metavar="NAME=DIR", help="further fills, DIR/<case>.png")
    parser.add_argument("--blend", action="store_true", help="blend the seams of this program's models")
    parser.add_argument("--network", type=Path, default=NETWORK, help="TorchScript file that the rivals' pipelines run")
    parser.add_argument(
        "--half",
        choices=(*HALVES, "both", FINAL, SECOND_TUNING),
        default="tuning",
        help="held-back and final only at the end",
    )
    parser.add_argument("--sources", type=Path, required=True, help="folder that `fetch_sources` made")
    parser.add_argument("--output", type=Path, default=ROOT / "build/eval-removals")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    halves = HALVES if arguments.half == "both" else (arguments.half,)
    package = arguments.sources / EMOJI_PACKAGE
    if arguments.half == FINAL:
        cases = make_final_cases(final_photographs(arguments.sources), package)
    elif arguments.half == SECOND_TUNING:
        cases = make_second_cases(second_photographs(arguments.sources), arguments.sources)
    else:
        cases = make_cases(photographs(arguments.sources), package)
    cases = [case for case in cases if case.half in halves]
    fills: dict[str, dict[str, np.ndarray]] = {}
    for model in arguments.models:
        fills[model], seconds = model_fills(arguments.binary, model, cases, arguments.blend)
        print(f"{model}: {seconds:.2f} s per case, with coding")
    for name, _, folder in (entry.partition("=") for entry in arguments.fills):
        fills[name] = {case.name: read(Path(folder) / f"{case.name}.png") for case in cases}
    judges = [CraftVgg(), EfficientNetLite0()]
    network = Network(arguments.network)
    names = rival_names(network)
    rival_scores = arguments.output / "rivals.json"
    known = json.loads(rival_scores.read_text()) if rival_scores.exists() else {}
    rows, strips = [], {half: [] for half in halves}
    for case in cases:
        rivals = {rival: kept(arguments.output / "fills", rival, network, case) for rival in names}
        of_case = known.setdefault(case.name, {})
        unscored = {rival: fill for rival, fill in rivals.items() if rival not in of_case}
        if unscored:
            of_case |= scored(judges, case.truth, case.mask, unscored)
            rival_scores.write_text(json.dumps(known, indent=1))
        own = {method: by_case[case.name] for method, by_case in fills.items()}
        scores = {name: of_case[name] for name in names} | scored(judges, case.truth, case.mask, own)
        rows.append({"case": case.name, "kind": case.kind, "half": case.half, "scores": scores})
        part = crop_around(case.mask)
        shown = [case.image, rivals["telea"], *(rivals[name] for name in names[2:]), *own.values(), case.truth]
        strips[case.half].append([image[part] for image in shown])
    text = summary(rows, names, list(fills), [judge.name for judge in judges])
    (arguments.output / "summary.md").write_text(text)
    (arguments.output / "rows.json").write_text(json.dumps(rows, indent=1))
    for half, images in strips.items():
        write(arguments.output / f"sheet-{half}.png", sheet(images))
    print(text)


if __name__ == "__main__":
    main()
