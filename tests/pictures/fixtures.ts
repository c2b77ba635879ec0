/**
 * Small pictures and hand-made files for the tests of `src/pictures`, the same in every run.
 */

import { big } from "../../src/pictures/codecs/boxes.ts";
import { concatBytes, latin1, viewOf } from "../../src/pictures/bytes.ts";
import { allocateSamples, type Depth, type Picture, whiteOf } from "../../src/pictures/mod.ts";
import {
  entryOf,
  TIFF_TYPE,
  type TiffEntry,
  tiffHeader,
  writeTiffDirectory,
} from "../../src/pictures/tiff/tags.ts";
import { crc32, deflateSync } from "node:zlib";

/** Where the shared pictures are, beside a checkout that has them. */
export const SHARED_IMAGES = new URL("../../../shared/images/", import.meta.url);

/** Says whether the shared pictures are there. */
export function hasSharedImages(): boolean {
  try {
    return Deno.statSync(SHARED_IMAGES).isDirectory;
  } catch {
    return false;
  }
}

/** Random numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A picture of smooth ramps with a little noise, different in each channel. */
export function testPicture(
  width: number,
  height: number,
  channels: Picture["channels"],
  depth: Depth = 8,
  metadata: Picture["metadata"] = {},
): Picture {
  const random = randomFrom(width * 31 + height * 7 + channels);
  const data = allocateSamples(depth, width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    const [x, y, c] = [(pixel % width) / width, Math.floor(pixel / width) / height, i % channels];
    const value = [x, y, 1 - x, (x + y) / 2][c] * 0.9 + random() * 0.1;
    data[i] = depth === 32 ? value : Math.floor(value * whiteOf(depth));
  }
  return { width, height, channels, depth, data, metadata };
}

/** A profile that is valid as far as a header goes, with `length` bytes that do not repeat. */
export function testProfile(space: "RGB " | "GRAY", length: number): Uint8Array {
  const random = randomFrom(length);
  const profile = Uint8Array.from({ length }, () => random() * 256);
  profile.set(latin1(space), 16);
  profile.set(latin1("acsp"), 36);
  viewOf(profile).setUint32(0, length);
  return profile;
}

/** What a hand-made PNG consists of. */
export interface RawPng {
  width: number;
  height: number;
  bits: number;
  colourType: number;
  interlaced?: boolean;
  /** Filter bytes and filtered rows, as they are before compression. */
  rows: Uint8Array;
  /** Chunks between the header and the pixels. */
  chunks?: Uint8Array[];
}

/** Writes a PNG file from its parts, without a look at whether they fit together. */
export function rawPng(png: RawPng): Uint8Array {
  const header = new Uint8Array(13);
  viewOf(header).setUint32(0, png.width);
  viewOf(header).setUint32(4, png.height);
  header.set([png.bits, png.colourType, 0, 0, png.interlaced ? 1 : 0], 8);
  return concatBytes([
    Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
    pngChunk("IHDR", header),
    ...(png.chunks ?? []),
    pngChunk("IDAT", deflateSync(png.rows)),
    pngChunk("IEND", new Uint8Array(0)),
  ]);
}

/** A PNG chunk with its checksum. */
export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const body = concatBytes([latin1(type), data]);
  const bytes = concatBytes([new Uint8Array(4), body, new Uint8Array(4)]);
  viewOf(bytes).setUint32(0, data.length);
  viewOf(bytes).setUint32(bytes.length - 4, crc32(body));
  return bytes;
}

/**
 * An EXIF block: maker, orientation, the Exif directory with a 16-bit width and a 32-bit height, and
 * a thumbnail directory whose picture of 20 bytes ends the block.
 */
