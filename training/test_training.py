"""Tests of the parts that must be exact: python3 -m unittest training.test_training

SET5 and SET5_LRX4 name the benchmark's folders (large pictures, and MATLAB's own shrinking of them by 4); without them
that one test is skipped.
"""

from __future__ import annotations

import argparse
import copy
import os
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import Callable

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from .amx import hasten, library
from .data import INPUTS, TEACHER, Crops, pair_of, shrink_tensor, smooth_pair, teacher_named
from .degrade import compressed, damage, jpeg, moved
from .level import level, smoothed
from .network import SRResNetCompact, SRVGGNetCompact, mean_errors, missing_of, multiply_adds, network_from
from .optimizer import MuonAdam, orthogonalised
from .pictures import list_pictures, psnr_y, read_picture, shrink
from .recipes import RECIPES
from .safetensors import load, save
from .spectrum import spectrum_distance
from .teacher import RRDBNet, choose_window, taught, teacher_of
from .texture import NormalisedConv, flatness, grid_of
from .train import FINISHING, LOG_SHARE, Run


def gradients_of(network: torch.nn.Module, loss: Callable[[], torch.Tensor]) -> dict[str, torch.Tensor]:
    network.zero_grad()
    loss().backward()
    return {name: parameter.grad.clone() for name, parameter in network.named_parameters()}


class PicturesTest(unittest.TestCase):
    @unittest.skipUnless("SET5" in os.environ and "SET5_LRX4" in os.environ, "SET5 and SET5_LRX4 are not set")
    def test_shrink_equals_matlab(self) -> None:
        large, small = (list_pictures(Path(os.environ[name])) for name in ("SET5", "SET5_LRX4"))
        for truth, expected in zip(large, small):
            np.testing.assert_array_equal(shrink(read_picture(truth), 4), read_picture(expected))

    def test_shrink_refuses_a_remainder(self) -> None:
        with self.assertRaisesRegex(ValueError, "10x8 by 4"):
            shrink(np.zeros((8, 10, 3), np.uint8), 4)

    def test_psnr_of_a_known_error(self) -> None:
        truth = np.full((20, 20, 3), 100, np.uint8)
        luma_step = (65.481 + 128.553 + 24.966) / 255
        self.assertAlmostEqual(psnr_y(truth + 1, truth, 4), 20 * np.log10(255 / luma_step), places=6)


class NetworkTest(unittest.TestCase):
    def test_missing_is_the_picture_before_the_shuffle(self) -> None:
        network = SRResNetCompact(8, 2, 2, scale=4)
        small, large = torch.rand(1, 3, 5, 7), torch.rand(1, 3, 20, 28)
        before = network.missing(small) + small.repeat_interleave(16, dim=1) - F.pixel_unshuffle(large, 4)
        torch.testing.assert_close(F.pixel_shuffle(before, 4), network(small) - large)

    def test_a_x2_network_starts_as_the_x4_picture_halved(self) -> None:
        x4, x2 = SRResNetCompact(8, 2, 2, 4), SRResNetCompact(8, 2, 2, 2)
        x2.start_from(x4.state_dict())
        x = torch.rand(1, 3, 6, 5)
        torch.testing.assert_close(x2(x), F.avg_pool2d(x4(x), 2))

    @unittest.skipUnless(library(), "this processor has no AMX, or there is no gcc")
    def test_the_fast_program_and_its_gradients_equal_pytorchs(self) -> None:
        torch.manual_seed(1)
        for features, scale, side in ((32, 4, 48), (24, 4, 17), (32, 2, 33)):
            network = SRResNetCompact(features, 2, 3, scale)
            for parameter in network.parameters():
                torch.nn.init.normal_(parameter, std=0.05)
            small, errors = torch.rand(2, 3, side, side), torch.randn(2, 3 * scale**2, side, side)
            plain = gradients_of(network, lambda: (network.missing(small) * errors).sum())
            hasten(network, "cpu")
            self.assertIsNotNone(network.fast)
            for _ in range(2):  # the second finds the first one's memory
                fast = gradients_of(network, lambda: (missing_of(network, small) * errors).sum())
            for name, expected in plain.items():
                self.assertLess((fast[name] - expected).norm() / expected.norm(), 0.02, f"{features} {scale} {name}")

    @unittest.skipUnless(library(), "this processor has no AMX, or there is no gcc")
    def test_a_copy_of_a_fast_network_is_a_plain_one(self) -> None:
        network, small = SRResNetCompact(8, 1, 2, 4), torch.rand(1, 3, 8, 8)
        hasten(network, "cpu")
        missing_of(network, small)
        copied = copy.deepcopy(network)
        self.assertIsNone(copied.fast)
        torch.testing.assert_close(copied(small), network(small))

    @unittest.skipUnless(library(), "this processor has no AMX, or there is no gcc")
    def test_the_fast_programs_errors_equal_pytorchs(self) -> None:
        torch.manual_seed(1)
        weights = torch.tensor([[1.0, 2.0], [3.0, 0.5]])
        for scale, side, power in ((4, 16, 1), (4, 17, 2), (2, 16, 2)):
            network = SRResNetCompact(24, 2, 2, scale)
            small, large = torch.rand(2, 3, side, side), torch.rand(2, 3, scale * side, scale * side)
            means, gradients = [], []
            for _ in range(2):
                gradients.append(gradients_of(
                    network, lambda: (mean_errors(network, small, large, power) * weights).sum()))
                means.append(mean_errors(network, small, large, power).detach())
                hasten(network, "cpu")
            torch.testing.assert_close(means[0], means[1], rtol=2e-3, atol=0)
            for name, expected in gradients[0].items():
                difference = (gradients[1][name] - expected).norm() / expected.norm()
                self.assertLess(difference, 0.03, f"{scale} {power} {name}")

    def test_start_from_names_what_does_not_fit(self) -> None:
        with self.assertRaisesRegex(ValueError, r"'conv_first.weight' is \[8, 3, 3, 3\], not \[16, 3, 3, 3\]"):
            SRResNetCompact(16, 1, 2, 4).start_from(SRResNetCompact(8, 1, 2, 4).state_dict())

    def test_sizes_are_read_from_weights(self) -> None:
        x = torch.rand(1, 3, 6, 5)
        for network in (SRResNetCompact(8, 3, 2, 2), SRVGGNetCompact(8, 3, 4)):
            torch.testing.assert_close(network_from(network.state_dict())(x), network(x))

    def test_multiply_adds(self) -> None:
        self.assertEqual(multiply_adds(SRResNetCompact(32, 6, 4, 4)), 9 * (3 * 32 + 25 * 32 * 32 + 32 * 48))


