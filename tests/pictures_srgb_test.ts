/**
 * Conversion to sRGB. The same against another program, on real files, is in
 * `pictures_compare_test.ts`.
 */

import assert from "node:assert/strict";
import { InputError } from "../src/errors.ts";
import { concatBytes, latin1 } from "../src/pictures/bytes.ts";
import { big } from "../src/pictures/boxes.ts";
import { convertDepth, type Picture, toSrgb } from "../src/pictures/mod.ts";
import { testPicture, testProfile } from "./pictures_fixtures.ts";

/** Primaries in the profile's own white, as profiles store them: XYZ of red, green and blue. */
const SRGB_PRIMARIES = [[0.4361, 0.2225, 0.0139], [0.3851, 0.7169, 0.0971], [
  0.1431,
  0.0606,
  0.7141,
]];
const P3_PRIMARIES = [[0.5151, 0.2412, -0.0011], [0.292, 0.6922, 0.0419], [0.1571, 0.0666, 0.7841]];

/** The curve of sRGB as parameters: exponent, slope and offset, the straight part. */
const SRGB_CURVE = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045];

function fixed(value: number): Uint8Array {
  return big(Math.round(value * 65536) + (value < 0 ? 2 ** 32 : 0), 4);
}

/** A profile of three primaries and one curve, or of a curve alone for grey. */
function profile(primaries: number[][] | undefined, curve: number[]): Uint8Array {
  const kind = curve.length === 1 ? 0 : 3;
  const parametric = concatBytes([
    latin1("para\0\0\0\0"),
    big(kind, 2),
    big(0, 2),
    ...curve.map(fixed),
  ]);
  const xyz = (values: number[]) => concatBytes([latin1("XYZ \0\0\0\0"), ...values.map(fixed)]);
  const tags: [string, Uint8Array][] = [["wtpt", xyz([0.9642, 1, 0.8249])]];
  if (primaries === undefined) tags.push(["kTRC", parametric]);
  else {
    primaries.forEach((values, i) => tags.push([`${"rgb"[i]}XYZ`, xyz(values)]));
    for (const name of ["rTRC", "gTRC", "bTRC"]) tags.push([name, parametric]);
  }
  let at = 128 + 4 + tags.length * 12;
  const table: Uint8Array[] = [big(tags.length, 4)];
  const data: Uint8Array[] = [];
  for (const [name, value] of tags) {
    const padded = concatBytes([value, new Uint8Array((4 - value.length % 4) % 4)]);
    table.push(latin1(name), big(at, 4), big(value.length, 4));
    data.push(padded);
    at += padded.length;
  }
  const header = concatBytes([
    big(at, 4),
    new Uint8Array(4),
    big(0x04300000, 4),
    latin1(`mntr${primaries === undefined ? "GRAY" : "RGB "}XYZ `),
    new Uint8Array(12),
    latin1("acsp"),
    new Uint8Array(28),
    fixed(0.9642),
    fixed(1),
    fixed(0.8249),
    new Uint8Array(48),
  ]);
  return concatBytes([header, ...table, ...data]);
}

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
  const icc = profile(SRGB_PRIMARIES, SRGB_CURVE);
  for (const depth of [8, 16] as const) {
    const colours = testPicture(9, 5, 4, depth, { icc });
    assert.deepEqual(await toSrgb(colours), { ...colours, metadata: {} });
  }
});

Deno.test("sRGB: Display P3 becomes what its definition says, at every depth", async () => {
  const icc = profile(P3_PRIMARIES, SRGB_CURVE);
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
  const icc = profile(P3_PRIMARIES, SRGB_CURVE);
  const { data } = await toSrgb(picture([200, 100, 50, 7, 0, 0, 0, 99], icc, 4));
  assert.deepEqual([data[3], data[7]], [7, 99]);
  const linear = await toSrgb(picture([0, 55, 255], profile(undefined, [1]), 1));
  assert.equal(linear.channels, 1);
  assert.ok(Math.abs(linear.data[1] - 128) <= 1, `${linear.data}`);
});

Deno.test("sRGB: a damaged profile is refused, and the next sound one is not", async () => {
  await assert.rejects(
    toSrgb(testPicture(2, 2, 3, 8, { icc: testProfile("RGB ", 400) })),
    InputError,
  );
  const icc = profile(SRGB_PRIMARIES, SRGB_CURVE);
  await toSrgb(testPicture(2, 2, 3, 8, { icc }));
});
