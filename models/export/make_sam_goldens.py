"""Runs IOPaint 1.6.0's SAM, MobileSAM and HQ-SAM on small seeded networks and writes `tests/fixtures/sam`.

    python make_sam_goldens.py FOLDER

NET.pth are state dicts, image.png the input. NET-expected.pth has the logits of each prompt, NET-PROMPT.png the mask at the
image's size. NET.shapes.txt has the names and shapes of a published network's tensors.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from iopaint.plugins.segment_anything import SamPredictor, sam_model_registry
from iopaint.plugins.segment_anything.modeling import (
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)
from iopaint.plugins.segment_anything.modeling.image_encoder_hq import ImageEncoderViTHQ
from iopaint.plugins.segment_anything.modeling.mask_decoder import MaskDecoderHQ
from iopaint.plugins.segment_anything.modeling.sam_hq import SamHQ
from iopaint.plugins.segment_anything.modeling.tiny_vit_sam import LayerNorm2d, TinyViT
from iopaint.plugins.segment_anything.predictor_hq import SamHQPredictor
from script_paths import script_paths
from torch import nn

SEED = 5
WIDTH, HEIGHT = 97, 61
SIDE, PATCH = 128, 16
VIT_DIM, DIM = 32, 32

# Clicks (x, y, label) and box (left, top, right, bottom) of each prompt, in pixels of the image.
PROMPTS: dict[str, tuple[list[tuple[int, int, int]], tuple[int, int, int, int] | None]] = {
    "click": ([(30, 20, 1)], None),
    "clicks": ([(30, 20, 1), (70, 41, 1), (5, 50, 0)], None),
    "box": ([], (12, 9, 60, 44)),
    "box-click": ([(80, 10, 0)], (12, 9, 90, 44)),
}


def vit(cls: type[nn.Module]) -> nn.Module:
    """Returns an encoder with a window of 5 on a grid of 8 x 8 tokens, so that windows are padded."""
    return cls(
        depth=3,
        embed_dim=VIT_DIM,
        img_size=SIDE,
        mlp_ratio=2,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        num_heads=2,
        patch_size=PATCH,
        qkv_bias=True,
        use_rel_pos=True,
        global_attn_indexes=[1],
        window_size=5,
        out_chans=DIM,
    )


def tiny_vit() -> nn.Module:
    """Returns an encoder for 1024 x 1024 pixels, the only side that the class accepts, with few channels.

    The last stage has 320 channels, on which the stride before it depends, and no blocks.
    """
    encoder = TinyViT(
        img_size=1024,
        num_classes=0,
        embed_dims=[8, 12, 16, 320],
        depths=[1, 1, 2, 0],
        num_heads=[1, 2, 4, 4],
        window_sizes=[7, 7, 14, 7],
        mlp_ratio=2.0,
        drop_path_rate=0.0,
    )
    encoder.neck = nn.Sequential(
        nn.Conv2d(320, DIM, 1, bias=False),
        LayerNorm2d(DIM),
        nn.Conv2d(DIM, DIM, 3, padding=1, bias=False),
        LayerNorm2d(DIM),
    )
    return encoder


def parts(side: int) -> tuple[nn.Module, nn.Module]:
    """Returns prompt encoder and transformer for an input of `side` pixels."""
    grid = side // PATCH
    prompts = PromptEncoder(
        embed_dim=DIM, image_embedding_size=(grid, grid), input_image_size=(side, side), mask_in_chans=16
    )
    return prompts, TwoWayTransformer(depth=2, embedding_dim=DIM, mlp_dim=48, num_heads=8)


def networks() -> dict[str, nn.Module]:
    """Returns the networks by name."""
    common = {"num_multimask_outputs": 3, "transformer_dim": DIM, "iou_head_depth": 3, "iou_head_hidden_dim": DIM}
    result: dict[str, nn.Module] = {}
    for name, side in [("vit", SIDE), ("mobile", 1024)]:
        prompts, transformer = parts(side)
        encoder = tiny_vit() if name == "mobile" else vit(ImageEncoderViT)
        result[name] = Sam(encoder, prompts, MaskDecoder(transformer=transformer, **common))
    prompts, transformer = parts(SIDE)
    decoder = MaskDecoderHQ(transformer=transformer, vit_dim=VIT_DIM, **common)
    result["hq"] = SamHQ(vit(ImageEncoderViTHQ), prompts, decoder)
    return result


@torch.no_grad()
def randomize(network: nn.Module) -> None:
    """Sets seeded weights rounded to half precision: each layer about keeps the size of its input."""
    for name, tensor in network.state_dict().items():
        if not tensor.is_floating_point():
            continue
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif "gaussian_matrix" in name:
            tensor.normal_()
        elif tensor.dim() == 1 and ("weight" in name):
            tensor.uniform_(0.5, 1.5)
        elif (
            tensor.dim() >= 2
            and "embed" not in name.rsplit(".", 2)[-1]
            and "rel_pos" not in name
            and "token" not in name
        ):
            fan = tensor[0].numel()
            tensor.normal_(0.0, 1.5 / fan**0.5)
        else:
            tensor.normal_(0.0, 0.5)
        tensor.copy_(tensor.half().float())


def image() -> np.ndarray:
    """Returns gradients with hard edges and noise, RGB."""
    rng = np.random.default_rng(SEED)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    pixels = np.stack([columns * 2, rows * 4, 255 - columns - rows * 2], axis=-1) + rng.integers(
        -12, 13, (HEIGHT, WIDTH, 3)
    )
    pixels[12:40, 15:55] = (220, 60, 30)
    pixels[30:, 66:90] = (20, 30, 60)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def main(folder: Path) -> None:
    """Writes networks, input and results."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    source = image()
    cv2.imwrite(str(folder / "image.png"), source[:, :, ::-1])
    for name, network in networks().items():
        randomize(network)
        network.eval()
        half = {
            key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in network.state_dict().items()
        }
        torch.save(half, folder / f"{name}.pth")
        predictor = SamHQPredictor(network) if name == "hq" else SamPredictor(network)
        predictor.set_image(source)
        expected = {}
        for prompt, (clicks, box) in PROMPTS.items():
            if name == "mobile" and prompt != "clicks":
                continue
            points = np.array([click[:2] for click in clicks]) if clicks else None
            labels = np.array([click[2] for click in clicks]) if clicks else None
            masks, _, logits = predictor.predict(
                points, labels, None if box is None else np.array(box), multimask_output=False
            )
            # One channel in four of the large logits is enough.
            step = 4 if name == "mobile" else 1
            expected[prompt] = torch.from_numpy(logits[0, ::step, ::step].copy())
            cv2.imwrite(str(folder / f"{name}-{prompt}.png"), masks[0].astype(np.uint8) * 255)
        torch.save(expected, folder / f"{name}-expected.pth")
    for name in ["vit_b", "mobile_sam", "sam_hq_vit_b"]:
        state = sam_model_registry[name]().state_dict()
        lines = [" ".join([key, *map(str, tensor.shape)]) for key, tensor in state.items()]
        (folder / f"{name}.shapes.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*script_paths(__doc__, "folder"))
