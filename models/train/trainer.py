"""A training: its components, a step, a validation, and its state for saving and resuming."""

from __future__ import annotations

import copy
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from filling import pull, pull_push, relax
from losses import Balance, Critic, adversarial_losses, colour_loss, critic_loss
from network import CoarseToFine, Network, Shape
from schedule import (
    ADVERSARIAL_FROM,
    ADVERSARIAL_RAMP,
    CASCADE_FROM,
    CASCADE_SHARE,
    FEATURES_FROM,
    FEATURES_RAMP,
    FROZEN_FROM,
    Schedule,
)
from torch import Tensor, nn

sys.path.append(str(Path(__file__).resolve().parents[1] / "eval"))
from features import EfficientNetLite0, distances  # noqa: E402

LARGEST_GRADIENT = 1.0
# Maximum decay of the moving average of the weights.
AVERAGE = 0.998
CRITIC_RATE = 4e-4
VALIDATION_BATCH = 4


@dataclass(frozen=True)
class Settings:
    """Everything that determines a training's result, besides the photographs."""

    shape: Shape = field(default_factory=Shape)
    schedule: Schedule = field(default_factory=lambda: Schedule(steps=4000))
    seed: int = 1
    # Gradient norms of the losses relative to the colour loss; 0 disables one.
    features: float = 0.0
    adversarial: float = 0.0


