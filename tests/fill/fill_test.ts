/**
 * Filling as a whole: textures whose missing part is known come back exactly, in every depth, at a
 * reduced size too; the rest of a picture stays; and the same seed gives the same picture.
 */

import assert from "node:assert/strict";
import { InputError } from "../../src/errors.ts";
import { fill, MOST_WORK_PIXELS } from "../../src/fill/fill.ts";
import { dilated, emptyMask, markRegion, type Mask, shrunkMask } from "../../src/pictures/mask.ts";
import { allocateSamples, type Depth, type Picture, whiteOf } from "../../src/pictures/picture.ts";
import type { Region } from "../../src/raster/size.ts";
import { gpu } from "../gpu_harness.ts";
import { type Random, withRandom } from "../reference/random.ts";

/** Textures that repeat: the share of white of each channel at a place. */
const TEXTURES: Record<string, (x: number, y: number, c: number) => number> = {
  stripes: (x, y) => (x + 2 * y) % 8 < 4 ? 0.2 : 0.8,
  bricks: (x, y, c) => y % 6 === 0 || (x + 5 * (Math.floor(y / 6) % 2)) % 10 === 0 ? 0.9 : 0.1 * c,
  tiles: (x, y, c) => [0.1, 0.4, 0.7, 1][(x >> 2) % 2 + 2 * ((y >> 2) % 2)] * (1 - 0.2 * c),
};

function textured(
  texture: string,
  size: { width: number; height: number },
  depth: Depth = 8,
  channels: Picture["channels"] = 3,
): Picture {
  const { width, height } = size;
  const data = allocateSamples(depth, width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    const share = TEXTURES[texture](pixel % width, Math.floor(pixel / width), i % channels);
    data[i] = depth === 32 ? share : Math.round(share * whiteOf(depth));
  }
  return { ...size, channels, depth, data, metadata: {} };
}

function holeIn(picture: Picture, region: Region): Mask {
  const hole = emptyMask(picture);
  markRegion(hole, region);
  return hole;
}

/** The picture with noise where the hole is: nobody may look at that. */
function damaged(picture: Picture, hole: Mask, random: Random): Picture {
  const data = picture.data.slice();
  for (let i = 0; i < data.length; i++) {
    if (hole.data[Math.floor(i / picture.channels)] === 1) {
      data[i] = random.uniform() * whiteOf(picture.depth);
    }
  }
  return { ...picture, data };
}

for (const texture of Object.keys(TEXTURES)) {
  Deno.test(`fill() brings ${texture} back, inside and at the edge`, () =>
    withRandom(async (random) => {
      const whole = textured(texture, { width: 80, height: 60 });
      for (
        const region of [
          { x: 30, y: 22, width: 17, height: 12 },
          { x: 0, y: 0, width: 20, height: 60 },
          { x: 61, y: 35, width: 19, height: 25 },
        ]
      ) {
        const hole = holeIn(whole, region);
        const filled = await fill(gpu, damaged(whole, hole, random), hole);
        assert.deepEqual(filled.data, whole.data, JSON.stringify(region));
      }
      assert.equal(gpu.bytes, 0);
    }));
}

Deno.test("fill() keeps every depth and alpha, and what is not in the hole", () =>
  withRandom(async (random) => {
    for (const [depth, channels] of [[16, 3], [32, 3], [8, 1], [8, 4], [16, 2]] as const) {
      const whole = textured("tiles", { width: 70, height: 50 }, depth, channels);
      const hole = holeIn(whole, { x: 20, y: 20, width: 9, height: 12 });
      const filled = await fill(gpu, damaged(whole, hole, random), hole);
      const most = Math.max(...filled.data.map((value, i) => Math.abs(value - whole.data[i])));
      // Brightness is evened out by votes in 8 bits.
      assert.ok(most <= whiteOf(depth) / 255, `${depth} bits, ${channels} channels: ${most}`);
      filled.data.forEach((value, i) => {
        if (hole.data[Math.floor(i / channels)] === 0) assert.equal(value, whole.data[i]);
      });
    }
  }));

