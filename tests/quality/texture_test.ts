/**
 * The measures of texture, on pictures whose spectrum is known, and on such that were blurred,
 * sharpened and given a grid by known amounts. The feature distance, whose package is large, is tested
 * by `./test --all` only.
 */

import assert from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import type { Picture } from "../../src/pictures/picture.ts";
import { flatRoughnessY, gradientDistanceY } from "../../src/quality/gradients.ts";
import { gridPower, powerSpectrum, spectrumDistanceY } from "../../src/quality/spectrum.ts";
import { ROOT } from "../cli/program.ts";
import { withRandom } from "../reference/random.ts";

const SIDE = 256;

/** Levels of luma for one level of grey. */
const LUMA = (235 - 16) / 255;

/** A grey picture in f32, so that nothing is rounded; values in 0..255. */
function grey(value: (x: number, y: number) => number, side = SIDE): Picture {
  const data = Float32Array.from({ length: side ** 2 }, (_, i) => {
    return value(i % side, Math.floor(i / side)) / 255;
  });
  return { width: side, height: side, channels: 1, depth: 32, data, metadata: {} };
}

/** Returns a pixel of a picture, the other side's beyond an edge. */
function at({ width, height, data }: Picture, x: number, y: number): number {
  return 255 * data[((y + height) % height) * width + (x + width) % width];
}

/** Filters rows and columns with `[side, 1 - 2 * side, side]`. */
function filtered(picture: Picture, side: number): Picture {
  const middle = 1 - 2 * side;
  const rows = grey((x, y) => {
    return side * (at(picture, x - 1, y) + at(picture, x + 1, y)) + middle * at(picture, x, y);
  });
  return grey((x, y) => {
    return side * (at(rows, x, y - 1) + at(rows, x, y + 1)) + middle * at(rows, x, y);
  });
}

/** What `filtered` does to the power of a ring, by its definition. */
function expectedDecibel(side: number): number {
  const gain = (k: number) => (1 - 2 * side + 2 * side * Math.cos(2 * Math.PI * k / 128)) ** 2;
  const sums = new Map<number, [number, number]>();
  for (let y = 0; y < 128; y++) {
    for (let x = 0; x < 128; x++) {
      const radius = Math.round(Math.hypot(Math.min(x, 128 - x), Math.min(y, 128 - y)));
      if (radius < 16 || radius > 64) continue;
      const [sum, count] = sums.get(radius) ?? [0, 0];
      sums.set(radius, [sum + gain(x) * gain(y), count + 1]);
    }
  }
  const ratios = [...sums.values()].map(([sum, count]) => 10 * Math.log10(sum / count));
  return ratios.reduce((total, ratio) => total + ratio) / ratios.length;
}

Deno.test("powerSpectrum() of white noise is its variance in every bin", () => {
  withRandom((random) => {
    const noise = grey(() => 128 + 20 * Math.sqrt(12) * (random.uniform() - 0.5), 512);
    const { side, mean } = powerSpectrum(noise);
    assert.equal(side, 128);
    const fine = mean.reduce((sum, power) => sum + power) / side ** 2;
    assert.ok(Math.abs(10 * Math.log10(fine / (20 * LUMA) ** 2)) < 0.15, `${fine}`);
  });
});

Deno.test("spectrumDistanceY() tells how much was blurred and sharpened away", () => {
  withRandom((random) => {
    const noise = grey(() => 128 + 100 * (random.uniform() - 0.5));
    assert.deepEqual(spectrumDistanceY(noise, noise), { distance: 0, balance: 0 });
    for (const side of [0.05, 0.15, -0.1, -0.25]) {
      const found = spectrumDistanceY(filtered(noise, side), noise);
      const expected = expectedDecibel(side);
      assert.ok(Math.abs(found.balance - expected) < 0.2, `${side}: ${found.balance}`);
      assert.ok(Math.abs(found.distance - Math.abs(expected)) < 0.2, `${side}: ${found.distance}`);
      const twice = spectrumDistanceY(filtered(filtered(noise, side), side), noise);
      assert.ok(twice.distance > found.distance);
    }
  });
});

