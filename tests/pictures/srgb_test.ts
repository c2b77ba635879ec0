/**
 * Conversion to sRGB. The same against another program, on real files, is in
 * `pictures_compare_test.ts`.
 */

import assert from "node:assert/strict";
import { latin1 } from "../../src/pictures/bytes.ts";
import { convertDepth, type Picture, toSrgb } from "../../src/pictures/mod.ts";
import {
  colourProfile,
  P3_PRIMARIES,
  SRGB_CURVE,
  SRGB_PRIMARIES,
  testPicture,
  testProfile,
} from "./fixtures.ts";

/** Light of Display P3 to light of sRGB, from the primaries of both. */
const P3_TO_SRGB = [[1.2249, -0.2247, 0], [-0.042, 1.0419, 0], [-0.0197, -0.0786, 1.0979]];

/** The same conversion by its definition. */
function srgbOfP3(colour: number[]): number[] {
  const light = colour.map((level) => {
    const value = level / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return P3_TO_SRGB.map((row) => {
    const sum = row.reduce((total, factor, i) => total + factor * light[i], 0);
    const value = Math.min(Math.max(sum, 0), 1);
    return 255 * (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055);
  });
}

function picture(data: number[], icc: Uint8Array, channels: Picture["channels"] = 3): Picture {
  const width = data.length / channels;
  return { width, height: 1, channels, depth: 8, data: Uint8Array.from(data), metadata: { icc } };
}

Deno.test("sRGB: no profile, or one for other colours, changes no pixel", async () => {
  const plain = testPicture(5, 4, 3);
  assert.equal(await toSrgb(plain), plain);
  const xmp = latin1("<x/>");
  const grey = { ...plain, metadata: { icc: testProfile("GRAY", 200), xmp } };
  assert.deepEqual(await toSrgb(grey), { ...plain, metadata: { xmp } });
});

Deno.test("sRGB: a profile that means sRGB changes no pixel", async () => {
  const icc = colourProfile(SRGB_PRIMARIES, SRGB_CURVE);
  for (const depth of [8, 16] as const) {
    const colours = testPicture(9, 5, 4, depth, { icc });
    assert.deepEqual(await toSrgb(colours), { ...colours, metadata: {} });
  }
});

Deno.test("sRGB: Display P3 becomes what its definition says, at every depth", async () => {
  const icc = colourProfile(P3_PRIMARIES, SRGB_CURVE);
  const source = picture([128, 128, 128, 200, 100, 50, 255, 255, 255, 100, 150, 100], icc);
  const expected = [0, 3, 6, 9].flatMap((i) => srgbOfP3([...source.data.subarray(i, i + 3)]));
  const { data, metadata } = await toSrgb(source);
  assert.deepEqual(metadata, {});
  data.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1.5, `${i}: ${value}`));
  for (const depth of [16, 32] as const) {
    const deep = convertDepth(await toSrgb(convertDepth(source, depth)), 8).data;
    deep.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1.5, `${depth}, ${i}`));
  }
});

Deno.test("sRGB: alpha stays, grey stays grey", async () => {
  const icc = colourProfile(P3_PRIMARIES, SRGB_CURVE);
  const { data } = await toSrgb(picture([200, 100, 50, 7, 0, 0, 0, 99], icc, 4));
  assert.deepEqual([data[3], data[7]], [7, 99]);
  const linear = await toSrgb(picture([0, 55, 255], colourProfile(undefined, [1]), 1));
  assert.equal(linear.channels, 1);
  assert.ok(Math.abs(linear.data[1] - 128) <= 1, `${linear.data}`);
});

Deno.test("sRGB: a damaged profile costs a note, and the next sound one does not", async () => {
  const picture = testPicture(2, 2, 3, 8, { icc: testProfile("RGB ", 400) });
  const { notes, ...converted } = await toSrgb(picture);
  assert.match(notes![0], /colour profile is damaged/);
  assert.deepEqual(converted, { ...picture, metadata: {} });
  const icc = colourProfile(SRGB_PRIMARIES, SRGB_CURVE);
  await toSrgb(testPicture(2, 2, 3, 8, { icc }));
});
