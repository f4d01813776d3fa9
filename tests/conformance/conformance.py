#!/usr/bin/env python3
"""Compares the decoders with reference decoders on generated files.

Every generator module of this folder defines `cases(folder, seed)`, which writes files into `folder` and yields
`(path, reference, bound)`:

- `reference`: numpy array of height x width x {1, 3, 4}, uint8 or uint16, upright; None for files that must be rejected.
- `bound`: "lossless" (equal samples), "jpeg" (mean difference at most 0.6, largest at most 6 of 255), "refused" (an
  error of either kind), "unsupported" or "damaged" (an error of this kind).

The last line of the output is `N passed, N failed`; the exit code is 1 if a case failed.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy

HERE = Path(__file__).resolve().parent
MODULES = [name for name in ("jpeg", "tiff") if (HERE / f"{name}.py").exists()]

MEAN, LARGEST = 0.6, 6


def decoded(path: Path, answer: str) -> numpy.ndarray:
    """Reads the samples that the example `decode_raw` wrote for `path`."""
    width, height, channels, bits = map(int, answer.split()[1:])
    samples = numpy.fromfile(f"{path}.raw", dtype="<u2" if bits == 16 else "u1")
    return samples.reshape(height, width, channels)


def fault(path: Path, answer: str, reference: numpy.ndarray | None, bound: str) -> str | None:
    """Returns the difference between the decoder's result and the expected one, or None."""
    if bound in ("refused", "unsupported", "damaged"):
        kinds = (bound,) if bound != "refused" else ("unsupported", "damaged")
        return None if answer.startswith(tuple(f"{kind}: " for kind in kinds)) else f"not {bound}: {answer}"
    if not answer.startswith("ok "):
        return answer
    found = decoded(path, answer)
    if reference.shape[2] == 1:
        reference = numpy.repeat(reference, 3, axis=2)
    if found.shape != reference.shape or found.dtype != reference.dtype:
        return f"{found.shape} {found.dtype}, expected {reference.shape} {reference.dtype}"
    apart = numpy.abs(found.astype(numpy.int32) - reference.astype(numpy.int32))
    mean, largest = apart.mean(), apart.max()
    close = mean <= MEAN and largest <= LARGEST if bound == "jpeg" else largest == 0
    return None if close else f"mean difference {mean:.2f}, largest {largest}"


def check(name: str, folder: Path, seed: int, decoder: Path) -> tuple[int, int]:
    """Generates the files of a module, decodes them and returns how many passed and failed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    cases = list(importlib.import_module(name).cases(folder, seed))
    paths = "".join(f"{path}\n" for path, _, _ in cases)
    answers = subprocess.run([decoder], input=paths, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    failed = Counter()
    for (path, reference, bound), answer in zip(cases, answers, strict=True):
        reason = fault(path, answer, reference, bound)
        if reason is not None:
            failed[bound] += 1
            print(f"FAILED {path.relative_to(folder.parent)}: {reason}")
        Path(f"{path}.raw").unlink(missing_ok=True)
    for bound, count in sorted(Counter(bound for _, _, bound in cases).items()):
        print(f"{name}: {count - failed[bound]} of {count} {bound}")
    return len(cases) - failed.total(), failed.total()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decoder", type=Path, required=True, help="the built example decode_raw of iopaint-imaging")
    parser.add_argument("--folder", type=Path, required=True, help="folder for the generated files; replaced")
    parser.add_argument("--seed", type=int, default=1, help="seed of the pictures and of random choices; default 1")
    parser.add_argument("--only", choices=MODULES, help="run one module instead of all")
    options = parser.parse_args()
    sys.path.insert(0, str(HERE))
    passed = failed = 0
    for name in MODULES if options.only is None else [options.only]:
        more_passed, more_failed = check(name, options.folder.resolve() / name, options.seed, options.decoder)
        passed, failed = passed + more_passed, failed + more_failed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
