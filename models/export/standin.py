"""Writes small stand-in models with the contracts of IOPaint's models.

    python standin.py FOLDER

writes FOLDER/lama.pt, a narrow LaMa with random weights, and FOLDER/probe.pt, a formula without weights. Both take
(image [1, 3, H, W] in 0..1, mask [1, 1, H, W] of 0 and 1) and return [1, 3, H, W] in 0..1. migan.pt, mat.pt,
manga-inpaintor.pt, manga-lines.pt, ldm-encoder.pt, ldm-decoder.pt, ldm-diffusion.pt, zits-wireframe.pt, zits-edge-line.pt,
zits-structure-upsample.pt and zits-inpaint.pt are formulas with the contracts of those models.

Their fill depends on every pixel, the position, the input's size and the mask, so that a wrong crop, padding or
threshold changes it. The same seed gives the same weights.
"""

import io
import zipfile
from pathlib import Path

import torch
from lama_arch import LaMa
from script_paths import script_paths
from torch import Tensor, nn

SEED = 1
LOGIT_SPREAD = 0.4  # keeps the fill away from black and white, so that scaling stays in range


class Probe(nn.Module):
    """A fill of waves over position and size, and of local means of image and mask.

    Unlike LaMa it doesn't composite the image outside the mask.
    """

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        height, width = image.shape[2], image.shape[3]
        mask = mask.to(image.dtype)
        rows = torch.arange(height, dtype=image.dtype, device=image.device).reshape(1, 1, height, 1)
        columns = torch.arange(width, dtype=image.dtype, device=image.device).reshape(1, 1, 1, width)
        channels = torch.arange(3, dtype=image.dtype, device=image.device).reshape(1, 3, 1, 1)
        waves = torch.sin(columns * 0.11 + height * 0.37 + channels) + torch.cos(rows * 0.13 + width * 0.23)
        around = nn.functional.avg_pool2d(image * (1 - mask), 9, stride=1, padding=4)
        depth = nn.functional.avg_pool2d(mask, 5, stride=1, padding=2)
        return 0.4 + 0.1 * waves + 0.25 * around + 0.1 * depth - 0.1 * mask.mean()


class Migan(nn.Module):
    """The probe under MI-GAN's contract: (0.5 - mask, known pixels) to an image in -1..1."""

    def __init__(self) -> None:
        super().__init__()
        self.probe = Probe()

    def forward(self, x: Tensor) -> Tensor:
        return self.probe(x[:, 1:] * 0.5 + 0.5, 0.5 - x[:, :1]) * 1.2 - 0.6


