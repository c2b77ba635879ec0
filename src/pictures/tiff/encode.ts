/**
 * TIFF out: libvips packs the pixels (deflate, of differences between neighbours), and the directory of each
 * page is written anew before them, with the metadata in it.
 */

import { InputError } from "../../errors.ts";
import { checkSide } from "../limits.ts";
import { concatBytes } from "../bytes.ts";
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
  TIFF_MAX_SIDE,
  TIFF_TYPE,
  type TiffDirectory,
  type TiffEntry,
  tiffHeader,
  writeTiffDirectory,
} from "./tags.ts";

const HEADER_BYTES = 8;

/** Offsets have 32 bits. */
const MAX_BYTES = 2 ** 32;

const TAG = {
  subfileType: 0x00fe,
  stripOffsets: 0x0111,
  orientation: 0x0112,
  stripBytes: 0x0117,
  xResolution: 0x011a,
  yResolution: 0x011b,
  unit: 0x0128,
  pageNumber: 0x0129,
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

/** The kind of a directory that is a page of several. */
const SUBFILE_PAGE = 2;

const TYPE = { byte: 1, undefined: 7 } as const;

/**
 * Encodes a picture as TIFF, in as many bits as it has, without loss.
 *
 * @param picture 8 or 16 bits
 * @throws {InputError} if it is beyond what libvips has memory for
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function encodeTiff(picture: Picture): Promise<Uint8Array> {
  return concatBytes(await Array.fromAsync(encodeTiffPages([picture], 1)));
}

/**
 * Yields the parts of a TIFF file of several pages, each of its own size, depth and metadata.
 *
 * @param pages 8 or 16 bits, as many as `count`
 * @throws {InputError} if the file would be beyond 4 GB, or a page beyond what libvips has memory for
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function* encodeTiffPages(
  pages: Iterable<Picture> | AsyncIterable<Picture>,
  count: number,
): AsyncGenerator<Uint8Array> {
  let at = HEADER_BYTES;
  let done = 0;
  for await (const picture of pages) {
    checkSide("TIFF", picture.width, picture.height, TIFF_MAX_SIDE);
    const options = { compression: "deflate", predictor: "horizontal" };
    const file = await encodeWithVips("TIFF", "tiffsave", picture, options);
    const metadata = textsMoved(metadataToWrite(picture));
    if (done === 0) yield tiffHeader(at, readTiffDirectory(file)!.little);
    const page = pageAt(at, file, metadata, { page: done++, pages: count });
    at += page.length;
    if (at > MAX_BYTES) throw new InputError("TIFF holds 4 GB, and these pages take more.");
    yield page;
  }
}

/** Which page of how many. */
interface PageNumber {
  page: number;
  pages: number;
}

/**
 * Returns a page as it stands in a file from `at` on: its directory, and then its pixels, behind which the
 * next page begins.
 *
 * @param file what libvips wrote
 */
function pageAt(at: number, file: Uint8Array, metadata: Metadata, number: PageNumber): Uint8Array {
  const directory = readTiffDirectory(file)!;
  const { little } = directory;
  const lengths = numbersOf(directory, TAG.stripBytes);
  const strips = numbersOf(directory, TAG.stripOffsets).map((from, i) =>
    file.subarray(from, from + lengths[i])
  );
  const pixels = lengths.reduce((sum, length) => sum + length, 0);
  const padding = pixels % 2;
  const entries = entriesOf(directory, metadata, number);
  // Where the strips stand depends on the length of what is before them, which does not depend on it.
  const partsFor = (stripsAt: number) => {
    let place = stripsAt;
    const offsets = lengths.map((length) => (place += length) - length);
    entries.set(TAG.stripOffsets, entryOf(TAG.stripOffsets, TIFF_TYPE.long, offsets, little));
    const isLast = number.page + 1 === number.pages;
    return directoriesAt(at, entries, metadata.exif, little, isLast ? 0 : place + padding);
  };
  const head = partsFor(0);
  return concatBytes([partsFor(at + head.length), ...strips, new Uint8Array(padding)]);
}

/** The entries of a page: those that libvips wrote about the pixels, and the metadata. */
function entriesOf(
  { entries: written, little }: TiffDirectory,
  { density, icc, xmp, iptc }: Metadata,
  { page, pages }: PageNumber,
): Map<number, TiffEntry> {
  const entries = new Map(written);
  const put = (entry: TiffEntry) => entries.set(entry.tag, entry);
  for (const tag of [TAG.orientation, TAG.xResolution, TAG.yResolution, TAG.unit]) {
    entries.delete(tag);
  }
  if (pages > 1) {
    put(entryOf(TAG.subfileType, TIFF_TYPE.long, [SUBFILE_PAGE], little));
    put(entryOf(TAG.pageNumber, TIFF_TYPE.short, [page, pages], little));
  }
  if (density !== undefined) {
    put(entryOf(TAG.xResolution, TIFF_TYPE.rational, [density.x * INCH], little));
    put(entryOf(TAG.yResolution, TIFF_TYPE.rational, [density.y * INCH], little));
    put(entryOf(TAG.unit, TIFF_TYPE.short, [UNIT_INCH], little));
  }
  if (icc !== undefined) put(bytesEntry(TAG.icc, TYPE.undefined, icc));
  if (xmp !== undefined) put(bytesEntry(TAG.xmp, TYPE.byte, xmp));
  if (iptc !== undefined) put(bytesEntry(TAG.photoshop, TYPE.byte, iptc));
  return entries;
}

/** A page's directory, which stands at `at`, and those of EXIF below it. */
function directoriesAt(
  at: number,
  entries: ReadonlyMap<number, TiffEntry>,
  exif: Uint8Array | undefined,
  little: boolean,
  next: number,
): Uint8Array {
  const all = new Map(entries);
  const inner: [tag: number, entries: TiffEntry[]][] = [];
  for (const [tag, found] of exif === undefined ? [] : exifEntries(exif, little)) {
    if (!(found instanceof Array)) {
      all.set(tag, found);
      continue;
    }
    all.set(tag, entryOf(tag, TIFF_TYPE.long, [0], little));
    inner.push([tag, found]);
  }
  const write = () => writeTiffDirectory([...all.values()], at, next, little);
  let end = at + write().length;
  const below: Uint8Array[] = [];
  for (const [tag, found] of inner) {
    all.set(tag, entryOf(tag, TIFF_TYPE.long, [end], little));
    below.push(writeTiffDirectory(found, end, 0, little));
    end += below.at(-1)!.length;
  }
  return concatBytes([write(), ...below]);
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
