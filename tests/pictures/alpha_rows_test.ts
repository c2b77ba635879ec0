/**
 * Transparency in rows: filling and taking apart give the same as with the whole picture, however the
 * rows come.
 */

import assert from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import {
  fillTransparent,
  fillTransparentRows,
  gatherRows,
  hasAlpha,
  isOpaque,
  type Picture,
  type Samples,
  splitAlpha,
  splitAlphaRows,
} from "../../src/pictures/mod.ts";
import { testPicture } from "./fixtures.ts";

/** A picture in which a random share of the rows, and of the pixels of the others, can be seen. */
function holes(channels: 2 | 4, depth: 8 | 16, height: number): Picture {
  const picture = testPicture(23, height, channels, depth);
  const [rowShare, pixelShare] = [Math.random() ** 2, Math.random()];
  for (let y = 0; y < height; y++) {
    const share = Math.random() < rowShare ? pixelShare : 0;
    for (let x = 0; x < 23; x++) {
      if (Math.random() >= share) picture.data[(y * 23 + x + 1) * channels - 1] = 0;
    }
  }
  return picture;
}

/** The picture's samples in bands of random numbers of rows, all in the same memory. */
async function* bands({ width, channels, data }: Picture): AsyncGenerator<Samples> {
  const memory = data.slice();
  for (let at = 0; at < data.length;) {
    const rows = 1 + Math.floor(Math.random() * 50);
    const band = data.subarray(at, at + rows * width * channels);
    memory.fill(99);
    memory.set(band);
    yield await Promise.resolve(memory.subarray(0, band.length));
    at += band.length;
  }
}

Deno.test("alpha rows: filled as the whole picture is, to the byte", async () => {
  for (const height of [1, 31, 32, 33, 64, 65, 200]) {
    for (const channels of [2, 4] as const) {
      const picture = holes(channels, height % 2 === 0 ? 8 : 16, height);
      const rows = fillTransparentRows(picture, bands(picture));
      assert.deepEqual(await gatherRows({ ...picture, rows }), fillTransparent(picture));
    }
  }
});

Deno.test("alpha rows: filling reaches 32 rows up and all rows down, and changes no alpha", () => {
  const height = 300;
  const picture = testPicture(23, height, 4);
  for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = 0;
  const seen = (150 * 23 + 7) * 4;
  picture.data.set([1, 2, 3, 255], seen);
  const { data } = fillTransparent(picture);
  for (let i = (150 - 32) * 23 * 4; i < data.length; i += 4) {
    assert.deepEqual([...data.subarray(i, i + 4)], [1, 2, 3, i === seen ? 255 : 0]);
  }
  assert.deepEqual(data.subarray(0, 23 * 4), picture.data.subarray(0, 23 * 4));
});

Deno.test("alpha rows: what is not a picture of that header is refused", async () => {
  const picture = testPicture(5, 70, 4);
  for (const rows of [[], [picture.data, picture.data], [picture.data.subarray(1)]]) {
    await assert.rejects(Array.fromAsync(fillTransparentRows(picture, rows)), UsageError);
  }
});

Deno.test("alpha rows: taken apart as the whole picture is, whichever is asked first", async () => {
  for (const colourFirst of [true, false]) {
    const picture = testPicture(23, 211, colourFirst ? 2 : 4, colourFirst ? 8 : 16);
    const { colour, alpha } = splitAlphaRows({ ...picture, rows: bands(picture) });
    const whole = splitAlpha(picture);
    const gathered = await Promise.all(
      colourFirst
        ? [gatherRows(colour), gatherRows(alpha)]
        : [gatherRows(alpha), gatherRows(colour)].toReversed(),
    );
    const expected = [whole.colour, whole.alpha].map((part) => part!.data);
    assert.deepEqual(gathered.map(({ data }) => data), expected);
    assert.ok(!hasAlpha(colour) && !hasAlpha(alpha));
  }
});

Deno.test("alpha rows: the source ends when either part is given up", async () => {
  for (const part of ["colour", "alpha"] as const) {
    const picture = testPicture(23, 211, 4);
    const rows = bands(picture);
    for await (const _ of splitAlphaRows({ ...picture, rows })[part].rows) break;
    assert.deepEqual(await rows.next(), { done: true, value: undefined }, part);
  }
});

Deno.test("alpha: opaque is what has no alpha, or full alpha everywhere", () => {
  for (const depth of [8, 16, 32] as const) {
    const picture = testPicture(6, 5, 4, depth);
    assert.ok(isOpaque(testPicture(6, 5, 3, depth)));
    for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = depth === 32 ? 1 : 65535;
    if (depth === 8) { for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = 255; }
    assert.ok(isOpaque(picture));
    picture.data[picture.data.length - 1] *= 0.9;
    assert.ok(!isOpaque(picture));
  }
});
