/**
 * TIFF in: libvips reads the pixels; the metadata beside them, of which libvips gives only a part, is
 * read here. `decodePicture` reads the first page, `openTiffPages` all.
 */

import { InputError } from "../../errors.ts";
import { concatBytes, startsWith, viewOf } from "../bytes.ts";
import { readExifDensity, readOrientation } from "../metadata/exif.ts";
import { iptcOfRecords, readIptc } from "../metadata/iptc.ts";
import { DEFAULT_MAX_PIXELS, unsupported } from "../limits.ts";
import { makeUpright } from "../metadata/metadata.ts";
import { allocateSamples, type Metadata, type Picture, type PictureRows } from "../picture.ts";
import { type ByteSource, readAhead, sourceOf } from "../source.ts";
import { decodeRaw } from "../codecs/raw.ts";
import { decodeWithVips, openWithVips, type VipsReading } from "../vips/decode.ts";
import { COLOUR_TAGS, type ColourPlan, PHOTOMETRIC, planColours } from "./colours.ts";
import { pagesNote } from "./pages_note.ts";
import {
  numbersOf,
  readFileDirectory,
  type TiffDirectory,
  type TiffEntry,
  tiffHeader,
  withShort,
  writeTiffDirectory,
} from "./tags.ts";

const TAG = {
  subfileType: 0x00fe,
  width: 0x0100,
  height: 0x0101,
  compression: 0x0103,
  xmp: 0x02bc,
  iptcRecords: 0x83bb,
  photoshop: 0x8649,
  exif: 0x8769,
  icc: 0x8773,
  gps: 0x8825,
  dng: 0xc612,
} as const;

/** Entries that EXIF has too: texts, dates, orientation, density, maker, author, copyright. */
const EXIF_TAGS: ReadonlySet<number> = new Set(
  [0x010e, 0x010f, 0x0110, 0x0112, 0x011a, 0x011b, 0x0128, 0x0131, 0x0132, 0x013b, 0x8298],
);

/** Compressions that this libvips lacks; some give a black picture without a word. */
const OTHER_COMPRESSIONS: ReadonlyMap<number, string> = new Map([
  [6, "JPEG in the old style"],
  [34661, "JBIG"],
  [34712, "JPEG 2000"],
  [34887, "LERC"],
  [34925, "LZMA"],
  [50000, "Zstandard"],
  [50001, "WebP"],
  [50002, "JPEG XL"],
  [52546, "JPEG XL"],
]);

/** Kinds of directories that are no pages: a smaller copy of another, and a mask. */
const NO_PAGE = 1 | 4;

/** Real files have some hundreds of pages. */
const MAX_DIRECTORIES = 65536;

const WANTED: ReadonlySet<number> = new Set([
  ...[...EXIF_TAGS, ...Object.values(TAG)],
  ...COLOUR_TAGS,
]);

/**
 * Decodes the first page of a TIFF or BigTIFF file, or a raw file of that structure: every compression and
 * kind of colours that libvips knows, 1 to 16 bits, and floats, which become 16 bits. The picture is as
 * stored: orientation is not applied.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, of an unreadable kind, or claims too much
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function decodeTiff(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const source = sourceOf(bytes);
  const directory = await readBeside(source);
  const pages = await findPages(source);
  if (directory.isRaw) {
    try {
      return await decodeRaw(bytes, maxPixels, directory.beside);
    } catch (error) {
      // Scanners, too, put a smaller copy before the picture.
      const main = pages.find(({ index }) => index > 0);
      if (!(error instanceof InputError) || main === undefined) throw error;
      const reading = { ...readingOf(maxPixels), page: main.index };
      return await decodePage(
        bytes,
        await readBeside(source, main.offset),
        reading,
        pages.length - 1,
      );
    }
  }
  return await decodePage(bytes, directory, readingOf(maxPixels), pages.length);
}

/**
 * Decodes a page by what its directory says.
 *
 * @param pages how many there are, of which the others are left out
 */
