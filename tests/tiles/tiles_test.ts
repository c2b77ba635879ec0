/**
 * The pass of a network: whatever the tiles, the bytes are those of the untiled picture; and what
 * happens when the device runs out of memory.
 */

import assert from "node:assert/strict";
import { assumeMatrixUnits } from "../../src/engine/matrix_units.ts";
import { Program } from "../../src/engine/program.ts";
import { GpuError } from "../../src/errors.ts";
import { Submitter } from "../../src/gpu/submission.ts";
import type { Storage } from "../../src/kernels/dispatch.ts";
import { isMatrixNetwork } from "../../src/kernels/matrix_conv.ts";
import { receptiveRadius } from "../../src/networks/analysis.ts";
import type { Network } from "../../src/networks/network.ts";
import { wordsPerPixel } from "../../src/pictures/gpu_pixels.ts";
import type { Depth } from "../../src/pictures/picture.ts";
import { LossBudget } from "../../src/passes/loss_budget.ts";
import { NetworkPass, type TileOptions } from "../../src/passes/network_pass.ts";
import { PassLog, type PassProgress, type PassReport } from "../../src/passes/pass.ts";
import type { Band } from "../../src/raster/bands.ts";
import { RowWindow } from "../../src/raster/row_window.ts";
import type { TileChoice } from "../../src/tiles/budget.ts";
import { loadModel } from "../../src/weights/library.ts";
import { assertSameWords, gpu, withShortage } from "../gpu_harness.ts";
import { assertClose } from "../reference/compare.ts";
import { runNetwork } from "../reference/network.ts";
import { Random, withRandom } from "../reference/random.ts";
import { at, tensorOf } from "../reference/tensor.ts";
import {
  tinyCompact,
  tinyPlksr,
  tinyRrdbNet,
  tinySpan,
  tinySrResNet,
} from "../networks/tiny_networks.ts";

const submitter = new Submitter(gpu);

const PLENTY = 4e8;

/** Noise as the device holds it; floats are in 0..1. */
interface Noise {
  width: number;
  height: number;
  depth: Depth;
  words: Uint32Array;
}

function noise(random: Random, width: number, height: number, depth: Depth): Noise {
  const words = new Uint32Array(width * height * wordsPerPixel(depth));
  const values = new Float32Array(words.buffer);
  for (let i = 0; i < words.length; i++) {
    if (depth === 32) values[i] = random.uniform();
    else words[i] = random.bits();
  }
  return { width, height, depth, words };
}

/** A picture's rows in bands of random height. */
function* bandsOf({ width, height, depth, words }: Noise, random: Random): Generator<Band> {
  const perRow = width * wordsPerPixel(depth);
  for (let y = 0, rows = 0; y < height; y += rows) {
    rows = random.integer(1, height - y);
    yield { y, rows, words: words.slice(y * perRow, (y + rows) * perRow) };
  }
}

interface Walked {
  words: Uint32Array;
  /** Fractions that were reported. */
  fractions: number[];
  report: PassReport;
}

/** The pass of a network over a picture. */
function passOf(program: Program, picture: Noise, options: Partial<TileOptions> = {}): NetworkPass {
  const { width, height, depth } = picture;
  const { scale } = program.network;
  const sizes = { width, height, outputWidth: width * scale, outputHeight: height * scale };
  const shape = { kind: "network", ...sizes, depthIn: depth, depthOut: depth } as const;
  const tiles = { memory: PLENTY, tile: "auto", halo: "exact", ...options } as const;
  return new NetworkPass(program, "test", shape, tiles, submitter);
}

function choiceFor(
  program: Program,
  picture: Noise,
  options: Partial<TileOptions> = {},
): TileChoice {
  return passOf(program, picture, options).choice;
}

/** Runs a pass; its rows come in bands of random height. */
function bandsFrom(
  pass: NetworkPass,
  picture: Noise,
  random: Random,
  onProgress?: (done: PassProgress) => void,
): { bands: AsyncGenerator<Band>; log: PassLog } {
  const source = new RowWindow(picture, bandsOf(picture, random));
  const log = new PassLog(pass.describe());
  const bands = pass.run({ source, losses: new LossBudget(gpu), log, onProgress });
  return { bands, log };
}

