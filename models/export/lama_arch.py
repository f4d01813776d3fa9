"""The LaMa generator in plain PyTorch, for stand-in weights and smaller variants.

Sources: Suvorov et al. 2021, "Resolution-robust Large Mask Inpainting with Fourier Convolutions";
Chi et al. 2020, "Fast Fourier Convolution".

LaMa(width=64, blocks=18) is big-lama's network (51 M parameters, 440 GFLOP at 512x512); smaller values give fast
variants. `torch.jit.script(LaMa(...).eval()).save(path)` writes a file of the big-lama.pt contract:
forward(image [N, 3, H, W] in 0..1, mask [N, 1, H, W] of 0 and 1) -> [N, 3, H, W] in 0..1, H and W multiples of 8.
"""

import torch
from torch import Tensor, nn

GLOBAL_SHARE = 0.75  # of the channels at 1/8 resolution


def reflect_conv(channels_in: int, channels_out: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False, padding_mode="reflect")


class FourierUnit(nn.Module):
    """A 1x1 convolution in the frequency domain, with a global receptive field."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2 * channels, 2 * channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(2 * channels)

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        spectrum = torch.fft.rfftn(x, dim=(-2, -1), norm="ortho")
        bins = spectrum.shape[-1]
        planes = torch.stack((spectrum.real, spectrum.imag), dim=2)  # N, C, 2, H, W/2+1
        planes = planes.reshape(batch, 2 * channels, height, bins)
        planes = torch.relu(self.norm(self.conv(planes)))
        planes = planes.reshape(batch, channels, 2, height, bins)
        spectrum = torch.complex(planes[:, :, 0].contiguous(), planes[:, :, 1].contiguous())
        return torch.fft.irfftn(spectrum, s=(height, width), dim=(-2, -1), norm="ortho")


class SpectralTransform(nn.Module):
    """Global to global: squeeze to half the channels, Fourier unit with a skip, expand."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.squeeze = nn.Conv2d(channels, half, 1, bias=False)
        self.norm = nn.BatchNorm2d(half)
        self.fourier = FourierUnit(half)
        self.expand = nn.Conv2d(half, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.squeeze(x)))
        return self.expand(x + self.fourier(x))


class FastFourierConv(nn.Module):
    """One FFC layer on a (local, global) pair, with batch norm and ReLU."""

    def __init__(self, local: int, global_: int) -> None:
        super().__init__()
        self.local_to_local = reflect_conv(local, local)
        self.local_to_global = reflect_conv(local, global_)
        self.global_to_local = reflect_conv(global_, local)
        self.global_to_global = SpectralTransform(global_)
        self.norm_local = nn.BatchNorm2d(local)
        self.norm_global = nn.BatchNorm2d(global_)

    def forward(self, local: Tensor, global_: Tensor) -> tuple[Tensor, Tensor]:
        new_local = self.local_to_local(local) + self.global_to_local(global_)
        new_global = self.local_to_global(local) + self.global_to_global(global_)
        return torch.relu(self.norm_local(new_local)), torch.relu(self.norm_global(new_global))


class ResidualBlock(nn.Module):
    def __init__(self, local: int, global_: int) -> None:
        super().__init__()
        self.first = FastFourierConv(local, global_)
        self.second = FastFourierConv(local, global_)

    def forward(self, local: Tensor, global_: Tensor) -> tuple[Tensor, Tensor]:
        new_local, new_global = self.first(local, global_)
        new_local, new_global = self.second(new_local, new_global)
        return local + new_local, global_ + new_global


class Generator(nn.Module):
    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        deep = 8 * width
        global_ = int(deep * GLOBAL_SHARE)
        local = deep - global_
        self.encode = nn.Sequential(
            nn.ReflectionPad2d(3),
            nn.Conv2d(4, width, 7, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            reflect_conv(width, 2 * width, 2),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            reflect_conv(2 * width, 4 * width, 2),
            nn.BatchNorm2d(4 * width),
            nn.ReLU(),
        )
        self.to_local = nn.Sequential(reflect_conv(4 * width, local, 2), nn.BatchNorm2d(local), nn.ReLU())
        self.to_global = nn.Sequential(reflect_conv(4 * width, global_, 2), nn.BatchNorm2d(global_), nn.ReLU())
        self.blocks = nn.ModuleList([ResidualBlock(local, global_) for _ in range(blocks)])
        layers: list[nn.Module] = []
        for channels in (deep, deep // 2, deep // 4):
            layers += [
                nn.ConvTranspose2d(channels, channels // 2, 3, stride=2, padding=1, output_padding=1),
                nn.BatchNorm2d(channels // 2),
                nn.ReLU(),
            ]
        self.decode = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        x = self.encode(x)
        local, global_ = self.to_local(x), self.to_global(x)
        for block in self.blocks:
            local, global_ = block(local, global_)
        return self.decode(torch.cat((local, global_), dim=1))


class LaMa(nn.Module):
    """The generator under the big-lama.pt contract: masked input, composited output."""

    def __init__(self, width: int = 64, blocks: int = 18) -> None:
        super().__init__()
        self.generator = Generator(width, blocks)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        predicted = self.generator(torch.cat((image * (1 - mask), mask), dim=1))
        return mask * predicted + (1 - mask) * image
