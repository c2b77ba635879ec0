"""Tests of the parts that must be exact: python3 -m unittest training.test_training

SET5 and SET5_LRX4 name the benchmark's folders (large pictures, and MATLAB's own shrinking of them by 4); without them
that one test is skipped.
"""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from . import matrix_unit
from .data import unshuffle
from .degrade import damage
from .network import FastPReLU, SRVGGNetCompact
from .optimizer import orthogonalised
from .pictures import list_pictures, psnr_y, read_picture, shrink
from .safetensors import load, save
from .train import LUMA_SHARE, loss_of


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
        random = np.random.default_rng(0)
        large = random.integers(256, size=(20, 28, 3), dtype=np.uint8)
        network = SRVGGNetCompact(features=8, convs=1, scale=4)
        small = torch.rand(1, 3, 5, 7)
        target = torch.from_numpy(unshuffle(large, 4)).permute(2, 0, 1)[None] / 255
        before = network.missing(small) + small.repeat_interleave(16, dim=1) - target
        after = network(small) - torch.from_numpy(large).permute(2, 0, 1)[None] / 255
        torch.testing.assert_close(F.pixel_shuffle(before, 4), after)

    def test_the_fast_gradient_equals_pytorchs(self) -> None:
        torch.manual_seed(0)
        x = torch.randn(2, 3, 5, 4, requires_grad=True)
        slope = torch.tensor([0.2, -0.3, 1.5], requires_grad=True)
        weight = torch.randn(2, 3, 5, 4)
        expected = torch.autograd.grad((F.prelu(x, slope) * weight).sum(), (x, slope))
        found = torch.autograd.grad((FastPReLU.apply(x, slope) * weight).sum(), (x, slope))
        torch.testing.assert_close(found, expected)

    def test_a_x2_network_starts_as_the_x4_picture_halved(self) -> None:
        x4, x2 = SRVGGNetCompact(8, 2, 4), SRVGGNetCompact(8, 2, 2)
        x2.start_from(x4.state_dict())
        x = torch.rand(1, 3, 6, 5)
        torch.testing.assert_close(x2(x), F.avg_pool2d(x4(x), 2))

    def test_start_from_names_what_does_not_fit(self) -> None:
        with self.assertRaisesRegex(ValueError, r"'body.0.weight' is \[8, 3, 3, 3\], not \[16, 3, 3, 3\]"):
            SRVGGNetCompact(16, 2, 4).start_from(SRVGGNetCompact(8, 2, 4).state_dict())


class OptimizerTest(unittest.TestCase):
    def test_orthogonalised_levels_the_singular_values(self) -> None:
        torch.manual_seed(0)
        values = torch.linalg.svdvals(orthogonalised(torch.randn(3, 16, 72)))
        self.assertTrue(((values > 0.6) & (values < 1.3)).all(), values)


@unittest.skipUnless(matrix_unit.is_there(), "no matrix unit (amx_bf16), or no g++")
class MatrixUnitTest(unittest.TestCase):
    def test_its_gradients_are_pytorchs(self) -> None:
        """Twice: bfloat16 has 8 bits, so that a random network's gradients come out within a few hundredths."""
        for features, scale, squared, threads in ((32, 4, False, 1), (64, 2, True, 2)):
            torch.manual_seed(features)
            network = SRVGGNetCompact(features, convs=3, scale=scale)
            small = torch.randint(256, (3, 32, 32, 3), dtype=torch.uint8)
            large = torch.randint(256, (3, 32, 32, 3 * scale**2), dtype=torch.uint8)
            loss = loss_of(network, small, large, squared)
            expected = torch.autograd.grad(loss, list(network.parameters()))
            unit = matrix_unit.MatrixUnit(network, patch=32, threads=threads)
            for _ in range(2):
                self.assertAlmostEqual(unit.differentiate(small, large, LUMA_SHARE, squared) / loss.item(), 1, places=2)
                for (name, parameter), gradient in zip(network.named_parameters(), expected):
                    error = (parameter.grad - gradient).norm() / gradient.norm()
                    self.assertLess(error, 0.03, name)

    def test_it_refuses_shapes_it_cannot_compute(self) -> None:
        with self.assertRaisesRegex(ValueError, "multiples of 32, not 24 and 64"):
            matrix_unit.MatrixUnit(SRVGGNetCompact(24, 1, 2), patch=64, threads=1)
        unit = matrix_unit.MatrixUnit(SRVGGNetCompact(32, 1, 2), patch=32, threads=1)
        small, large = torch.zeros(1, 32, 48, 3).byte(), torch.zeros(1, 32, 32, 12).byte()
        with self.assertRaisesRegex(ValueError, r"\[1, 32, 48, 3\] is not \[n, 32, 32, 3\]"):
            unit.differentiate(small, large, LUMA_SHARE, False)


class DegradeTest(unittest.TestCase):
    def test_damage_keeps_shape_and_is_reproducible(self) -> None:
        large = np.random.default_rng(0).integers(256, size=(96, 96, 3), dtype=np.uint8)
        small = shrink(large, 4)
        for seed in range(20):
            first, again = (damage(small, large, np.random.default_rng(seed)) for _ in range(2))
            self.assertEqual((first.shape, first.dtype), (small.shape, small.dtype))
            np.testing.assert_array_equal(first, again)


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