Deno.test("spectrumDistanceY() takes what 8 bits cannot show for nothing", () => {
  const flat = grey(() => 90);
  const faint = grey((x) => 90 + 0.05 * Math.cos(Math.PI * x / 2));
  assert.ok(spectrumDistanceY(faint, flat).distance < 0.2);
});

Deno.test("gridPower() sees faint patterns of four, two and no other number of pixels", () => {
  withRandom((random) => {
    const noise = grey(() => 128 + 4 * (random.uniform() - 0.5));
    const over = (pattern: (x: number, y: number) => number) => {
      return gridPower(powerSpectrum(grey((x, y) => at(noise, x, y) + pattern(x, y))));
    };
    const none = over(() => 0);
    assert.ok(none < 4, `${none} dB without a grid`);
    assert.ok(over((x) => (x % 4 === 0 ? 1 : 0)) > none + 10);
    assert.ok(over((_, y) => (y % 4 === 0 ? 1 : 0)) > none + 10);
    assert.ok(over((x, y) => ((x + y) % 2 === 0 ? 0.5 : 0)) > none + 10);
    assert.ok(over((x) => Math.cos(2 * Math.PI * x * 37 / 128)) < none + 1);
    const weak = over((x) => (x % 4 === 0 ? 0.5 : 0));
    const strong = over((x) => (x % 4 === 0 ? 2 : 0));
    assert.ok(Math.abs(strong - weak - 12) < 2.5, `four times the grid: ${strong - weak} dB`);
  });
});

Deno.test("gradientDistanceY() is the difference of two ramps' slopes, wherever they lie", () => {
  const ramp = (slope: number) => grey((x) => slope * x / 2);
  const found = gradientDistanceY(ramp(1.5), ramp(1));
  assert.ok(Math.abs(found - 0.25 * LUMA) < 1e-4, `${found}`);
  const upward = grey((_, y) => y / 2);
  assert.ok(gradientDistanceY(upward, ramp(1)) < 1e-4);
  withRandom((random) => {
    const noise = grey(() => 128 + 100 * (random.uniform() - 0.5));
    const [little, much] = [filtered(noise, 0.05), filtered(noise, 0.2)];
    assert.ok(gradientDistanceY(little, noise) < gradientDistanceY(much, noise));
  });
});

Deno.test("flatRoughnessY() is the deviation where the truth is flat, and nowhere else", () => {
  const half = (left: number, right: number) =>
    grey((x, y) => 100 + (x < SIDE / 2 ? left : right) * ((x + y) % 2 === 0 ? 1 : -1));
  const truth = half(0, 30);
  assert.equal(flatRoughnessY(half(0, 0), half(30, 30)), undefined);
  assert.ok(flatRoughnessY(truth, truth)! < 1e-4);
  assert.ok(Math.abs(flatRoughnessY(half(3, 0), truth)! - 3 * LUMA) < 1e-3);
});

Deno.test("The measures of texture refuse pictures that are too small or do not match", () => {
  const [small, large] = [grey(() => 0, 15), grey(() => 0, 40)];
  assert.throws(() => powerSpectrum(small), UsageError);
  assert.throws(() => powerSpectrum(large, 13), /14x14 are left of 40x40 after a border of 13/);
  assert.throws(() => spectrumDistanceY(small, large), UsageError);
  assert.throws(() => gradientDistanceY(small, large), UsageError);
  assert.throws(() => flatRoughnessY(small, large), UsageError);
});

Deno.test({
  name:
    "FeatureNetwork sees what TensorFlow.js computes, and its distance grows with damage (TESSERA_TEST=all)",
  ignore: Deno.env.get("TESSERA_TEST") !== "all",
  async fn() {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-lock",
        "--no-prompt",
        "--allow-read",
        `${ROOT}tests/quality/feature_maps.ts`,
      ],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const { shapes, largest, same, damaged } = JSON.parse(new TextDecoder().decode(stdout));
    assert.deepEqual(shapes, [[96, 32, 32], [144, 16, 16], [192, 8, 8], [576, 4, 4]]);
    assert.ok(largest < 5e-4, `${largest} away from TensorFlow.js`);
    assert.ok(Math.abs(same) < 1e-6, `${same} for equal pictures`);
    assert.ok(damaged[0] > 0.001 && damaged[0] < damaged[1] && damaged[1] < damaged[2], damaged);
  },
});
