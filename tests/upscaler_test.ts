/**
 * The upscaler as its users see it: sizes, channels and depths, alpha, progress, stopping, errors,
 * and that it gives back what it took.
 */

import assert from "node:assert/strict";
import { UsageError } from "../src/errors.ts";
import { Gpu } from "../src/gpu/device.ts";
import { allocateSamples, type Depth, type Picture, whiteOf } from "../src/pictures/picture.ts";
import { gatherRows } from "../src/pictures/rows.ts";
import type { Progress } from "../src/progress.ts";
import type { UpscaleOptions, UpscalerOptions } from "../src/upscale_options.ts";
import { Upscaler } from "../src/upscaler.ts";
import { gpu } from "./gpu_harness.ts";
import { type Random, withRandom } from "./reference/random.ts";
import { tinyRrdbNetFile } from "./networks/tiny_networks.ts";

type Shape = Pick<Picture, "width" | "height" | "channels" | "depth">;

/** A smooth picture with an edge in it, and alpha that varies. */
function pictureOf(shape: Partial<Shape> = {}, random?: Random): Picture {
  const { width = 12, height = 9, channels = 3, depth = 8 } = shape;
  const data = allocateSamples(depth, width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const x = Math.floor(i / channels) % width / width;
    const value = random?.uniform() ?? (0.2 + 0.4 * x + 0.1 * (i % channels) + (x > 0.5 ? 0.2 : 0));
    data[i] = depth === 32 ? value : Math.round(value * whiteOf(depth));
  }
  return { width, height, channels, depth, data, metadata: {} };
}

/** Runs with an upscaler on the shared device, and fails if it keeps memory. */
async function withUpscaler(
  options: UpscalerOptions,
  body: (upscaler: Upscaler) => Promise<void>,
): Promise<void> {
  const before = gpu.bytes;
  const upscaler = await Upscaler.create({ model: "fast-x4", device: gpu, ...options });
  try {
    await body(upscaler);
  } finally {
    upscaler.destroy();
  }
  await Promise.resolve();
  assert.equal(gpu.bytes, before, "GPU memory is given back");
}

function sizeOf({ width, height }: { width: number; height: number }): [number, number] {
  return [width, height];
}

Deno.test("upscale() makes the size that is asked for", () =>
  withUpscaler({}, async (upscaler) => {
    const cases: [options: UpscaleOptions, width: number, height: number][] = [
      [{}, 28, 20],
      [{ scale: 1 }, 7, 5],
      [{ scale: 1.5 }, 11, 8],
      [{ scale: 2 }, 14, 10],
      [{ scale: 3 }, 21, 15],
      [{ scale: 4 }, 28, 20],
      [{ scale: 6 }, 42, 30],
      [{ scale: 16 }, 112, 80],
      [{ width: 30 }, 30, 21],
      [{ width: 3 }, 3, 2],
      [{ scale: 4, passes: 2 }, 28, 20],
      [{ passes: 2 }, 112, 80],
      [{ height: 31 }, 43, 31],
      [{ width: 40, height: 5 }, 40, 5],
    ];
    const picture = pictureOf({ width: 7, height: 5 });
    for (const [options, width, height] of cases) {
      const large = await upscaler.upscale(picture, options);
      const plan = await upscaler.plan(picture, options);
      assert.deepEqual(sizeOf(large), [width, height], JSON.stringify(options));
      assert.equal(large.data.length, width * height * 3);
      assert.deepEqual([plan.outputWidth, plan.outputHeight], [width, height]);
      assert.deepEqual(sizeOf(plan), [7, 5]);
    }
  }));

Deno.test("upscale() keeps flat pictures flat, in every depth and number of channels", () =>
  withUpscaler({}, async (upscaler) => {
    for (const channels of [1, 2, 3, 4] as const) {
      for (const depth of [8, 16, 32] as const) {
        const white = whiteOf(depth);
        const flat = pictureOf({ width: 59, height: 58, channels, depth });
        for (let i = 0; i < flat.data.length; i++) {
          const value = [0.5, 0.5, 0.5, 0.8].at(channels === 2 && i % 2 === 1 ? 3 : i % channels)!;
          flat.data[i] = value * white;
        }
        for (const scale of [2, 4]) {
          const large = await upscaler.upscale(flat, { scale });
          const { width, height } = large;
          assert.deepEqual([...sizeOf(large), large.channels, large.depth], [
            59 * scale,
            58 * scale,
            channels,
            depth,
          ]);
          // Zero padding shows within the receptive radius, so that only the middle is judged.
          const middle = (Math.floor(height / 2) * width + Math.floor(width / 2)) * channels;
          for (let c = 0; c < channels; c++) {
            const [actual, expected] = [large.data[middle + c] / white, flat.data[c] / white];
            assert.ok(Math.abs(actual - expected) < 0.03, `${channels}x${depth}: ${actual}`);
          }
        }
      }
    }
  }));

