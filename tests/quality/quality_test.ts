/**
 * The measures of quality, against their definitions and hand-computed values.
 */

import assert from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import { allocateSamples, type Depth, type Picture, whiteOf } from "../../src/pictures/picture.ts";
import { lumaPlane } from "../../src/quality/luma.ts";
import type { Plane } from "../../src/quality/plane.ts";
import { psnrRgb, psnrY } from "../../src/quality/psnr.ts";
import { ssimY } from "../../src/quality/ssim.ts";
import { assertClose } from "../reference/compare.ts";
import { type Random, withRandom } from "../reference/random.ts";

/** Makes a picture from a function that gives samples in 0..1. */
function pictureOf(
  width: number,
  height: number,
  channels: Picture["channels"],
  depth: Depth,
  value: (x: number, y: number, c: number) => number,
): Picture {
  const data = allocateSamples(depth, width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    const sample = whiteOf(depth) * value(pixel % width, Math.floor(pixel / width), i % channels);
    data[i] = depth === 32 ? sample : Math.round(sample);
  }
  return { width, height, channels, depth, data, metadata: {} };
}

/** Returns a random 8-bit RGB picture and a noisy copy of it. */
function noisyPair(random: Random, width: number, height: number): [Picture, Picture] {
  const clean = pictureOf(width, height, 3, 8, () => random.uniform());
  const data = clean.data.map((sample) => {
    return Math.min(255, Math.max(0, sample + random.integer(-40, 40)));
  }) as Uint8Array;
  return [clean, { ...clean, data }];
}

/** SSIM by its definition: every window on its own, with the two-dimensional Gaussian. */
function ssimByDefinition(a: Plane, b: Plane): number {
  const weights: number[] = [];
  for (let y = -5; y <= 5; y++) {
    for (let x = -5; x <= 5; x++) weights.push(Math.exp(-(x * x + y * y) / (2 * 1.5 ** 2)));
  }
  const total = weights.reduce((sum, weight) => sum + weight);
  const mean = (value: (k: number) => number) =>
    weights.reduce((sum, weight, k) => sum + (weight / total) * value(k), 0);
  let sum = 0;
  for (let y = 0; y + 11 <= a.height; y++) {
    for (let x = 0; x + 11 <= a.width; x++) {
      const index = (k: number) => (y + Math.floor(k / 11)) * a.width + x + (k % 11);
      const meanA = mean((k) => a.data[index(k)]);
      const meanB = mean((k) => b.data[index(k)]);
      const varianceA = mean((k) => (a.data[index(k)] - meanA) ** 2);
      const varianceB = mean((k) => (b.data[index(k)] - meanB) ** 2);
      const covariance = mean((k) => (a.data[index(k)] - meanA) * (b.data[index(k)] - meanB));
      const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
      sum += ((2 * meanA * meanB + c1) * (2 * covariance + c2)) /
        ((meanA ** 2 + meanB ** 2 + c1) * (varianceA + varianceB + c2));
    }
  }
  return sum / ((a.width - 10) * (a.height - 10));
}

Deno.test("lumaPlane() gives studio swing: 16 for black, 235 for white", () => {
  const colours = [[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]];
  for (const depth of [8, 16, 32] as const) {
    const picture = pictureOf(5, 1, 3, depth, (x, _, c) => colours[x][c]);
    const expected = [16, 235, 81.481, 144.553, 40.966];
    assertClose(lumaPlane(picture).data, expected, { atol: 1e-5, label: `${depth} bits` });
  }
});

Deno.test("lumaPlane() treats grey as equal colours and ignores alpha", () => {
  for (const depth of [8, 16, 32] as const) {
    const planes = ([1, 2, 3, 4] as const).map((channels) => {
      const alpha = channels % 2 === 0 ? channels - 1 : -1;
      return lumaPlane(pictureOf(7, 3, channels, depth, (x, y, c) => {
        return c === alpha ? (x % 2) : (x + 7 * y) / 20;
      }));
    });
    for (const plane of planes) assertClose(plane.data, planes[0].data, { atol: 1e-9 });
  }
});

