/** The kernels of filling against their twin: the same words, as all of it is in whole numbers. */

import assert from "node:assert/strict";
import { type Level, levelsOf } from "../../src/fill/levels.ts";
import { dilated, emptyMask, markRegion } from "../../src/pictures/mask.ts";
import {
  type FillLevel,
  refineStep,
  type Search,
  searchStep,
  voteStep,
} from "../../src/kernels/fill.ts";
import { assertSameWords, poisonWords, runKernel } from "../gpu_harness.ts";
import { refine, search, type TwinLevel, vote } from "../reference/fill.ts";
import { type Random, withRandom } from "../reference/random.ts";

/** Size of the picture, and its hole: inside, at an edge, over two sides. */
const CASES = [
  { width: 31, height: 27, hole: { x: 9, y: 8, width: 11, height: 7 } },
  { width: 45, height: 20, hole: { x: 33, y: 0, width: 12, height: 20 } },
  { width: 20, height: 45, hole: { x: 0, y: 0, width: 13, height: 21 } },
  { width: 90, height: 33, hole: { x: 0, y: 0, width: 25, height: 33 } },
];

function levelFor(random: Random, { width, height, hole }: typeof CASES[number]): Level {
  const marks = emptyMask({ width, height });
  markRegion(marks, hole);
  const colours = Uint32Array.from({ length: width * height }, () => random.bits() & 0xffffff);
  const barred = emptyMask(marks);
  markRegion(barred, { x: random.integer(0, width), y: 3, width: 2, height: 2 });
  return levelsOf({ width, height, colours, hole: marks, barred })[0];
}

/** A level in the middle of the work: some of the hole is guessed, and some targets have matches. */
function twinOf(random: Random, level: Level): TwinLevel {
  const pixels = level.pixels.slice();
  const matches = new Uint32Array(2 * pixels.length);
  for (let i = 0; i < level.targets.length; i += 2) {
    const place = level.targets[i];
    const at = (place >>> 16) * level.width + (place & 0xffff);
    if (pixels[at] === 0 && random.uniform() < 0.7) {
      pixels[at] = random.bits() & 0xffffff | random.integer(1, 127) << 24;
    }
    if (random.uniform() < 0.6) {
      matches.set([random.pick([...level.sources]), random.integer(1, 2000)], 2 * at);
    }
  }
  return { ...level, pixels, matches };
}

function sizeOf({ width, height, sources }: Level): FillLevel {
  return { width, height, sources: sources.length };
}

/** All targets, and a part of them that no workgroup divides. */
function rangesOf({ targets }: Level) {
  const count = targets.length / 2;
  return [{ first: 0, count }, { first: 5, count: count - 17 }];
}

Deno.test("searchStep() finds the twin's matches", () =>
  withRandom(async (random) => {
    const searches: Omit<Search, "seed">[] = [
      { step: 1, radius: 0, samples: 0, lean: { x: 0, y: 0 } },
      { step: 0, radius: 0, samples: 7, lean: { x: 3, y: 900 } },
      { step: 4, radius: 45, samples: 3, lean: { x: 1, y: 0 } },
      {
        step: 2,
        radius: 5,
        samples: 3,
        lean: { x: 40, y: 70, known: { left: 20, right: 30, top: 3, bottom: 20 } },
      },
    ];
    for (const test of CASES) {
      const level = levelFor(random, test);
      const twin = twinOf(random, level);
      for (const each of searches) {
        const params = { ...each, seed: random.bits() };
        for (const range of rangesOf(level)) {
          const dispatch = searchStep(sizeOf(level), range, params);
          const inputs = [twin.pixels, level.targets, level.sources, twin.matches];
          const output = poisonWords(twin.matches.length);
          const found = await runKernel([{ dispatch, inputs }], output);
          assertSameWords(found, search(twin, range, params, output), JSON.stringify(params));
        }
      }
    }
  }));

Deno.test("voteStep() gives the twin's colours, and leaves what is known alone", () =>
  withRandom(async (random) => {
    for (const test of CASES) {
      const level = levelFor(random, test);
      const twin = twinOf(random, level);
      for (const range of rangesOf(level)) {
        const dispatch = voteStep(sizeOf(level), range);
        const inputs = [level.targets, twin.matches];
        const pixels = await runKernel([{ dispatch, inputs }], twin.pixels);
        assertSameWords(pixels, vote(twin, range), JSON.stringify(test));
        assert.notDeepEqual(pixels, twin.pixels);
      }
    }
  }));

Deno.test("refineStep() takes the twin's matches over from half the size", () =>
  withRandom(async (random) => {
    for (const test of CASES) {
      const level = levelFor(random, test);
      const twin = twinOf(random, level);
      const coarse = { width: Math.ceil(level.width / 2), height: Math.ceil(level.height / 2) };
      const matches = Uint32Array.from(
        { length: 2 * coarse.width * coarse.height },
        (_, i) =>
          i % 2 === 1
            ? random.integer(0, 3)
            : random.integer(0, coarse.width - 1) | random.integer(0, coarse.height - 1) << 16,
      );
      for (const range of rangesOf(level)) {
        const dispatch = refineStep(sizeOf(level), range, coarse, 7);
        const inputs = [level.pixels, level.targets, level.sources, matches];
        const output = poisonWords(2 * level.pixels.length);
        const found = await runKernel([{ dispatch, inputs }], output);
        const expected = refine(twin, range, { ...coarse, matches }, 7, output);
        assertSameWords(found, expected, JSON.stringify(test));
      }
    }
  }));

Deno.test("levelsOf() keeps sources off the hole, and orders targets from what is known inward", () =>
  withRandom((random) => {
    for (const test of CASES) {
      const level = levelFor(random, test);
      const hole = emptyMask(test);
      markRegion(hole, test.hole);
      const near = dilated(hole, 3);
      for (const place of level.sources) {
        assert.equal(near.data[(place >>> 16) * test.width + (place & 0xffff)], 0);
      }
      assert.equal(level.targets.length / 2, near.data.reduce((sum, mark) => sum + mark, 0));
      let next = 0;
      for (const { first, count } of level.layers) {
        assert.equal(first, next);
        next = first + count;
      }
      assert.equal(next, level.targets.length / 2);
    }
  }));

Deno.test("searchStep() refuses what no place can name, and a level without sources", () => {
  const search = { seed: 1, step: 1, radius: 0, samples: 0, lean: { x: 0, y: 0 } };
  const range = { first: 0, count: 1 };
  assert.throws(
    () => searchStep({ width: 65536, height: 1, sources: 1 }, range, search),
    /65536x1 pixels: 65535 a side/,
  );
  assert.throws(() => searchStep({ width: 9, height: 9, sources: 0 }, range, search), /to copy/);
});
