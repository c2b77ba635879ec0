/**
 * Both sides of the door to the runtime: Deno's and the one for pages give the same answers, and a
 * reader that leaves early leaves nothing at work.
 */

import assert from "node:assert/strict";
import { InputError, UsageError } from "../src/errors.ts";
import { encodePngRows } from "../src/pictures/mod.ts";
import * as deno from "../src/platform/deno.ts";
import * as node from "../src/platform/node.ts";
import * as web from "../src/platform/web.ts";
import { Upscaler } from "../src/upscaler.ts";
import { gpu } from "./gpu_harness.ts";
import { testPicture } from "./pictures/fixtures.ts";
import { Random, withRandom } from "./reference/random.ts";

const SIDES = { deno, web };

/** Blocks of bytes that repeat themselves, so that they can be compressed. */
async function* blocksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const piece of pieces) for (const byte of piece) all.push(byte);
  return all;
}

function someBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i % 50 < 40 ? i % 7 : random.integer(0, 255));
}

Deno.test("all sides of the door have the same names and versions", () => {
  const { VIPS, FACE_API, DAWN } = deno;
  for (const side of [node, web]) {
    assert.deepEqual(Object.keys(side).sort(), Object.keys(deno).sort());
    assert.deepEqual([side.VIPS, side.FACE_API, side.DAWN], [VIPS, FACE_API, DAWN]);
  }
});

Deno.test("crc32() is the same on both sides, at once and piece by piece", () =>
  withRandom((random) => {
    const bytes = someBytes(random, 1000);
    for (const { crc32 } of Object.values(SIDES)) {
      assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
      assert.equal(crc32(bytes.subarray(400), crc32(bytes.subarray(0, 400))), deno.crc32(bytes));
    }
  }));

for (const [name, side] of Object.entries(SIDES)) {
  Deno.test(`${name}: what one side deflates the other inflates`, () =>
    withRandom(async (random) => {
      const bytes = someBytes(random, 300_000);
      for (const other of Object.values(SIDES)) {
        const packed = await other.deflate(bytes);
        assert.ok(packed.length < bytes.length);
        assert.deepEqual([...await side.inflate(packed, bytes.length)], [...bytes]);
        const blocks = side.deflateBlocks(blocksOf(bytes, 70_000), 4);
        const pieces = await joined(other.inflateBlocks(blocks, 2 ** 16));
        assert.deepEqual(pieces, [...bytes]);
      }
    }));

  Deno.test(`${name}: damaged streams and too many bytes are an InflateError`, () =>
    withRandom(async (random) => {
      const packed = await side.deflate(someBytes(random, 5000));
      const broken = packed.slice();
      broken.fill(0xff, 20, 60);
      await assert.rejects(side.inflate(packed, 4999), side.InflateError);
      // Of streams that end too early Deno's DecompressionStream says nothing, as browsers do.
      const short = side === deno ? [packed.subarray(0, 100)] : [];
      for (const bytes of [broken, ...short]) {
        await assert.rejects(side.inflate(bytes, 1e6), side.InflateError);
        await assert.rejects(
          joined(side.inflateBlocks(blocksOf(bytes, 50), 2 ** 16)),
          side.InflateError,
        );
      }
    }));

  Deno.test(`${name}: an error of the source arrives as it is`, async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield await deno.deflate(new Uint8Array(100));
      throw new InputError("says the test");
    }
    await assert.rejects(joined(side.deflateBlocks(source(), 4)), InputError);
  });

  Deno.test(`${name}: a reader that leaves early waits until the source has ended`, () =>
    withRandom(async (random) => {
      let ended = false;
      async function* source(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield await Promise.resolve(someBytes(random, 2 ** 18));
        } finally {
          await new Promise((resolve) => setTimeout(resolve, 20));
          ended = true;
        }
      }
      for await (const _ of side.deflateBlocks(source(), 4)) break;
      assert.ok(ended);
    }));
}

Deno.test("an upscaler is free again once a PNG that takes its rows is left", async () => {
  const upscaler = await Upscaler.create({ model: "bicubic", device: gpu, memory: 2e6 });
  try {
    const picture = testPicture(200, 150, 3);
    for (let time = 0; time < 3; time++) {
      const large = upscaler.upscaleRows(picture, { scale: 4 });
      for await (const _ of encodePngRows(large, large.rows)) {
        if (time < 2) break;
      }
    }
    assert.equal((await upscaler.upscale(picture, { scale: 2 })).width, 400);
  } catch (error) {
    assert.ok(!(error instanceof UsageError), String(error));
    throw error;
  } finally {
    upscaler.destroy();
  }
});
