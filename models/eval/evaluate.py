#!/usr/bin/env python3
"""Evaluates fills of the test photographs: this server's models against OpenCV's Telea and Navier-Stokes.

Writes a table (metrics.md), every number (rows.json) and a contact sheet (sheet.jpg) into the output folder. A fill
wins if it is closer to the original than the better of Telea and Navier-Stokes. For whole objects there is no reference,
since the original shows the object: they are on the sheet for visual assessment.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch
from features import distances
from judges import CraftVgg, EfficientNetLite0
from masks import DRAWN, KINDS, mask

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = ROOT / "tests" / "fixtures" / "photos"
BASELINES = {"telea": cv2.INPAINT_TELEA, "ns": cv2.INPAINT_NS}
RADIUS = 4
# Side of the evaluated window, and of the largest photograph that isn't cropped, in pixels.
WINDOW = 256
LARGEST = 1024
# Crop of larger ones: side, top and left in pixels.
CUT = (512, 300, 900)


def photos(folder: Path) -> dict[str, np.ndarray]:
    """Returns the folder's photographs by name, BGR; large ones are cropped."""
    found = {}
    for path in sorted(folder.glob("*.png")):
        if path.name.endswith(".mask.png"):
            continue
        photo = cv2.imread(str(path))
        if max(photo.shape) > LARGEST:
            side, top, left = CUT
            photo = photo[top : top + side, left : left + side].copy()
        found[path.stem] = photo
    return found


def fill_with(
    binary: str, model: str, folder_of_models: Path | None, cases: dict[str, tuple[np.ndarray, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Runs all cases with a model of the server or of a folder."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for folder in ("images", "masks", "out"):
            (work / folder).mkdir()
        for case, (photo, hole) in cases.items():
            cv2.imwrite(str(work / "images" / f"{case}.png"), photo)
            cv2.imwrite(str(work / "masks" / f"{case}.png"), hole * 255)
        flags = ["--image", work / "images", "--mask", work / "masks", "--output", work / "out"]
        if folder_of_models is not None:
            flags += ["--model-dir", folder_of_models]
        subprocess.run([binary, "run", "--model", model, *map(str, flags)], check=True)
        return {case: cv2.imread(str(work / "out" / f"{case}.png")) for case in cases}


def window(hole: np.ndarray) -> tuple[slice, slice]:
    """Returns the evaluated window around the hole's centre."""
    rows, columns = np.nonzero(hole)
    top = int(np.clip(rows.mean() - WINDOW / 2, 0, max(hole.shape[0] - WINDOW, 0)))
    left = int(np.clip(columns.mean() - WINDOW / 2, 0, max(hole.shape[1] - WINDOW, 0)))
    return slice(top, top + WINDOW), slice(left, left + WINDOW)


def tensor(picture: np.ndarray) -> torch.Tensor:
    """Converts to [1, 3, H, W] in 0..1, RGB."""
    rgb = np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1))
    return torch.from_numpy(rgb).float().div(255).unsqueeze(0)


def judged(judges: list, photo: np.ndarray, hole: np.ndarray, fillings: dict[str, np.ndarray]) -> dict[str, dict]:
    """Returns the distances to the original by every feature network, and PSNR in the hole in dB."""
    part = window(hole)
    places = torch.from_numpy(hole[part]).float()[None, None]
    scores: dict[str, dict] = {method: {} for method in fillings}
    with torch.inference_mode():
        for judge in judges:
            right = judge.features(tensor(photo[part]))
            for method, filling in fillings.items():
                scores[method][judge.name] = float(distances(judge.features(tensor(filling[part])), right, places))
    for method, filling in fillings.items():
        error = np.mean((filling[hole > 0].astype(float) - photo[hole > 0]) ** 2) / 255**2
        scores[method]["PSNR"] = float(-10 * np.log10(error + 1e-8))
    return scores


def table(rows: list[dict], judges: list[str]) -> str:
    """Returns means and wins by kind of hole, as Markdown."""
    head = "| hole | method | PSNR | " + " | ".join(f"{judge} | wins" for judge in judges) + " |"
    lines = [head, "|" + " --- |" * head.count("| ")]
    for kind in DRAWN:
        of_kind = [row["scores"] for row in rows if row["kind"] == kind]
        for method in of_kind[0] if of_kind else []:
            cells = [kind, method, f"{np.mean([scores[method]['PSNR'] for scores in of_kind]):.2f}"]
            for judge in judges:
                cells.append(f"{np.mean([scores[method][judge] for scores in of_kind]):.3f}")
                won = sum(
                    scores[method][judge] < min(scores[baseline][judge] for baseline in BASELINES) for scores in of_kind
                )
                cells.append("" if method in BASELINES else f"{won} of {len(of_kind)}")
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def sheet(strips: list[list[np.ndarray]], side: int = 256) -> np.ndarray:
    """Returns a contact sheet: a row per strip, its pictures reduced to squares of `side` pixels."""
    small = [[cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA) for picture in strip] for strip in strips]
    return np.concatenate([np.concatenate(strip, 1) for strip in small], 0)


def main() -> None:
    """Runs, evaluates and reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "target" / "release" / "iopaint"))
    parser.add_argument("--models", nargs="*", default=["lama-mini"], help="models of this program")
    parser.add_argument("--model-dir", type=Path, help="folder of models of one's own")
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "eval")
    parser.add_argument("--limit", type=int, help="judges so many photos only")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    cases, originals = {}, {}
    for seed, (name, photo) in enumerate(photos(arguments.photos).items()):
        if arguments.limit is not None and seed >= arguments.limit:
            break
        for kind in KINDS:
            hole = mask(kind, name, *photo.shape[:2], seed=100 + seed)
            if hole is not None:
                cases[f"{name}.{kind}"] = (photo, hole)
                originals[f"{name}.{kind}"] = kind
    if not cases:
        sys.exit(f"no photos in {arguments.photos}")
    fillings = {
        method: {case: cv2.inpaint(photo, hole, RADIUS, flag) for case, (photo, hole) in cases.items()}
        for method, flag in BASELINES.items()
    }
    for model in arguments.models:
        fillings[model] = fill_with(arguments.binary, model, arguments.model_dir, cases)
    judges = [CraftVgg(), EfficientNetLite0()]
    rows, strips = [], []
    for case, (photo, hole) in cases.items():
        kind = originals[case]
        own = {method: filled[case] for method, filled in fillings.items()}
        if kind in DRAWN:
            rows.append({"case": case, "kind": kind, "scores": judged(judges, photo, hole, own)})
            print(case, flush=True)
        if kind in ("large", "object"):
            marked = photo.copy()
            marked[hole > 0] = (255, 0, 255)
            strips.append([marked, *own.values()])
    metrics = table(rows, [judge.name for judge in judges])
    (arguments.output / "metrics.md").write_text(metrics)
    (arguments.output / "rows.json").write_text(json.dumps(rows, indent=1))
    cv2.imwrite(str(arguments.output / "sheet.jpg"), sheet(strips), [cv2.IMWRITE_JPEG_QUALITY, 88])
    print(metrics)


if __name__ == "__main__":
    main()
