"""Runs IOPaint 1.6.0's face restoration on small seeded networks and writes `tests/fixtures/faces`.

    python make_face_goldens.py FOLDER

detector.pth, parser.pth and gfpgan.pth are state dicts, image.png the input, result.png the restored image. expected.pth has
the networks' results, faces.txt the landmarks (x, y of 5 points) and the matrix of each face, one per line. face.png is the
aligned first face; crop.png, restored.png, labels.png and mask.png are intermediate images of another one. landmarks.txt has
further landmarks and their matrices. NAME.shapes.txt has the names and shapes of a published network's tensors.

The noise of GFPGAN is random in IOPaint; here it is that of the file (`randomize_noise=False`).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import torch
from iopaint.plugins import gfpganer
from iopaint.plugins.facexlib.detection import retinaface
from iopaint.plugins.facexlib.detection.retinaface_net import (
    FPN,
    SSH,
    make_bbox_head,
    make_class_head,
    make_landmark_head,
)
from iopaint.plugins.facexlib.parsing.parsenet import ParseNet
from iopaint.plugins.facexlib.utils import face_restoration_helper
from iopaint.plugins.gfpgan.archs.gfpganv1_clean_arch import GFPGANv1Clean
from script_paths import script_paths
from torch import nn
from torchvision.models.resnet import Bottleneck, ResNet

SEED = 11
WIDTH, HEIGHT = 210, 170
PLANES = 4
# More than 64 channels have no negative slope, as the published network.
CHANNELS = 68
# Elements by which the noise of a row is shifted in the next one.
ROW_STEP = 64
# A face that the left border of the image cuts, whose intermediate images are written.
CUT_FACE = 2
# Landmarks relative to the prior box: left eye, right eye, nose, corners of the mouth.
LAYOUT = np.array([[-0.2, -0.15], [0.2, -0.15], [0.0, 0.05], [-0.15, 0.25], [0.15, 0.25]])


def tiny_resnet() -> nn.Module:
    """Returns a ResNet with bottlenecks, few channels and few blocks."""
    network = ResNet(Bottleneck, [1, 1, 1, 1])
    network.inplanes = PLANES
    network.conv1 = nn.Conv2d(3, PLANES, 7, 2, 3, bias=False)
    network.bn1 = nn.BatchNorm2d(PLANES)
    network.layer1 = network._make_layer(Bottleneck, PLANES, 2)
    network.layer2 = network._make_layer(Bottleneck, 2 * PLANES, 1, stride=2)
    network.layer3 = network._make_layer(Bottleneck, 4 * PLANES, 2, stride=2)
    network.layer4 = network._make_layer(Bottleneck, 8 * PLANES, 1, stride=2)
    return network


def detector() -> nn.Module:
    """Returns a RetinaFace with few channels."""
    network = retinaface.RetinaFace("resnet50", device=torch.device("cpu"))
    layers = {"layer2": 1, "layer3": 2, "layer4": 3}
    network.body = retinaface.IntermediateLayerGetter(tiny_resnet(), layers)
    network.fpn = FPN([8 * PLANES, 16 * PLANES, 32 * PLANES], CHANNELS)
    network.ssh1, network.ssh2, network.ssh3 = (SSH(CHANNELS, CHANNELS) for _ in range(3))
    network.ClassHead = make_class_head(3, CHANNELS)
    network.BboxHead = make_bbox_head(3, CHANNELS)
    network.LandmarkHead = make_landmark_head(3, CHANNELS)
    return network


def restorer() -> nn.Module:
    """Returns a GFPGAN for 512 x 512 pixels with few channels."""
    return GFPGANv1Clean(
        512,
        num_style_feat=8,
        channel_multiplier=2,
        fix_decoder=False,
        input_is_latent=True,
        different_w=True,
        narrow=1 / 32,
        sft_half=True,
    )


@torch.no_grad()
def randomize(network: nn.Module) -> None:
    """Sets seeded weights rounded to half precision: each layer about keeps the size of its input."""
    for name, tensor in network.state_dict().items():
        if not tensor.is_floating_point():
            continue
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif "noises" in name or "constant_input" in name:
            tensor.normal_()
        elif tensor.dim() == 1 and ("weight" in name) or name.endswith("modulation.bias"):
            tensor.uniform_(0.5, 1.5)
        elif tensor.dim() == 4 and tensor.shape[0] == 1 and name.endswith("bias"):
            tensor.normal_(0.0, 0.2)
        elif tensor.dim() >= 2:
            fan = (tensor[0, 0] if tensor.dim() == 5 else tensor[0]).numel()
            # Scale and shift of GFPGAN's features are products of many layers.
            gain = 1.0 if name.startswith(("conv_body", "condition", "final")) else 1.4
            tensor.normal_(0.0, gain / fan**0.5)
        else:
            tensor.normal_(0.0, 0.2)
        tensor.copy_(tensor.half().float())


@torch.no_grad()
def share_noise(network: nn.Module) -> None:
    """Makes the noise of each level repeat itself from row to row, so that its storage is small."""
    for name, tensor in list(network.stylegan_decoder.noises.named_buffers()):
        side = tensor.shape[-1]
        step = min(side, ROW_STEP)
        values = torch.randn((side - 1) * step + side).half().float()
        tensor.copy_(values.as_strided((1, 1, side, side), (1, 1, step, 1)))
        setattr(network.stylegan_decoder.noises, name, tensor)


@torch.no_grad()
def aim(network: nn.Module, image: np.ndarray) -> None:
    """Sets the heads so that the network finds several faces of plausible layout, and small ones."""
    sizes = [[16, 32], [64, 128], [256, 512]]
    targets = []
    for level in range(3):
        boxes, landmarks, classes = network.BboxHead[level], network.LandmarkHead[level], network.ClassHead[level]
        offsets = torch.from_numpy(np.tile(LAYOUT.reshape(-1) * 10, len(sizes[level]))).float()
        targets.append((landmarks.conv1x1, offsets, 0.3))
        targets.append((boxes.conv1x1, torch.zeros(4 * len(sizes[level])), 0.5))
        classes.conv1x1.bias.zero_()
    pixels = torch.from_numpy(image.astype(np.float32).transpose(2, 0, 1))[None] - network.mean_tensor
    # Mean and standard deviation of the offsets.
    for head, mean, deviation in targets:
        outputs: list[torch.Tensor] = []
        handle = head.register_forward_hook(lambda _module, _input, output, outputs=outputs: outputs.append(output))
        network(pixels)
        handle.remove()
        scale = deviation / outputs[0].std()
        head.bias.copy_(mean - (outputs[0].mean(dim=(0, 2, 3)) - head.bias) * scale)
        head.weight.mul_(scale)
    network.phase = "train"
    scores = network(pixels)[1][0]
    network.phase = "test"
    logits = scores[:, 1] - scores[:, 0]
    counts = [2 * -(-WIDTH // step) * -(-HEIGHT // step) for step in (8, 16, 32)]
    # Numbers of priors above the threshold, for the smaller and the larger box of each level.
    wanted = [(2, 0), (9, 2), (0, 0)]
    start = 0
    for level, count in enumerate(counts):
        for box in range(2):
            values = logits[start + box : start + count : 2].sort(descending=True).values
            number = wanted[level][box]
            middle = (values[number - 1] + values[number]) / 2 if number else values[0] + 1
            scale = 2 / values.std()
            head = network.ClassHead[level].conv1x1
            head.weight[2 * box : 2 * box + 2] *= scale
            head.bias[2 * box + 1] = 3.476 - middle * scale
        start += count
    for name, tensor in network.state_dict().items():
        if "Head" in name:
            tensor.copy_(tensor.half().float())


@torch.no_grad()
def temper(network: nn.Module) -> None:
    """Scales the network's results to a standard deviation of 0.5."""
    deviation = network(torch.zeros(1, 3, 512, 512), return_rgb=False, randomize_noise=False)[0].std()
    for name, tensor in network.stylegan_decoder.state_dict().items():
        if name.startswith("to_rgb") and (
            name.endswith("conv.weight") or name.endswith("bias") and "modulation" not in name
        ):
            tensor.mul_(0.5 / deviation)
            tensor.copy_(tensor.half().float())