class CropsTest(unittest.TestCase):
    def test_a_crop_is_its_large_crop_shrunk(self) -> None:
        random = np.random.default_rng(0)
        with tempfile.TemporaryDirectory() as folder:
            for name, size in (("a", (120, 160, 3)), ("b", (200, 96, 3)), ("drawing-0", (96, 96, 3))):
                Image.fromarray(random.integers(256, size=size, dtype=np.uint8)).save(Path(folder) / f"{name}.png")
            small, large = Crops(Path(folder), scale=4, patch=16, device="cpu", drawings=0.5).draw(32)
        inside = (..., slice(3, -3), slice(3, -3))
        torch.testing.assert_close(shrink_tensor(large, 4)[inside], small[inside], atol=1.01 / 255, rtol=0)

    def test_an_input_that_lies_beside_a_picture_is_taken_for_its_shrunk_one(self) -> None:
        random = np.random.default_rng(0)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / INPUTS).mkdir()
            for file, size in ((folder / "a.png", 80), (folder / INPUTS / "a.png", 20)):
                Image.fromarray(random.integers(256, size=(size, size, 3), dtype=np.uint8)).save(file)
            large, small = pair_of(folder / "a.png", 4, "cpu")
            np.testing.assert_array_equal(small, read_picture(folder / INPUTS / "a.png"))
            self.assertEqual(large.shape, (80, 80, 3))
            self.assertEqual(teacher_named(folder), "none")
            (folder / INPUTS / TEACHER).write_text("RRDB_PSNR_x4")
            self.assertEqual(teacher_named(folder), "RRDB_PSNR_x4")
            with self.assertRaisesRegex(ValueError, "80x80.*20x20.*x2"):
                pair_of(folder / "a.png", 2, "cpu")

    def test_the_tensors_shrinking_is_matlabs(self) -> None:
        picture = np.random.default_rng(0).integers(256, size=(40, 48, 3), dtype=np.uint8)
        found = shrink_tensor(torch.from_numpy(picture).permute(2, 0, 1)[None].float(), 4, rounded=True)
        np.testing.assert_array_equal(found[0].permute(1, 2, 0).byte().numpy(), shrink(picture, 4))