async function decodePage(
  bytes: Uint8Array,
  { at, beside, colours: { readAs, convert } }: Beside,
  reading: VipsReading,
  pages: number,
): Promise<Picture> {
  const file = readAs === undefined ? bytes : withShort(bytes, at, PHOTOMETRIC, readAs);
  const { picture } = await decodeWithVips(file, reading);
  const converted = convert === undefined ? picture : convert(picture);
  return { ...converted, ...withBeside(converted, beside, pages) };
}

/** The pages of a TIFF file, two or more. */
export interface TiffPages {
  count: number;
  /** Yields them from the first on, upright, each with its own size, depth and metadata. */
  pages(): AsyncGenerator<Picture>;
}

/**
 * Opens the pages of a TIFF file; `undefined` if there is only one, or the file is a camera's. Smaller copies
 * of pages and masks are none.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that a page may claim
 * @throws {InputError} from the pages, which name it, if one is damaged or claims too much
 * @throws {UsageError} from the pages, if libvips cannot be loaded
 */
export async function openTiffPages(
  bytes: Uint8Array,
  maxPixels: number = DEFAULT_MAX_PIXELS,
): Promise<TiffPages | undefined> {
  const source = sourceOf(bytes);
  const found = await findPages(source);
  if (found.length < 2 || (await readBeside(source)).isRaw) return undefined;
  async function* pages(): AsyncGenerator<Picture> {
    for (const [i, { offset, index }] of found.entries()) {
      yield await namingPage(i + 1, async () => {
        const directory = await readBeside(source, offset);
        const reading = { ...readingOf(maxPixels), page: index };
        return makeUpright(await decodePage(bytes, directory, reading, 1));
      });
    }
  }
  return { count: found.length, pages };
}

async function namingPage<T>(page: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`Page ${page}: ${error.message}`, { cause: error });
  }
}

/**
 * Opens a TIFF file whose rows are read as they are needed. Returns `undefined` if it is to be turned or
 * developed, or has colours that libvips does not read: then only `decodePicture` reads it.
 *
 * @param path of the file
 * @param source the same file
 * @param leastPixels how many pixels it must have for that; `undefined` is returned if it has fewer
 * @throws {InputError} as `decodeTiff`; the rows throw it too
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function openTiffRows(
  path: string,
  source: ByteSource,
  maxPixels: number,
  leastPixels = 0,
): Promise<PictureRows | undefined> {
  const ahead = readAhead(source);
  const { pixels, isRaw, beside, colours } = await readBeside(ahead);
  if (pixels < leastPixels || isRaw || colours.readAs !== undefined) return undefined;
  const picture = await openWithVips(path, readingOf(maxPixels));
  const whole = { ...picture, ...withBeside(picture, beside, (await findPages(ahead)).length) };
  const { exif } = beside;
  if (exif !== undefined && readOrientation(exif) !== 1) return undefined;
  const { metadata } = makeUpright({ ...whole, data: allocateSamples(picture.depth, 0) });
  return { ...whole, metadata };
}

function readingOf(maxPixels: number): VipsReading {
  return { format: "TIFF", loader: "tiffload", maxPixels };
}

/** Adds to what libvips read what stands beside the pixels. */
function withBeside(
  { metadata, notes = [] }: Pick<Picture, "metadata" | "notes">,
  beside: Metadata,
  pages: number,
): Pick<Picture, "metadata" | "notes"> {
  const said = pages > 1 ? [...notes, pagesNote(pages)] : notes;
  return { metadata: { ...beside, ...metadata }, ...said.length > 0 && { notes: said } };
}

/** Where a page's directory is, and which of all directories it is. */
interface PagePlace {
  offset: number;
  index: number;
}

async function findPages(source: ByteSource): Promise<PagePlace[]> {
  const read = (offset?: number) =>
    readFileDirectory(source, (tag) => tag === TAG.subfileType, offset);
  const pages: PagePlace[] = [];
  const seen = new Set<number>();
  let directory = await read();
  for (let index = 0; directory !== undefined && index < MAX_DIRECTORIES; index++) {
    const { at, next } = directory;
    const [kind = 0] = numbersOf(directory, TAG.subfileType);
    if (index === 0 || (kind & NO_PAGE) === 0) pages.push({ offset: at, index });
    seen.add(at);
    directory = next === 0 || seen.has(next) ? undefined : await read(next);
  }
  return pages;
}

