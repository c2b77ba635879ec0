/**
 * GIF and BMP: hand-made files. Real files of other programs are compared in
 * `pictures_compare_test.ts`.
 */

import assert from "node:assert/strict";
import { InputError } from "../../src/errors.ts";
import { concatBytes, latin1, viewOf } from "../../src/pictures/bytes.ts";
import { decodePicture } from "../../src/pictures/mod.ts";
import { testProfile } from "./fixtures.ts";

/** A GIF file of 10 x 10 pixels in four colours, as compressors write it. */
const GIF = Uint8Array.fromHex(
  "4749463839610a000a00910000ffffffff00000000ff00000021f9040000000000" +
    "2c000000000a000a000002168c2d99872a1cdc33a00275ec95faa8de608c04914c01003b",
);
const GIF_ROWS = [
  ...Array(3).fill("1111122222"),
  ...Array(2).fill("1110000222"),
  ...Array(2).fill("2220000111"),
  ...Array(3).fill("2222211111"),
];
const GIF_COLOURS = [[255, 255, 255], [255, 0, 0], [0, 0, 255], [0, 0, 0]];

function gifPixels(rows: string[]): number[] {
  return rows.flatMap((row) => [...row].flatMap((index) => GIF_COLOURS[Number(index)]));
}

Deno.test("GIF: pixels are what another program stored", async () => {
  const picture = await decodePicture(GIF);
  assert.deepEqual([picture.width, picture.height, picture.channels], [10, 10, 3]);
  assert.deepEqual([...picture.data], gifPixels(GIF_ROWS));
  assert.equal(picture.notes, undefined);
});

Deno.test("GIF: a transparent colour, interlacing, a smaller frame, more frames", async () => {
  const transparent = GIF.slice();
  transparent.set([1, 0, 0, 2], 28);
  const { channels, data } = await decodePicture(transparent);
  assert.equal(channels, 4);
  assert.ok(
    GIF_ROWS.join("").split("").every((index, i) => data[i * 4 + 3] === (index === "2" ? 0 : 255)),
  );

  const interlaced = GIF.slice();
  interlaced[42] = 0x40;
  const order = [0, 8, 4, 2, 6, 1, 3, 5, 7, 9];
  const rows = order.map((_, y) => GIF_ROWS[order.indexOf(y)]);
  assert.deepEqual([...(await decodePicture(interlaced)).data], gifPixels(rows));

  const moved = GIF.slice();
  moved[6] = 12;
  moved[34] = 2;
  const wide = await decodePicture(moved);
  assert.deepEqual([wide.width, wide.channels, wide.data[3], wide.data[11]], [12, 4, 0, 255]);

  const frame = GIF.subarray(33, GIF.length - 1);
  const animated = concatBytes([GIF.subarray(0, -1), frame, frame, GIF.subarray(-1)]);
  const first = await decodePicture(animated);
  assert.deepEqual([...first.data], gifPixels(GIF_ROWS));
  assert.match(first.notes![0], /3 frames/);
});

Deno.test("GIF: what is cut off shows what there is, or is refused", async () => {
  assert.equal((await decodePicture(GIF.subarray(0, 60))).channels, 4);
  for (const length of [6, 12, 20, 40]) {
    await assert.rejects(decodePicture(GIF.subarray(0, length)), InputError, `${length}`);
  }
  const huge = GIF.slice();
  huge.set([0xff, 0xff, 0xff, 0xff], 6);
  const { width, height } = await decodePicture(huge);
  assert.deepEqual([width, height], [10, 10], "a screen beyond all reason is that of the frame");
});

/** Writes a BMP file with a Windows header. */
function rawBmp(
  width: number,
  height: number,
  bits: number,
  pixels: Uint8Array,
  { compression = 0, between = new Uint8Array(0) as Uint8Array } = {},
): Uint8Array {
  const bytes = new Uint8Array(54);
  const view = viewOf(bytes);
  bytes.set(latin1("BM"));
  view.setUint32(10, 54 + between.length, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(28, bits, true);
  view.setUint32(30, compression, true);
  view.setUint32(38, 2835, true);
  view.setUint32(42, 2835, true);
  return concatBytes([bytes, between, pixels]);
}

/** Little-endian 32-bit words. */
function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

const PALETTE = words(0x000000, 0xff0000, 0x00ff00, 0x0000ff);
const COLOURS = [[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]];

Deno.test("BMP: 24 bits, the lowest row first or the highest", async () => {
  const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0);
  const up = await decodePicture(rawBmp(2, 2, 24, pixels));
  assert.deepEqual([...up.data], [9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4]);
  assert.deepEqual(up.metadata, { density: { x: 2835, y: 2835 } });
  const down = await decodePicture(rawBmp(2, -2, 24, pixels));
  assert.deepEqual([...down.data], [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]);
});

Deno.test("BMP: 1, 4 and 8 bits choose a colour", async () => {
  const rows: [number, Uint8Array, number[]][] = [
    [1, Uint8Array.of(0b01100000, 0, 0, 0), [0, 1, 1]],
    [4, Uint8Array.of(0x31, 0x20, 0, 0), [3, 1, 2]],
    [8, Uint8Array.of(2, 0, 9, 0), [2, 0, 0]],
  ];
  for (const [bits, row, indices] of rows) {
    const { data } = await decodePicture(rawBmp(3, 1, bits, row, { between: PALETTE }));
    assert.deepEqual([...data], indices.flatMap((index) => COLOURS[index]), `${bits}`);
  }
});

