"""A small network similar to LaMa (fast Fourier convolutions, Suvorov et al. 2021), applied from coarse to fine.

Differences from LaMa: the input's hole has a smooth fill, which the network's own coarser result replaces at finer
sizes; no convolution at full size (pixel unshuffle and shuffle); additive skips; leaky ReLU; clamped colour instead of a
sigmoid. The network predicts the whole colour. Versions that predicted a correction to the fill didn't train: their
features vanished inside the hole.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from filling import pull, pull_push, relax
from torch import Tensor, nn

# Minimum shorter side of the coarsest pass, in pixels.
COARSEST_SIDE = 96


@dataclass(frozen=True)
class Shape:
    """Size of a network: channels at a half, a quarter and an eighth of the size; residual blocks; the global fraction of
    the blocks' channels. The defaults are those of `lama-mini`."""

    widths: tuple[int, int, int] = (24, 48, 128)
    blocks: int = 6
    global_ratio: float = 0.75

    @staticmethod
    def of(kept: dict) -> Shape:
        """Returns the shape in a state."""
        return Shape(tuple(kept["widths"]), kept["blocks"], kept["global_ratio"])


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    """Returns a convolution without a bias, which the following batch normalisation has."""
    padding = kernel // 2
    mode = "reflect" if padding else "zeros"
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False, padding_mode=mode)


def activated(x: Tensor) -> Tensor:
    """Applies leaky ReLU: with plain ReLU the gradient of every weight went to zero."""
    return F.leaky_relu(x, 0.2)


class ConvBN(nn.Module):
    """Convolution, batch normalisation, leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = convolution(inputs, outputs, kernel, stride)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return activated(self.bn(self.conv(x)))

    def fold(self) -> None:
        """Folds the normalisation into the convolution, for inference."""
        fold_normalisation(self.bn, [(self.conv, slice(None))], self.conv)
        self.bn = nn.Identity()


class FourierUnit(nn.Module):
    """A convolution of the spectrum, with a global receptive field."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = ConvBN(2 * channels, 2 * channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2], x.shape[3]
        # Fourier transforms lack half precision at most sizes; exported files are float32 only.
        if not torch.jit.is_scripting():
            x = x.float()
        spectrum = torch.fft.rfft2(x, dim=(-2, -1), norm="ortho")
        spectrum = self.body(torch.cat((spectrum.real, spectrum.imag), 1))
        if not torch.jit.is_scripting():
            spectrum = spectrum.float()
        real, imaginary = spectrum.chunk(2, 1)
        complete = torch.complex(real.contiguous(), imaginary.contiguous())
        return torch.fft.irfft2(complete, s=(height, width), dim=(-2, -1), norm="ortho")