async function run(
  program: Program,
  picture: Noise,
  options: Partial<TileOptions> = {},
): Promise<Walked> {
  const pass = passOf(program, picture, options);
  const { outputWidth, outputHeight, depthOut } = pass.shape;
  const perRow = outputWidth * wordsPerPixel(depthOut);
  const words = new Uint32Array(perRow * outputHeight);
  const fractions: number[] = [];
  const { bands, log } = bandsFrom(pass, picture, new Random(1), ({ fraction }) => {
    fractions.push(fraction);
  });
  let rows = 0;
  for await (const band of bands) {
    assert.equal(band.y, rows, "bands come from the top without gaps");
    words.set(band.words, rows * perRow);
    rows += band.rows;
  }
  assert.equal(rows, outputHeight);
  return { words, fractions, report: log.report };
}

async function withProgram(
  network: Network,
  storage: Storage,
  body: (program: Program) => Promise<void>,
): Promise<void> {
  const before = gpu.bytes;
  const program = await Program.create(gpu, network, storage);
  try {
    await body(program);
  } finally {
    program.destroy();
  }
  assert.equal(gpu.bytes, before, "every buffer is given back");
}

const fast = (await loadModel("fast-x4")).network;

/** Networks of every family and scale; small, so that halos are, too. */
const NETWORKS: [name: string, make: (random: Random) => Network][] = [
  ["fast-x4", () => fast],
  ["SRVGGNetCompact x3", (random) => tinyCompact(random, { scale: 3 })],
  ["SRVGGNetCompact x1", (random) => tinyCompact(random, { scale: 1, activation: "relu" })],
  ["SRResNetCompact x4", (random) => tinySrResNet(random)],
  ["SRResNetCompact x2 with gates", (random) => tinySrResNet(random, { scale: 2 }, "gate")],
  ["SRResNetCompact x1", (random) => tinySrResNet(random, { scale: 1, unshuffle: 2 })],
  ["SPAN x2", (random) => tinySpan(random, 2)],
  ["PLKSR x2", (random) => tinyPlksr(random, { real: false })],
  ["RealPLKSR x2 with layer norm", (random) => tinyPlksr(random, { real: true, norm: "layer" })],
  ["RealPLKSR x2 with group norm", (random) => tinyPlksr(random, { real: true, norm: "group" })],
  [
    "RealPLKSR x3 with DySample",
    (random) => tinyPlksr(random, { real: true, groups: 3, scale: 3 }),
  ],
  ["RRDBNet x4", (random) => tinyRrdbNet(random)],
  ["RRDBNet x2", (random) => tinyRrdbNet(random, { unshuffle: 2 })],
  ["RRDBNet x1", (random) => tinyRrdbNet(random, { unshuffle: 4, features: 8 })],
  ["RRDBNet x8", (random) => tinyRrdbNet(random, { upsamplings: 3, features: 4, growth: 4 })],
];

const SIZES: [width: number, height: number][] = [[1, 1], [2, 3], [37, 41], [70, 2], [3, 50]];

/** Small tiles make many windows, which are mostly halo: only for small pictures. */
function tilesFor(width: number, height: number): number[] {
  if (width * height < 20) return [1, 2];
  return Math.min(width, height) < 4 ? [7, 16, 33] : [16, 33];
}

for (const [name, make] of NETWORKS) {
  for (const [depth, storage] of [[8, "f32"], [16, "f32"], [32, "f16"]] as const) {
    Deno.test(`a network's pass gives the same bytes with tiles: ${name}, ${depth} bits, ${storage}`, () =>
      withRandom((random) =>
        withProgram(make(random), storage, async (program) => {
          for (const [width, height] of SIZES) {
            const picture = noise(random, width, height, depth);
            const whole = await run(program, picture);
            const tile = random.pick(tilesFor(width, height));
            const tiled = await run(program, picture, { tile });
            assertSameWords(tiled.words, whole.words, `${width}x${height} with tiles of ${tile}`);
          }
        })
      ));
  }
}

/** Few lanes and small matrices take the least time without matrix units. */
assumeMatrixUnits(gpu, { m: 8, n: 8, k: 8, lanes: 8, by: "twin", staged: "nothing" });

/** Levels of 65535 that storing and multiplying in f16 may change at most, in these networks. */
const MOST_LEVELS_OF_F16 = 400;

