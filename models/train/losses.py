"""Training losses: colour, features of a frozen network, and a discriminator."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Weight of the known pixels, which keeps features active, and epsilon of the colour loss.
OUTSIDE = 0.15
ROUNDNESS = 0.1
# Decay of the running mean of a loss's gradient norm.
INERTIA = 0.97


def colour_loss(said: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Returns a Charbonnier loss with a large epsilon. An absolute difference has its strongest gradient towards the smooth
    fill in flat areas, with which the network's output inside holes vanishes."""
    error = ((said - image).pow(2) + ROUNDNESS**2).sqrt() - ROUNDNESS
    inside = (error * mask).sum() / (said.shape[1] * mask.sum())
    return inside + OUTSIDE * (error * (1 - mask)).mean()


class Critic(nn.Module):
    """A patch discriminator (Isola et al. 2017) with spectral normalisation; returns features too."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        sizes = [(3, width, 4, 2), (width, 2 * width, 4, 2), (2 * width, 4 * width, 4, 2)]
        sizes += [(4 * width, 4 * width, 3, 1), (4 * width, 1, 3, 1)]
        self.layers = nn.ModuleList(
            nn.utils.parametrizations.spectral_norm(nn.Conv2d(inputs, outputs, kernel, stride, 1))
            for inputs, outputs, kernel, stride in sizes
        )

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        features, x = [], image * 2 - 1
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), 0.2)
            features.append(x)
        return self.layers[-1](x), features


def adversarial_losses(critic: Critic, filled: Tensor, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the generator's losses: the adversarial loss of patches that the hole touches, and the distance of the
    discriminator's features to those of the original. Neither trains the discriminator."""
    critic.requires_grad_(False)
    verdict, features = critic(filled)
    with torch.no_grad():
        _, due = critic(image)
    critic.requires_grad_(True)
    places = F.adaptive_max_pool2d(mask, verdict.shape[-2:])
    fooled = -(verdict * places).sum() / places.sum()
    apart = torch.stack([(one - other).abs().mean() for one, other in zip(features, due, strict=True)]).mean()
    return fooled, apart


def critic_loss(critic: Critic, filled: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Returns the discriminator's hinge loss on real patches and on those that the hole touches."""
    real, _ = critic(image)
    false, _ = critic(filled.detach())
    places = F.adaptive_max_pool2d(mask, false.shape[-2:])
    return F.relu(1 - real).mean() + (F.relu(1 + false) * places).sum() / places.sum()


class Balance:
    """Sums the gradients of several losses at the network's output with given norms relative to the first, independent of
    the losses' units. `norms` has the running means of the measured norms."""

    def __init__(self, norms: dict[str, float] | None = None) -> None:
        self.norms = dict(norms or {})

    def gradient(self, answer: Tensor, first: Tensor, others: dict[str, tuple[Tensor, float]]) -> Tensor:
        """Returns the gradient at `answer` of `first` and of others, each with a norm relative to that of `first`."""
        total = torch.autograd.grad(first, answer, retain_graph=True)[0]
        size = total.norm().item()
        for name, (loss, share) in others.items():
            gradient = torch.autograd.grad(loss, answer, retain_graph=True)[0]
            measured = gradient.norm().item() / max(size, 1e-12)
            norm = self.norms.get(name)
            self.norms[name] = measured if norm is None else INERTIA * norm + (1 - INERTIA) * measured
            total = total + gradient * (share / max(self.norms[name], 1e-8))
        return total
