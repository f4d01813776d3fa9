"""The network: an encoder and decoder with added skip connections, 406,000 parameters."""

from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (24, 32, 48, 64)


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    """Two convolutions whose sum with their input is the output."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = block(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))
        nn.init.zeros_(self.second[1].weight)

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(features + self.second(self.first(features)))


class Strokes(nn.Module):
    """Maps `[N, 4, H, W]`, RGB and region from -1 to 1, to the logits of text, `[N, 1, H, W]`; sides are multiples of
    16.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(4, WIDTHS[0], 4, 2, 1, bias=False),
            nn.BatchNorm2d(WIDTHS[0]),
            nn.ReLU(inplace=True),
            block(WIDTHS[0], WIDTHS[0]),
        )
        pairs = list(zip(WIDTHS, WIDTHS[1:], strict=False))
        self.down = nn.ModuleList(
            nn.Sequential(block(fine, coarse, 2), block(coarse, coarse)) for fine, coarse in pairs
        )
        self.middle = block(WIDTHS[-1], WIDTHS[-1])
        self.context = nn.Sequential(Residual(WIDTHS[-1]), Residual(WIDTHS[-1]))
        self.detail = Residual(WIDTHS[-2])
        self.up = nn.ModuleList(nn.ConvTranspose2d(coarse, fine, 2, 2) for fine, coarse in pairs)
        self.merge = nn.ModuleList(block(fine, fine) for fine, _ in pairs)
        self.head = nn.ConvTranspose2d(WIDTHS[0], 1, 4, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        features = [self.stem(image)]
        for layer in self.down:
            features.append(layer(features[-1]))
        found = self.context(self.middle(features.pop()))
        features[-1] = self.detail(features[-1])
        for up, merge in zip(reversed(self.up), reversed(self.merge), strict=True):
            found = merge(up(found) + features.pop())
        return self.head(found)
