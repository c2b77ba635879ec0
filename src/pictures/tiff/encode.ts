/**
 * TIFF out: libvips packs the pixels (deflate, of differences between neighbours), and the directory is
 * written anew at the end of the file, with the metadata in it.
 */

import { checkSide } from "../limits.ts";
import { concatBytes, viewOf } from "../bytes.ts";
import { INCH } from "../metadata/exif.ts";
import { textsMoved } from "../metadata/texts.ts";
import { metadataToWrite } from "../metadata/metadata.ts";
import type { Metadata, Picture } from "../picture.ts";
import { encodeWithVips } from "../vips/encode.ts";
import {
  entryOf,
  numbersOf,
  readTiffDirectory,
  swappedEntry,
  TIFF_TYPE,
  type TiffEntry,
  writeTiffDirectory,
} from "./tags.ts";

/** The most pixels that a side can have in the reference library. */
export const TIFF_MAX_SIDE = 2 ** 24;

const TAG = {
  orientation: 0x0112,
  xResolution: 0x011a,
  yResolution: 0x011b,
  unit: 0x0128,
  xmp: 0x02bc,
  photoshop: 0x8649,
  exif: 0x8769,
  icc: 0x8773,
  gps: 0x8825,
  /** Points to a directory that is left out. */
  interoperability: 0xa005,
} as const;

/** Entries of EXIF that describe the picture: texts, maker, program, dates, author, copyright. */
const EXIF_TAGS = [0x010e, 0x010f, 0x0110, 0x0131, 0x0132, 0x013b, 0x8298];

const UNIT_INCH = 2;
const TYPE = { byte: 1, undefined: 7 } as const;

/**
 * Encodes a picture as TIFF, in as many bits as it has, without loss.
 *
 * @param picture 8 or 16 bits
 * @throws {InputError} if it is beyond what libvips has memory for
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function encodeTiff(picture: Picture): Promise<Uint8Array> {
  checkSide("TIFF", picture.width, picture.height, TIFF_MAX_SIDE);
  const options = { compression: "deflate", predictor: "horizontal" };
  const file = await encodeWithVips("TIFF", "tiffsave", picture, options);
  return withTiffMetadata(file, textsMoved(metadataToWrite(picture)));
}

/** Returns a file with another first directory, which stands at its end and has metadata in it. */
function withTiffMetadata(file: Uint8Array, metadata: Metadata): Uint8Array {
  const directory = readTiffDirectory(file)!;
  const { little } = directory;
  const entries = new Map(directory.entries);
  const put = (entry: TiffEntry) => entries.set(entry.tag, entry);
  const { density, icc, xmp, iptc, exif } = metadata;
  for (const tag of [TAG.orientation, TAG.xResolution, TAG.yResolution, TAG.unit]) {
    entries.delete(tag);
  }
  if (density !== undefined) {
    put(entryOf(TAG.xResolution, TIFF_TYPE.rational, [density.x * INCH], little));
    put(entryOf(TAG.yResolution, TIFF_TYPE.rational, [density.y * INCH], little));
    put(entryOf(TAG.unit, TIFF_TYPE.short, [UNIT_INCH], little));
  }
  if (icc !== undefined) put(bytesEntry(TAG.icc, TYPE.undefined, icc));
  if (xmp !== undefined) put(bytesEntry(TAG.xmp, TYPE.byte, xmp));
  if (iptc !== undefined) put(bytesEntry(TAG.photoshop, TYPE.byte, iptc));
  const parts: Uint8Array[] = [file, new Uint8Array(file.length % 2)];
  let at = file.length + file.length % 2;
  for (const [tag, inner] of exif === undefined ? [] : exifEntries(exif, little)) {
    if (inner instanceof Array) {
      const part = writeTiffDirectory(inner, at, 0, little);
      put(entryOf(tag, TIFF_TYPE.long, [at], little));
      parts.push(part);
      at += part.length;
    } else put(inner);
  }
  parts.push(writeTiffDirectory([...entries.values()], at, 0, little));
  const whole = concatBytes(parts);
  viewOf(whole).setUint32(4, at, little);
  return whole;
}

/** What of an EXIF block goes into the directory: entries, and directories below it. */
function exifEntries(exif: Uint8Array, little: boolean): [number, TiffEntry | TiffEntry[]][] {
  const main = readTiffDirectory(exif);
  if (main === undefined) return [];
  const ordered = (entry: TiffEntry) => main.little === little ? entry : swappedEntry(entry);
  const found: [number, TiffEntry | TiffEntry[]][] = [];
  for (const tag of EXIF_TAGS) {
    const entry = main.entries.get(tag);
    if (entry !== undefined) found.push([tag, ordered(entry)]);
  }
  for (const tag of [TAG.exif, TAG.gps]) {
    const [offset] = numbersOf(main, tag);
    const inner = offset === undefined ? undefined : readTiffDirectory(exif, offset);
    if (inner === undefined) continue;
    const entries = [...inner.entries.values()].filter(({ tag }) => tag !== TAG.interoperability);
    found.push([tag, entries.map(ordered)]);
  }
  return found;
}

function bytesEntry(tag: number, type: number, value: Uint8Array): TiffEntry {
  return { tag, type, count: value.length, value };
}