Deno.test("fill() works on a reduced copy of a large picture, and copies at full size", () =>
  withRandom(async (random) => {
    const whole = textured("bricks", { width: 1602, height: 1201 });
    assert.ok(1602 * 1201 > 2 * MOST_WORK_PIXELS, "it is reduced");
    const hole = holeIn(whole, { x: 700, y: 500, width: 90, height: 60 });
    const filled = await fill(gpu, damaged(whole, hole, random), hole);
    // Offsets are multiples of the reduction, and the texture's period need not be one.
    const errors = filled.data.map((value, i) => Math.abs(value - whole.data[i]));
    const inHole = errors.filter((_, i) => hole.data[Math.floor(i / 3)] === 1);
    const wrong = inHole.filter((error) => error > 40).length / inHole.length;
    assert.ok(wrong < 0.02, `${(100 * wrong).toFixed(1)} % of the hole is something else`);
    assert.equal(
      errors.filter((error) => error > 0).length - inHole.filter((e) => e > 0).length,
      0,
    );
  }));

Deno.test("fill() gives the same picture for a seed, and another one for another", () =>
  withRandom(async (random) => {
    const data = Uint8Array.from({ length: 60 * 50 }, () => random.integer(0, 255));
    const noise = { width: 60, height: 50, channels: 1, depth: 8, data, metadata: {} } as const;
    const hole = holeIn(noise, { x: 20, y: 15, width: 20, height: 20 });
    const first = await fill(gpu, noise, hole, { seed: 5 });
    assert.deepEqual((await fill(gpu, noise, hole, { seed: 5 })).data, first.data);
    assert.notDeepEqual((await fill(gpu, noise, hole, { seed: 6 })).data, first.data);
  }));

Deno.test("fill() copies nothing that is barred", () =>
  withRandom(async (random) => {
    const whole = textured("stripes", { width: 64, height: 64 });
    const red = { x: 4, y: 4, width: 14, height: 50 };
    const barred = holeIn(whole, red);
    barred.data.forEach((mark, i) => mark && whole.data.set([255, 0, 0], 3 * i));
    const hole = holeIn(whole, { x: 22, y: 10, width: 10, height: 40 });
    const filled = await fill(gpu, damaged(whole, hole, random), hole, { barred });
    hole.data.forEach((mark, i) => {
      if (mark === 1) assert.ok(filled.data[3 * i + 1] > 40, "red was copied");
    });
  }));

Deno.test("fill() says that nothing is left to copy, and does nothing without a hole", async () => {
  const whole = textured("stripes", { width: 40, height: 30 });
  const all = holeIn(whole, { x: 0, y: 0, width: 40, height: 26 });
  await assert.rejects(fill(gpu, whole, all), (error) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /Of 40 x 30 pixels, too little is left to copy from/);
    return true;
  });
  assert.equal(await fill(gpu, whole, emptyMask(whole)), whole);
});

Deno.test("fill() stops when it is told to, and goes on after a lost device", async () => {
  const whole = textured("bricks", { width: 60, height: 60 });
  const hole = holeIn(whole, { x: 20, y: 20, width: 15, height: 15 });
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(fill(gpu, whole, hole, { signal }), /enough/);
  assert.equal(gpu.bytes, 0);
  const filling = fill(gpu, whole, hole);
  gpu.device.destroy();
  assert.deepEqual((await filling).data, whole.data);
});

Deno.test("dilated() and shrunkMask() against what they say", () =>
  withRandom((random) => {
    const mask = emptyMask({ width: 23, height: 17 });
    mask.data.forEach((_, i) => mask.data[i] = random.uniform() < 0.02 ? 1 : 0);
    const marked = (x: number, y: number) =>
      x >= 0 && y >= 0 && x < 23 && y < 17 && mask.data[y * 23 + x] === 1;
    const wide = dilated(mask, 2);
    const small = shrunkMask(mask, 4);
    assert.deepEqual([small.width, small.height], [6, 5]);
    for (let y = 0; y < 17; y++) {
      for (let x = 0; x < 23; x++) {
        const near = [-2, -1, 0, 1, 2].some((dy) =>
          [-2, -1, 0, 1, 2].some((dx) => marked(x + dx, y + dy))
        );
        assert.equal(wide.data[y * 23 + x], Number(near), `${x}, ${y}`);
      }
    }
    for (let y = 0; y < 5; y++) {
      for (let x = 0; x < 6; x++) {
        const any = [0, 1, 2, 3].some((dy) =>
          [0, 1, 2, 3].some((dx) => marked(4 * x + dx, 4 * y + dy))
        );
        assert.equal(small.data[y * 6 + x], Number(any));
      }
    }
  }));
