/**
 * TIFF in: libvips reads the pixels; the metadata beside them, of which libvips gives only a part, is
 * read here. Of several pages, the first is read.
 */

import { concatBytes, startsWith, viewOf } from "../bytes.ts";
import { readExifDensity, readOrientation } from "../metadata/exif.ts";
import { iptcOfRecords, readIptc } from "../metadata/iptc.ts";
import { makeUpright } from "../metadata/metadata.ts";
import { allocateSamples, type Metadata, type Picture, type PictureRows } from "../picture.ts";
import { type ByteSource, readAhead, sourceOf } from "../source.ts";
import { decodeRaw } from "../codecs/raw.ts";
import { decodeWithVips, openWithVips, type VipsReading } from "../vips/decode.ts";
import type { VipsHeader } from "../vips/messages.ts";
import {
  numbersOf,
  readFileDirectory,
  type TiffDirectory,
  type TiffEntry,
  tiffHeader,
  writeTiffDirectory,
} from "./tags.ts";

const TAG = {
  subfileType: 0x00fe,
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

const WANTED: ReadonlySet<number> = new Set([...EXIF_TAGS, ...Object.values(TAG)]);

/**
 * Decodes a TIFF or BigTIFF file, or a raw file of that structure: every compression and kind of colours that libvips knows, 1 to 16 bits,
 * and floats, which become 16 bits. The picture is as stored: orientation is not applied.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, of an unreadable kind, or claims too much
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function decodeTiff(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const { isRaw, beside } = await readBeside(sourceOf(bytes));
  if (isRaw) return await decodeRaw(bytes, maxPixels, beside);
  const { picture, header } = await decodeWithVips(bytes, readingOf(maxPixels));
  return { ...picture, ...withBeside(picture, header, beside) };
}

/**
 * Opens a TIFF file whose rows are read as they are needed. Returns `undefined` if it is to be turned, or
 * developed: then only `decodePicture` reads it.
 *
 * @param path of the file
 * @param source the same file
 * @throws {InputError} as `decodeTiff`; the rows throw it too
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function openTiffRows(
  path: string,
  source: ByteSource,
  maxPixels: number,
): Promise<PictureRows | undefined> {
  const { isRaw, beside } = await readBeside(readAhead(source));
  if (isRaw) return undefined;
  const { header, ...picture } = await openWithVips(path, readingOf(maxPixels));
  const whole = { ...picture, ...withBeside(picture, header, beside) };
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
  { pages }: VipsHeader,
  beside: Metadata,
): Pick<Picture, "metadata" | "notes"> {
  const said = pages > 1 ? [...notes, `of the ${pages} pages only the first is read`] : notes;
  return { metadata: { ...beside, ...metadata }, ...said.length > 0 && { notes: said } };
}

/**
 * IPTC, density, and an EXIF block of what the directory says beside the pixels; and whether these are those
 * of a camera's sensor.
 */
async function readBeside(source: ByteSource): Promise<{ isRaw: boolean; beside: Metadata }> {
  const read = (offset?: number) => readFileDirectory(source, (tag) => WANTED.has(tag), offset);
  const directory = await read();
  if (directory === undefined) return { isRaw: false, beside: {} };
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
  return { isRaw: await isRawFile(directory, source), beside: metadata };
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
