"""Writes small TorchScript networks whose results graph rewriting must not change.

    python make_nets.py FOLDER

Each maps (image [N, 3, H, W], mask [N, 1, H, W]) to a tensor. Together they have every padding, stride, dilation, group
count, odd and even kernel, transposed convolution, sum, norm and activation that the rewriting supports, and constructs
that it must not change. NAME.pt is scripted, NAME-traced.pt traced. The same seed gives the same weights.
"""

import torch
from script_paths import script_paths
from standin import narrow_lama, save
from torch import Tensor, nn
from torch.nn import functional

SEED = 7
SIZE = 48  # sizes of the images for tracing


class Net(nn.Module):
    """Base class: four input channels, any output."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        return self.layers(torch.cat((image, mask), dim=1))


class Sums(nn.Module):
    """Sums of convolutions: of the same and of other geometry, scaled, shared, of one convolution with itself."""

    def __init__(self) -> None:
        super().__init__()
        self.same = nn.Conv2d(3, 10, 3, padding=1, padding_mode="reflect")
        self.other = nn.Conv2d(1, 10, 3, padding=1, padding_mode="reflect", bias=False)
        self.point = nn.Conv2d(3, 10, 1)
        self.wide = nn.Conv2d(1, 10, 5, padding=2)
        self.norm = nn.BatchNorm2d(10)
        self.mixed = nn.ModuleList(
            [nn.Conv2d(1, 10, 5, padding=2), nn.Conv2d(3, 10, 1), nn.Conv2d(3, 10, 3, padding=1)]
        )
        self.last = nn.Conv2d(10, 10, 3, padding=1)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        total = torch.relu(self.norm(self.same(image) + self.other(mask)))
        mixed = functional.leaky_relu(self.mixed[0](mask) + self.mixed[1](image) + self.mixed[2](image), 0.2)
        shared = self.last(total)
        scaled = torch.add(self.point(image), self.wide(mask), alpha=2)
        return torch.sigmoid(shared + shared) + mixed + scaled + shared


class Broadcast(nn.Module):
    """A convolution of the image's mean, added to one of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Conv2d(3, 9, 1)
        self.picture = nn.Conv2d(3, 9, 3, padding=1)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        return torch.relu(self.picture(image) + self.mean(image.mean(dim=(2, 3), keepdim=True))) * mask