@torch.no_grad()
def balance(network: nn.Module, restoration: nn.Module) -> None:
    """Makes every class as probable as the others for a restored image."""
    face = restoration(torch.zeros(1, 3, 512, 512), return_rgb=False, randomize_noise=False)[0].clamp(-1, 1)
    logits = network(face)[0]
    bias = network.out_mask_conv.conv2d.bias
    bias -= logits.mean(dim=(0, 2, 3))
    bias.copy_(bias.half().float())


def picture() -> np.ndarray:
    """Returns gradients with hard edges and noise, BGR."""
    rng = np.random.default_rng(SEED)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    pixels = np.stack([columns, rows, 255 - columns // 2 - rows // 2], axis=-1) + rng.integers(
        -12, 13, (HEIGHT, WIDTH, 3)
    )
    pixels[12:60, 15:85] = (60, 120, 200)
    pixels[90:, 120:180] = (20, 30, 60)
    pixels[60:120, 30:50] = (250, 240, 230)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def save(network: nn.Module, path: Path, group: str | None, prefix: str = "") -> None:
    """Saves a state dict in half precision. Noise keeps its small storage."""
    state = {}
    for key, tensor in network.state_dict().items():
        if ".noises." in key:
            step = min(tensor.shape[-1], ROW_STEP)
            values = torch.cat([tensor[0, 0, :-1, :step].reshape(-1), tensor[0, 0, -1]]).half()
            shared = values.as_strided(tensor.shape, (1, 1, step, 1))
            assert torch.equal(shared.float(), tensor), key
            tensor = shared
        elif tensor.is_floating_point():
            tensor = tensor.half()
        state[prefix + key] = tensor
    torch.save(state if group is None else {group: state}, path)


def shapes(network: nn.Module, prefix: str = "") -> str:
    """Returns a line with name and shape per tensor."""
    return "".join(
        " ".join([prefix + key, *map(str, tensor.shape)]) + "\n" for key, tensor in network.state_dict().items()
    )


def numbers(*arrays: np.ndarray) -> str:
    """Returns numbers in a line."""
    return " ".join(f"{value:.9g}" for array in arrays for value in np.asarray(array).reshape(-1)) + "\n"


def landmarks() -> list[np.ndarray]:
    """Returns landmarks of turned, distorted and mirrored faces, and of profiles."""
    rng = np.random.default_rng(SEED)
    result = []
    for index in range(24):
        angle, size = rng.uniform(-np.pi, np.pi), rng.uniform(8, 400)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        layout = LAYOUT * ([0.3, 1.0] if index % 4 == 1 else [-1.0, 1.0] if index % 4 == 2 else [1.0, 1.0])
        noise = rng.normal(0, 0.02 if index % 4 else 0.1, layout.shape)
        result.append(((layout + noise) * size @ turn + rng.uniform(0, 500, 2)).astype(np.float32))
    return result


@torch.no_grad()
def main(folder: Path) -> None:
    """Writes networks, input and results."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    image = picture()
    cv2.imwrite(str(folder / "image.png"), image)

    detection, parsing = detector(), ParseNet(512, 512, base_ch=8, ch_range=[4, 16], res_depth=2)
    restoration = restorer()
    for network in (detection, parsing, restoration):
        randomize(network)
        network.eval()
    share_noise(restoration)
    temper(restoration)
    balance(parsing, restoration)
    aim(detection, image)
    save(detection, folder / "detector.pth", None, "module.")
    save(parsing, folder / "parser.pth", None)
    save(restoration, folder / "gfpgan.pth", "params_ema")

    restoration.forward = partial(restoration.forward, randomize_noise=False)
    with (
        mock.patch.object(face_restoration_helper, "init_detection_model", lambda *_, **__: detection),
        mock.patch.object(face_restoration_helper, "init_parsing_model", lambda *_, **__: parsing),
        mock.patch.object(gfpganer, "GFPGANv1Clean", lambda **_: restoration),
    ):
        enhancer = gfpganer.MyGFPGANer(
            str(folder / "gfpgan.pth"), upscale=1, arch="clean", channel_multiplier=2, device=torch.device("cpu")
        )
    masks: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    resize, parse = cv2.resize, parsing.forward

    def record_mask(array: np.ndarray, *args: object, **options: object) -> np.ndarray:
        if array.dtype == np.float64:
            masks.append(array.copy())
        return resize(array, *args, **options)

    def record_labels(pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        result = parse(pixels)
        labels.append(result[0].argmax(dim=1)[0].numpy())
        return result

    parsing.forward = record_labels
    with mock.patch.object(face_restoration_helper.cv2, "resize", record_mask):
        crops, restored, result = enhancer.enhance(image)
    helper = enhancer.face_helper
    cv2.imwrite(str(folder / "result.png"), result)
    lines = []
    for index, crop in enumerate(crops):
        lines.append(numbers(helper.all_landmarks_5[index], helper.affine_matrices[index]))
        for name, array in [
            ("crop", crop),
            ("restored", restored[index]),
            ("labels", labels[index].astype(np.uint8)),
            ("mask", np.rint(masks[index] * 255).astype(np.uint8)),
        ]:
            if index == CUT_FACE:
                cv2.imwrite(str(folder / f"{name}.png"), array)
    (folder / "faces.txt").write_text("".join(lines))
    lines = []
    for points in landmarks():
        matrix = cv2.estimateAffinePartial2D(points, helper.face_template, method=cv2.LMEDS)[0]
        lines.append(numbers(points, matrix))
    (folder / "landmarks.txt").write_text("".join(lines))

    pixels = torch.from_numpy(image.astype(np.float32).transpose(2, 0, 1))[None] - detection.mean_tensor
    boxes, scores, points = detection(pixels)
    face = torch.from_numpy((crops[0][:, :, ::-1] / 255.0 * 2 - 1).astype(np.float32).transpose(2, 0, 1))[None]
    cv2.imwrite(str(folder / "face.png"), crops[0])
    step = slice(None, None, 16)
    torch.save(
        {
            "detector": torch.cat([boxes, scores, points], 2),
            "gfpgan": restoration(face, return_rgb=False)[0][:, :, step, step].clone(),
            "parser": parse(face)[0][:, :, step, step].clone(),
        },
        folder / "expected.pth",
    )
    margin = (scores[0, :, 1] - 0.97).abs().min().item()
    print(f"{len(crops)} faces, score margin {margin:.5f}")
    print("restored", [(face.mean(), face.std()) for face in restored])

    published = {
        "GFPGANv1.4": shapes(
            GFPGANv1Clean(
                512, channel_multiplier=2, fix_decoder=False, input_is_latent=True, different_w=True, sft_half=True
            )
        ),
        "detection_Resnet50_Final": shapes(retinaface.RetinaFace("resnet50", device=torch.device("cpu")), "module."),
        "parsing_parsenet": shapes(ParseNet(512, 512)),
    }
    for name, text in published.items():
        (folder / f"{name}.shapes.txt").write_text(text)


if __name__ == "__main__":
    main(*script_paths(__doc__, "folder"))