class OptimizerTest(unittest.TestCase):
    def test_a_smooth_surface_is_its_large_one_shrunk(self) -> None:
        for _ in range(8):
            small, large = smooth_pair(32, 4, "cpu")
            shrunk = shrink_tensor(large, 4)
            if 0.2 < small.min() and small.max() < 0.8:  # cut off at black and white it is none
                self.assertLess((shrunk - small)[..., 3:-3, 3:-3].abs().max().item(), 1e-5)
        self.assertEqual(small.shape, (1, 3, 32, 32))

    def test_orthogonalised_levels_the_singular_values(self) -> None:
        torch.manual_seed(0)
        values = torch.linalg.svdvals(orthogonalised(torch.randn(3, 16, 72)))
        self.assertTrue(((values > 0.6) & (values < 1.3)).all(), values)


    def test_the_flat_parameters_are_the_networks(self) -> None:
        network = SRResNetCompact(8, 1, 2, 4)
        optimizer = MuonAdam(network)
        loss = network(torch.rand(1, 3, 8, 8)).square().mean()
        loss.backward()
        before = network.conv_body.weight.clone()
        optimizer.step(1e-3)
        self.assertGreater(float((network.conv_body.weight != before).float().mean()), 0.9)
        self.assertEqual(float(optimizer.gradients.abs().sum()), 0)
        torch.testing.assert_close(optimizer.part(optimizer.values, "conv_body.weight"), network.conv_body.weight.data)

    def test_a_gradient_that_overflowed_changes_nothing_for_good(self) -> None:
        optimizer = MuonAdam(SRResNetCompact(8, 1, 2, 4))
        optimizer.gradients[3], optimizer.gradients[-1] = float("inf"), float("nan")
        optimizer.step(1e-3)
        self.assertTrue(optimizer.values.isfinite().all())


class ChoiceTest(unittest.TestCase):
    def test_the_latest_that_is_as_good_as_the_best_is_kept(self) -> None:
        options = argparse.Namespace(device="cpu", batch=1)
        run = Run(SRResNetCompact(4, 1, 1, 2, "silu"), RECIPES["photo-x2"], options)
        found = []
        for psnr in (30, 30.5, 30.495, 30.492, 30.48):
            run.optimizer.average.fill_(psnr)
            run.choose(SimpleNamespace(psnr=lambda _, psnr=psnr: psnr))
            found.append(next(iter(run.best.values())).flatten()[0].item())
        np.testing.assert_allclose(found, [30, 30.5, 30.495, 30.492, 30.492], atol=1e-5)


class CountingTest(unittest.TestCase):
    def test_in_the_finish_halving_the_error_of_any_crop_gains_the_same(self) -> None:
        errors = torch.tensor([0.02, 0.2]).square()
        log, root = (FINISHING[aim].of_mean for aim in ("pixels", "restore"))
        gains = log(errors) - log(errors / 4)
        torch.testing.assert_close(gains[0], gains[1], rtol=0.01, atol=0)
        self.assertAlmostEqual(10 / np.log(10) * gains[1].item() / LOG_SHARE, 6.02, places=2)
        torch.testing.assert_close(root(errors), torch.tensor([0.02, 0.2]), rtol=1e-2, atol=0)


class TeacherTest(unittest.TestCase):
    def test_a_window_is_the_teachers_picture_of_all_cut(self) -> None:
        torch.manual_seed(1)
        teacher = teacher_of(RRDBNet(8, 4, 1).state_dict())
        small = np.random.default_rng(0).integers(256, size=(40, 44, 3), dtype=np.uint8)
        whole, window = (taught(teacher, small, place, "cpu") for place in ((0, 0, 40, 44), (20, 0, 20, 24)))
        self.assertEqual(whole.shape, (160, 176, 3))
        difference = window[16:].astype(float) - whole[96:, :96]
        self.assertLess(np.abs(difference).mean(), 1)

    def test_the_window_with_most_detail_is_chosen(self) -> None:
        picture = np.zeros((200, 900, 3), np.uint8)
        picture[:, 600:] = np.random.default_rng(0).integers(256, size=(200, 300, 3))
        random = np.random.default_rng(1)
        left = [choose_window(picture, random)[1] for _ in range(40)]
        self.assertGreater(np.mean(np.array(left) > 450), 0.7)


class DegradeTest(unittest.TestCase):
    def test_damage_keeps_shape_and_range(self) -> None:
        small, large = torch.rand(8, 3, 32, 32), torch.rand(8, 3, 128, 128)
        damaged = damage(small, large)
        self.assertEqual(damaged.shape, small.shape)
        self.assertTrue(((damaged >= 0) & (damaged <= 1)).all())
        moved_small, moved_large = moved(damaged, large, 4)
        self.assertEqual((moved_small.shape[2], moved_large.shape[2]), (16, 64))

    def test_a_jpeg_is_libjpegs_within_a_level_on_average(self) -> None:
        y, x = np.mgrid[:64, :96]
        picture = np.stack([128 + 90 * np.sin(x / 7), 2.0 * y + 30, 200 - x], axis=-1).astype(np.uint8)
        tensor = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
        for quality, halved in ((30, True), (75, False), (95, True)):
            found = jpeg(tensor, torch.full((1, 1, 1, 1), float(quality)), torch.full((1, 1, 1, 1), halved))
            found = (found[0].permute(1, 2, 0) * 255).round().numpy()
            expected = compressed(picture, quality, 2 if halved else 0).astype(np.float32)
            self.assertLess(np.abs(found - expected).mean(), 1)


