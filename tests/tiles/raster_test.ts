/** Bands of rows on their way: two readers of one source, and pictures wider than a grid can be. */

import assert from "node:assert/strict";
import type { Picture } from "../../src/pictures/picture.ts";
import { type Band, teeBands } from "../../src/raster/bands.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { gpu } from "../gpu_harness.ts";

/** Ten bands, each after a while; tells when it has ended. */
async function* source(onEnd: () => void): AsyncGenerator<Band> {
  try {
    for (let y = 0; y < 10; y++) {
      await new Promise((resolve) => setTimeout(resolve, y % 3));
      yield { y, rows: 1, words: new Uint32Array(1) };
    }
  } finally {
    onEnd();
  }
}

async function rowsOf(bands: AsyncIterable<Band>, most = Infinity): Promise<number[]> {
  const rows: number[] = [];
  for await (const { y } of bands) {
    rows.push(y);
    if (rows.length === most) break;
  }
  return rows;
}

const ALL = Array.from({ length: 10 }, (_, y) => y);

Deno.test("teeBands() gives both readers all bands in order, whoever asks when", async () => {
  for (const together of [true, false]) {
    let ended = 0;
    const [first, second] = teeBands(source(() => ended++));
    const [a, b] = together
      ? await Promise.all([rowsOf(first), rowsOf(second)])
      : [await rowsOf(first), await rowsOf(second)];
    assert.deepEqual([a, b, ended], [ALL, ALL, 1]);
  }
});

Deno.test("teeBands() goes on for one reader when the other leaves, and ends with the last", async () => {
  let ended = 0;
  const [first, second] = teeBands(source(() => ended++));
  assert.deepEqual(await rowsOf(first, 3), [0, 1, 2]);
  assert.equal(ended, 0);
  assert.deepEqual(await rowsOf(second, 5), [0, 1, 2, 3, 4]);
  assert.equal(ended, 1);
});

/** A line of values that come again after 50 pixels. */
function line(width: number, height: number): Picture {
  const data = Uint8Array.from(
    { length: width * height },
    (_, i) => (Math.max(i % width, Math.floor(i / width)) % 50) * 5,
  );
  return { width, height, channels: 1, depth: 8, data, metadata: {} };
}

/** 16 times as long, it has more than 65535 groups of 8 pixels. */
const LENGTH = 33_000;

for (const [width, height] of [[LENGTH, 1], [1, LENGTH]]) {
  Deno.test(`a picture of ${width}x${height} is resampled and made faithful at 16 times`, async () => {
    const upscaler = await Upscaler.create({ model: "bicubic", device: gpu });
    try {
      const { data } = await upscaler.upscale(line(width, height), { scale: 16, mode: "faithful" });
      const long = 16 * LENGTH;
      const at = (i: number) => width > height ? data[8 * long + i] : data[i * 16 + 8];
      // Far from both ends the result comes again as the picture does.
      for (let i = 0; i < 800; i++) assert.equal(at(long - 1600 + i), at(1600 + i), `pixel ${i}`);
    } finally {
      upscaler.destroy();
    }
  });
}