Deno.test("lumaPlane() leaves the border out", () => {
  const picture = pictureOf(6, 5, 1, 8, (x, y) => (10 * y + x) / 255);
  const { width, height, data } = lumaPlane(picture, 2);
  assert.deepEqual([width, height], [2, 1]);
  assertClose(data, [22, 23].map((grey) => 16 + 219 * grey / 255), { atol: 1e-9 });
});

Deno.test("psnrRgb() of a difference of one level is 48.13 dB, at every depth", () => {
  for (const depth of [8, 16, 32] as const) {
    const dark = pictureOf(4, 4, 3, depth, () => 100 / 255);
    const light = pictureOf(4, 4, 3, depth, () => 101 / 255);
    assertClose([psnrRgb(light, dark)], [20 * Math.log10(255)], { atol: 1e-3 });
  }
});

Deno.test("psnrRgb() averages the error over the channels", () => {
  const black = pictureOf(3, 3, 3, 8, () => 0);
  const red = pictureOf(3, 3, 3, 8, (_x, _y, c) => c === 0 ? 1 : 0);
  assertClose([psnrRgb(red, black)], [10 * Math.log10(3)], { atol: 1e-9 });
});

Deno.test("psnrY() scales luma by 219 / 255", () => {
  const dark = pictureOf(4, 4, 1, 8, () => 100 / 255);
  const light = pictureOf(4, 4, 3, 8, () => 101 / 255);
  assertClose([psnrY(light, dark)], [20 * Math.log10(255 * 255 / 219)], { atol: 1e-9 });
});

Deno.test("psnrY() and psnrRgb() of equal insides are infinite when the border is left out", () => {
  const flat = pictureOf(9, 8, 3, 8, () => 0.5);
  const framed = pictureOf(9, 8, 3, 8, (x, y) => x < 2 || y < 2 || x > 6 || y > 5 ? 1 : 0.5);
  assert.equal(psnrY(framed, flat, 2), Infinity);
  assert.equal(psnrRgb(framed, flat, 2), Infinity);
  assert.ok(psnrY(framed, flat, 1) < 20);
});

Deno.test("ssimY() agrees with the definition on random pictures", async () => {
  await withRandom((random) => {
    for (const [width, height, border] of [[11, 11, 0], [23, 17, 0], [31, 40, 4], [12, 50, 0]]) {
      const [clean, noisy] = noisyPair(random, width, height);
      const expected = ssimByDefinition(lumaPlane(noisy, border), lumaPlane(clean, border));
      const label = `${width}x${height}, border ${border}`;
      assertClose([ssimY(noisy, clean, border)], [expected], { atol: 1e-10, label });
    }
  });
});

Deno.test("ssimY() of a picture with itself is 1", async () => {
  await withRandom((random) => {
    const [picture] = noisyPair(random, 20, 30);
    assertClose([ssimY(picture, picture)], [1], { atol: 1e-12 });
  });
});

Deno.test("the measures refuse pictures of different sizes", () => {
  const a = pictureOf(20, 20, 3, 8, () => 0);
  const b = pictureOf(20, 21, 3, 8, () => 0);
  for (const measure of [psnrY, psnrRgb, ssimY]) {
    assert.throws(
      () => measure(a, b),
      new UsageError("Cannot compare pictures of 20x20 and 20x21 pixels"),
    );
  }
});

Deno.test("the measures refuse a border that leaves too little", () => {
  const picture = pictureOf(20, 16, 3, 8, () => 0);
  for (const measure of [psnrY, psnrRgb, ssimY]) {
    assert.throws(() => measure(picture, picture, 8), /border of 8 pixels leaves nothing of 20x16/);
    assert.throws(() => measure(picture, picture, -1), /border of -1 pixels/);
  }
  assert.throws(() => ssimY(picture, picture, 3), /at least 11x11 pixels: 14x10 are left/);
});
