/**
 * What is done to a picture before it is upscaled: the same, byte for byte, whether it is in memory or
 * comes in rows.
 */

import assert from "node:assert/strict";
import { treat, type Treatment } from "../../src/enhance/treatment.ts";
import {
  decodePngRows,
  encodePicture,
  gatherRows,
  type Picture,
  type PictureFormat,
  sourceOf,
  whiteOf,
} from "../../src/pictures/mod.ts";
import { colourProfile, P3_PRIMARIES, SRGB_CURVE, testPicture } from "../pictures/fixtures.ts";

const NOTHING: Treatment = { background: undefined, toSrgb: false, strip: false };

/** Treats a picture in memory and its PNG file in rows, compares the two, and returns the first. */
async function treatBoth(
  picture: Picture,
  format: PictureFormat,
  changes: Partial<Treatment>,
): Promise<Picture> {
  const treatment = { ...NOTHING, ...changes };
  const said: [string[], string[]] = [[], []];
  const whole = await treat(picture, format, treatment, (loss) => said[0].push(loss));
  const png = await decodePngRows(sourceOf(await encodePicture(picture, { format: "png" })));
  const inRows = await treat(png!, format, treatment, (loss) => said[1].push(loss));
  assert.ok("rows" in inRows && !("rows" in whole));
  for (let time = 0; time < 2; time++) assert.deepEqual(await gatherRows(inRows), whole);
  assert.deepEqual(said[1], said[0]);
  return whole;
}

Deno.test("treat() converts to sRGB in rows as in one piece", async () => {
  for (const [channels, depth, height] of [[3, 8, 900], [4, 16, 340], [1, 8, 100]] as const) {
    const icc = channels === 1
      ? colourProfile(undefined, [1.8])
      : colourProfile(P3_PRIMARIES, SRGB_CURVE);
    const picture = testPicture(400, height, channels, depth, { icc, density: { x: 100, y: 100 } });
    const converted = await treatBoth(picture, "png", { toSrgb: true });
    assert.deepEqual(converted.metadata, { density: { x: 100, y: 100 } });
    assert.notDeepEqual(converted.data, picture.data);
  }
});

Deno.test("treat() strips all but the profile", async () => {
  const icc = colourProfile(P3_PRIMARIES, SRGB_CURVE);
  const picture = testPicture(9, 7, 3, 8, { icc, density: { x: 100, y: 100 } });
  assert.deepEqual((await treatBoth(picture, "png", { strip: true })).metadata, { icc });
});

Deno.test("treat() puts a background under transparent rows as under a whole picture", async () => {
  for (const channels of [2, 4] as const) {
    const picture = testPicture(200, 700, channels, 16);
    for (const [background, expected] of [[[9, 9, 9], channels - 1], [[255, 0, 9], 3]] as const) {
      const flat = await treatBoth(picture, "jpeg", { background });
      assert.equal(flat.channels, expected);
    }
    assert.equal((await treatBoth(picture, "png", {})).channels, channels);
  }
});

Deno.test("treat() leaves full alpha out where the format has none, and refuses any other", async () => {
  const picture = testPicture(300, 700, 4);
  for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = whiteOf(8);
  assert.equal((await treatBoth(picture, "jpeg", {})).channels, 3);
  picture.data[picture.data.length - 1] = 254;
  const refusal = { name: "UsageError", message: /JPEG cannot hold the picture's transparency/ };
  await assert.rejects(treatBoth(picture, "jpeg", {}), refusal);
  const png = await decodePngRows(sourceOf(await encodePicture(picture, { format: "png" })));
  await assert.rejects(treat(png!, "jpeg", NOTHING, () => {}), refusal);
});
