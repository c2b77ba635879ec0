/**
 * The kernels between pixels and activations, against the float64 twins of pixel shuffle and
 * unshuffle: every depth, factor and storage.
 */

import assert from "node:assert/strict";
import { layoutOf } from "../../src/kernels/layout.ts";
import type { Storage } from "../../src/kernels/dispatch.ts";
import { pixelsIn, pixelsOut, type Rectangle } from "../../src/kernels/pixels.ts";
import { fromGpuPixels, toGpuPixels, wordsPerPixel } from "../../src/pictures/gpu_pixels.ts";
import { allocateSamples, type Depth, type Picture, whiteOf } from "../../src/pictures/picture.ts";
import {
  assertTensor,
  pack,
  poison,
  poisonWords,
  runKernel,
  STORAGES,
  stored,
} from "../gpu_harness.ts";
import { assertClose } from "../reference/compare.ts";
import { pixelShuffle } from "../reference/pixel_shuffle.ts";
import { pixelUnshuffle } from "../reference/pixel_unshuffle.ts";
import { type Random, withRandom } from "../reference/random.ts";
import { at, type Tensor, tensorOf } from "../reference/tensor.ts";

const DEPTHS: Depth[] = [8, 16, 32];

const SIZES = [[1, 1], [1, 7], [33, 5], [70, 9]];

/** A picture of noise; floats go beyond black and white, as they may. */
function noise(random: Random, width: number, height: number, depth: Depth): Picture {
  const data = allocateSamples(depth, width * height * 4);
  for (let i = 0; i < data.length; i++) {
    data[i] = depth === 32 ? random.uniform(-0.5, 1.5) : random.integer(0, whiteOf(depth));
  }
  return { width, height, channels: 4, depth, data, metadata: {} };
}

/** The colours of a picture in 0..1. */
function coloursOf({ width, height, channels, depth, data }: Picture): Tensor {
  const white = whiteOf(depth);
  return tensorOf(3, height, width, (c, y, x) => data[(y * width + x) * channels + c] / white);
}

for (const storage of STORAGES) {
  for (const depth of DEPTHS) {
    for (const factor of [1, 2, 4] as const) {
      Deno.test(`pixelsIn() ${storage}, ${depth} bits, unshuffle ${factor}`, () =>
        withRandom(async (random) => {
          for (const [width, height] of SIZES) {
            await compareIn(random, width, height, depth, factor, storage);
          }
        }));
    }
  }
}

async function compareIn(
  random: Random,
  width: number,
  height: number,
  depth: Depth,
  factor: 1 | 2 | 4,
  storage: Storage,
): Promise<void> {
  const picture = noise(random, width * factor, height * factor, depth);
  const output = layoutOf({ channels: 3 * factor ** 2, width, height }, storage, "uniform");
  const mean = random.pick([[0, 0, 0], [0.25, 0.5, 0.375]] as const);
  const words = await runKernel(
    [{ dispatch: pixelsIn(picture, { factor, mean }, output), inputs: [toGpuPixels(picture)] }],
    poison(output),
  );
  const tolerance = storage === "f16" ? { atol: 2 ** -22, rtol: 2 ** -10 } : { atol: 2e-7 };
  const label = `${width}x${height} less ${mean}`;
  const colours = coloursOf(picture);
  const centred = tensorOf(3, colours.height, colours.width, (c, y, x) => {
    return at(colours, c, y, x) - mean[c];
  });
  assertTensor(words, output, pixelUnshuffle(centred, factor), { ...tolerance, label });
}

for (const storage of STORAGES) {
  for (const depth of DEPTHS) {
    for (const base of [undefined, ...DEPTHS]) {
      const on = base === undefined ? "" : ` on a picture of ${base} bits`;
      Deno.test(`pixelsOut() ${storage}, ${depth} bits${on}`, () =>
        withRandom(async (random) => {
          for (const factor of [1, 2, 3, 4]) {
            const [width, height] = random.pick(SIZES);
            await compareOut(random, width, height, depth, factor, base, storage);
          }
        }));
    }
  }
}

