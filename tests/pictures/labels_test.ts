/**
 * What the colours of a file mean: labels are kept or become profiles, by the formats' own precedence, and
 * one that is broken costs a note.
 */

import assert from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import { latin1, viewOf } from "../../src/pictures/bytes.ts";
import {
  isLinear,
  isProfile,
  makeGreyProfile,
  makeProfile,
} from "../../src/pictures/colour/profile.ts";
import {
  decodePicture,
  encodePicture,
  lossesOf,
  type Metadata,
  type Picture,
  stripMetadata,
  toSrgb,
} from "../../src/pictures/mod.ts";
import {
  colourProfile,
  P3_PRIMARIES,
  pngChunk,
  rawPng,
  SRGB_CURVE,
  testPicture,
  testProfile,
} from "./fixtures.ts";
import { deflateSync } from "node:zlib";

const P3 = { primaries: 12, transfer: 13 };
const PQ = { primaries: 9, transfer: 16 };

function caseFile(name: string): Uint8Array {
  return Deno.readFileSync(new URL(`cases/${name}`, import.meta.url));
}

/** A file of one pixel with chunks before it. */
async function readWith(...chunks: Uint8Array[]): Promise<Picture> {
  const rows = Uint8Array.of(0, 200, 100, 50);
  return await decodePicture(
    rawPng({ width: 1, height: 1, bits: 8, colourType: 2, rows, chunks }),
  );
}

function numbers(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, i) => viewOf(bytes).setUint32(4 * i, value));
  return bytes;
}

function iccChunk(profile: Uint8Array): Uint8Array {
  return pngChunk("iCCP", new Uint8Array([...latin1("p\0\0"), ...deflateSync(profile)]));
}

const CICP = pngChunk("cICP", Uint8Array.of(12, 13, 0, 1));
const SRGB = pngChunk("sRGB", Uint8Array.of(0));
const LINEAR = pngChunk("gAMA", numbers(100_000));
const SCREEN = pngChunk("gAMA", numbers(45_455));
/** White and primaries of Display P3. */
const CHROMATICITIES = pngChunk(
  "cHRM",
  numbers(31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000),
);

/** (200, 100, 50) of Display P3 in sRGB, by the matrices of CSS Color 4. */
const P3_IN_SRGB = [215, 93, 31];

async function inSrgb(picture: Picture): Promise<number[]> {
  return [...(await toSrgb(picture)).data];
}

function assertNear(actual: number[], expected: number[], levels: number): void {
  assert.equal(actual.length, expected.length);
  const far = actual.some((value, i) => Math.abs(value - expected[i]) > levels);
  assert.ok(!far, `${actual} is not ${expected}`);
}

Deno.test("labels: PNG's chunks count by the standard's precedence", async () => {
  const icc = testProfile("RGB ", 300);
  const cases: [Uint8Array[], (metadata: Metadata) => boolean][] = [
    [[CICP, iccChunk(icc), SRGB, LINEAR], ({ cicp }) => cicp?.primaries === 12],
    [[iccChunk(icc), LINEAR, CHROMATICITIES], (metadata) => metadata.icc?.length === 300],
    [[SRGB, LINEAR, CHROMATICITIES], (metadata) => metadata.icc === undefined],
    [[SCREEN], (metadata) => metadata.icc === undefined],
    [[LINEAR], (metadata) => isLinear(metadata.icc!)],
    [[SCREEN, CHROMATICITIES], (metadata) => !isLinear(metadata.icc!)],
    [[CHROMATICITIES], (metadata) => isProfile(metadata.icc!)],
    [[], (metadata) => metadata.icc === undefined && metadata.cicp === undefined],
    // Powers and colours that no screen has are as none.
    [[pngChunk("gAMA", numbers(1))], (metadata) => metadata.icc === undefined],
    [[pngChunk("gAMA", numbers(4e9))], (metadata) => metadata.icc === undefined],
    [
      [pngChunk("cHRM", numbers(...Array(4).fill([31_270, 32_900]).flat()))],
      (metadata) => metadata.icc === undefined,
    ],
    [
      [pngChunk("cHRM", numbers(70_000, 30_000, ...[64, 33, 30, 60, 15, 6].map((n) => n * 1000)))],
      (metadata) => metadata.icc === undefined,
    ],
  ];
  for (const [i, [chunks, holds]] of cases.entries()) {
    const { metadata, notes } = await readWith(...chunks);
    assert.ok(holds(metadata), `case ${i}`);
    assert.equal(notes, undefined);
  }
});