export function testExif(orientation: number, little = true): Uint8Array {
  const bytes = new Uint8Array(156);
  const view = viewOf(bytes);
  const entry = (at: number, tag: number, type: number, count: number, value: number) => {
    view.setUint16(at, tag, little);
    view.setUint16(at + 2, type, little);
    view.setUint32(at + 4, count, little);
    if (type === 3) view.setUint16(at + 8, value, little);
    else view.setUint32(at + 8, value, little);
  };
  bytes.set(latin1(little ? "II" : "MM"));
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 3, little);
  entry(10, 0x010f, 2, 6, 50);
  entry(22, 0x0112, 3, 1, orientation);
  entry(34, 0x8769, 4, 1, 64);
  view.setUint32(46, 100, little);
  bytes.set(latin1("maker\0"), 50);
  view.setUint16(64, 2, little);
  entry(66, 0xa002, 3, 1, 640);
  entry(78, 0xa003, 4, 1, 480);
  view.setUint16(100, 2, little);
  entry(102, 0x0201, 4, 1, 136);
  entry(114, 0x0202, 4, 1, 20);
  return bytes;
}

/** Primaries in the profile's own white, as profiles store them: XYZ of red, green and blue. */
export const SRGB_PRIMARIES = [[0.4361, 0.2225, 0.0139], [0.3851, 0.7169, 0.0971], [
  0.1431,
  0.0606,
  0.7141,
]];
export const P3_PRIMARIES = [[0.5151, 0.2412, -0.0011], [0.292, 0.6922, 0.0419], [
  0.1571,
  0.0666,
  0.7841,
]];

/** The curve of sRGB as parameters: exponent, slope and offset, the straight part. */
export const SRGB_CURVE = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045];

function fixed(value: number): Uint8Array {
  return big(Math.round(value * 65536) + (value < 0 ? 2 ** 32 : 0), 4);
}

/** A profile of three primaries and one curve, or of a curve alone for grey. */
export function colourProfile(primaries: number[][] | undefined, curve: number[]): Uint8Array {
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

/** A DNG of 64 x 48 pixels in a Bayer pattern, a grey surface under coloured light. */
export function testDng(orientation: number): Uint8Array {
  const [width, height] = [64, 48];
  const seen = [0.5, 1, 0.7];
  const mosaic = new Uint8Array(width * height * 2);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const colour = y % 2 === 0 ? (x % 2 === 0 ? 0 : 1) : (x % 2 === 0 ? 1 : 2);
    viewOf(mosaic).setUint16(2 * i, 8000 * seen[colour], true);
  }
  const { short, long, rational } = TIFF_TYPE;
  const bytes = (tag: number, type: number, value: Uint8Array, count = value.length): TiffEntry => {
    return { tag, type, count, value };
  };
  const matrix = [3.2404542, -1.5371385, -0.4985314, -0.969266, 1.8760108, 0.041556];
  const signed = new Uint8Array(72);
  [...matrix, 0.0556434, -0.2040259, 1.0572252].forEach((value, i) => {
    viewOf(signed).setInt32(8 * i, Math.round(value * 10_000), true);
    viewOf(signed).setInt32(8 * i + 4, 10_000, true);
  });
  const at = 8 + mosaic.length;
  const entries: TiffEntry[] = [
    entryOf(0x00fe, long, [0], true),
    entryOf(0x0100, long, [width], true),
    entryOf(0x0101, long, [height], true),
    entryOf(0x0102, short, [16], true),
    entryOf(0x0103, short, [1], true),
    entryOf(0x0106, short, [32803], true),
    bytes(0x010f, 2, latin1("Maker\0")),
    bytes(0x0110, 2, latin1("Model\0")),
    entryOf(0x0111, long, [8], true),
    entryOf(0x0112, short, [orientation], true),
    entryOf(0x0115, short, [1], true),
    entryOf(0x0116, long, [height], true),
    entryOf(0x0117, long, [mosaic.length], true),
    entryOf(0x011c, short, [1], true),
    entryOf(0x828d, short, [2, 2], true),
    bytes(0x828e, 1, Uint8Array.of(0, 1, 1, 2)),
    bytes(0xc612, 1, Uint8Array.of(1, 4, 0, 0)),
    bytes(0xc614, 2, latin1("Maker Model\0")),
    entryOf(0xc61d, long, [16383], true),
    bytes(0xc621, 10, signed, 9),
    entryOf(0xc628, rational, seen, true),
    entryOf(0xc65a, short, [21], true),
  ];
  return concatBytes([tiffHeader(at, true), mosaic, writeTiffDirectory(entries, at, 0, true)]);
}
