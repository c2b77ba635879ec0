import assert from "node:assert/strict";
import { InputError, UsageError } from "../../src/errors.ts";
import { concatBytes, latin1 } from "../../src/pictures/bytes.ts";
import {
  decodePicture,
  encodePicture,
  encodePngRows,
  type Metadata,
  type Picture,
  type Samples,
  uprightExif,
} from "../../src/pictures/mod.ts";
import { pngChunk, rawPng, testExif, testPicture, testProfile } from "./fixtures.ts";

const CHANNELS = [1, 2, 3, 4] as const;

async function roundTrip(picture: Picture): Promise<Picture> {
  return await decodePicture(await encodePicture(picture, { format: "png" }));
}

async function rejects(bytes: Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(decodePicture(bytes), (error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("PNG: 8 and 16 bits come back exactly, in every number of channels", async () => {
  for (const depth of [8, 16] as const) {
    for (const channels of CHANNELS) {
      for (const [width, height] of [[1, 1], [37, 23], [1, 90], [1100, 3]]) {
        const picture = testPicture(width, height, channels, depth);
        assert.deepEqual(await roundTrip(picture), picture);
      }
    }
  }
});

Deno.test("PNG: a picture larger than the compressor's blocks comes back exactly", async () => {
  const picture = testPicture(900, 700, 4);
  assert.deepEqual(await roundTrip(picture), picture);
});

Deno.test("PNG: the bytes do not depend on how the rows come", async () => {
  const picture = testPicture(800, 600, 3, 16);
  const whole = await encodePicture(picture, { format: "png" });
  assert.deepEqual(await encodePicture(picture, { format: "png" }), whole);
  for (const rows of [1, 7, 599]) {
    const pieces = await Array.fromAsync(encodePngRows(picture, rowsOf(picture, rows)));
    assert.deepEqual(concatBytes(pieces), whole, `${rows} rows at a time`);
  }
});

/** Yields `count` rows at a time, always in the same buffer. */
async function* rowsOf(picture: Picture, count: number): AsyncGenerator<Samples> {
  const stride = picture.width * picture.channels;
  const buffer = new Uint16Array(stride * count);
  for (let y = 0; y < picture.height; y += count) {
    const rows = (picture.data as Uint16Array).subarray(y * stride, (y + count) * stride);
    buffer.set(rows);
    yield buffer.subarray(0, rows.length);
    await Promise.resolve();
  }
}

Deno.test("PNG: rows that do not make the picture are refused", async () => {
  const header = { width: 4, height: 2, channels: 1, depth: 8, metadata: {} } as const;
  const refused: [string, Samples[]][] = [
    ["too few", [new Uint8Array(4)]],
    ["too many", [new Uint8Array(12)]],
    ["a part of a row", [new Uint8Array(6)]],
    ["another depth", [new Uint16Array(8)]],
  ];
  for (const [name, rows] of refused) {
    await assert.rejects(Array.fromAsync(encodePngRows(header, rows)), UsageError, name);
  }
  const floats = { ...header, depth: 32 } as const;
  await assert.rejects(Array.fromAsync(encodePngRows(floats, [new Float32Array(8)])), UsageError);
});

Deno.test("PNG: an error of the rows reaches the reader of the file", async () => {
  async function* failing(): AsyncGenerator<Samples> {
    yield new Uint8Array(4);
    await Promise.resolve();
    throw new RangeError("no more rows");
  }
  const header = { width: 4, height: 2, channels: 1, depth: 8, metadata: {} } as const;
  await assert.rejects(Array.fromAsync(encodePngRows(header, failing())), /no more rows/);
});

Deno.test("PNG: profile, EXIF, XMP and density are kept", async () => {
  const metadata: Metadata = {
    icc: testProfile("RGB ", 70_000),
    exif: uprightExif(testExif(1))!,
    xmp: new TextEncoder().encode("<x:xmpmeta>\u00e9</x:xmpmeta>"),
    density: { x: 2835, y: 11811 },
  };
  const picture = testPicture(640, 480, 3, 8, metadata);
  assert.deepEqual(await roundTrip(picture), picture);
});

Deno.test("PNG: a profile is written only beside the colours it describes", async () => {
  const grey = testProfile("GRAY", 300);
  assert.deepEqual((await roundTrip(testPicture(4, 4, 2, 8, { icc: grey }))).metadata.icc, grey);
  assert.equal((await roundTrip(testPicture(4, 4, 3, 8, { icc: grey }))).metadata.icc, undefined);
});

Deno.test("PNG: fewer than 8 bits of grey widen to 8", async () => {
  const cases: [bits: number, row: number[], expected: number[]][] = [
    [1, [0b10100000], [255, 0, 255]],
    [2, [0b00011011], [0, 85, 170]],
    [4, [0x0f, 0x30], [0, 255, 51]],
  ];
  for (const [bits, row, expected] of cases) {
    const rows = Uint8Array.of(0, ...row);
    const picture = await decodePicture(
      rawPng({ width: 3, height: 1, bits, colourType: 0, rows }),
    );
    assert.deepEqual([picture.channels, picture.depth, ...picture.data], [1, 8, ...expected]);
  }
});

Deno.test("PNG: a palette becomes RGB, or RGBA if a colour is transparent", async () => {
  const palette = pngChunk("PLTE", Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9));
  const transparency = pngChunk("tRNS", Uint8Array.of(10, 20));
  const png = { width: 4, height: 1, bits: 2, colourType: 3, rows: Uint8Array.of(0, 0b00011011) };
  const opaque = await decodePicture(rawPng({ ...png, chunks: [palette] }));
  assert.deepEqual([...opaque.data], [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0]);
  const clear = await decodePicture(rawPng({ ...png, chunks: [palette, transparency] }));
  assert.deepEqual([...clear.data], [1, 2, 3, 10, 4, 5, 6, 20, 7, 8, 9, 255, 0, 0, 0, 255]);
  await rejects(rawPng(png), /palette/);
});

Deno.test("PNG: the transparent colour becomes alpha at every depth", async () => {
  const grey = await decodePicture(rawPng({
    width: 3,
    height: 1,
    bits: 4,
    colourType: 0,
    rows: Uint8Array.of(0, 0x12, 0x30),
    chunks: [pngChunk("tRNS", Uint8Array.of(0, 2))],
  }));
  assert.deepEqual([grey.channels, ...grey.data], [2, 17, 255, 34, 0, 51, 255]);
  const wide = await decodePicture(rawPng({
    width: 2,
    height: 1,
    bits: 16,
    colourType: 2,
    rows: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 7),
    chunks: [pngChunk("tRNS", Uint8Array.of(1, 2, 3, 4, 5, 6))],
  }));
  assert.deepEqual([wide.channels, wide.depth], [4, 16]);
  assert.deepEqual([...wide.data], [258, 772, 1286, 0, 258, 772, 1287, 65535]);
});

Deno.test("PNG: all five filters are undone", async () => {
  // Each row is worked out by hand from the one before; samples are single bytes.
  const rows = Uint8Array.from([
    [0, 10, 20, 30],
    [1, 10, 10, 10],
    [2, 1, 1, 1],
    [3, 1, 1, 1],
    [4, 1, 1, 1],
  ].flat());
  const picture = await decodePicture(
    rawPng({ width: 3, height: 5, bits: 8, colourType: 0, rows }),
  );
  assert.deepEqual(
    [...picture.data],
    [[10, 20, 30], [10, 20, 30], [11, 21, 31], [6, 14, 23], [7, 15, 24]].flat(),
  );
  rows[0] = 5;
  await rejects(
    rawPng({ width: 3, height: 5, bits: 8, colourType: 0, rows }),
    /filter 5 in row 0 of 5/,
  );
});

Deno.test("PNG: an interlaced picture equals the plain one, at sizes that lack some passes", async () => {
  for (const [width, height] of [[1, 1], [2, 3], [5, 4], [8, 8], [17, 11]]) {
    const picture = testPicture(width, height, 3);
    const rows = interlace(picture);
    const png = rawPng({ width, height, bits: 8, colourType: 2, interlaced: true, rows });
    assert.deepEqual(await decodePicture(png), picture);
  }
});

/** The rows of the seven passes: which pass a pixel belongs to is read from the format's 8 x 8 map. */
function interlace({ width, height, channels, data }: Picture): Uint8Array {
  const map = [
    "16462646",
    "77777777",
    "56565656",
    "77777777",
    "36463646",
    "77777777",
    "56565656",
    "77777777",
  ];
  const out: number[] = [];
  for (const pass of "1234567") {
    for (let y = 0; y < height; y++) {
      const row: number[] = [];
      for (let x = 0; x < width; x++) {
        const at = (y * width + x) * channels;
        if (map[y % 8][x % 8] === pass) row.push(...data.subarray(at, at + channels));
      }
      if (row.length > 0) out.push(0, ...row);
    }
  }
  return Uint8Array.from(out);
}

Deno.test("PNG: EXIF orientation is applied", async () => {
  const rows = Uint8Array.of(0, 10, 20);
  const chunks = [pngChunk("eXIf", testExif(6))];
  const png = rawPng({ width: 2, height: 1, bits: 8, colourType: 0, rows, chunks });
  const picture = await decodePicture(png);
  assert.deepEqual([picture.width, picture.height, ...picture.data], [1, 2, 10, 20]);
});

Deno.test("PNG: damaged metadata is dropped, the picture is kept", async () => {
  const broken = pngChunk("pHYs", Uint8Array.of(0, 0, 1, 0, 0, 0, 1, 0, 1));
  broken[9] ^= 1;
  const png = rawPng({
    width: 1,
    height: 1,
    bits: 8,
    colourType: 0,
    rows: Uint8Array.of(0, 7),
    chunks: [
      broken,
      pngChunk("iCCP", latin1("name\0\0not compressed")),
      pngChunk("eXIf", latin1("II*\0nothing")),
    ],
  });
  const { notes, ...picture } = await decodePicture(png);
  assert.deepEqual(picture, { ...testPicture(1, 1, 1), data: Uint8Array.of(7) });
  assert.match(notes![0], /colour profile is damaged/);
});

Deno.test("PNG: damage is refused with the numbers", async () => {
  const png = { width: 4, height: 4, bits: 8, colourType: 0, rows: new Uint8Array(20) };
  const whole = rawPng(png);
  await rejects(whole.subarray(0, 20), /ends after 20 bytes/);
  await rejects(whole.subarray(0, whole.length - 12), /cut off/);
  await rejects(whole.subarray(0, whole.length - 15), /IDAT at byte 33 claims \d+ bytes/);
  await rejects(rawPng({ ...png, rows: new Uint8Array(13) }), /row 2 of 4/);
  await rejects(rawPng({ ...png, width: 0 }), /0 x 4/);
  await rejects(rawPng({ ...png, bits: 3 }), /colour type 0 with 3 bits/);
  await rejects(rawPng({ ...png, width: 2 ** 31, height: 2 ** 31 }), /more than the limit/);
  await rejects(rawPng({ ...png, width: 10_000, height: 10_000 }), /cannot come from/);
  await rejects(rawPng({ ...png, chunks: [pngChunk("WHAT", new Uint8Array(1))] }), /WHAT/);
  const flipped = whole.slice();
  flipped[45] ^= 1;
  await rejects(flipped, /IDAT at byte 33 has a wrong checksum/);
});

Deno.test("PNG: maxPixels is a limit that the caller sets", async () => {
  const png = await encodePicture(testPicture(10, 10, 1), { format: "png" });
  await assert.rejects(decodePicture(png, { maxPixels: 99 }), /10 x 10 pixels \(100\).*99/);
  assert.equal((await decodePicture(png, { maxPixels: 100 })).width, 10);
});

Deno.test("PNG: floats are refused", async () => {
  await assert.rejects(encodePicture(testPicture(2, 2, 3, 32), { format: "png" }), UsageError);
});

Deno.test("PNG: alpha of more colours than there are is left out, and Apple's own kind is named", async () => {
  const palette = pngChunk("PLTE", Uint8Array.of(255, 0, 0, 0, 0, 255));
  const alpha = pngChunk("tRNS", Uint8Array.of(10, 20, 30));
  const raw = { width: 1, height: 1, bits: 8, colourType: 3, rows: Uint8Array.of(0, 1) };
  const picture = await decodePicture(rawPng({ ...raw, chunks: [palette, alpha] }));
  assert.deepEqual([picture.channels, ...picture.data], [3, 0, 0, 255]);
  const png = rawPng({ ...raw, chunks: [palette] });
  const apple = concatBytes([
    png.subarray(0, 8),
    pngChunk("CgBI", Uint8Array.of(0x50, 0, 0x20, 2)),
    png.subarray(8),
  ]);
  await assert.rejects(decodePicture(apple), /is of Apple's own kind \(CgBI\), which/);
});