class Trainer:
    """A training in memory. `trunk` is the frozen feature network; without it there is no feature loss, and validation uses
    colour only. `fast`: half precision where it is safe and channels-last tensors; the default on a GPU."""

    def __init__(
        self, settings: Settings, device: torch.device, trunk: EfficientNetLite0 | None, fast: bool | None = None
    ) -> None:
        if settings.features > 0 and trunk is None:
            raise ValueError("the feature loss needs a trunk")
        self.settings = settings
        self.device = device
        self.trunk = trunk
        self.fast = device.type == "cuda" if fast is None else fast
        layout = torch.channels_last if self.fast else torch.contiguous_format
        torch.manual_seed(settings.seed)
        self.network = Network(settings.shape).to(device, memory_format=layout)
        self.critic = Critic().to(device, memory_format=layout)
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        rate = settings.schedule.peak_rate
        self.optimizer = torch.optim.AdamW(self.network.parameters(), rate, betas=(0.9, 0.99), weight_decay=1e-4)
        self.critic_optimizer = torch.optim.AdamW(
            self.critic.parameters(), CRITIC_RATE, betas=(0.5, 0.99), weight_decay=0
        )
        self.balance = Balance()
        self.step = 0
        self.best: dict[str, Tensor] | None = None
        self.best_score = float("inf")

    def learn(self, image: Tensor, mask: Tensor) -> dict[str, float]:
        """Runs one step on a batch; returns the losses, and `gain`: the reduction of the smooth fill's squared error."""
        schedule, step = self.settings.schedule, self.step
        image, mask = image.to(self.device, non_blocking=True), mask.to(self.device, non_blocking=True)
        for group in self.optimizer.param_groups:
            group["lr"] = schedule.rate(step)
        filled = relax(self._filling(image, mask), image, mask)
        self.network.train(schedule.progress(step) < FROZEN_FROM)
        with self._precision():
            answer = self.network(filled, mask)
        said = answer.detach().float().requires_grad_()
        composite = said * mask + image * (1 - mask)
        colour = colour_loss(said, image, mask)
        others, found = self._others(composite, image, mask)
        gradient = self.balance.gradient(said, colour, others)
        self.optimizer.zero_grad(set_to_none=True)
        answer.backward(gradient.to(answer.dtype))
        size = nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        if torch.isfinite(size):
            self.optimizer.step()
        if "fooled" in others:
            found["critic"] = self._teach_critic(composite, image, mask)
        self._follow()
        self.step += 1
        with torch.no_grad():
            error, before = (((one - image) * mask).pow(2).sum() for one in (said, filled))
            return {"colour": colour.item(), **found, "gain": (before / error.clamp(min=1e-12)).item()}

    def validate(self, images: Tensor, masks: Tensor) -> dict[str, float]:
        """Evaluates the averaged network on the validation set: mean absolute error and PSNR (dB) in the hole, feature
        distance, and `score` (lower is better). Keeps the best weights."""
        means = self._judged(self.average, images, masks)
        if means["score"] < self.best_score:
            self.best_score = means["score"]
            self.best = copy.deepcopy(self.average.state_dict())
        return means

    def judge_best_again(self, images: Tensor, masks: Tensor) -> None:
        """Scores the best weights on the current validation set, which may differ from the former one."""
        if self.best is not None:
            network = copy.deepcopy(self.average)
            network.load_state_dict(self.best)
            self.best_score = self._judged(network, images, masks)["score"]

    def state(self) -> dict:
        """Returns the state for `restore`."""
        return {
            "shape": asdict(self.settings.shape),
            "settings": {"seed": self.settings.seed},
            "step": self.step,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "critic": self.critic.state_dict(),
            "critic_optimizer": self.critic_optimizer.state_dict(),
            "gradient_norms": self.balance.norms,
            "best": self.best if self.best is not None else self.average.state_dict(),
            "best_score": self.best_score,
        }

    def begin_with(self, state: dict) -> None:
        """Loads the best weights of a training of the same shape; step, optimizer and discriminator stay new."""
        shape = Shape.of(state["shape"])
        if shape != self.settings.shape:
            raise ValueError(f"the state is of {shape}")
        self.network.load_state_dict(state["best"])
        self.average.load_state_dict(state["best"])

    def restore(self, state: dict) -> None:
        """Resumes a training of the same shape and seed."""
        shape = Shape.of(state["shape"])
        if shape != self.settings.shape or state["settings"]["seed"] != self.settings.seed:
            raise ValueError(f"the state is of {shape} and seed {state['settings']['seed']}")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.critic.load_state_dict(state["critic"])
        self.critic_optimizer.load_state_dict(state["critic_optimizer"])
        self.balance = Balance(state["gradient_norms"])
        self.step, self.best_score = state["step"], state["best_score"]
        self.best = state["best"] if self.best_score < float("inf") else None

    @torch.no_grad()
    def _judged(self, network: Network, images: Tensor, masks: Tensor) -> dict[str, float]:
        filler, rows = CoarseToFine(network), []
        for start in range(0, len(images), VALIDATION_BATCH):
            image, mask = (part[start : start + VALIDATION_BATCH].to(self.device) for part in (images, masks))
            filled = filler(image, mask)
            area = 3 * mask.sum((1, 2, 3))
            error = ((filled - image).abs() * mask).sum((1, 2, 3)) / area
            squared = ((filled - image).pow(2) * mask).sum((1, 2, 3)) / area
            found = {"error": error, "psnr": -10 * torch.log10(squared + 1e-8)}
            if self.trunk is not None:
                found["features"] = distances(self.trunk.features(filled), self.trunk.features(image), mask)
            rows.append(found)
        means = {name: torch.cat([row[name] for row in rows]).mean().item() for name in rows[0]}
        return {**means, "score": means.get("features", 0.0) + 10 * means["error"]}

    def _features(self, image: Tensor) -> list[Tensor]:
        with self._precision():
            return [stage.float() for stage in self.trunk.features(image)]

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast)

    @torch.no_grad()
    def _filling(self, image: Tensor, mask: Tensor) -> Tensor:
        """Returns the initial fill: a smooth one, or the network's own at half the size."""
        draw = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + self.step)
        progress = self.settings.schedule.progress(self.step)
        if progress <= CASCADE_FROM or torch.rand((), generator=draw) >= CASCADE_SHARE:
            return pull_push(image * (1 - mask), mask)
        colours, weights = pull(image * (1 - mask), 1 - mask)
        hole = (weights == 0).to(image.dtype)
        filled = relax(pull_push(colours * (1 - hole), hole), colours, hole)
        with self._precision():
            said = self.average(filled, hole).float().clamp(0, 1)
        coarse = said * hole + filled * (1 - hole)
        return F.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)

    def _others(
        self, composite: Tensor, image: Tensor, mask: Tensor
    ) -> tuple[dict[str, tuple[Tensor, float]], dict[str, float]]:
        """Returns the losses besides the colour loss with their relative norms and their values."""
        settings, others = self.settings, {}
        features = settings.features * settings.schedule.strength(self.step, FEATURES_FROM, FEATURES_RAMP)
        if features > 0:
            with torch.no_grad():
                due = self._features(image)
            others["features"] = (distances(self._features(composite), due, mask).mean(), features)
        adversarial = settings.adversarial * settings.schedule.strength(self.step, ADVERSARIAL_FROM, ADVERSARIAL_RAMP)
        if adversarial > 0:
            fooled, apart = adversarial_losses(self.critic, composite, image, mask)
            others["fooled"] = (fooled, adversarial)
            others["critic's features"] = (apart, adversarial / 2)
        return others, {name: loss.item() for name, (loss, _) in others.items()}

    def _teach_critic(self, composite: Tensor, image: Tensor, mask: Tensor) -> float:
        loss = critic_loss(self.critic, composite, image, mask)
        self.critic_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimizer.step()
        return loss.item()

    @torch.no_grad()
    def _follow(self) -> None:
        """Updates the exponential moving average of the weights."""
        kept = min(AVERAGE, (2 + self.step) / (11 + self.step))
        for mean, newest in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(newest, 1 - kept)
            else:
                mean.copy_(newest)
