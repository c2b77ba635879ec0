/** Linear pictures: the network sees them as screens do, and the result is linear again. */

import assert from "node:assert/strict";
import { enhance } from "../../mod.ts";
import { decodePicture, toSrgb } from "../../src/pictures/mod.ts";
import { gpu } from "../gpu_harness.ts";

const LINEAR = new URL("../pictures/cases/png_gamma_linear.png", import.meta.url);

function meanOf(data: ArrayLike<number>): number {
  return Array.from(data).reduce((sum, value) => sum + value, 0) / data.length;
}

Deno.test("a linear picture looks alike when it is enlarged, and stays linear", async () => {
  const stored = await decodePicture(await Deno.readFile(LINEAR));
  const options = { model: "bicubic", scale: 2, device: gpu } as const;
  const { picture } = await enhance(stored, options);
  assert.deepEqual([picture.width, picture.depth], [192, 8]);
  assert.deepEqual(picture.metadata.icc, stored.metadata.icc);
  const [before, after] = [await toSrgb(stored), await toSrgb(picture)];
  assert.ok(Math.abs(meanOf(before.data) - meanOf(after.data)) < 0.5);
  // What is enlarged as screens show it is what the same picture in sRGB becomes.
  const shown = await enhance(before, options);
  let most = 0;
  after.data.forEach((value, i) => most = Math.max(most, Math.abs(value - shown.picture.data[i])));
  // In the dark, a level of 8 linear bits is several of sRGB.
  assert.ok(most <= 14, `${most} levels`);
});
