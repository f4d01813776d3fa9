#!/usr/bin/env python3
"""Trains the network that segments the strokes of text: `train.py --photos DIR --fonts DIR --out strokes.pth`."""

from __future__ import annotations

import argparse
import copy
import random
import time
from collections import deque
from pathlib import Path

import cv2
import numpy as np
import torch
from network import Strokes
from samples import photographs, sample, varied
from texts import Fonts
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

# Weight of text in the loss: missed text stays visible in a fill, while a larger mask costs little.
TEXT_WEIGHT = 2.0
# Decay of the averaged weights per step.
AVERAGE = 0.998
BATCH = 16
# Further uses of a rendered sample, in other colours, drawn from the last RECENT ones.
REUSES, RECENT = 3, 256


class Samples(IterableDataset):
    """Endless random samples; a different stream per worker."""

    def __init__(self, photos: list[np.ndarray], fonts: Path, seed: int) -> None:
        self.photos, self.fonts, self.seed = photos, fonts, seed

    def __iter__(self):
        worker = get_worker_info()
        rng = random.Random(self.seed * 1000 + (worker.id if worker else 0))
        cv2.setNumThreads(1)
        fonts = Fonts(self.fonts)
        recent: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=RECENT)
        while True:
            try:
                rendered = sample(rng, self.photos, fonts)
            except OSError:
                # FreeType can't render some glyphs of rare fonts at some sizes.
                continue
            recent.append(rendered)
            yield rendered
            for _ in range(REUSES):
                yield varied(rng, *rng.choice(recent))


def loss_of(logits: Tensor, truth: Tensor) -> Tensor:
    """Returns cross entropy plus the Dice loss of each sample."""
    weight = torch.tensor(TEXT_WEIGHT)
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, pos_weight=weight)
    found = logits.sigmoid()
    overlap = (found * truth).sum((1, 2))
    dice = 1 - (2 * overlap + 50) / (found.sum((1, 2)) + truth.sum((1, 2)) + 50)
    return entropy + 0.5 * dice.mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="weights of an earlier training to continue")
    parser.add_argument("--rate", type=float, default=4e-3, help="largest learning rate")
    parser.add_argument("--bfloat16", action="store_true", help="mixed precision, for processors with AMX")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    loader = DataLoader(
        Samples(photographs(args.photos), args.fonts, args.seed), BATCH, num_workers=args.workers, prefetch_factor=8
    )
    network = Strokes().to(memory_format=torch.channels_last)
    if args.start:
        # Weights of an earlier network have no residual blocks, which begin as identities.
        network.load_state_dict(torch.load(args.start, weights_only=True), strict=False)
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), args.rate, weight_decay=1e-3)
    start, step, mean = time.monotonic(), 0, 0.0
    for values, truth in loader:
        share = (time.monotonic() - start) / (60 * args.minutes)
        if share >= 1:
            break
        # Linear warm-up over 3 % of the time, then half a cosine.
        rate = args.rate * min(share / 0.03, 0.5 + 0.5 * np.cos(np.pi * share)) + 1e-5
        for group in optimizer.param_groups:
            group["lr"] = rate
        images = values.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=args.bfloat16):
            logits = network(images)[:, 0]
        loss = loss_of(logits.float(), truth)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        with torch.no_grad():
            decay = min(AVERAGE, step / (step + 10))
            for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
                kept.lerp_(new, 1 - decay) if kept.is_floating_point() else kept.copy_(new)
        mean = loss.item() if step == 1 else 0.98 * mean + 0.02 * loss.item()
        if step % 50 == 0:
            flags = logits > 0
            hits = (flags * truth).sum()
            text = f"recall {hits / truth.sum():.3f} precision {hits / flags.sum():.3f}"
            print(f"{share:.3f} step {step} rate {rate:.5f} loss {mean:.4f} {text}", flush=True)
            torch.save(average.state_dict(), args.out)
    torch.save(average.state_dict(), args.out)


if __name__ == "__main__":
    main()