Deno.test("BMP: 16 and 32 bits, with masks and with alpha", async () => {
  const white555 = await decodePicture(rawBmp(2, 1, 16, words(0x7c007fff)));
  assert.deepEqual([...white555.data], [255, 255, 255, 255, 0, 0]);
  const masks = words(0xf800, 0x07e0, 0x001f);
  const options = { compression: 3, between: masks };
  const green565 = await decodePicture(rawBmp(2, 1, 16, words(0x001f07e0), options));
  assert.deepEqual([...green565.data], [0, 255, 0, 0, 0, 255]);
  const withAlpha = { compression: 6, between: words(0xff0000, 0xff00, 0xff, 0xff000000) };
  const alpha = await decodePicture(rawBmp(1, 1, 32, words(0x80112233), withAlpha));
  assert.deepEqual([alpha.channels, ...alpha.data], [4, 0x11, 0x22, 0x33, 0x80]);
  const plain = await decodePicture(rawBmp(1, 1, 32, words(0x80112233)));
  assert.deepEqual([plain.channels, ...plain.data], [3, 0x11, 0x22, 0x33]);
});

Deno.test("BMP: run lengths with jumps and literals", async () => {
  const runs8 = Uint8Array.of(3, 1, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 2, 1, 0, 2, 2, 0, 1);
  const eight = await decodePicture(rawBmp(3, 3, 8, runs8, { compression: 1, between: PALETTE }));
  const rows = [[0, 2, 2], [1, 2, 3], [1, 1, 1]];
  assert.deepEqual([...eight.data], rows.flat().flatMap((index) => COLOURS[index]));
  const runs4 = Uint8Array.of(3, 0x12, 0, 0, 0, 3, 0x32, 0x10, 0, 1);
  const four = await decodePicture(rawBmp(3, 2, 4, runs4, { compression: 2, between: PALETTE }));
  const rows4 = [[3, 2, 1], [1, 2, 1]];
  assert.deepEqual([...four.data], rows4.flat().flatMap((index) => COLOURS[index]));
});

Deno.test("BMP: a profile in the file is kept", async () => {
  const icc = testProfile("RGB ", 300);
  const rest = new Uint8Array(84);
  const view = viewOf(rest);
  view.setUint32(70 - 54, 0x4d424544, true);
  view.setUint32(126 - 54, 124 + 8, true);
  view.setUint32(130 - 54, icc.length, true);
  const file = rawBmp(2, 1, 24, concatBytes([Uint8Array.of(1, 2, 3, 4, 5, 6, 0, 0), icc]), {
    between: rest,
  });
  viewOf(file).setUint32(14, 124, true);
  const { data, metadata } = await decodePicture(file);
  assert.deepEqual([...data], [3, 2, 1, 6, 5, 4]);
  assert.deepEqual(metadata.icc, icc);
});

Deno.test("BMP: OS/2's second header, cut short or whole, and its own compressions", async () => {
  const row = Uint8Array.of(0x31, 0x20, 0, 0);
  const windows = rawBmp(3, 1, 4, new Uint8Array(0));
  for (const size of [16, 24, 64]) {
    const header = new Uint8Array(14 + size);
    header.set(windows.subarray(0, Math.min(54, 14 + size)));
    viewOf(header).setUint32(10, 14 + size + PALETTE.length, true);
    viewOf(header).setUint32(14, size, true);
    const { data } = await decodePicture(concatBytes([header, PALETTE, row]));
    assert.deepEqual([...data], [3, 1, 2].flatMap((index) => COLOURS[index]), `${size}`);
  }
  const fax = new Uint8Array(14 + 64 + 16);
  fax.set(windows);
  viewOf(fax).setUint32(14, 64, true);
  viewOf(fax).setUint32(30, 3, true);
  await assert.rejects(decodePicture(fax), /compression 3, which Tessera cannot read/);
});

Deno.test("BMP: alpha that is 0 everywhere is none", async () => {
  const masks = { compression: 6, between: words(0xff0000, 0xff00, 0xff, 0xff000000) };
  for (const [second, alpha] of [[0x00445566, undefined], [0x01445566, 0]]) {
    const { channels, data } = await decodePicture(
      rawBmp(2, 1, 32, words(0x00112233, second!), masks),
    );
    const expected = alpha === undefined
      ? [0x11, 0x22, 0x33, 0x44, 0x55, 0x66]
      : [0x11, 0x22, 0x33, 0, 0x44, 0x55, 0x66, 1];
    assert.deepEqual([channels, ...data], [alpha === undefined ? 3 : 4, ...expected]);
  }
});

Deno.test("BMP: what cannot be is refused with the reason", async () => {
  const pixels = new Uint8Array(16);
  const cases: [Uint8Array, RegExp][] = [
    [rawBmp(2, 2, 24, pixels.subarray(1)), /16 bytes from byte 54.*ends at 69/],
    [rawBmp(0, 2, 24, pixels), /0 x 2/],
    [rawBmp(60_000, 60_000, 24, pixels), /more than the limit/],
    [rawBmp(2, 2, 7, pixels), /7 bits/],
    [rawBmp(2, 2, 24, pixels, { compression: 4 }), /holds a JPEG/],
    [rawBmp(2, 2, 24, pixels).subarray(0, 20), /ends after 20/],
  ];
  for (const [bytes, message] of cases) await assert.rejects(decodePicture(bytes), message);
});

Deno.test("BMP: kinds that are not read are named, and not called damaged", async () => {
  const cases: [file: Uint8Array, message: RegExp][] = [
    [rawBmp(2, 2, 0, new Uint8Array(90), { compression: 4 }), /holds a JPEG, which Tessera cannot/],
    [rawBmp(2, 2, 0, new Uint8Array(90), { compression: 5 }), /holds a PNG, which Tessera cannot/],
    [rawBmp(2, 2, 64, new Uint8Array(90)), /has 64 bits per pixel, which Tessera cannot read/],
  ];
  for (const [file, message] of cases) await assert.rejects(decodePicture(file), message);
});