Deno.test("upscale() gives the same colours at 8, 16 and 32 bits, up to rounding", () =>
  withUpscaler({}, async (upscaler) => {
    const eight = pictureOf({ width: 21, height: 13 });
    const at = async (depth: Depth) => {
      const data = allocateSamples(depth, eight.data.length);
      eight.data.forEach((value, i) => data[i] = value / 255 * whiteOf(depth));
      const large = await upscaler.upscale({ ...eight, depth, data }, { mode: "network" });
      return Array.from(large.data, (value) => value / whiteOf(depth));
    };
    const [low, middle, high] = [await at(8), await at(16), await at(32)];
    high.forEach((value, i) => {
      const clamped = Math.min(1, Math.max(0, value));
      assert.ok(Math.abs(low[i] - clamped) <= 0.5 / 255 + 1e-5);
      assert.ok(Math.abs(middle[i] - clamped) <= 1 / 65535 + 1e-5);
    });
  }));

Deno.test("upscale() treats grey as equal colours", () =>
  withUpscaler({}, async (upscaler) => {
    const grey = pictureOf({ channels: 1, depth: 16 });
    const data = Uint16Array.from({ length: grey.data.length * 3 }, (_, i) => grey.data[i / 3 | 0]);
    const colour = await upscaler.upscale({ ...grey, channels: 3, data });
    const large = await upscaler.upscale(grey);
    large.data.forEach((value, i) => {
      const mean = (colour.data[3 * i] + colour.data[3 * i + 1] + colour.data[3 * i + 2]) / 3;
      assert.ok(Math.abs(value - mean) <= 0.51, `sample ${i}`);
    });
  }));

Deno.test("upscale() resamples alpha apart from the colours", () =>
  withUpscaler({}, async (upscaler) => {
    const colour = pictureOf({ channels: 3 });
    const alpha = pictureOf({ channels: 1 }, undefined);
    const join = (c: Picture, a: Picture) =>
      Uint8Array.from({ length: a.data.length * 4 }, (_, i) => {
        return i % 4 === 3 ? a.data[i >> 2] : c.data[(i >> 2) * 3 + i % 4];
      });
    const joined: Picture = { ...colour, channels: 4, data: join(colour, alpha) };
    const large = await upscaler.upscale(joined);
    const bicubic = await Upscaler.create({ model: "bicubic", device: gpu });
    const expected = join(
      await upscaler.upscale(colour),
      await bicubic.upscale(alpha, { scale: 4 }),
    );
    bicubic.destroy();
    assert.deepEqual(large.data, expected);
  }));

Deno.test("upscale() leaves alpha that is the same everywhere as it is", () =>
  withUpscaler({}, async (upscaler) => {
    for (const value of [0, 77, 255]) {
      const picture = pictureOf({ channels: 4 });
      for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = value;
      const { data } = await upscaler.upscale(picture, { scale: 3 });
      assert.ok(data.every((sample, i) => i % 4 !== 3 || sample === value));
    }
  }));

Deno.test("upscale() lets no colour of transparent pixels bleed into visible ones", () =>
  withUpscaler({}, async (upscaler) => {
    const halves = (hidden: number[]) => {
      const picture = pictureOf({ width: 16, height: 10, channels: 4 });
      for (let i = 0; i < 160; i++) {
        const visible = i % 16 < 8;
        picture.data.set(visible ? [40, 160, 90, 255] : [...hidden, 0], i * 4);
      }
      return upscaler.upscale(picture);
    };
    const [black, magenta] = [await halves([0, 0, 0]), await halves([255, 0, 255])];
    assert.deepEqual(black.data, magenta.data);
  }));

Deno.test("upscale() carries metadata and leaves its input alone", () =>
  withUpscaler({}, async (upscaler) => {
    const metadata = {
      icc: Uint8Array.of(1, 2, 3),
      xmp: Uint8Array.of(4),
      density: { x: 300, y: 300 },
    };
    const picture = { ...pictureOf(), metadata };
    const before = picture.data.slice();
    const large = await upscaler.upscale(picture, { scale: 2 });
    assert.deepEqual(large.metadata, metadata);
    assert.deepEqual(picture.data, before);
  }));

