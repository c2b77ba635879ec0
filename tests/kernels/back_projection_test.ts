/**
 * Back-projection against its float64 twin, in bands against the whole, and its promises: shrinking
 * the result gives the picture, and edges do not ring.
 */

import assert from "node:assert/strict";
import { type Faithfulness, planBackProjection } from "../../src/engine/back_projection_plan.ts";
import { UsageError } from "../../src/errors.ts";
import { OutOfGpuMemoryError } from "../../src/gpu/device.ts";
import { Submitter } from "../../src/gpu/submission.ts";
import { fromGpuPixels } from "../../src/pictures/gpu_pixels.ts";
import {
  allocateSamples,
  type Depth,
  type Picture,
  type Samples,
  whiteOf,
} from "../../src/pictures/picture.ts";
import { BackProjectionPass } from "../../src/passes/back_projection_pass.ts";
import { LossBudget } from "../../src/passes/loss_budget.ts";
import { PassLog } from "../../src/passes/pass.ts";
import { pictureBands } from "../../src/raster/bands.ts";
import { RowWindow } from "../../src/raster/row_window.ts";
import type { Report } from "../../src/upscale_plan.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { gpu, withShortage } from "../gpu_harness.ts";
import { backProject as twin, psnrOf } from "../reference/back_projection.ts";
import { assertClose } from "../reference/compare.ts";
import { type Random, withRandom } from "../reference/random.ts";
import { resample } from "../reference/resample.ts";
import { at, type Tensor, tensorOf } from "../reference/tensor.ts";

const submitter = new Submitter(gpu);

type Request = Faithfulness & { depth: Depth; memory?: number };

/** Runs it on two pictures of three channels. */
async function run(
  picture: Picture,
  result: Picture,
  request: Request,
): Promise<{ data: Samples; psnr: number }> {
  const { width, height } = result;
  const data = allocateSamples(request.depth, width * height * 3);
  let psnr = NaN;
  let rows = 0;
  const { depth, memory = 1e8 } = request;
  const size = { width, height, outputWidth: width, outputHeight: height };
  const pass = new BackProjectionPass(
    gpu,
    submitter,
    { kind: "back-projection", ...size, depthIn: result.depth, depthOut: depth },
    picture,
    request,
    memory,
  );
  const bands = pass.run({
    source: new RowWindow(result, pictureBands(result)),
    picture: new RowWindow(picture, pictureBands(picture)),
    losses: new LossBudget(gpu),
    log: new PassLog(pass.describe()),
    onConsistency: (reached) => psnr = reached,
  });
  for await (const band of bands) {
    assert.equal(band.y, rows);
    data.set(fromGpuPixels(band.words, width, band.rows, 3, request.depth), rows * width * 3);
    rows += band.rows;
  }
  assert.equal(rows, height);
  return { data, psnr };
}

/** Smooth shapes with noise on them, away from black and white. */
function texture(random: Random, width: number, height: number, depth: Depth): Picture {
  const data = allocateSamples(depth, width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const x = Math.floor(i / 3) % width / width;
    const y = Math.floor(i / 3 / width) / height;
    const shape = 0.5 + 0.2 * Math.sin(9 * x + i % 3) * Math.cos(7 * y) + (x > y ? 0.1 : 0);
    data[i] = (shape + random.uniform(-0.06, 0.06)) * whiteOf(depth);
  }
  return { width, height, channels: 3, depth, data, metadata: {} };
}

function toTensor({ width, height, depth, data }: Picture): Tensor {
  return tensorOf(3, height, width, (c, y, x) => data[(y * width + x) * 3 + c] / whiteOf(depth));
}

/** Small and large sizes, width then height. A middle on a small pixel's edge would be ambiguous. */
const SIZES: [small: [number, number], large: [number, number]][] = [
  [[1, 1], [4, 4]],
  [[5, 1], [10, 3]],
  [[13, 9], [52, 36]],
  [[12, 10], [29, 23]],
  [[9, 21], [11, 25]],
  [[7, 6], [112, 96]],
];

