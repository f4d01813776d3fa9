"""The pipelines of other programs around LaMa, with any TorchScript network of LaMa's contract.

Restated from a description of their behaviour and their constants, see README.md; no code of them is contained here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

Box = tuple[slice, slice]
# LaMa's sides are multiples of it.
MODULO = 8


class Network:
    """A TorchScript network of LaMa's contract: RGB in 0..1 and a mask of 0 and 1, both [1, C, H, W], to RGB in 0..1."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.module = torch.jit.load(str(path), map_location="cpu").eval()

    def __call__(self, image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        """Returns the filled image, padded by reflection for the network and cropped again."""
        height, width = hole.shape
        below, right = -height % MODULO, -width % MODULO
        image = np.pad(image, ((0, below), (0, right), (0, 0)), mode="symmetric")
        hole = np.pad(hole, ((0, below), (0, right)), mode="symmetric")
        rgb = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).float().div(255)[None]
        with torch.inference_mode():
            filled = self.module(rgb, torch.from_numpy(hole.astype(np.float32))[None, None])[0]
        values = filled.clamp(0, 1).mul(255).to(torch.uint8).permute(1, 2, 0).numpy()
        return values[:height, :width]


@dataclass(frozen=True)
class LamaSidecar:
    """lama-sidecar 1.6.0: every group of holes in a crop of its own, at a scale that follows from the hole's bounding box;
    colours matched to the surroundings; the edge of reduced fills filled again at full size.

    Without its search for strokes that the mask covers in part, since the masks of the benchmark cover all of the object.
    """

    # Pixels by which the hole is grown.
    growth: int = 5
    # Standard deviation of the paste mask's blur, in pixels; it stays within the hole.
    feather: int = 2
    match_colours: bool = True
    refine: bool = True
    # True: the scale is that of the hole's size or thickness; False: the crop's longest side alone limits it.
    scale_by_hole: bool = True

    # Longer edge and thickness of the hole's bounding box, in pixels, of which one is reached by scaling down.
    LONGER_EDGE = 512
    THICKNESS = 384
    LONGEST_CROP = 1400
    # Context around a component: a share of its longer edge, at least so many pixels.
    CONTEXT_SHARE = 0.5
    CONTEXT_MIN = 64
    # Context of crops that run at full size, in pixels.
    CONTEXT_FULL_SIZE = 384
    # Width in pixels and least number of the pixels whose colours are compared; limits of gain and bias (levels of 255).
    RING = 6
    RING_PIXELS_MIN = 64
    GAINS = (0.8, 1.25)
    BIAS_MAX = 20.0
    # The scale below which the edge is filled again; width and context of the band in pixels; its largest crop.
    REFINED_BELOW = 0.75
    BAND = 96
    BAND_CONTEXT = 192
    BAND_PIXELS_MAX = 3_200_000
    # The least increase of the scale for which the band is filled.
    BAND_GAIN_MIN = 0.05

    def __call__(self, network: Network, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Returns the filled image."""
        hole = square_grown(mask, self.growth)
        out, reduced = image.copy(), []
        for region in self._regions(hole):
            box = bounding_box(hole[region], region)
            scale = self._scale(box)
            if scale == 1:
                region = grown_box(box, self.CONTEXT_FULL_SIZE, hole.shape, within=region)
            height, width = sides(region)
            scale = min(scale, self.LONGEST_CROP / max(height, width))
            self._fill(network, image, out, hole, region, scale)
            if scale < self.REFINED_BELOW:
                reduced.append((region, scale))
        for region, scale in reduced if self.refine else []:
            self._refine(network, out, hole, region, scale)
        return out

    def _regions(self, hole: np.ndarray) -> list[Box]:
        """Returns the components' boxes with their context, those that overlap united."""
        _, _, stats, _ = cv2.connectedComponentsWithStats(hole.view(np.uint8), connectivity=8)
        boxes = []
        for left, top, width, height, _ in stats[1:].tolist():
            context = max(self.CONTEXT_MIN, int(self.CONTEXT_SHARE * max(width, height)))
            boxes.append([top - context, left - context, top + height + context, left + width + context])
        united: list[list[int]] = []
        for box in boxes:
            # A union may overlap boxes that its parts did not.
            while other := next((each for each in united if overlap(each, box)), None):
                united.remove(other)
                box = [*map(min, box[:2], other[:2]), *map(max, box[2:], other[2:])]
            united.append(box)
        height, width = hole.shape
        return [np.s_[max(y0, 0) : min(y1, height), max(x0, 0) : min(x1, width)] for y0, x0, y1, x1 in united]

    def _scale(self, box: Box) -> float:
        thickness, longer = sorted(sides(box))
        if not self.scale_by_hole:
            return 1.0
        return min(1.0, max(self.LONGER_EDGE / longer, self.THICKNESS / thickness))

    def _fill(
        self, network: Network, image: np.ndarray, out: np.ndarray, hole: np.ndarray, region: Box, scale: float
    ) -> None:
        """Fills the hole of a region of `image` at a scale and pastes it into `out`."""
        crop, inside = image[region], hole[region]
        height, width = inside.shape
        if scale < 1:
            size = max(MODULO, round(width * scale)), max(MODULO, round(height * scale))
            # Every pixel that the hole touches belongs to the reduced hole.
            touched = resized(inside.astype(np.uint8) * 255, size, Image.Resampling.BILINEAR) > 0
            filled = resized(network(resized(crop, size), touched), (width, height))
        else:
            filled = network(crop, inside)
        if self.match_colours:
            filled = self._matched(crop, inside, filled)
        blur = self.feather if scale == 1 or not self.feather else max(self.feather, math.ceil(1 / scale))
        paste(filled, out, region, np.minimum(blurred(inside, blur), inside))

    def _matched(self, crop: np.ndarray, inside: np.ndarray, filled: np.ndarray) -> np.ndarray:
        """Returns the fill with a gain and a bias per channel, by which mean and deviation in the ring equal the image's."""
        ring = square_grown(inside, self.RING) & ~inside
        if ring.sum() < self.RING_PIXELS_MIN:
            return filled
        wanted, found = crop[ring].astype(np.float32), filled[ring].astype(np.float32)
        gain = np.clip(wanted.std(0) / (found.std(0) + 1e-6), *self.GAINS)
        bias = np.clip(wanted.mean(0) - gain * found.mean(0), -self.BIAS_MAX, self.BIAS_MAX)
        return np.clip(filled * gain + bias, 0, 255).astype(np.uint8)

    def _refine(self, network: Network, out: np.ndarray, hole: np.ndarray, region: Box, scale: float) -> None:
        """Fills a band along the hole's edge again, at full size or the scale at which its crop isn't too large."""
        around = grown_box(region, self.BAND + 1, hole.shape)
        here = np.zeros_like(hole)
        here[region] = hole[region]
        band = np.zeros_like(hole)
        band[around] = here[around] & square_grown(~here[around], self.BAND)
        if not band.any():
            return
        crop = grown_box(bounding_box(band[around], around), self.BAND_CONTEXT, hole.shape)
        finer = min(1.0, math.sqrt(self.BAND_PIXELS_MAX / math.prod(sides(crop))))
        if finer > scale + self.BAND_GAIN_MIN:
            self._fill(network, out, out, band, crop, finer)


@dataclass(frozen=True)
class SnapOtter:
    """SnapOtter's default eraser: one crop around the whole grown mask, resized to the network's square, and pasted with a
    blurred mask, which also changes pixels outside the hole.
    """

    # False: the mask as it is.
    grow: bool = True

    # Side in pixels at which the network runs, whatever the crop's proportions.
    SIDE = 512
    # Growth: a share of the diagonal of the hole's bounding box, within limits in pixels.
    GROWTH_SHARE = 0.04
    GROWTHS = (6, 96)
    # Context around the grown hole: a share of its longer edge, at least so many pixels.
    CONTEXT_SHARE = 0.5
    CONTEXT_MIN = 32
    # A crop of this share of the image is replaced by the image.
    WHOLE_IMAGE = 0.95
    # Half the width of the paste mask's blur: a share of the crop's longer side, within limits in pixels, and at most half
    # of the growth.
    FEATHER_SHARE = 0.01
    FEATHERS = (2, 12)

    def __call__(self, network: Network, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Returns the filled image."""
        diagonal = math.hypot(*sides(bounding_box(mask)))
        growth = int(np.clip(round(self.GROWTH_SHARE * diagonal), *self.GROWTHS)) if self.grow else 0
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * growth + 1, 2 * growth + 1))
        hole = cv2.dilate(mask.view(np.uint8), disc) > 0
        box = bounding_box(hole)
        region = grown_box(box, max(self.CONTEXT_MIN, round(self.CONTEXT_SHARE * max(sides(box)))), hole.shape)
        if math.prod(sides(region)) >= self.WHOLE_IMAGE * hole.size:
            region = np.s_[0 : hole.shape[0], 0 : hole.shape[1]]
        crop, inside = image[region], hole[region]
        height, width = inside.shape
        reduces = max(height, width) > self.SIDE
        square = (self.SIDE, self.SIDE)
        small = cv2.resize(crop, square, interpolation=cv2.INTER_AREA if reduces else cv2.INTER_LINEAR)
        small_hole = cv2.resize(inside.view(np.uint8), square, interpolation=cv2.INTER_NEAREST) > 0
        filled = cv2.resize(network(small, small_hole), (width, height), interpolation=cv2.INTER_LANCZOS4)
        feather = int(np.clip(round(self.FEATHER_SHARE * max(height, width)), *self.FEATHERS))
        feather = min(feather, max(1, growth // 2))
        out = image.copy()
        window = (2 * feather + 1, 2 * feather + 1)
        paste(filled, out, region, cv2.GaussianBlur(inside.astype(np.float32), window, 0))
        return out


# The pipelines with their programs' defaults.
PIPELINES: dict[str, LamaSidecar | SnapOtter] = {"lama-sidecar": LamaSidecar(), "snapotter": SnapOtter()}


def square_grown(hole: np.ndarray, pixels: int) -> np.ndarray:
    """Returns the hole grown by a square of `pixels` to every side."""
    kernel = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    return cv2.dilate(hole.astype(np.uint8), kernel) > 0


def bounding_box(hole: np.ndarray, origin: Box = np.s_[0:0, 0:0]) -> Box:
    """Returns the box of the hole's pixels; `origin` is the box that `hole` was cut from."""
    left, top, width, height = cv2.boundingRect(hole.astype(np.uint8))
    y, x = origin[0].start + top, origin[1].start + left
    return np.s_[y : y + height, x : x + width]


def grown_box(box: Box, pixels: int, shape: tuple[int, ...], within: Box | None = None) -> Box:
    """Returns the box grown to every side, within the image of `shape` or another box."""
    limits = within or tuple(slice(0, side) for side in shape)
    grown = [
        slice(max(side.start - pixels, limit.start), min(side.stop + pixels, limit.stop))
        for side, limit in zip(box, limits, strict=True)
    ]
    return grown[0], grown[1]


def sides(box: Box) -> tuple[int, int]:
    """Returns height and width."""
    return box[0].stop - box[0].start, box[1].stop - box[1].start


def overlap(a: list[int], b: list[int]) -> bool:
    """Returns true if two boxes (top, left, bottom, right) have a common pixel."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def resized(
    image: np.ndarray, size: tuple[int, int], method: Image.Resampling = Image.Resampling.LANCZOS
) -> np.ndarray:
    """Returns the image resized to (width, height), antialiased."""
    return np.asarray(Image.fromarray(image).resize(size, method))


def blurred(hole: np.ndarray, deviation: float) -> np.ndarray:
    """Returns the hole, blurred if the standard deviation in pixels isn't 0."""
    opaque = hole.astype(np.float32)
    return cv2.GaussianBlur(opaque, (0, 0), deviation) if deviation else opaque


def paste(filled: np.ndarray, out: np.ndarray, region: Box, opacity: np.ndarray) -> None:
    """Blends a fill into a region of `out`."""
    behind = out[region].astype(np.float32)
    mixed = behind + (filled - behind) * opacity[..., None]
    out[region] = np.clip(np.round(mixed), 0, 255).astype(np.uint8)