for (const model of ["bicubic", "lanczos3"] as const) {
  Deno.test(`upscale() resamples without a network: ${model}`, () =>
    withUpscaler({ model }, async (upscaler) => {
      assert.equal(upscaler.network, undefined);
      assert.equal(upscaler.label, model);
      const picture = pictureOf({ channels: 4 });
      assert.deepEqual(sizeOf(await upscaler.upscale(picture)), [48, 36]);
      assert.deepEqual(sizeOf(await upscaler.upscale(picture, { scale: 2.5 })), [30, 23]);
      const same = await upscaler.upscale(picture, { scale: 1 });
      assert.deepEqual(same.data, picture.data);
      assert.notEqual(same.data.buffer, picture.data.buffer);
    }));
}

Deno.test("upscale() refuses a second picture while it is at work", () =>
  withUpscaler({}, async (upscaler) => {
    const first = upscaler.upscale(pictureOf());
    await assert.rejects(upscaler.upscale(pictureOf()), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /at work: await it, or create another one/);
      return true;
    });
    assert.equal((await first).width, 48);
    assert.equal((await upscaler.upscale(pictureOf())).width, 48);
  }));

Deno.test("upscale() stops when its signal is aborted, and gives its buffers back", () =>
  withUpscaler({}, async (upscaler) => {
    // The networks of both factors are on the device then.
    await upscaler.upscale(pictureOf(), { scale: 6 });
    const before = gpu.bytes;
    const reason = new Error("enough");
    await assert.rejects(
      upscaler.upscale(pictureOf(), { signal: AbortSignal.abort(reason) }),
      reason,
    );
    const controller = new AbortController();
    let aborted = 0;
    const onProgress = () => {
      aborted ||= performance.now();
      controller.abort(reason);
    };
    const picture = pictureOf({ width: 400, height: 300, channels: 4 });
    const { signal } = controller;
    await assert.rejects(upscaler.upscale(picture, { scale: 6, signal, onProgress }), reason);
    const seconds = (performance.now() - aborted) / 1000;
    assert.ok(seconds < 2, `stopped ${seconds} s after the signal`);
    assert.equal(gpu.bytes, before);
    assert.equal((await upscaler.upscale(pictureOf())).width, 48);
  }));

Deno.test("upscaleRows() gives its buffers back when its rows are not taken any more", () =>
  withUpscaler({ tile: 16 }, async (upscaler) => {
    // The networks of both factors are on the device then.
    await upscaler.upscale(pictureOf(), { scale: 6 });
    const before = gpu.bytes;
    const picture = pictureOf({ width: 40, height: 64, channels: 4 });
    for (const scale of [4, 3, 6]) {
      const { rows } = upscaler.upscaleRows(picture, { scale, mode: "network" });
      for await (const samples of rows) {
        if (scale === 4) assert.equal(samples.length, 40 * 4 * 16 * 4 * 4, "one row of tiles");
        break;
      }
      assert.equal(gpu.bytes, before, `scale ${scale}`);
    }
    assert.equal((await upscaler.upscale(pictureOf())).width, 48);
  }));

Deno.test("upscale() tells progress that only grows and ends at 1", () =>
  withUpscaler({ tile: 24 }, async (upscaler) => {
    for (const scale of [2, 4, 6]) {
      const told: Progress[] = [];
      const onProgress = (progress: Progress) => told.push(progress);
      await upscaler.upscale(pictureOf({ width: 60, height: 50 }), { scale, onProgress });
      const fractions = told.map(({ fraction }) => fraction);
      const message = `scale ${scale}: ${fractions}`;
      assert.ok(fractions.every((f, i) => f >= 0 && (i === 0 || f >= fractions[i - 1])), message);
      assert.equal(fractions.at(-1), 1, message);
      assert.ok(told.every(({ secondsLeft }) => secondsLeft === undefined || secondsLeft >= 0));
      assert.equal(told.at(-1)!.secondsLeft, 0);
    }
  }));

Deno.test("upscale() takes no more memory than asked for, and no more than planned", () =>
  withRandom(async (random) => {
    for (const [mode, memory] of [["network", 12e6], ["faithful", 32e6]] as const) {
      for (const [channels, scale] of [[3, 2], [3, 4], [3, 6], [4, 2], [4, 4], [4, 6]] as const) {
        await withUpscaler({ memory }, async (upscaler) => {
          const before = gpu.bytes;
          const picture = pictureOf({ width: 120, height: 90, channels }, random);
          const { passes } = await upscaler.plan(picture, { scale, mode });
          gpu.resetPeak();
          await upscaler.upscale(picture, { scale, mode });
          const peak = gpu.peakBytes - before;
          const planned = passes.reduce((sum, pass) => sum + pass.gpuBytes, 0);
          assert.ok(peak <= memory, `${peak} of ${memory} bytes`);
          if (passes.length === 1 && channels === 3) assert.equal(peak, planned);
          else if (channels === 3) assert.ok(peak <= planned, `${peak} of ${planned} planned`);
        });
      }
    }
  }));