class Mat(nn.Module):
    """The probe under MAT's contract: an image in -1..1 and a mask of known pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.probe = Probe()

    def forward(self, image: Tensor, kept: Tensor) -> Tensor:
        return self.probe(image * 0.5 + 0.5, 1 - kept) * 1.2 - 0.6


class MangaLines(nn.Module):
    """Lines at differences of neighbours; values may exceed 0..255."""

    def forward(self, gray: Tensor) -> Tensor:
        around = nn.functional.avg_pool2d(gray, 3, stride=1, padding=1)
        return 255 - 9 * (gray - around)


class MangaInpaintor(nn.Module):
    """A fill that depends on all inputs of the manga model."""

    def __init__(self) -> None:
        super().__init__()
        self.probe = Probe()

    def forward(self, gray: Tensor, lines: Tensor, mask: Tensor, noise: Tensor, ones: Tensor) -> Tensor:
        fill = self.probe((gray * 0.5 + 0.5).expand(-1, 3, -1, -1), mask).mean(dim=1, keepdim=True)
        return fill * 1.2 - 0.7 * ones + 0.1 * lines + 0.02 * noise


class LdmEncoder(nn.Module):
    """Local means at a quarter of the size."""

    def forward(self, image: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(image, 4)


class LdmDecoder(nn.Module):
    """An image in -1..1 from a latent image, with waves over the position."""

    def forward(self, latent: Tensor) -> Tensor:
        image = nn.functional.interpolate(latent, scale_factor=4.0, mode="bilinear")
        rows = torch.arange(image.shape[2], dtype=image.dtype, device=image.device).reshape(1, 1, -1, 1)
        columns = torch.arange(image.shape[3], dtype=image.dtype, device=image.device)
        return 0.4 * torch.tanh(image) + 0.1 * torch.sin(rows * 0.11 + columns * 0.13)


class LdmDiffusion(nn.Module):
    """The noise in a latent image if its clean image is a function of the latent image, timestep and condition."""

    def forward(self, latent: Tensor, timestep: Tensor, condition: Tensor) -> Tensor:
        # The last frequency is so low that the sine is almost the angle.
        t = (timestep[:, -1] * 10_000 ** (127 / 128) / 1000).reshape(-1, 1, 1, 1)
        alpha = torch.exp(-(1.5 * t + 4.0456 * t**2 + 3.6363 * t**3))  # the schedule's, approximately
        ramp = torch.arange(timestep.shape[1], dtype=timestep.dtype, device=timestep.device)
        phase = (timestep * torch.sin(ramp)).sum(dim=1).reshape(-1, 1, 1, 1)
        around = nn.functional.avg_pool2d(condition, 3, stride=1, padding=1)
        clean = torch.tanh(latent + 0.3 * torch.roll(latent, 1, 1)) + 0.2 * torch.sin(phase)
        clean = 0.6 * clean + 0.3 * around[:, :-1] - 0.2 * around[:, -1:]
        return (latent - alpha.sqrt() * clean) / (1 - alpha).sqrt()


class ZitsWireframe(nn.Module):
    """Sixteen lines with scores around the threshold, both from local means of the normalized image."""

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        means = nn.functional.avg_pool2d(image.mean(dim=1, keepdim=True), 64).reshape(16, 4)
        lines = 0.04 + 0.92 * torch.sigmoid(0.6 * means)
        scores = 0.85 + 0.1 * torch.sin(3 * means.sum(dim=1))
        return {"lines_pred": lines, "lines_score": scores, "num_proposals": torch.tensor(len(lines))}


class ZitsEdgeLine(nn.Module):
    """Logits of edges and lines from local means of all inputs, with waves over the position."""

    def forward(self, image: Tensor, edge: Tensor, line: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
        columns = torch.arange(image.shape[3], dtype=image.dtype, device=image.device)
        waves = torch.sin(columns * 0.2)
        colour = nn.functional.avg_pool2d(image.mean(dim=1, keepdim=True) * (1 - masks), 31, stride=1, padding=15)
        edges = nn.functional.avg_pool2d(edge, 15, stride=1, padding=7)
        lines = nn.functional.avg_pool2d(line, 15, stride=1, padding=7)
        return 14 * edges + colour + waves - 2, 8 * lines + 0.5 * colour + 0.3 * waves - 0.3 * masks


class ZitsStructureUpsample(nn.Module):
    """Logits of a map of twice the size."""

    def forward(self, x: Tensor) -> Tensor:
        large = nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear")
        return 3 * large - 3 + 0.2 * torch.sin(torch.arange(large.shape[3], dtype=x.dtype, device=x.device))


class ZitsInpaint(nn.Module):
    """The probe with local means of edges and lines, and the position inside the hole."""

    def __init__(self) -> None:
        super().__init__()
        self.probe = Probe()

    def forward(
        self, image: Tensor, mask: Tensor, edge: Tensor, line: Tensor, distance: Tensor, direction: Tensor
    ) -> Tensor:
        edges = nn.functional.avg_pool2d(edge, 9, stride=1, padding=4)
        lines = nn.functional.avg_pool2d(line, 9, stride=1, padding=4)
        waves = torch.sin(distance.unsqueeze(1) * 0.35)
        weights = torch.tensor([0.004, 0.008, 0.012, 0.016], dtype=image.dtype, device=image.device)
        sides = (direction * weights).sum(dim=3).unsqueeze(1)
        return 0.8 * self.probe(image, mask) + 0.08 * edges + 0.08 * lines + 0.02 * waves + sides


def narrow_lama(width: int = 4, blocks: int = 2, seed: int = SEED) -> LaMa:
    """Returns a LaMa with random weights and non-degenerate activations."""
    torch.manual_seed(seed)
    model = LaMa(width=width, blocks=blocks)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # running statistics become plain averages
    model.train()
    logits: list[Tensor] = []
    last = model.generator.decode[-2]
    watch = last.register_forward_hook(lambda _module, _inputs, output: logits.append(output))
    with torch.no_grad():
        for _ in range(4):
            image = torch.rand(2, 3, 16, 16)
            image = nn.functional.interpolate(image, scale_factor=8.0, mode="bilinear")
            mask = (nn.functional.interpolate(torch.rand(2, 1, 4, 4), scale_factor=32.0) > 0.7).float()
            model(image, mask)
        spread = torch.cat(logits).std()
        centre = torch.cat(logits).mean()
        last.weight.mul_(LOGIT_SPREAD / spread)
        last.bias.sub_(centre).mul_(LOGIT_SPREAD / spread)
    watch.remove()
    return model.eval()


def models() -> dict[str, nn.Module]:
    """Returns file name -> model."""
    return {
        "lama.pt": narrow_lama(),
        "probe.pt": Probe(),
        "migan.pt": Migan(),
        "mat.pt": Mat(),
        "manga-inpaintor.pt": MangaInpaintor(),
        "manga-lines.pt": MangaLines(),
        "ldm-encoder.pt": LdmEncoder(),
        "ldm-decoder.pt": LdmDecoder(),
        "ldm-diffusion.pt": LdmDiffusion(),
        "zits-wireframe.pt": ZitsWireframe(),
        "zits-edge-line.pt": ZitsEdgeLine(),
        "zits-structure-upsample.pt": ZitsStructureUpsample(),
        "zits-inpaint.pt": ZitsInpaint(),
    }


def save(model: nn.Module, path: Path) -> None:
    """Writes TorchScript without debug records, which contain paths of this machine."""
    whole = io.BytesIO()
    torch.jit.save(torch.jit.script(model.eval()), whole)
    with zipfile.ZipFile(whole) as records, zipfile.ZipFile(path, "w") as kept:
        for record in records.infolist():
            if not record.filename.endswith(".debug_pkl"):
                kept.writestr(record, records.read(record))


def main() -> None:
    (folder,) = script_paths(__doc__, "folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in models().items():
        save(model, folder / name)


if __name__ == "__main__":
    main()