Deno.test("labels: profiles that are made say what the labels said", async () => {
  for (const chunks of [[CICP], [CHROMATICITIES]]) {
    assertNear(await inSrgb(await readWith(...chunks)), P3_IN_SRGB, 1);
  }
  const encode = (value: number) => 255 * (1.055 * (value / 255) ** (1 / 2.4) - 0.055);
  assertNear(await inSrgb(await readWith(LINEAR)), [200, 100, 50].map(encode), 1);
  const gamma18 = (value: number) => encode(255 * (value / 255) ** 1.8);
  const mac = pngChunk("gAMA", numbers(55_556));
  assertNear(await inSrgb(await readWith(mac)), [200, 100, 50].map(gamma18), 1);
});

Deno.test("labels: Display P3 of a PNG and of an AVIF is kept in each format", async () => {
  for (const name of ["png_cicp_p3.png", "avif_nclx_display_p3.avif"]) {
    const picture = await decodePicture(caseFile(name));
    assert.deepEqual(picture.metadata.cicp, P3, name);
    const colours = (await toSrgb(picture)).data;
    for (const format of ["png", "avif", "jpeg", "webp", "tiff", "jxl"] as const) {
      const file = await encodePicture(picture, { format, quality: 100 });
      const again = await decodePicture(file);
      if (format === "png" || format === "avif") assert.ok(again.metadata.icc !== undefined);
      if (format === "png") assert.deepEqual(again.metadata.cicp, P3);
      const converted = (await toSrgb(again)).data;
      const sum = (data: ArrayLike<number>) => Array.from(data).reduce((a, b) => a + b, 0);
      const difference = Math.abs(sum(converted) - sum(colours)) / colours.length;
      assert.ok(difference < 1.5, `${name} to ${format}: ${difference}`);
    }
  }
});

Deno.test("labels: HDR stays HDR in PNG and AVIF, and is refused elsewhere", async () => {
  const picture = testPicture(16, 8, 3, 16, { cicp: PQ });
  for (const format of ["png", "avif"] as const) {
    const again = await decodePicture(await encodePicture(picture, { format, lossless: true }));
    assert.deepEqual(again.metadata, { cicp: PQ }, format);
  }
  for (const format of ["jpeg", "webp", "jxl", "tiff"] as const) {
    await assert.rejects(encodePicture(picture, { format }), (error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, /cannot hold HDR colours \(PQ\)/);
      return true;
    });
  }
  await assert.rejects(toSrgb(picture), /HDR colours \(PQ\)/);
});

Deno.test("labels: how bright HDR is meant stays in PNG, and is told where it cannot", async () => {
  const mDCV = Uint8Array.from({ length: 24 }, (_, i) => i);
  const cLLI = Uint8Array.from({ length: 8 }, (_, i) => 100 + i);
  const label = pngChunk("cICP", Uint8Array.of(9, 16, 0, 1));
  const picture = await readWith(label, pngChunk("mDCV", mDCV), pngChunk("cLLI", cLLI));
  assert.deepEqual(picture.metadata.light, { mDCV, cLLI });
  const again = await decodePicture(await encodePicture(picture, { format: "png" }));
  assert.deepEqual(again.metadata, picture.metadata);
  assert.deepEqual(stripMetadata(picture).metadata, picture.metadata);
  assert.match(lossesOf(picture, "avif").join(), /mDCV/);
  const cut = await readWith(label, pngChunk("mDCV", mDCV.subarray(1)));
  assert.equal(cut.metadata.light, undefined);
});

