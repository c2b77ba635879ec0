/**
 * Damaged files: whatever happens to the bytes, the answer is a picture of the claimed size or an
 * `InputError`, soon and within bounded memory. `tests/cli/damaged_files_test.ts` tries 2,000 of them.
 */

import assert from "node:assert/strict";
import { InputError } from "../../src/errors.ts";
import { concatBytes, latin1 } from "../../src/pictures/bytes.ts";
import { sniff } from "../../src/pictures/kind.ts";
import { decodePicture, encodePicture } from "../../src/pictures/mod.ts";
import {
  entryOf,
  TIFF_TYPE,
  tiffHeader,
  writeTiffDirectory,
} from "../../src/pictures/tiff/tags.ts";
import { damage } from "./damage.ts";
import { randomFrom, testExif, testPicture, testProfile } from "./fixtures.ts";

const FILES_PER_FORMAT = 40;
const MAX_SECONDS = 10;
const MAX_GROWTH = 2 ** 30;
const MAX_PIXELS = 2 ** 26;

const metadata = {
  icc: testProfile("RGB ", 500),
  exif: testExif(1),
  xmp: latin1(`<rdf:RDF><rdf:Description GPano:CroppedAreaImageWidthPixels="90"/></rdf:RDF>`),
  density: { x: 2, y: 2 },
  texts: [
    { keyword: "parameters", text: "a bird" },
    { keyword: "Title", text: "\u9ce5", form: "iTXt", compressed: true },
  ] as const,
};
const picture = testPicture(90, 61, 3, 8, metadata);

/** A sound file of each kind that can be read. */
const SOUND: Record<string, () => Uint8Array | Promise<Uint8Array>> = {
  png: () => encodePicture(picture, { format: "png" }),
  jpeg: () => encodePicture(picture, { format: "jpeg", progressive: true }),
  webp: () => encodePicture(picture, { format: "webp" }),
  avif: () => encodePicture(picture, { format: "avif" }),
  jxl: () => encodePicture({ ...picture, metadata: {} }, { format: "jxl" }),
  tiff: soundTiff,
  gif: soundGif,
  bmp: soundBmp,
};

for (const [kind, sound] of Object.entries(SOUND)) {
  Deno.test(`damaged ${kind}: ${FILES_PER_FORMAT} files, each a picture or one clear error`, async () => {
    const random = randomFrom(20);
    const file = await sound();
    assert.deepEqual(sniff(file), { kind });
    await decodePicture(file);
    const before = Deno.memoryUsage().rss;
    for (let i = 0; i < FILES_PER_FORMAT; i++) {
      const bytes = damage(file, random);
      const start = performance.now();
      try {
        const { width, height, channels, data } = await decodePicture(bytes, {
          maxPixels: MAX_PIXELS,
        });
        assert.equal(data.length, width * height * channels);
      } catch (error) {
        assert.ok(error instanceof InputError, `file ${i}: ${error}`);
        assert.ok(error.message.length > 20, `file ${i}: ${error.message}`);
      }
      const seconds = (performance.now() - start) / 1000;
      assert.ok(seconds < MAX_SECONDS, `file ${i} took ${seconds} s`);
    }
    const growth = Deno.memoryUsage().rss - before;
    assert.ok(growth < MAX_GROWTH, `memory grew by ${growth} bytes`);
  });
}

/** Strips of literal LZW codes of 9 bits. */
function soundTiff(): Uint8Array {
  const strip = packLzw(picture.data as Uint8Array, 8, true);
  const numbers: [number, number[]][] = [
    [0x100, [90]],
    [0x101, [61]],
    [0x102, [8, 8, 8]],
    [0x103, [5]],
    [0x106, [2]],
    [0x111, [8]],
    [0x115, [3]],
    [0x116, [61]],
    [0x117, [strip.length]],
  ];
  const entries = numbers.map(([tag, values]) => entryOf(tag, TIFF_TYPE.long, values, true));
  const at = 8 + strip.length + strip.length % 2;
  const padding = new Uint8Array(strip.length % 2);
  return concatBytes([
    tiffHeader(at, true),
    strip,
    padding,
    writeTiffDirectory(entries, at, 0, true),
  ]);
}

/** A canvas of 90 x 61 with 128 colours. */
function soundGif(): Uint8Array {
  const indices = Uint8Array.from({ length: 90 * 61 }, (_, i) => picture.data[i * 3] >> 1);
  const packed = packLzw(indices, 7, false);
  const pieces = Array.from({ length: Math.ceil(packed.length / 255) }, (_, i) => {
    const piece = packed.subarray(i * 255, (i + 1) * 255);
    return concatBytes([Uint8Array.of(piece.length), piece]);
  });
  return concatBytes([
    latin1("GIF89a"),
    Uint8Array.of(90, 0, 61, 0, 0xf6, 0, 0),
    Uint8Array.from({ length: 384 }, (_, i) => Math.floor(i / 3) * 2),
    Uint8Array.of(0x2c, 0, 0, 0, 0, 90, 0, 61, 0, 0, 7),
    ...pieces,
    Uint8Array.of(0, 0x3b),
  ]);
}

/** 24 bits. */
function soundBmp(): Uint8Array {
  const stride = 272;
  const header = new Uint8Array(54);
  const view = new DataView(header.buffer);
  header.set(latin1("BM"));
  view.setUint32(10, 54, true);
  view.setUint32(14, 40, true);
  view.setUint32(18, 90, true);
  view.setUint32(22, 61, true);
  view.setUint16(28, 24, true);
  return concatBytes([header, new Uint8Array(stride * 61).fill(77)]);
}

/** LZW of literals only, with a new table before codes would grow. */
function packLzw(bytes: Uint8Array, bits: number, highFirst: boolean): Uint8Array {
  const clear = 1 << bits;
  const codes = [...bytes].flatMap((byte, i) => i % (clear - 8) === 0 ? [clear, byte] : [byte]);
  const out = new Uint8Array(Math.ceil((codes.length + 1) * (bits + 1) / 8));
  [...codes, clear + 1].forEach((code, i) => {
    for (let bit = 0; bit <= bits; bit++) {
      const at = i * (bits + 1) + bit;
      const value = (code >> (highFirst ? bits - bit : bit)) & 1;
      out[at >> 3] |= value << (highFirst ? 7 - (at & 7) : at & 7);
    }
  });
  return out;
}
