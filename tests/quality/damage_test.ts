/**
 * The search for scratches and dust: on photographs damaged by known amounts, on clean ones, and the same
 * in every depth and number of channels. docs/inspect.md has the figures of more photographs.
 */

import assert from "node:assert/strict";
import { findDamage } from "../../src/inspect/mod.ts";
import { countMarks, dilated, type Mask } from "../../src/pictures/mask.ts";
import type { Picture } from "../../src/pictures/picture.ts";
import { withRandom } from "../reference/random.ts";
import { damageFor, damagePicture } from "../reference/scratches.ts";
import { hasShared } from "../reference/shared.ts";
import { PHOTOS, readShrunk } from "./inspect_fixtures.ts";

/** Hills of soft light with grain, 240 x 160 pixels. */
function soft(grain: () => number): Picture {
  const [width, height] = [240, 160];
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const level = 120 + 40 * Math.sin(x / 50) * Math.cos(y / 40) + grain();
    data.set([level, 0.9 * level, 0.8 * level], 3 * i);
  }
  return { width, height, channels: 3, depth: 8, data, metadata: {} };
}

/** The share of one mask's marks that another has, too. */
function shareIn(marks: Mask, other: Mask): number {
  const both = marks.data.reduce((sum, mark, i) => sum + (mark & other.data[i]), 0);
  return both / countMarks(marks);
}

Deno.test("findDamage() finds what is drawn on soft pictures, and leaves clean ones", () =>
  withRandom((random) => {
    const clean = soft(() => random.uniform(-3, 3));
    assert.equal(countMarks(findDamage(clean)), 0);
    const { damaged, mask } = damagePicture(clean, damageFor(clean), random);
    const marks = findDamage(damaged);
    const found = shareIn(mask, marks);
    assert.ok(found > 0.6, `${found} of it was found`);
    const right = shareIn(marks, dilated(mask, 2));
    assert.ok(right > 0.9, `${right} of what was found is damage`);
  }));

Deno.test("findDamage() finds the same in 16 bits and with alpha, and in grey", () =>
  withRandom((random) => {
    const clean = soft(() => random.uniform(-3, 3));
    const { damaged } = damagePicture(clean, damageFor(clean), random);
    const marks = findDamage(damaged);
    const count = damaged.width * damaged.height;
    const wide = new Uint16Array(4 * count).fill(65535);
    damaged.data.forEach((value, i) => wide[i + Math.floor(i / 3)] = 257 * value);
    assert.deepEqual(findDamage({ ...damaged, channels: 4, depth: 16, data: wide }), marks);
    const [grey, both, three] = [1, 2, 3].map((channels) => new Uint8Array(channels * count));
    for (let i = 0; i < count; i++) {
      const level = damaged.data[3 * i + 1];
      grey[i] = level;
      both.set([level, 255], 2 * i);
      three.fill(level, 3 * i, 3 * i + 3);
    }
    const expected = findDamage({ ...damaged, data: three });
    assert.deepEqual(findDamage({ ...damaged, channels: 1, data: grey }), expected);
    assert.deepEqual(findDamage({ ...damaged, channels: 2, data: both }), expected);
  }));

Deno.test("findDamage() finds wide scratches in large scans, which it also searches at half the size", () => {
  const [width, height] = [1700, 90];
  const data = new Uint8Array(width * height).map((_, i) => 100 + 30 * Math.sin(i % width / 90));
  for (let y = 10; y < 80; y++) data.fill(245, y * width + 600, y * width + 610);
  const picture: Picture = { width, height, channels: 1, depth: 8, data, metadata: {} };
  const marks = findDamage(picture).data;
  assert.deepEqual([598, 600, 605, 609, 620].map((x) => marks[45 * width + x]), [1, 1, 1, 1, 0]);
});

Deno.test("findDamage() takes pictures of every size, even ones and tiny ones", () => {
  for (const [width, height] of [[1, 1], [1, 40], [40, 1], [3, 2], [5, 90], [33, 31], [1700, 1]]) {
    for (const level of [0, 128, 255]) {
      const data = new Uint8Array(width * height).fill(level);
      const marks = findDamage({ width, height, channels: 1, depth: 8, data, metadata: {} });
      assert.deepEqual([marks.width, marks.height, countMarks(marks)], [width, height, 0]);
    }
  }
});

for (const name of ["canyon-wren", "kitten-on-lawn"]) {
  Deno.test({
    name: `findDamage() finds half of the damage on ${name}, and leaves the clean photograph`,
    ignore: !hasShared(PHOTOS),
    fn: () =>
      withRandom(async (random) => {
        const photo = await readShrunk(`${PHOTOS}/valid/${name}.jpg`, 3);
        const clean = countMarks(findDamage(photo)) / (photo.width * photo.height);
        assert.ok(clean <= 0.0005, `${clean} of the clean one was touched`);
        const { damaged, mask } = damagePicture(photo, damageFor(photo), random);
        const found = shareIn(mask, findDamage(damaged));
        assert.ok(found > 0.5, `${found} of it was found`);
      }),
  });
}
