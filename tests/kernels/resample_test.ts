/**
 * The resampling kernels and their bands against the float64 twin: both filters, shrinking and
 * enlarging by factors that are not whole, every depth.
 */

import assert from "node:assert/strict";
import { planResample } from "../../src/engine/resample_plan.ts";
import { UsageError } from "../../src/errors.ts";
import { OutOfGpuMemoryError } from "../../src/gpu/device.ts";
import { Submitter } from "../../src/gpu/submission.ts";
import type { ResampleKernel } from "../../src/kernels/taps.ts";
import { fromGpuPixels } from "../../src/pictures/gpu_pixels.ts";
import {
  allocateSamples,
  type Depth,
  type Picture,
  type Samples,
  whiteOf,
} from "../../src/pictures/picture.ts";
import { LossBudget } from "../../src/passes/loss_budget.ts";
import { PassLog } from "../../src/passes/pass.ts";
import { ResamplePass } from "../../src/passes/resample_pass.ts";
import { pictureBands } from "../../src/raster/bands.ts";
import { RowWindow } from "../../src/raster/row_window.ts";
import { gpu, withShortage } from "../gpu_harness.ts";
import { assertClose } from "../reference/compare.ts";
import { type Random, withRandom } from "../reference/random.ts";
import { resample as twin } from "../reference/resample.ts";
import { at, tensorOf } from "../reference/tensor.ts";

const submitter = new Submitter(gpu);

/** From and to, width then height. */
const SIZES: [from: [number, number], to: [number, number]][] = [
  [[1, 1], [1, 1]],
  [[1, 1], [5, 3]],
  [[1, 7], [3, 2]],
  [[33, 5], [70, 9]],
  [[33, 5], [50, 4]],
  [[40, 30], [13, 11]],
  [[97, 3], [6, 40]],
  [[300, 2], [17, 1]],
];

function noise(random: Random, width: number, height: number, depth: Depth): Picture {
  const data = allocateSamples(depth, width * height * 4);
  for (let i = 0; i < data.length; i++) {
    data[i] = depth === 32 ? random.uniform(-0.5, 1.5) : random.integer(0, whiteOf(depth));
  }
  return { width, height, channels: 4, depth, data, metadata: {} };
}

async function run(
  picture: Picture,
  [width, height]: [number, number],
  kernel: ResampleKernel,
  depth: Depth,
  memory = 1e8,
): Promise<Samples> {
  const data = allocateSamples(depth, width * height * 4);
  const source = new RowWindow(picture, pictureBands(picture));
  const shape = {
    kind: "resample",
    width: picture.width,
    height: picture.height,
    outputWidth: width,
    outputHeight: height,
    depthIn: picture.depth,
    depthOut: depth,
  } as const;
  const pass = new ResamplePass(gpu, submitter, shape, kernel, memory);
  const log = new PassLog(pass.describe());
  let rows = 0;
  for await (const band of pass.run({ source, losses: new LossBudget(gpu), log })) {
    assert.equal(band.y, rows);
    data.set(fromGpuPixels(band.words, width, band.rows, 4, depth), rows * width * 4);
    rows += band.rows;
  }
  assert.equal(rows, height);
  return data;
}

for (const kernel of ["bicubic", "lanczos3"] as const) {
  for (const [depthIn, depthOut] of [[8, 8], [8, 16], [16, 8], [16, 16], [32, 32]] as const) {
    Deno.test(`resampling ${kernel} from ${depthIn} to ${depthOut} bits`, () =>
      withRandom(async (random) => {
        for (const [from, to] of SIZES) {
          const picture = noise(random, from[0], from[1], depthIn);
          const white = whiteOf(depthOut);
          const source = tensorOf(4, from[1], from[0], (c, y, x) => {
            return picture.data[(y * from[0] + x) * 4 + c] / whiteOf(depthIn);
          });
          const result = twin(source, to[1], to[0], { kernel });
          const data = await run(picture, to, kernel, depthOut);
          const expected = Array.from(data, (_, i) => {
            const pixel = Math.floor(i / 4);
            const value = at(result, i % 4, Math.floor(pixel / to[0]), pixel % to[0]);
            return depthOut === 32 ? value : white * Math.min(1, Math.max(0, value));
          });
          // The nearest level, half a level off, and what f32 errs by before it is rounded.
          const atol = depthOut === 32 ? 2e-6 : 0.5 + white * 2e-6;
          assertClose(data, expected, {
            atol,
            label: `${from.join("x")} to ${to.join("x")}`,
            shape: [to[1], to[0], 4],
          });
        }
      }));
  }
}

Deno.test("resampling gives the same bytes in bands as at once", () =>
  withRandom(async (random) => {
    for (const to of [[90, 310], [11, 60]] as [number, number][]) {
      const picture = noise(random, 40, 200, 8);
      const whole = await run(picture, to, "lanczos3", 8);
      const result = { width: to[0], height: to[1], depth: 8 } as const;
      for (const share of [0.8, 0.6, 0.5]) {
        const all = planResample(picture, result, "lanczos3", 1e8, 1e8);
        const memory = Math.floor(all.gpuBytes * share);
        const { bands } = planResample(picture, result, "lanczos3", memory, 1e8);
        assert.ok(bands.length > 1, `${bands.length} bands`);
        assert.deepEqual(await run(picture, to, "lanczos3", 8, memory), whole);
      }
    }
  }));

Deno.test("resampling takes smaller bands when memory runs out", () =>
  withRandom(async (random) => {
    const picture = noise(random, 40, 200, 8);
    const whole = await run(picture, [90, 310], "bicubic", 8);
    const before = gpu.bytes;
    const shortages = await withShortage(before, 2, async () => {
      assert.deepEqual(await run(picture, [90, 310], "bicubic", 8), whole);
    });
    assert.equal(shortages, 2);
    await withShortage(before, Infinity, async () => {
      await assert.rejects(run(picture, [90, 310], "bicubic", 8), OutOfGpuMemoryError);
    });
    assert.equal(gpu.bytes, before);
  }));

Deno.test("resampling takes the memory that its plan promises and gives it back", () =>
  withRandom(async (random) => {
    const picture = noise(random, 64, 50, 8);
    const result = { width: 150, height: 120, depth: 8 } as const;
    const before = gpu.bytes;
    for (const memory of [1e8, 4e5, 2e5]) {
      gpu.resetPeak();
      const { gpuBytes } = planResample(picture, result, "bicubic", memory, 1e8);
      await run(picture, [150, 120], "bicubic", 8, memory);
      assert.equal(gpu.peakBytes - before, gpuBytes);
      assert.ok(gpuBytes <= memory);
      assert.equal(gpu.bytes, before);
    }
  }));

Deno.test("planResample() says what one row needs when nothing fits", () => {
  const picture = { width: 1000, height: 1000, depth: 8 } as const;
  const result = { width: 2000, height: 2000, depth: 8 } as const;
  assert.throws(() => planResample(picture, result, "bicubic", 1e5, 1e8), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(
      error.message,
      /2000x2000 needs [\d.]+ MB of GPU memory for one row but has 0\.1 MB/,
    );
    return true;
  });
});
