/**
 * The little of EXIF that Tessera must understand: which way up the picture is, and the entries that
 * become wrong when pixels are turned or their number changes. All else is carried as it is.
 *
 * EXIF is a TIFF structure: a header that names the byte order and the first directory (IFD0), whose
 * entries of 12 bytes hold small values and point to larger ones. IFD0 describes the picture, a
 * directory that follows it (IFD1) the thumbnail. Damage here never fails a picture: functions
 * return `undefined`, or what could not be parsed unchanged.
 */

import { concatBytes, latin1, startsWith, viewOf } from "../bytes.ts";
import type { Orientation } from "./orientation.ts";
import type { Metadata } from "../picture.ts";
import {
  entryOf,
  numbersOf,
  readTiffDirectory,
  TIFF_TYPE,
  type TiffEntry,
  tiffHeader,
  writeTiffDirectory,
} from "../tiff/tags.ts";

const TAG = {
  imageWidth: 0x0100,
  imageHeight: 0x0101,
  orientation: 0x0112,
  xResolution: 0x011a,
  yResolution: 0x011b,
  resolutionUnit: 0x0128,
  thumbnailOffset: 0x0201,
  thumbnailLength: 0x0202,
  exifDirectory: 0x8769,
  pixelWidth: 0xa002,
  pixelHeight: 0xa003,
  userComment: 0x9286,
} as const;

/** Metres in an inch. */
export const INCH = 0.0254;

/** What stands before the block in JPEG, and by mistake in other formats. */
export const EXIF_PREFIX = "Exif\0\0";

const UNIT_INCH = 2;
const UNIT_CENTIMETRE = 3;

/** A directory: where each tag's entry is, and where the offset of the next directory is kept. */
interface Directory {
  entries: Map<number, number>;
  nextAt: number;
}

/** The directories that matter, over a private copy of the block. */
interface Exif {
  bytes: Uint8Array;
  view: DataView;
  little: boolean;
  main: Directory;
  detail: Directory | undefined;
}

/** Returns a copy of a block, without a prefix that some programs put before it. */
export function withoutPrefix(data: Uint8Array): Uint8Array {
  return data.slice(startsWith(data, EXIF_PREFIX) ? EXIF_PREFIX.length : 0);
}

/**
 * Reads which way up the picture is: 1 if the block does not say or cannot be parsed.
 *
 * @param block TIFF structure that begins with `II` or `MM`
 */
export function readOrientation(block: Uint8Array): Orientation {
  const exif = parse(block);
  const entry = exif?.main.entries.get(TAG.orientation);
  const value = exif && entry !== undefined ? readNumber(exif, entry) : undefined;
  return value !== undefined && value >= 1 && value <= 8 ? value as Orientation : 1;
}

/**
 * Returns a copy for pixels that were turned upright: orientation 1, and no thumbnail, which shows
 * the old pixels. `undefined` if the block cannot be parsed.
 *
 * @param block TIFF structure that begins with `II` or `MM`
 */
export function uprightExif(block: Uint8Array): Uint8Array | undefined {
  const exif = parse(block);
  if (exif === undefined) return undefined;
  const entry = exif.main.entries.get(TAG.orientation);
  if (entry !== undefined) writeNumber(exif, entry, 1);
  return withoutThumbnail(exif);
}

/**
 * Returns a copy whose width and height entries say the given numbers of pixels, where the block has
 * such entries. A block that cannot be parsed comes back as it is.
 *
 * @param block TIFF structure that begins with `II` or `MM`
 */
export function withSize(block: Uint8Array, width: number, height: number): Uint8Array {
  const exif = parse(block);
  if (exif === undefined) return block;
  const sizes: [Directory | undefined, number, number][] = [
    [exif.main, TAG.imageWidth, width],
    [exif.main, TAG.imageHeight, height],
    [exif.detail, TAG.pixelWidth, width],
    [exif.detail, TAG.pixelHeight, height],
  ];
  for (const [directory, tag, value] of sizes) {
    const entry = directory?.entries.get(tag);
    if (entry !== undefined) writeNumber(exif, entry, value);
  }
  return exif.bytes;
}