const BAD_OPTIONS: [options: UpscalerOptions, message: RegExp][] = [
  [{ memory: 0 }, /memory in bytes above 0 but received 0/],
  [{ memory: NaN }, /received NaN/],
  [{ precision: "f64" as "f32" }, /precision auto, f32 or f16 but received "f64"/],
  [{ tile: 0 }, /a tile of 1 or more pixels, or auto, but received 0/],
  [{ tile: 1.5 }, /received 1.5/],
  [{ halo: -1 }, /a halo of 0 or more pixels, auto or exact, but received -1/],
  [{ halo: "some" as "auto" }, /received some/],
];

Deno.test("create() names the option, its range and what it received", async () => {
  for (const [options, message] of BAD_OPTIONS) {
    await assert.rejects(Upscaler.create({ device: gpu, ...options }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("upscale() names the option, its range and what it received", () =>
  withUpscaler({}, async (upscaler) => {
    const cases: [options: UpscaleOptions, message: RegExp][] = [
      [{ scale: 0.5 }, /a scale from 1 to 16 but received 0.5/],
      [{ scale: 17 }, /received 17/],
      [{ scale: NaN }, /received NaN/],
      [{ scale: 2, width: 24 }, /either a scale or a size but received both/],
      [{ width: 193 }, /a width from 1 to 192 pixels but received 193/],
      [{ passes: 0 }, /1 to 4 passes but received 0/],
      [{ mode: "wild" as "network" }, /a mode of faithful, network, creative but received "wild"/],
      [{ dering: 2 }, /dering from 0 to 1 but received 2/],
      [{ mode: "creative", creativity: -1 }, /creativity from 0 to 1 but received -1/],
      [{ creativity: 0.5 }, /needs the mode "creative", not "faithful"/],
      [{ height: 145 }, /from \d+ to \d+ pixels but received \d+/],
      [{ width: 24.5 }, /received 24.5/],
      [{ width: 0 }, /received 0/],
    ];
    for (const [options, message] of cases) {
      const refusal = (error: unknown) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        return true;
      };
      await assert.rejects(upscaler.upscale(pictureOf(), options), refusal);
      await assert.rejects(upscaler.plan(pictureOf(), options), refusal);
    }
  }));

Deno.test("upscale() says what is needed when memory is too small, and works on afterwards", () =>
  withUpscaler({ memory: 4e5 }, async (upscaler) => {
    await assert.rejects(upscaler.upscale(pictureOf()), /No tile fits into .* MB of GPU memory/);
    await assert.rejects(upscaler.upscale(pictureOf()), /No tile fits/);
  }));

Deno.test("two upscalers share a device, also at the same time", async () => {
  const before = gpu.bytes;
  const [fast, photo] = [
    await Upscaler.create({ model: "fast-x4", device: gpu }),
    await Upscaler.create({ model: "photo-x4", device: gpu }),
  ];
  const picture = pictureOf({ width: 30, height: 20 });
  const [a, b] = [await fast.upscale(picture), await photo.upscale(picture)];
  const both = await Promise.all([fast.upscale(picture), photo.upscale(picture)]);
  assert.deepEqual(both.map(({ data }) => data), [a.data, b.data]);
  assert.notDeepEqual(a.data, b.data);
  fast.destroy();
  assert.deepEqual((await photo.upscale(picture)).data, b.data);
  photo.destroy();
  await Promise.resolve();
  assert.equal(gpu.bytes, before);
});

Deno.test("an upscaler opens a device of its own and closes it", async () => {
  const upscaler = await Upscaler.create({ model: "fast-x4" });
  assert.ok(upscaler.gpu instanceof Gpu && upscaler.gpu !== gpu);
  assert.equal((await upscaler.upscale(pictureOf({ width: 1, height: 1 }))).width, 4);
  upscaler.destroy();
  assert.equal((await upscaler.gpu.device.lost).reason, "destroyed");
  await Promise.resolve();
  assert.equal(upscaler.gpu.bytes, 0);
});

Deno.test("tiles are chosen once for each network of a picture, and not again when its plan runs", async () => {
  let choices = 0;
  const options: UpscalerOptions = {
    model: "fast-x4",
    device: gpu,
    // Whoever chooses tiles has to ask for this.
    get tile() {
      choices++;
      return 8;
    },
  };
  const upscaler = await Upscaler.create(options);
  try {
    choices = 0;
    const picture = pictureOf({ channels: 4 });
    await upscaler.upscale(picture, { mode: "faithful" });
    assert.equal(choices, 1);
    const plan = await upscaler.plan(picture, { mode: "faithful", scale: 6 });
    assert.equal(choices, 1 + plan.passes.filter(({ kind }) => kind === "network").length);
    const before = choices;
    const results = [await gatherRows(plan.run(picture)), await gatherRows(plan.run(picture))];
    assert.equal(choices, before);
    assert.deepEqual(results[0].data, results[1].data);
  } finally {
    upscaler.destroy();
  }
});

Deno.test("a plan reports what ran as it planned it, and refuses another picture", () =>
  withUpscaler({ tile: 8 }, async (upscaler) => {
    const picture = pictureOf();
    const plan = await upscaler.plan(picture, { mode: "faithful" });
    const run = plan.run(picture);
    const { data } = await gatherRows(run);
    const { passes, consistency } = run.report();
    assert.deepEqual(passes, plan.passes.map((pass) => ({ ...pass, retries: [] })));
    assert.ok(consistency! > 30);
    assert.deepEqual(data, (await upscaler.upscale(picture, { mode: "faithful" })).data);
    for (const other of [{ width: 13 }, { height: 8 }, { depth: 16 }, { channels: 4 }] as const) {
      assert.throws(() => plan.run(pictureOf(other)), UsageError);
    }
  }));

Deno.test("a destroyed upscaler says so", async () => {
  const upscaler = await Upscaler.create({ model: "fast-x4", device: gpu });
  upscaler.destroy();
  upscaler.destroy();
  for (const call of [upscaler.upscale(pictureOf()), upscaler.plan(pictureOf())]) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /has been destroyed/);
      return true;
    });
  }
});