/** What a directory says, except for its pixels. */
interface Beside {
  /** Where it is. */
  at: number;
  /** How many pixels it claims. */
  pixels: number;
  /** Whether its pixels are those of a camera's sensor. */
  isRaw: boolean;
  /** IPTC, density, and an EXIF block. */
  beside: Metadata;
  colours: ColourPlan;
}

/** @throws {InputError} If its pixels are of a kind that cannot be read. */
async function readBeside(source: ByteSource, offset?: number): Promise<Beside> {
  const directory = await readFileDirectory(source, (tag) => WANTED.has(tag), offset);
  if (directory === undefined) return { at: 0, pixels: 0, isRaw: false, beside: {}, colours: {} };
  const { entries, little } = directory;
  const metadata: Metadata = {};
  const iptc = readDirectoryIptc(directory);
  if (iptc !== undefined) metadata.iptc = iptc;
  const kept = [...entries.values()].filter(({ tag }) => EXIF_TAGS.has(tag));
  const below: { tag: number; entries: TiffEntry[] }[] = [];
  for (const tag of [TAG.exif, TAG.gps]) {
    const [offset] = numbersOf(directory, tag);
    if (offset === undefined) continue;
    const inner = await readFileDirectory(source, () => true, offset);
    if (inner !== undefined) below.push({ tag, entries: [...inner.entries.values()] });
  }
  if (kept.length > 0 || below.length > 0) metadata.exif = exifOf(kept, below, little);
  const density = metadata.exif && readExifDensity(metadata.exif);
  if (density !== undefined) metadata.density = density;
  const isRaw = await isRawFile(directory, source);
  const other = OTHER_COMPRESSIONS.get(numbersOf(directory, TAG.compression)[0]);
  if (!isRaw && other !== undefined) {
    throw unsupported("TIFF", `is compressed by ${other}`);
  }
  const colours = isRaw ? {} : planColours(directory);
  const [[width = 0], [height = 0]] = [TAG.width, TAG.height].map((tag) =>
    numbersOf(directory, tag)
  );
  return { at: directory.at, pixels: width * height, isRaw, beside: metadata, colours };
}

/** Knows what only begins like a TIFF picture: cameras put a thumbnail first, or say that it is a DNG. */
async function isRawFile(directory: TiffDirectory, source: ByteSource): Promise<boolean> {
  if (startsWith(await source.read(8, 2), "CR") || directory.entries.has(TAG.dng)) return true;
  return ((numbersOf(directory, TAG.subfileType)[0] ?? 0) & 1) === 1;
}

/** IPTC stands in the directory among Photoshop's image resources, alone, or in both ways. */
function readDirectoryIptc({ entries }: TiffDirectory): Uint8Array | undefined {
  const resources = entries.get(TAG.photoshop);
  const records = entries.get(TAG.iptcRecords);
  return (resources && readIptc(resources.value)) ?? (records && iptcOfRecords(records.value));
}

/** Builds a block: the inner directories first, as the main one says where they are. */
function exifOf(
  kept: TiffEntry[],
  below: { tag: number; entries: TiffEntry[] }[],
  little: boolean,
): Uint8Array {
  const parts: Uint8Array[] = [];
  const pointers: TiffEntry[] = [];
  let at = 8;
  for (const { tag, entries } of below) {
    const part = writeTiffDirectory(entries, at, 0, little);
    const value = new Uint8Array(4);
    viewOf(value).setUint32(0, at, little);
    pointers.push({ tag, type: 4, count: 1, value });
    parts.push(part);
    at += part.length;
  }
  const main = writeTiffDirectory([...kept, ...pointers], at, 0, little);
  return concatBytes([tiffHeader(at, little), ...parts, main]);
}