for (const [name, make] of NETWORKS) {
  const network = make(new Random(7));
  if (!isMatrixNetwork(network)) continue;
  Deno.test(`a network's pass in chunks for matrix units gives the same bytes with tiles, near those in f32: ${name}`, () =>
    withRandom((random) =>
      withProgram(network, "matrix", async (program) => {
        for (const [width, height] of [[1, 1], [19, 23], [40, 2]]) {
          const picture = noise(random, width, height, 16);
          const whole = await run(program, picture);
          const tile = random.pick(tilesFor(width, height));
          const tiled = await run(program, picture, { tile });
          assertSameWords(tiled.words, whole.words, `${width}x${height} with tiles of ${tile}`);
          const { words } = await run(program.withStorage("f32"), picture);
          const levels = new Uint16Array(words.buffer);
          const worst = new Uint16Array(whole.words.buffer)
            .reduce((most, level, i) => Math.max(most, Math.abs(level - levels[i])), 0);
          assert.ok(worst <= MOST_LEVELS_OF_F16, `${width}x${height}: ${worst} levels`);
        }
      })
    ));
}

for (const [name, make] of NETWORKS) {
  Deno.test(`a network's pass computes what the twin computes: ${name}`, () =>
    withRandom((random) =>
      withProgram(make(random), "f32", async (program) => {
        for (const [width, height] of [[1, 1], [13, 6]]) {
          const picture = noise(random, width, height, 32);
          const values = new Float32Array(picture.words.buffer);
          const colours = tensorOf(3, height, width, (c, y, x) => values[(y * width + x) * 4 + c]);
          const expected = runNetwork(program.network, colours);
          const { words } = await run(program, picture);
          const result = new Float32Array(words.buffer);
          const actual = tensorOf(3, expected.height, expected.width, (c, y, x) => {
            return result[(y * expected.width + x) * 4 + c];
          });
          const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          const shape = [3, expected.height, expected.width];
          assertClose(actual.data, expected.data, { atol: 5e-6 * largest, shape });
        }
      })
    ));
}

Deno.test("a network's pass gives the same bytes when only the tail is cut", () =>
  withRandom((random) =>
    withProgram(tinyRrdbNet(random), "f32", async (program) => {
      const picture = noise(random, 61, 45, 8);
      const whole = choiceFor(program, picture);
      const { words } = await run(program, picture);
      // Just less than the whole picture takes, then less and less, as long as the trunk stays whole.
      const cuts = new Set<number>();
      for (let { gpuBytes } = whole;;) {
        const options = { memory: gpuBytes - 1 };
        const choice = choiceFor(program, picture, options);
        if (choice.core.width < 61 || choice.core.height < 45) break;
        cuts.add(choice.tailCore.width);
        assertSameWords((await run(program, picture, options)).words, words, `${gpuBytes} bytes`);
        gpuBytes = choice.gpuBytes;
      }
      assert.ok(cuts.size >= 2, `tail cores of ${[...cuts]} cells`);
    })
  ));

Deno.test("a network's pass keeps borders zero where tensors of different sizes have equal buffers", () =>
  withRandom((random) =>
    withProgram(tinyRrdbNet(random), "f32", async (program) => {
      // Windows of 32 x 31 pixels; tails of 8 x 8 cells, 32 x 32 pixels at 4x, when memory is short.
      const picture = noise(random, 40, 31, 8);
      const options = { tile: 8, halo: 12 };
      const { gpuBytes } = choiceFor(program, picture, options);
      const short = { ...options, memory: gpuBytes - 1 };
      const choice = choiceFor(program, picture, short);
      assert.deepEqual(choice.memory.trunkWindow, { width: 32, height: 31 });
      assert.deepEqual(choice.memory.tailWindow, { width: 8, height: 8 });
      const expected = await run(program, picture, options);
      assertSameWords((await run(program, picture, short)).words, expected.words, "short tails");
    })
  ));

Deno.test("a network's pass with less than the exact halo says so, and errs near the seams only", () =>
  withRandom((random) =>
    withProgram(tinyRrdbNet(random, { blocks: 2 }), "f32", async (program) => {
      const picture = noise(random, 64, 40, 32);
      const options = { tile: 32, halo: 8 };
      const choice: TileChoice = choiceFor(program, picture, options);
      assert.equal(choice.exact, false);
      const values = async (o: Partial<TileOptions>) =>
        new Float32Array((await run(program, picture, o)).words.buffer);
      const [whole, tiled] = [await values({}), await values(options)];
      const pixels = tensorOf(1, 160, 256, (_, y, x) => {
        const i = (y * 256 + x) * 4;
        return Math.max(...[0, 1, 2].map((c) => Math.abs(whole[i + c] - tiled[i + c])));
      });
      const largest = pixels.data.reduce((a, b) => Math.max(a, b));
      const spread = whole.reduce((a, b) => Math.max(a, b)) -
        whole.reduce((a, b) => Math.min(a, b));
      assert.ok(largest > 0, "the halo is too small to be exact");
      assert.ok(largest < 0.02 * spread, `${largest} of ${spread}`);
      const reach = receptiveRadius(program.network) - 8;
      for (let y = 0; y < 160; y++) {
        for (let x = 0; x < 256; x++) {
          const distance = Math.min(Math.abs(x / 4 - 32), Math.abs(y / 4 - 20));
          if (distance > reach + 1) assert.equal(at(pixels, 0, y, x), 0, `(${x}, ${y})`);
        }
      }
    })
  ));