class Residuals(nn.Module):
    """Tensors added to the results of all kinds of convolutions: before and after a ReLU, of other shapes and types."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(4, 20, 3, padding=1)
        self.classic = nn.ModuleList([nn.Conv2d(20, 20, 3, padding=1) for _ in range(2)])
        self.norm = nn.BatchNorm2d(20)
        self.point = nn.Conv2d(20, 20, 1)
        self.wide = nn.Conv2d(20, 20, 5, padding=2)
        self.down = nn.Conv2d(20, 20, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(20, 20, 3, stride=2, padding=1)
        self.odd = nn.Conv2d(20, 1, 3, padding=1)
        self.last = nn.Conv2d(20, 3, 7, padding=3)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        x = torch.relu(self.first(torch.cat((image, mask), dim=1)))
        x = torch.relu(x + self.norm(self.classic[1](torch.relu(self.classic[0](x)))))  # a ResNet's block
        x = x + functional.leaky_relu(self.wide(x), 0.3)
        x = torch.relu(self.point(x)) + self.wide(x) + x
        mean = x.mean(dim=(2, 3), keepdim=True)
        x = torch.relu(self.classic[0](x) + mean) + mean.double()
        x = functional.leaky_relu(self.point(x.float()), 0.1) + mask + self.odd(x.float())
        low = self.down(x)
        x = torch.relu(self.up(low) + self.up(self.down(self.up(low)))) + mean
        planes = self.point(x) + x
        n, c, h, w = planes.shape
        shuffled = planes.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return torch.relu(self.last(shuffled) + shuffled[:, :3]) + self.last(x)


class Views(nn.Module):
    """Views of results that are valid for one memory layout only, and shape queries."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(4, 12, 3, padding=1)
        self.point = nn.Conv2d(12, 12, 1)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        x = torch.relu(self.first(torch.cat((image, mask), dim=1)))
        y = self.point(x) + x
        n, c, h, w = y.shape
        shuffled = y.view(n, 3, c // 3, h, w).transpose(1, 2).reshape(n, c, h, w)
        return self.point(shuffled) + x.view(n, c, h * w).mean(dim=2).view(n, c, 1, 1)


class Frequencies(nn.Module):
    """Complex numbers by stack, permute and view, as old exports of LaMa have them."""

    def __init__(self) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(4, 6, 1, bias=False)
        self.norm = nn.BatchNorm2d(6)
        self.conv = nn.Conv2d(12, 12, 1)
        self.expand = nn.Conv2d(6, 8, 1)
        self.around = nn.Conv2d(4, 8, 3)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        x = torch.cat((image, mask), dim=1)
        y = torch.relu(self.norm(self.squeeze(x)))
        n, c, h, w = y.shape
        f = torch.fft.rfftn(y, dim=(-2, -1), norm="ortho")
        f = torch.stack((f.real, f.imag), dim=-1).permute(0, 1, 4, 2, 3).contiguous()
        f = torch.relu(self.conv(f.view(n, 2 * c, h, w // 2 + 1)))
        f = f.view(n, c, 2, h, w // 2 + 1).permute(0, 1, 3, 4, 2).contiguous()
        y = y + torch.fft.irfftn(torch.view_as_complex(f), s=(h, w), dim=(-2, -1), norm="ortho")
        around = self.around(torch._C._nn.reflection_pad2d(x, [1, 1, 1, 1]))
        return torch.relu_(self.expand(y) + around)


def level(x: Tensor) -> Tensor:
    """Scales to at most 1, so that no part of a result is negligible."""
    return x / x.abs().amax()


class Spectra(nn.Module):
    """Fourier transforms whose values become channels of convolutions, in all common forms, and similar constructs that
    must not be rewritten."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(4, 20, 1)
        self.norm = nn.BatchNorm2d(40)
        self.point = nn.Conv2d(40, 40, 1, bias=False)
        self.wide = nn.Conv2d(40, 20, 3, padding=1, padding_mode="reflect")
        self.few = nn.Conv2d(20, 6, 1)
        self.last = nn.Conv2d(20, 5, 3, padding=1)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        x = torch.relu(self.first(functional.pad(torch.cat((image, mask), dim=1), [0, 1, 1, 0])))
        n, c, h, w = x.shape

        # LaMa's form: shapes of intermediate results, one inferred size.
        f = torch.fft.rfftn(x, dim=(-2, -1), norm="ortho")
        f = torch.stack((f.real, f.imag), dim=-1).permute(0, 1, 4, 2, 3).contiguous()
        f = f.view((n, -1) + f.size()[3:])
        f = torch.relu(self.norm(self.point(f)))
        f = f.view((n, -1, 2) + f.size()[2:]).permute(0, 1, 3, 4, 2).contiguous()
        y = (
            torch.fft.irfftn(torch.complex(f[..., 0], f[..., 1]), s=x.shape[-2:], dim=(-2, -1), norm="ortho")
            + mask.mean()
        )
        y = torch.relu(y)

        # Another norm and convolution, with as many channels as there are parts.
        g = torch.view_as_real(torch.fft.rfft2(y, norm="forward")).permute(0, 1, 4, 2, 3)
        g = functional.leaky_relu(self.wide(g.reshape(n, 2 * c, h, w // 2 + 1)), 0.1).reshape(n, c // 2, 2, h, -1)
        z = torch.fft.irfft2(torch.complex(g[:, :, 0].contiguous(), g[:, :, 1].contiguous()), s=(h, w), norm="forward")
        rows = z.view(n, c // 2, h * w).amax(dim=2).view(n, c // 2, 1, 1)

        # Exchanged sizes, an image of another size, values with other uses.
        s = torch.fft.rfftn(x, dim=(2, 3))
        e = torch.stack((s.real, s.imag), dim=2).reshape(n, 2 * c, w // 2 + 1, h)
        e = self.wide(e).reshape(n, c // 2, 2, h, w // 2 + 1)
        e = torch.fft.irfftn(torch.complex(e[:, :, 0], e[:, :, 1]), s=(h, w - 2), dim=(2, 3))
        t = torch.fft.rfftn(y, dim=(-2, -1), norm="ortho")
        t = torch.stack((t.real, t.imag), dim=2).reshape(n, 2 * c, h, w // 2 + 1) * t.abs().mean()
        t = self.point(t).reshape(n, c, 2, h, w // 2 + 1)
        t = torch.fft.irfftn(torch.complex(t[:, :, 0], t[:, :, 1]), s=(h, w), dim=(-2, -1), norm="ortho")
        e = functional.pad(e, [0, 2, 0, 0])
        return torch.cat([level(self.last(x + y)), level(t), level(self.few(y)), level(z + rows), level(e)], dim=1)


class Resized(nn.Module):
    """Reduces to a quarter and back to the original size, with the size queries of scripted code."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([nn.Conv2d(4, 8, 3, 2, 1), nn.Conv2d(8, 8, 4, 2, 1)])
        self.up = nn.ModuleList([nn.Conv2d(16, 8, 3, padding=1), nn.Conv2d(12, 6, 3, padding=1)])
        self.last = nn.Conv2d(6, 3, 1)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        whole = torch.cat((image, mask), dim=1)
        half = torch.relu(self.down[0](whole))
        small = torch.relu(self.down[1](half))
        small = functional.interpolate(small, size=half.shape[2:], mode="nearest")
        small = torch.relu(self.up[0](torch.cat((small, half), dim=1)))
        small = functional.interpolate(small, size=whole.shape[2:], mode="bilinear", align_corners=False)
        return torch.sigmoid(self.last(torch.relu(self.up[1](torch.cat((small, whole), dim=1)))))


class InPlace(nn.Module):
    """Changes a shared tensor in place: the graph must not be rewritten."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        x = self.first(image)
        y = self.second(x)
        x[:, :, 1:, 1:] = mask[:, :, 1:, 1:] * 0.5
        return y + self.second(x)


class Branches(nn.Module):
    """Branches on the image's size, and loops."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(4, 8, 3, padding=1, padding_mode="replicate")
        self.again = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        x = torch.relu(self.first(torch.cat((image, mask), dim=1)))
        if x.dim() != 4:
            raise ValueError("four dimensions are due")
        rounds = 1
        if x.shape[2] > 20:
            rounds = 3
            x = torch.relu(self.again(x))
        for _ in range(rounds):
            x = torch.relu(self.again(x)) * 0.5
        return x


def conv_net(mode: str) -> Net:
    """Returns a network of strides, dilations, kernels and norms with one padding mode."""
    return Net(
        nn.Conv2d(4, 16, 7, padding=3, padding_mode=mode, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(inplace=True),
        nn.Conv2d(16, 20, 3, stride=2, padding=1, padding_mode=mode),
        nn.LeakyReLU(0.1),
        nn.Conv2d(20, 20, 3, padding=2, dilation=2, padding_mode=mode),
        nn.ReLU(),
        nn.Conv2d(20, 33, 3, padding=1, padding_mode=mode),
        nn.BatchNorm2d(33),
        nn.ReLU(),
        nn.Conv2d(33, 18, (1, 5), padding=(0, 2), padding_mode=mode),
        nn.Conv2d(18, 3, 5, padding=2, padding_mode=mode),
        nn.Tanh(),
    )


def nets() -> dict[str, nn.Module]:
    """Returns name -> network."""
    return {
        "zeros": conv_net("zeros"),
        "reflect": conv_net("reflect"),
        "replicate": conv_net("replicate"),
        "circular": conv_net("circular"),
        "groups": Net(
            nn.Conv2d(4, 12, 3, padding=1, groups=2),
            nn.ReLU(),
            nn.Conv2d(12, 12, 3, padding=1, groups=12, bias=False),
            nn.BatchNorm2d(12),
            nn.Conv2d(12, 7, 1),
            nn.ReLU(),
            nn.Conv2d(7, 9, 4, stride=3),
        ),
        "same": Net(nn.Conv2d(4, 8, 4, padding="same"), nn.ELU(), nn.Conv2d(8, 9, 3, padding="same", dilation=3)),
        "transposed": Net(
            nn.Conv2d(4, 12, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(12, 10, 3, stride=2, padding=1, output_padding=1),
            nn.BatchNorm2d(10),
            nn.ReLU(),
            nn.ConvTranspose2d(10, 8, 4, stride=2, padding=1, bias=False),
            nn.ConvTranspose2d(8, 8, (2, 5), stride=(1, 3), dilation=(2, 1)),
            nn.ConvTranspose2d(8, 4, 3, groups=2),
        ),
        "sums": Sums(),
        "broadcast": Broadcast(),
        "views": Views(),
        "frequencies": Frequencies(),
        "in-place": InPlace(),
        "branches": Branches(),
        "lama": narrow_lama(width=4, blocks=1),
        "residuals": Residuals(),
        "spectra": Spectra(),
        "resized": Resized(),
    }


def settle(net: nn.Module) -> nn.Module:
    """Sets non-trivial batch norms: statistics, weights and biases away from zero and one."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d) and module.num_batches_tracked == 0:
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.3, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return net.eval()


def main() -> None:
    (folder,) = script_paths(__doc__, "folder")
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    example = (torch.rand(1, 3, SIZE, SIZE), (torch.rand(1, 1, SIZE, SIZE) > 0.5).float())
    for name, net in nets().items():
        settle(net)
        save(net, folder / f"{name}.pt")
        if name not in ("branches", "in-place"):  # traces of these are valid for one size
            with torch.no_grad():
                save(torch.jit.trace(net, example, check_trace=False), folder / f"{name}-traced.pt")


if __name__ == "__main__":
    main()