class FFC(nn.Module):
    """Fast Fourier convolution: the first channels are local, the others global through their spectrum."""

    def __init__(self, channels: int, global_ratio: float) -> None:
        super().__init__()
        seen_whole = int(channels * global_ratio)
        self.split = channels - seen_whole
        # Local to local and local to global in one convolution.
        self.local = convolution(self.split, channels)
        self.g2l = convolution(seen_whole, self.split)
        self.sq = ConvBN(seen_whole, seen_whole // 2, 1)
        self.fu = FourierUnit(seen_whole // 2)
        self.ex = convolution(seen_whole // 2, seen_whole, 1)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        x_local, x_global = x[:, : self.split], x[:, self.split :]
        squeezed = self.sq(x_global)
        spectral = self.ex(squeezed + self.fu(squeezed))
        return self.bn(self.local(x_local) + torch.cat((self.g2l(x_global), spectral), 1))

    def fold(self) -> None:
        """As `ConvBN.fold`."""
        parts = [(self.local, slice(None)), (self.g2l, slice(0, self.split)), (self.ex, slice(self.split, None))]
        fold_normalisation(self.bn, parts, self.local)
        self.bn = nn.Identity()


class Block(nn.Module):
    """A residual block of two fast Fourier convolutions."""

    def __init__(self, channels: int, global_ratio: float) -> None:
        super().__init__()
        self.a = FFC(channels, global_ratio)
        self.b = FFC(channels, global_ratio)
        nn.init.constant_(self.b.bn.weight, 0.2)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.b(activated(self.a(x)))


class Network(nn.Module):
    """One pass. `forward(filled [N, 3, H, W] in 0..1, mask [N, 1, H, W]) -> [N, 3, H, W]`, not clamped; H and W
    are multiples of 8."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        half, quarter, eighth = shape.widths
        self.stem = nn.Sequential(ConvBN(16, half), ConvBN(half, half))
        self.down1 = nn.Sequential(ConvBN(half, quarter, 3, 2), ConvBN(quarter, quarter))
        self.down2 = ConvBN(quarter, eighth, 3, 2)
        self.blocks = nn.Sequential(*[Block(eighth, shape.global_ratio) for _ in range(shape.blocks)])
        self.up2 = ConvBN(eighth, quarter)
        self.mix2 = ConvBN(quarter, quarter)
        self.up1 = ConvBN(quarter, half)
        self.mix1 = ConvBN(half, half)
        self.head = nn.Conv2d(half + 12, 12, 3, 1, 1, padding_mode="reflect")
        nn.init.zeros_(self.head.bias)

    def forward(self, filled: Tensor, mask: Tensor) -> Tensor:
        colours = F.pixel_unshuffle(filled - 0.5, 2)
        at_half = self.stem(torch.cat((colours, F.pixel_unshuffle(mask, 2)), 1))
        at_quarter = self.down1(at_half)
        x = self.up2(self.blocks(self.down2(at_quarter)))
        size = (at_quarter.shape[2], at_quarter.shape[3])
        x = self.mix2(F.interpolate(x, size=size, mode="bilinear", align_corners=False) + at_quarter)
        x = self.up1(x)
        size = (at_half.shape[2], at_half.shape[3])
        x = self.mix1(F.interpolate(x, size=size, mode="bilinear", align_corners=False) + at_half)
        return F.pixel_shuffle(self.head(torch.cat((x, colours), 1)), 2) + 0.5


class CoarseToFine(nn.Module):
    """big-lama's contract: `forward(image [N, 3, H, W] in 0..1, mask [N, 1, H, W], 1 = hole) -> [N, 3, H, W]` in
    0..1, with the image unchanged outside the hole."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.coarsest_side = COARSEST_SIDE

    def one_pass(self, image: Tensor, mask: Tensor, filling: Tensor) -> Tensor:
        """Runs the network at one size; returns its clamped output in the hole."""
        height, width = image.shape[2], image.shape[3]
        filled = relax(filling, image, mask)
        padded_mask = mask
        below, right = (8 - height % 8) % 8, (8 - width % 8) % 8
        if below > 0 or right > 0:
            filled = F.pad(filled, [0, right, 0, below], mode="reflect")
            padded_mask = F.pad(mask, [0, right, 0, below], mode="reflect")
        said = self.net(filled, padded_mask)[:, :, :height, :width].clamp(0.0, 1.0)
        return image * (1.0 - mask) + said * mask

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        image = image.clamp(0.0, 1.0)
        mask = (mask > 0.5).to(image.dtype)
        colours, weights = image * (1.0 - mask), 1.0 - mask
        levels = [(colours, mask)]
        while min(colours.shape[2], colours.shape[3]) // 2 >= self.coarsest_side and bool((weights == 0).any()):
            colours, weights = pull(colours, weights)
            unknown = (weights == 0).to(image.dtype)
            levels.append((colours * (1.0 - unknown), unknown))
        filled = pull_push(levels[-1][0], levels[-1][1])
        for level in range(len(levels) - 1, -1, -1):
            known, hole = levels[level]
            size = (known.shape[2], known.shape[3])
            if level < len(levels) - 1:
                filled = F.interpolate(filled, size=size, mode="bilinear", align_corners=False)
            filled = self.one_pass(known, hole, filled) if bool((hole > 0).any()) else known
        return mask * filled + (1.0 - mask) * image


def fold_normalisation(norm: nn.BatchNorm2d, parts: list[tuple[nn.Conv2d, slice]], bias_of: nn.Conv2d) -> None:
    """Scales convolutions by the normalisation of their output channels; one gets the bias."""
    scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
    for part, channels in parts:
        part.weight.data.mul_(scale[channels].view(-1, 1, 1, 1))
    bias_of.bias = nn.Parameter(norm.bias.detach() - norm.running_mean * scale)


def folded(net: Network) -> Network:
    """Folds every batch normalisation into its convolutions, in place; returns the network."""
    net.eval()
    for module in list(net.modules()):
        if isinstance(module, ConvBN | FFC):
            module.fold()
    return net
