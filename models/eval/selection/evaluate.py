"""Measures the selection of objects on the set of make_set.py, beside OpenCV's GrabCut on the same boxes.

Prompts: the main object (no prompt; only where it is unambiguous), a box, one click, three clicks. The first click is
the pixel of the object that is furthest from its outline; each further click is the pixel of the largest
wrong region that is furthest from its outline (the usual protocol of interactive segmentation).
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[3]
PROMPTS = ("main", "box", "click", "three clicks", "grabcut")


class Selector:
    """The example program `select` of the crate iopaint-onnx, which keeps running."""

    def __init__(self, program: Path, model: Path, out: Path) -> None:
        self.out = out / "mask.png"
        command = [str(program), str(model)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def select(self, image: Path, **prompt: object) -> tuple[np.ndarray, dict]:
        """Returns the mask, True inside, and the program's report."""
        request = {"image": str(image), "out": str(self.out), **prompt}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the program ended with {self.process.wait()}")
        return cv2.imread(str(self.out), cv2.IMREAD_GRAYSCALE) > 127, json.loads(answer)


def iou(mask: np.ndarray, truth: np.ndarray) -> float:
    """Returns the intersection over union, 1 for two empty masks."""
    union = np.count_nonzero(mask | truth)
    return np.count_nonzero(mask & truth) / union if union else 1.0


def innermost(region: np.ndarray) -> tuple[int, int]:
    """Returns the pixel (x, y) of a region that is furthest from its outline; the image's border is an outline."""
    distance = cv2.distanceTransform(np.pad(region.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(distance.argmax(), distance.shape)
    return int(x), int(y)


def next_click(mask: np.ndarray, truth: np.ndarray) -> list[int] | None:
    """Returns [x, y, label] in the largest connected wrong region; None if nothing is wrong."""
    best, label = None, 0
    for wrong, kind in ((truth & ~mask, 1), (mask & ~truth, 0)):
        count, regions, stats, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8))
        for index in range(1, count):
            if best is None or stats[index, cv2.CC_STAT_AREA] > np.count_nonzero(best):
                best, label = regions == index, kind
    return None if best is None else [*innermost(best), label]


def grabcut(image: np.ndarray, box: list[int]) -> np.ndarray:
    """Returns OpenCV's GrabCut of a box, five iterations, as in its examples."""
    cv2.setRNGSeed(0)
    x0, y0, x1, y1 = box
    mask = np.zeros(image.shape[:2], np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(image, mask, (x0, y0, x1 - x0, y1 - y0), *models, 5, cv2.GC_INIT_WITH_RECT)
    return (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)


def measure(selector: Selector, folder: Path, case: dict, prompts: list[str]) -> dict:
    """Returns the IoU, seconds and passes of the prompts for one image."""
    path = folder / f"{case['name']}.png"
    truth = cv2.imread(str(folder / f"{case['name']}.alpha.png"), cv2.IMREAD_GRAYSCALE) > 127
    row = {"name": case["name"], "kind": case["kind"]}

    def record(prompt: str, **arguments: object) -> np.ndarray:
        mask, report = selector.select(path, **arguments)
        row[prompt] = iou(mask, truth)
        row[f"{prompt} report"] = report
        return mask

    if "box" in prompts:
        record("box", box=case["box"])
        row["grabcut"] = iou(grabcut(cv2.imread(str(path)), case["box"]), truth)
    if "main" in prompts and case["is_main"]:
        record("main")
    if "clicks" in prompts:
        clicks = [[*innermost(truth), 1]]
        mask = record("click", clicks=clicks)
        for prompt in ("two clicks", "three clicks"):
            further = next_click(mask, truth)
            clicks += [further] if further else []
            mask = record(prompt, clicks=clicks)
    return row


def table(rows: list[dict]) -> str:
    """Returns a Markdown table of mean and median IoU per kind of image and prompt."""
    kinds = [None, *dict.fromkeys(row["kind"] for row in rows)]
    lines = ["| prompt | " + " | ".join(kind or "all" for kind in kinds) + " |", "| --- |" + " ---: |" * len(kinds)]
    for prompt in PROMPTS:
        cells = []
        for kind in kinds:
            values = [row[prompt] for row in rows if prompt in row and kind in (None, row["kind"])]
            cells.append(f"{np.mean(values):.3f} / {np.median(values):.3f} ({len(values)})" if values else "-")
        lines.append(f"| {prompt} | " + " | ".join(cells) + " |")
    ahead = [row["box"] > row["grabcut"] for row in rows if "box" in row]
    if ahead:
        lines.append(f"\nBox ahead of GrabCut: {np.mean(ahead):.0%} of {len(ahead)} images.")
    for prompt in ("box", "click", "three clicks"):
        reports = [row[f"{prompt} report"] for row in rows if prompt in row]
        if not reports:
            continue
        seconds, passes = ([report[key] for report in reports] for key in ("seconds", "passes"))
        lines.append(
            f"{prompt}: median {np.median(seconds):.2f} s, passes {np.mean(passes):.1f}, at most {max(passes)}."
        )
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", type=Path, default=ROOT / "build/selection/set")
    parser.add_argument("--program", type=Path, default=ROOT / "target/release/examples/select")
    parser.add_argument("--model", type=Path, default=ROOT / "build/selection/u2netp.onnx")
    parser.add_argument("--out", type=Path, default=ROOT / "build/selection")
    parser.add_argument("--prompts", nargs="+", default=["box", "main", "clicks"])
    parser.add_argument("--every", type=int, default=1, help="use each Nth image")
    arguments = parser.parse_args()
    selector = Selector(arguments.program, arguments.model, arguments.out)
    rows = []
    for case in json.loads((arguments.set / "cases.json").read_text())[:: arguments.every]:
        rows.append(measure(selector, arguments.set, case, arguments.prompts))
        summary = {prompt: round(rows[-1][prompt], 3) for prompt in PROMPTS if prompt in rows[-1]}
        print(case["name"], summary, flush=True)
        (arguments.out / "rows.json").write_text(json.dumps(rows, indent=1))
    (arguments.out / "table.md").write_text(table(rows) + "\n")
    print(table(rows))