class TextureTest(unittest.TestCase):
    def test_a_grid_is_seen_and_texture_is_none(self) -> None:
        torch.manual_seed(1)
        truth = 0.5 + 0.1 * torch.randn(2, 3, 96, 96)
        texture, grid = 0.1 * torch.randn(2, 3, 96, 96), torch.zeros(2, 3, 96, 96)
        grid[..., ::4, ::4] = 0.1
        grid[1] *= -1
        self.assertEqual(float(grid_of(truth, truth, 4)), 0)
        self.assertLess(float(grid_of(truth + texture, truth, 4)), 0.01)
        self.assertGreater(float(grid_of(truth + grid, truth, 4)), 0.04)
        self.assertLess(float(grid_of(smoothed(truth + grid, 4), smoothed(truth, 4), 4)), 0.01)

    def test_smoothing_leaves_slopes_and_no_grid(self) -> None:
        slope = (torch.arange(32.0)[:, None] + 2 * torch.arange(32)).expand(1, 3, -1, -1) / 100
        for scale in (2, 4):
            grid = torch.rand(3, scale, scale).repeat(1, 32 // scale, 32 // scale)[None]
            inner = (smoothed(slope + grid, scale) - slope)[..., 4:-4, 4:-4]
            torch.testing.assert_close(inner, grid.mean((2, 3), keepdim=True).expand_as(inner), atol=1e-5, rtol=0)

    def test_a_network_is_levelled(self) -> None:
        torch.manual_seed(1)
        for scale in (2, 4):
            network = SRResNetCompact(8, 1, 2, scale)
            inputs = [torch.rand(4, 3, 1, 1) + 0.1 * torch.rand(4, 3, 24, 24) for _ in range(20)]
            before = self.grid_left(network, inputs)
            level(network, inputs, 1e-9)
            self.assertLess(self.grid_left(network, inputs), 0.02 * before)

    def grid_left(self, network: SRResNetCompact, inputs: list[torch.Tensor]) -> float:
        """The power of what differs between the places within an input pixel, on average of a crop."""
        with torch.no_grad():
            pictures = network(torch.cat(inputs))
        grid = F.pixel_unshuffle(pictures - smoothed(pictures, network.scale), network.scale)
        places = grid[..., 8:-8, 8:-8].mean((2, 3)).unflatten(1, (3, network.scale**2))
        return float((places - places.mean(2, keepdim=True)).square().mean())

    def test_half_the_detail_is_six_decibels_away(self) -> None:
        torch.manual_seed(1)
        truth = 0.5 + 0.1 * torch.randn(4, 3, 128, 128)
        self.assertEqual(float(spectrum_distance(truth, truth)), 0)
        self.assertAlmostEqual(float(spectrum_distance(0.5 + (truth - 0.5) / 2, truth)), 20 * np.log10(2), delta=0.1)

    def test_flat_parts_are_told_from_busy_ones(self) -> None:
        self.assertGreater(float(flatness(torch.full((1, 3, 16, 16), 0.3)).min()), 0.99)
        self.assertLess(float(flatness(torch.rand(1, 3, 16, 16)).max()), 0.01)

    def test_the_judges_layers_have_a_norm_of_one(self) -> None:
        layer = NormalisedConv(8, 8)
        for _ in range(50):
            layer(torch.rand(1, 8, 4, 4))
        matrix = layer.weight.flatten(1)
        self.assertAlmostEqual(float(layer.left @ matrix @ F.normalize(matrix.T @ layer.left, dim=0)),
                               float(torch.linalg.svdvals(matrix)[0]), places=2)


class SafetensorsTest(unittest.TestCase):
    def test_round_trip(self) -> None:
        tensors = {"b": torch.randn(3, 2), "a": torch.randn(5)}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "x.safetensors"
            save(file, tensors, {"licence": "Apache-2.0"})
            found, metadata = load(file)
        self.assertEqual(metadata, {"licence": "Apache-2.0"})
        for name, tensor in tensors.items():
            torch.testing.assert_close(found[name], tensor.half().float())

    def test_refuses_values_beyond_f16(self) -> None:
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(ValueError, "'a'"):
            save(Path(folder) / "x.safetensors", {"a": torch.tensor([1e6])}, {})

    def test_refuses_a_cut_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "x.safetensors"
            file.write_bytes((999).to_bytes(8, "little") + b"{}")
            with self.assertRaisesRegex(ValueError, "999 bytes does not fit a file of 10"):
                load(file)


if __name__ == "__main__":
    unittest.main()