/**
 * Reads the pixels per metre, or returns `undefined` if the block does not say.
 *
 * @param block TIFF structure that begins with `II` or `MM`
 */
export function readExifDensity(block: Uint8Array): Metadata["density"] {
  const directory = readTiffDirectory(block);
  if (directory === undefined) return undefined;
  const [x] = numbersOf(directory, TAG.xResolution);
  const [y] = numbersOf(directory, TAG.yResolution);
  const [unit = UNIT_INCH] = numbersOf(directory, TAG.resolutionUnit);
  const perMetre = unit === UNIT_INCH ? 1 / INCH : unit === UNIT_CENTIMETRE ? 100 : 0;
  const density = { x: x * perMetre, y: y * perMetre };
  return isDensity(density.x) && isDensity(density.y) ? density : undefined;
}

/**
 * Returns a copy that says the given pixels per metre. The first directory is written anew at the
 * end of the block, as nothing else in it may move.
 *
 * @param block TIFF structure that begins with `II` or `MM`; without one a new block is made
 */
export function withExifDensity(
  block: Uint8Array | undefined,
  density: { x: number; y: number },
): Uint8Array {
  const old = block === undefined ? undefined : readExifDensity(block);
  if (old !== undefined && isNear(old.x, density.x) && isNear(old.y, density.y)) return block!;
  const exif = block === undefined ? undefined : parse(block);
  const little = exif?.little ?? true;
  const bytes = exif?.bytes ?? tiffHeader(8, little);
  const at = bytes.length + bytes.length % 2;
  const entries = readTiffDirectory(bytes)?.entries ?? new Map();
  const { rational, short } = TIFF_TYPE;
  for (
    const entry of [
      entryOf(TAG.xResolution, rational, [density.x * INCH], little),
      entryOf(TAG.yResolution, rational, [density.y * INCH], little),
      entryOf(TAG.resolutionUnit, short, [UNIT_INCH], little),
    ]
  ) entries.set(entry.tag, entry);
  const next = exif === undefined ? 0 : exif.view.getUint32(exif.main.nextAt, little);
  viewOf(bytes).setUint32(4, at, little);
  const directory = writeTiffDirectory([...entries.values()], at, next, little);
  return concatBytes([bytes, new Uint8Array(at - bytes.length), directory]);
}

/** What stands before a user comment in UTF-16, in the byte order of programs that write one. */
const UNICODE = "UNICODE\0";

/**
 * Returns a copy with a user comment, unless the block has one that says something. The directories are
 * written anew at the end of the block, as nothing else in it may move.
 *
 * @param block TIFF structure that begins with `II` or `MM`; without one a new block is made
 */
export function withUserComment(block: Uint8Array | undefined, comment: string): Uint8Array {
  const exif = block === undefined ? undefined : parse(block);
  if (block !== undefined && exif === undefined) return block;
  const little = exif?.little ?? false;
  const bytes = exif?.bytes ?? tiffHeader(8, little);
  const main = readTiffDirectory(bytes)?.entries ?? new Map<number, TiffEntry>();
  const [detailAt] = numbersOf({ little, entries: main }, TAG.exifDirectory);
  const detail = detailAt === undefined ? undefined : readTiffDirectory(bytes, detailAt);
  const entries = detail?.entries ?? new Map<number, TiffEntry>();
  if (entries.get(TAG.userComment)?.value.subarray(8).some((byte) => byte > 0x20)) return bytes;
  const value = concatBytes([latin1(UNICODE), utf16(comment)]);
  const { undefinedBytes, long } = TIFF_TYPE;
  entries.set(TAG.userComment, {
    tag: TAG.userComment,
    type: undefinedBytes,
    count: value.length,
    value,
  });
  const at = bytes.length + bytes.length % 2;
  const directory = writeTiffDirectory([...entries.values()], at, 0, little);
  const mainAt = at + directory.length + directory.length % 2;
  main.set(TAG.exifDirectory, entryOf(TAG.exifDirectory, long, [at], little));
  const next = exif === undefined ? 0 : exif.view.getUint32(exif.main.nextAt, little);
  viewOf(bytes).setUint32(4, mainAt, little);
  return concatBytes([
    bytes,
    new Uint8Array(at - bytes.length),
    directory,
    new Uint8Array(mainAt - at - directory.length),
    writeTiffDirectory([...main.values()], mainAt, next, little),
  ]);
}