for (const freedom of [0, 0.4, 1]) {
  for (const overshoot of [undefined, 0, 0.2]) {
    const name = `freedom ${freedom}, overshoot ${overshoot}`;
    Deno.test(`back-projection computes what its twin does: ${name}`, () =>
      withRandom(async (random) => {
        for (const [small, large] of SIZES) {
          const picture = texture(random, ...small, 8);
          const before = texture(random, ...large, 16);
          const { data, psnr } = await run(picture, before, { depth: 16, freedom, overshoot });
          const [input, output] = [toTensor(picture), toTensor(before)];
          const { result, wanted } = twin(input, output, { freedom, overshoot });
          const [width, height] = large;
          const expected = Array.from(data, (_, i) => {
            const pixel = Math.floor(i / 3);
            return 65535 * at(result, i % 3, Math.floor(pixel / width), pixel % width);
          });
          // Half a level for each of two roundings, and what the corrections make of the first; limits
          // lie on a grid of three levels.
          const atol = overshoot === undefined ? 2 : 4;
          const label = `${small.join("x")} to ${large.join("x")}`;
          assertClose(data, expected, { atol, label, shape: [height, width, 3] });
          const made: Picture = { ...before, data };
          const shrunk = resample(toTensor(made), small[1], small[0]);
          const measured = psnrOf(shrunk, wanted);
          if (measured < 80) assert.ok(Math.abs(psnr - measured) < 0.01, `${psnr}, ${measured} dB`);
          else assert.ok(psnr > 75, `${psnr} dB, ${measured}`);
        }
      }));
  }
}

Deno.test("back-projection gives the same bytes in bands as at once, and the same consistency", () =>
  withRandom(async (random) => {
    for (const [freedom, size] of [[0, [60, 260]], [0.5, [75, 230]]] as const) {
      const picture = texture(random, 20, 80, 8);
      const before = texture(random, size[0], size[1], 16);
      const request = { depth: 8, freedom, overshoot: 0.2 } as const;
      const whole = await run(picture, before, request);
      const shape = { ...request, small: picture, large: before };
      const { gpuBytes } = planBackProjection(shape, 1e8, 1e8);
      for (const share of [0.8, 0.65]) {
        const memory = Math.floor(gpuBytes * share);
        assert.ok(planBackProjection(shape, memory, 1e8).bands.length > 1);
        assert.deepEqual(await run(picture, before, { ...request, memory }), whole);
      }
    }
  }));

Deno.test("back-projection takes the memory that its plan promises, and gives it back", () =>
  withRandom(async (random) => {
    const picture = texture(random, 30, 40, 8);
    const before = texture(random, 120, 160, 16);
    const request = { depth: 8, freedom: 0.5, overshoot: 0.2 } as const;
    const shape = { ...request, small: picture, large: before };
    const bytes = gpu.bytes;
    for (const memory of [1e8, 2.5e6]) {
      gpu.resetPeak();
      await run(picture, before, { ...request, memory });
      assert.equal(gpu.peakBytes - bytes, planBackProjection(shape, memory, 1e8).gpuBytes);
      assert.equal(gpu.bytes, bytes);
    }
    const least = { ...request, memory: 1e5 };
    await assert.rejects(run(picture, before, least), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(
        error.message,
        /faithful needs \d\.\d MB of GPU memory for one row but has 0\.1/,
      );
      return true;
    });
  }));

Deno.test("back-projection takes smaller bands when memory runs out", () =>
  withRandom(async (random) => {
    const picture = texture(random, 20, 80, 8);
    const before = texture(random, 60, 260, 16);
    const request = { depth: 8, freedom: 0, overshoot: 0.2 } as const;
    const whole = await run(picture, before, request);
    const bytes = gpu.bytes;
    const shortages = await withShortage(bytes, 1, async () => {
      assert.deepEqual(await run(picture, before, request), whole);
    });
    assert.equal(shortages, 1);
    await withShortage(bytes, Infinity, async () => {
      await assert.rejects(run(picture, before, request), OutOfGpuMemoryError);
    });
    assert.equal(gpu.bytes, bytes);
  }));

/** Enlarged by repeating pixels: far from faithful. */
function repeated(picture: Picture, scale: number, depth: Depth): Picture {
  const [width, height] = [picture.width * scale, picture.height * scale];
  const data = allocateSamples(depth, width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const x = Math.floor(Math.floor(i / 3) % width / scale);
    const y = Math.floor(Math.floor(i / 3 / width) / scale);
    const value = picture.data[(y * picture.width + x) * 3 + i % 3];
    data[i] = value / whiteOf(picture.depth) * whiteOf(depth);
  }
  return { ...picture, width, height, depth, data };
}