Deno.test("labels: cICP of grey counts, too", async () => {
  const grey = (transfer: number) => {
    const chunks = [pngChunk("cICP", Uint8Array.of(9, transfer, 0, 1))];
    return rawPng({
      width: 1,
      height: 1,
      bits: 8,
      colourType: 0,
      rows: Uint8Array.of(0, 9),
      chunks,
    });
  };
  const linear = await decodePicture(grey(8));
  assert.ok(isLinear(linear.metadata.icc!));
  assert.deepEqual((await decodePicture(grey(13))).metadata, {});
  const hdr = await decodePicture(grey(16));
  assert.deepEqual(hdr.metadata, { cicp: PQ });
  for (const format of ["png", "avif"] as const) {
    const again = await decodePicture(await encodePicture(hdr, { format, lossless: true }));
    assert.deepEqual([again.metadata, again.data[0]], [{ cicp: PQ }, 9], format);
  }
  await assert.rejects(encodePicture(hdr, { format: "webp" }), /cannot hold HDR colours \(PQ\)/);
});

Deno.test("labels: a broken profile costs a note", async () => {
  const short = await readWith(iccChunk(new Uint8Array(40)), LINEAR);
  assert.match(short.notes![0], /colour profile is damaged/);
  assert.ok(isLinear(short.metadata.icc!), "the next label in order counts");
  // Sound to look at, and not to use.
  const hollow = await toSrgb(await readWith(iccChunk(testProfile("RGB ", 300))));
  assert.match(hollow.notes![0], /colour profile is damaged/);
  assert.deepEqual([...hollow.data], [200, 100, 50]);
  const inks = await decodePicture(caseFile("jpeg_cmyk_broken_profile.jpg"));
  assert.deepEqual([inks.width, inks.height, inks.channels], [96, 64, 3]);
  assert.match(inks.notes![0], /CMYK colours have no profile that can be read/);
  assertNear([...inks.data.subarray(0, 3)], [115, 76, 63], 1);
});

/** A profile whose curves are all of the kind with as many parameters. */
function curveProfile(curve: number[]): Uint8Array {
  const icc = colourProfile(P3_PRIMARIES, SRGB_CURVE);
  const at = String.fromCharCode(...icc).indexOf("para");
  const parameters = new Uint8Array(icc.length - at);
  const view = viewOf(parameters);
  parameters.set(latin1("para"));
  view.setUint16(8, [1, 3, 4, 5].indexOf(curve.length));
  curve.forEach((value, i) => view.setInt32(12 + 4 * i, Math.round(value * 65536)));
  // The first of the three curves is looked at.
  icc.set(parameters.subarray(0, 12 + 4 * curve.length), at);
  return icc;
}

Deno.test("labels: a profile's curve is linear, or it is not", () => {
  const srgb = {
    white: [0.3127, 0.329],
    red: [0.64, 0.33],
    green: [0.3, 0.6],
    blue: [0.15, 0.06],
  } as const;
  assert.ok(isLinear(makeProfile("linear", srgb, 1)));
  for (const curve of ["srgb", 1.8, 2.2] as const) {
    assert.ok(!isLinear(makeProfile("screen", srgb, curve)));
  }
  assert.ok(!isLinear(new Uint8Array(10)));
  // Parameters of each kind of curve: linear ones, and such of screens.
  const linear = [[1], [1, 1, 0], [1, 1, 0, 0], [1, 1, 0, 1, 0]];
  const screen = [[2.2], [2.2, 1, 0], [1.8, 1, 0, 0], SRGB_CURVE];
  for (const curve of linear) assert.ok(isLinear(curveProfile(curve)), curve.join());
  for (const curve of screen) assert.ok(!isLinear(curveProfile(curve)), curve.join());
});

Deno.test("labels: dark linear grey becomes the sRGB that its formula gives", async () => {
  const data = Uint8Array.from({ length: 256 }, (_, i) => i);
  const icc = makeGreyProfile("linear", 1);
  const picture = {
    width: 256,
    height: 1,
    channels: 1,
    depth: 8,
    data,
    metadata: { icc },
  } as const;
  const converted = await toSrgb(picture);
  converted.data.forEach((value, i) => {
    const light = i / 255;
    const display = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
    assert.ok(Math.abs(value - 255 * display) <= 0.51, `${i}: ${value}, not ${255 * display}`);
  });
});