/** The bytes of a text in UTF-16, the more significant byte first. */
function utf16(text: string): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  const view = viewOf(bytes);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i));
  return bytes;
}

function isDensity(value: number): boolean {
  return Number.isFinite(value) && value > 0;
}

/** Says whether two densities differ by no more than what formats round away. */
function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 0.005 * b;
}

/** Parses a copy of the block, or returns `undefined` if its structure is broken. */
function parse(block: Uint8Array): Exif | undefined {
  if (block.length < 14) return undefined;
  const bytes = block.slice();
  const view = viewOf(bytes);
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return undefined;
  const main = readDirectory(view, view.getUint32(4, little), little);
  if (main === undefined) return undefined;
  const pointer = main.entries.get(TAG.exifDirectory);
  const detail = pointer === undefined
    ? undefined
    : readDirectory(view, view.getUint32(pointer + 8, little), little);
  return { bytes, view, little, main, detail };
}

/** Reads the directory at `offset`, or returns `undefined` if it does not fit into the block. */
function readDirectory(view: DataView, offset: number, little: boolean): Directory | undefined {
  if (offset < 8 || offset + 2 > view.byteLength) return undefined;
  const count = view.getUint16(offset, little);
  const nextAt = offset + 2 + count * 12;
  if (nextAt > view.byteLength) return undefined;
  const entries = new Map<number, number>();
  for (let entry = offset + 2; entry < nextAt; entry += 12) {
    entries.set(view.getUint16(entry, little), entry);
  }
  return { entries, nextAt };
}

/** Reads an entry that holds one whole number, or returns `undefined` if it holds anything else. */
function readNumber({ view, little }: Exif, entry: number): number | undefined {
  const type = view.getUint16(entry + 2, little);
  if (view.getUint32(entry + 4, little) !== 1) return undefined;
  if (type === TIFF_TYPE.short) return view.getUint16(entry + 8, little);
  return type === TIFF_TYPE.long ? view.getUint32(entry + 8, little) : undefined;
}

/** Makes an entry hold one whole number; a number beyond 16 bits makes it a long one. */
function writeNumber({ view, little }: Exif, entry: number, value: number): void {
  const short = view.getUint16(entry + 2, little) === TIFF_TYPE.short && value <= 0xffff;
  view.setUint16(entry + 2, short ? TIFF_TYPE.short : TIFF_TYPE.long, little);
  view.setUint32(entry + 4, 1, little);
  view.setUint32(entry + 8, 0, little);
  if (short) view.setUint16(entry + 8, value, little);
  else view.setUint32(entry + 8, value, little);
}

/** Unlinks the thumbnail's directory, and cuts its picture off where that ends the block. */
function withoutThumbnail(exif: Exif): Uint8Array {
  const { bytes, view, little, main } = exif;
  if (main.nextAt + 4 > bytes.length) return bytes;
  const offset = view.getUint32(main.nextAt, little);
  view.setUint32(main.nextAt, 0, little);
  const thumbnail = readDirectory(view, offset, little);
  const startEntry = thumbnail?.entries.get(TAG.thumbnailOffset);
  const lengthEntry = thumbnail?.entries.get(TAG.thumbnailLength);
  if (startEntry === undefined || lengthEntry === undefined) return bytes;
  const start = readNumber(exif, startEntry) ?? 0;
  const end = start + (readNumber(exif, lengthEntry) ?? 0);
  const isTail = start > offset && end >= bytes.length - 1 && end <= bytes.length;
  return isTail ? bytes.slice(0, start) : bytes;
}