Deno.test("precision auto takes f16 only where f32 would leave traces of tiles", () =>
  withRandom((random) => {
    const model = tinyRrdbNetFile(random, { blocks: 3 });
    const picture = pictureOf({ width: 90, height: 60 });
    return withUpscaler({ model }, async (upscaler) => {
      const [whole] = (await upscaler.plan(picture)).passes;
      assert.deepEqual([whole.precision, whole.exact, whole.tiles], ["f32", true, 1]);
      const exact = await upscaler.upscale(picture);
      const memory = await mostMemoryOf("f16", model, picture);
      await withUpscaler({ model, memory }, async (short) => {
        const before = gpu.bytes;
        const [pass] = (await short.plan(picture)).passes;
        assert.deepEqual([pass.precision, pass.exact, pass.tiles], ["f16", true, 1]);
        gpu.resetPeak();
        const large = await short.upscale(picture);
        assert.ok(gpu.peakBytes - before <= memory, "the weights are in memory once");
        for (const [i, value] of large.data.entries()) {
          assert.ok(Math.abs(value - exact.data[i]) <= 2, `sample ${i}`);
        }
      });
    });
  }));

/** Goes down in memory until the plan for a picture has a precision. */
async function mostMemoryOf(
  precision: "f16",
  model: Uint8Array,
  picture: Picture,
): Promise<number> {
  for (let memory = 2e7; memory > 1e5; memory *= 0.95) {
    const upscaler = await Upscaler.create({ model, device: gpu, memory });
    const [pass] = (await upscaler.plan(picture)).passes;
    upscaler.destroy();
    if (pass.precision === precision) return memory;
  }
  assert.fail(`precision ${precision} is never taken`);
}

Deno.test("precision auto takes f16 when f32 does not fit at all", () =>
  withRandom(async (random) => {
    const model = tinyRrdbNetFile(random, { blocks: 3 });
    const size = { width: 90, height: 60 };
    const needed = async (precision: "f32" | "f16" | "auto") => {
      for (let memory = 2e7;; memory *= 0.95) {
        const upscaler = await Upscaler.create({ model, device: gpu, memory, precision });
        const fits = await upscaler.plan(size).then(() => true, () => false);
        upscaler.destroy();
        if (!fits) return memory;
      }
    };
    assert.ok(await needed("f32") > await needed("f16"));
    assert.equal(await needed("auto"), await needed("f16"));
  }));