Deno.test("a faithful result, shrunk, is the picture", () =>
  withRandom(async (random) => {
    const picture = texture(random, 40, 30, 8);
    for (const scale of [2, 3, 4]) {
      const request = { depth: 8, freedom: 0, overshoot: undefined } as const;
      const { psnr } = await run(picture, repeated(picture, scale, 16), request);
      assert.ok(psnr > 45, `${scale}x: ${psnr} dB`);
    }
  }));

Deno.test("edges overshoot by what dering allows at most", async () => {
  const [low, high] = [60, 190];
  const data = Uint8Array.from({ length: 32 * 24 * 3 }, (_, i) => {
    return Math.floor(i / 3) % 32 < 15 ? low : high;
  });
  const edge: Picture = { width: 32, height: 24, channels: 3, depth: 8, data, metadata: {} };
  const upscaler = await Upscaler.create({ model: "bicubic", device: gpu });
  try {
    const overshootWith = async (dering: number) => {
      const result = await upscaler.upscale(edge, { mode: "faithful", dering });
      const [lowest, highest] = [Math.min(...result.data), Math.max(...result.data)];
      return Math.max(low - lowest, highest - high) / (high - low);
    };
    // Bicubic rings by itself, and more once its result is made faithful.
    assert.ok(await overshootWith(0) > 0.1);
    for (const dering of [0.95, 1]) {
      const overshoot = await overshootWith(dering);
      assert.ok(overshoot <= 1 - dering + 0.5 / (high - low), `${overshoot} at dering ${dering}`);
    }
  } finally {
    upscaler.destroy();
  }
});

Deno.test("creativity gives up consistency, network mode has none to tell", () =>
  withRandom(async (random) => {
    const upscaler = await Upscaler.create({ model: "fast-x4", device: gpu });
    try {
      const picture = texture(random, 40, 30, 8);
      const errorOf = async (options: object) => {
        const { width, height } = picture;
        const large = await upscaler.upscale(picture, options);
        const shrunk = resample(toTensor(large), height, width);
        return psnrOf(shrunk, toTensor(picture));
      };
      const none = await errorOf({ mode: "faithful" });
      const half = await errorOf({ mode: "creative", creativity: 0.5 });
      const all = await errorOf({ mode: "creative", creativity: 1 });
      const network = await errorOf({ mode: "network" });
      const order = [none, half, all];
      assert.ok(none > half && half > all && all >= network - 0.5, `${order}, ${network}`);
      const reports: Report[] = [];
      const onReport = (report: Report) => reports.push(report);
      await upscaler.upscale(picture, { mode: "network", onReport });
      await upscaler.upscale(picture, { onReport });
      const [without, told] = reports.map(({ consistency }) => consistency);
      assert.equal(without, undefined);
      assert.ok(Math.abs(told! - none) < 0.01, `${told}, ${none}`);
    } finally {
      upscaler.destroy();
    }
  }));

Deno.test("the mean of flips and turns turns with the picture", () =>
  withRandom(async (random) => {
    const upscaler = await Upscaler.create({ model: "fast-x4", device: gpu });
    try {
      const picture = texture(random, 14, 10, 8);
      const flipped = { ...picture, data: flip(picture) };
      for (const mode of ["network", "faithful"] as const) {
        const fractions: number[] = [];
        const onProgress = ({ fraction }: { fraction: number }) => fractions.push(fraction);
        const large = await upscaler.upscale(picture, { mode, tta: true, onProgress });
        const other = await upscaler.upscale(flipped, { mode, tta: true });
        const plain = await upscaler.upscale(picture, { mode });
        assert.deepEqual([large.width, large.height], [56, 40]);
        assertClose(flip(other), large.data, { atol: 1, label: mode });
        assert.notDeepEqual(large.data, plain.data);
        assert.equal(fractions.at(-1), 1);
      }
    } finally {
      upscaler.destroy();
    }
  }));

/** The samples of a picture whose rows run backwards. */
function flip({ width, height, data }: Picture): Samples {
  const result = data.slice();
  for (let i = 0; i < result.length; i++) {
    const [c, x] = [i % 3, Math.floor(i / 3) % width];
    result[i] = data[(Math.floor(i / 3 / width) * width + width - 1 - x) * 3 + c];
  }
  assert.equal(result.length, width * height * 3);
  return result;
}