Deno.test("a network's pass reports progress that only grows, and ends at 1", () =>
  withRandom((random) =>
    withProgram(tinyRrdbNet(random, { features: 4, growth: 4 }), "f32", async (program) => {
      for (const options of [{}, { tile: 16 }, { tile: 30, halo: 2 }, { memory: 3e6 }]) {
        const [width, height] = [random.integer(1, 70), random.integer(1, 50)];
        const { fractions } = await run(program, noise(random, width, height, 8), options);
        assert.ok(fractions.every((value, i) => i === 0 || value >= fractions[i - 1]));
        assert.equal(fractions.at(-1), 1);
      }
    })
  ));

Deno.test("a network's pass takes smaller tiles when memory runs out", () =>
  withRandom((random) =>
    withProgram(tinySrResNet(random), "f32", async (program) => {
      const picture = noise(random, 140, 110, 8);
      const whole = await run(program, picture);
      const { gpuBytes } = choiceFor(program, picture);
      for (const tile of ["auto", 110] as const) {
        const shortages = await withShortage(gpuBytes / 3, Infinity, async () => {
          const { words, fractions } = await run(program, picture, { tile });
          assertSameWords(words, whole.words, `tile ${tile}`);
          assert.equal(fractions.at(-1), 1);
        });
        assert.ok(shortages >= 1, `${shortages} shortages with tile ${tile}`);
      }
    })
  ));

Deno.test("a network's pass keeps the rows that are done when memory runs out half-way", () =>
  withRandom((random) =>
    withProgram(tinySrResNet(random), "f32", async (program) => {
      const picture = noise(random, 48, 140, 8);
      const whole = await run(program, picture);
      const { bands, log } = bandsFrom(passOf(program, picture, { tile: 64 }), picture, random);
      const heights: number[] = [];
      let at = 0;
      for await (const band of bands) {
        heights.push(band.rows);
        assertSameWords(band.words, whole.words.subarray(at, at + band.words.length), `at ${at}`);
        at += band.words.length;
        if (heights.length === 1) reportOutOfMemory();
      }
      assert.equal(at, whole.words.length);
      assert.ok(heights[0] > heights[1], `bands of ${heights} rows`);
      const { retries, tiles, exact } = log.report;
      assert.deepEqual(retries.map(({ cause, row }) => ({ cause, row })), [
        { cause: "memory", row: heights[0] },
      ]);
      assert.ok(exact && tiles > heights.length - 1, `${tiles} tiles`);
    })
  ));

/** What the device does when memory runs out while it works. */
function reportOutOfMemory(): void {
  const error = new GPUOutOfMemoryError("says the test");
  gpu.device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
}

Deno.test("a network's pass ends with one error when memory runs out at the smallest tile", () =>
  withRandom((random) =>
    withProgram(fast, "f32", async (program) => {
      const before = gpu.bytes;
      for (const tile of ["auto", 200] as const) {
        const picture = noise(random, 400, 300, 8);
        const shortages = await withShortage(0, Infinity, async () => {
          await assert.rejects(run(program, picture, { tile }), (error) => {
            assert.ok(error instanceof GpuError);
            assert.match(error.message, /memory ran out/);
            return true;
          });
        });
        assert.ok(shortages > 1 && shortages < 20, `${shortages} attempts`);
        assert.equal(gpu.bytes, before, "every buffer is given back");
      }
    })
  ));

Deno.test("a network's pass takes the memory that its choice promises", () =>
  withRandom(async (random) => {
    for (const [, make] of NETWORKS) {
      const network = make(random);
      for (const options of [{}, { tile: 20 }]) {
        const before = gpu.bytes;
        await withProgram(network, "f32", async (program) => {
          const picture = noise(random, 50, 31, 8);
          gpu.resetPeak();
          await run(program, picture, options);
          const { gpuBytes } = choiceFor(program, picture, options);
          assert.equal(gpu.peakBytes - before, gpuBytes);
        });
      }
    }
  }));