/** Also cuts a random rectangle out of the result. */
async function compareOut(
  random: Random,
  width: number,
  height: number,
  depth: Depth,
  factor: number,
  base: Depth | undefined,
  storage: Storage,
): Promise<void> {
  const values = tensorOf(3 * factor ** 2, height, width, () => random.uniform(-0.7, 1.3));
  const source = stored(values, storage);
  const input = layoutOf(source, storage, "uniform");
  const picture = base === undefined ? undefined : noise(random, width, height, base);
  const rectangle = rectangleIn(random, width * factor, height * factor);
  const words = await runKernel(
    [{
      dispatch: pixelsOut(input, factor, picture, rectangle, depth),
      inputs: [
        pack(source, input),
        picture ? toGpuPixels(picture) : poisonWords(4),
        new Uint32Array(1),
      ],
    }],
    poisonWords(rectangle.width * rectangle.height * wordsPerPixel(depth)),
  );
  const whole = pixelShuffle(source, factor, picture && coloursOf(picture));
  const label = `${width}x${height} by ${factor}, ${JSON.stringify(rectangle)}`;
  assertPixels(words, whole, rectangle, depth, label);
}

function rectangleIn(random: Random, width: number, height: number): Rectangle {
  const x = random.integer(0, width - 1);
  const y = random.integer(0, height - 1);
  const rectangle = { width: random.integer(1, width - x), height: random.integer(1, height - y) };
  return { x, y, ...rectangle };
}

/** Levels are the nearest ones: half a level off, and what f32 errs by before rounding. */
function assertPixels(
  words: Uint32Array,
  whole: Tensor,
  { x, y, width, height }: Rectangle,
  depth: Depth,
  label: string,
): void {
  const white = whiteOf(depth);
  const data = fromGpuPixels(words, width, height, 4, depth);
  const expected = Array.from(data, (_, i) => {
    if (i % 4 === 3) return white;
    const pixel = Math.floor(i / 4);
    const value = at(whole, i % 4, y + Math.floor(pixel / width), x + pixel % width);
    return depth === 32 ? value : white * Math.min(1, Math.max(0, value));
  });
  const atol = depth === 32 ? 1e-6 : 0.5 + white * 4e-7;
  assertClose(data, expected, { atol, label, shape: [height, width, 4] });
}

Deno.test("pixelsOut() passes integer pixels through unchanged", () =>
  withRandom(async (random) => {
    for (const depth of [8, 16] as const) {
      const picture = noise(random, 33, 5, depth);
      const colours = coloursOf(picture);
      const input = layoutOf(colours, "f32", "uniform");
      const words = await runKernel(
        [{
          dispatch: pixelsOut(input, 1, undefined, { x: 0, y: 0, ...size(picture) }, depth),
          inputs: [pack(colours, input), poisonWords(4), new Uint32Array(1)],
        }],
        poisonWords(33 * 5 * wordsPerPixel(depth)),
      );
      const opaque = picture.data.map((value, i) => i % 4 === 3 ? whiteOf(depth) : value);
      assert.deepEqual(fromGpuPixels(words, 33, 5, 4, depth), opaque);
    }
  }));

function size({ width, height }: Picture): { width: number; height: number } {
  return { width, height };
}

Deno.test("pixelsIn() and pixelsOut() refuse sizes that do not fit", () => {
  const pixels = { width: 8, height: 6, depth: 8 } as const;
  const layout = (channels: number, width: number) =>
    layoutOf({ channels, width, height: 3 }, "f32", "uniform");
  assert.throws(
    () => pixelsIn(pixels, { factor: 2 }, layout(3, 4)),
    /gives 12 channels but the tensor has 3/,
  );
  assert.throws(
    () => pixelsIn(pixels, { factor: 2 }, layout(12, 5)),
    /8x6 pixels do not give 5x3 by 2/,
  );
  const rectangle = { x: 0, y: 0, width: 8, height: 6 };
  assert.throws(
    () => pixelsOut(layout(3, 4), 2, undefined, rectangle, 8),
    /needs 12 channels but the tensor has 3/,
  );
  const outside = { ...rectangle, x: 1 };
  assert.throws(
    () => pixelsOut(layout(12, 4), 2, undefined, outside, 8),
    /8x6 at \(1, 0\) is not inside 8x6 pixels/,
  );
});
