/**
 * From a file that libvips has opened to a picture: its kind of colours, channels and depth become those
 * that pictures have, a band of rows at a time.
 */

import { convertDepth } from "../colour/depth.ts";
import { isOpaque } from "../colour/alpha.ts";
import { spaceOf } from "../colour/color_engine.ts";
import { isUsable, NAIVE_CMYK, rgbOfCmyk } from "../colour/srgb.ts";
import { checkSize, damaged, unsupported } from "../limits.ts";
import {
  allocateSamples,
  hasAlpha,
  type Metadata,
  type Picture,
  type PictureHeader,
  type PictureRows,
  type Samples,
} from "../picture.ts";
import { bandsOf, gatherRows } from "../rows.ts";
import { splitAlpha } from "../colour/alpha.ts";
import type { VipsHeader, VipsInput, VipsSamples } from "./messages.ts";
import { openVips, VipsError, type VipsFile } from "./vips.ts";

/** What is to be read, and how. */
export interface VipsReading {
  /** As people write it, for errors. */
  format: string;
  loader: VipsInput["loader"];
  maxPixels: number;
  /** Whether damage is passed over, as far as libvips can. */
  lenient?: boolean;
  /** Whether a file is refused for whatever libvips complains of. */
  wary?: boolean;
  /** The page that is read, from 0 on; the first unless given. */
  page?: number;
}

/** Samples that are read at a time. */
const BAND_SAMPLES = 2 ** 22;

/** libvips reads so many rows at a time, and cannot begin between two of its steps. */
const STEP_ROWS = 16;

/** Samples of CMYK per pixel. */
const INKS = 4;

/** A picture as libvips reads it, with what libvips says beside. */
export interface VipsPicture {
  picture: Picture;
  header: VipsHeader;
}

/**
 * Decodes a file as a whole. Profile, EXIF and XMP are those that libvips finds; alpha that is full
 * everywhere is dropped.
 *
 * @throws {InputError} If the file is damaged, or claims too many pixels.
 * @throws {UsageError} If libvips cannot be loaded.
 */
export async function decodeWithVips(
  bytes: Uint8Array,
  reading: VipsReading,
): Promise<VipsPicture> {
  return await explaining(reading.format, async () => {
    await using file = await open(bytes, reading);
    const picture = await gatherRows({ ...pictureHeaderOf(file.header), rows: rowsOf(file) });
    const plain = hasAlpha(picture) && isOpaque(picture) ? splitAlpha(picture).colour : picture;
    return { picture: plain, header: file.header };
  });
}

/**
 * Opens a file whose rows are read as they are needed, each walk anew.
 *
 * @param path Of the file.
 * @throws {InputError} If the file is damaged, or claims too many pixels; the rows throw it too.
 * @throws {UsageError} If libvips cannot be loaded.
 */
export async function openWithVips(
  path: string,
  reading: VipsReading,
): Promise<PictureRows & { header: VipsHeader }> {
  const header = await explaining(reading.format, async () => {
    await using file = await open(path, reading);
    return file.header;
  });
  async function* walk(): AsyncGenerator<Samples> {
    try {
      await using file = await open(path, reading);
      yield* rowsOf(file);
    } catch (error) {
      throw explained(reading.format, error);
    }
  }
  return { ...pictureHeaderOf(header), header, rows: { [Symbol.asyncIterator]: walk } };
}

/** The frames of a file that is open. */
export interface OpenFrames extends Omit<PictureHeader, "channels" | "depth"> {
  header: VipsHeader;
  /** Yields the first frames, each the whole canvas. */
  frames(count: number): AsyncGenerator<Picture>;
}

/**
 * Opens all frames of a file, which are read as they are needed, each walk anew.
 *
 * @throws {InputError} If the file is damaged, or a frame claims too many pixels; the frames throw it too.
 * @throws {UsageError} If libvips cannot be loaded.
 */
export async function openFramesWithVips(
  bytes: Uint8Array,
  reading: VipsReading,
): Promise<OpenFrames> {
  const header = await explaining(reading.format, async () => {
    await using file = await open(bytes, reading, true);
    return file.header;
  });
  const { width, pageHeight: height } = header;
  async function* frames(count: number): AsyncGenerator<Picture> {
    try {
      await using file = await open(bytes, reading, true);
      const frame = pictureHeaderOf({ ...header, height });
      const { icc } = frame.metadata;
      const metadata = icc === undefined ? {} : { icc };
      const all = { ...frame, height: header.height };
      let given = 0;
      for await (const data of bandsOf(all, rowsOf(file), height)) {
        yield { ...frame, metadata, data: data.slice() };
        if (++given === count) return;
      }
    } catch (error) {
      throw explained(reading.format, error);
    }
  }
  return { width, height, metadata: pictureHeaderOf(header).metadata, header, frames };
}

/** @param all Whether all frames are opened, and not the first alone. */
async function open(
  source: Uint8Array | string,
  { format, loader, maxPixels, lenient = false, wary = false, page }: VipsReading,
  all = false,
): Promise<VipsFile> {
  const file = await openVips({ source, loader, lenient, wary, all, page });
  try {
    checkSize(format, file.header.width, file.header.pageHeight, maxPixels);
    await dropBrokenProfile(file.header);
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
  return file;
}

/** Inks are converted by their profile, if that can be read. */
async function dropBrokenProfile(header: VipsHeader): Promise<void> {
  const { icc } = header;
  if (icc === undefined || !isCmyk(header)) return;
  if (spaceOf(icc) !== "CMYK" || !await isUsable(icc)) delete header.icc;
}

/** What the picture will be. */
function pictureHeaderOf(header: VipsHeader): PictureHeader {
  const { width, height, bands, format, interpretation, icc, exif, xmp } = header;
  const cmyk = isCmyk(header);
  const grey = !cmyk && (bands < 3 || interpretation === "b-w" || interpretation === "grey16");
  const colours = grey ? 1 : 3;
  const channels = (!cmyk && bands > colours ? colours + 1 : colours) as Picture["channels"];
  const metadata: Metadata = {
    ...icc !== undefined && !cmyk && { icc },
    ...exif !== undefined && { exif },
    ...xmp !== undefined && { xmp },
  };
  const notes = cmyk && icc === undefined ? { notes: [NAIVE_CMYK] } : {};
  return { width, height, channels, depth: format === "uchar" ? 8 : 16, metadata, ...notes };
}

function isCmyk({ interpretation, bands }: VipsHeader): boolean {
  return interpretation === "cmyk" && bands >= INKS;
}

/** Reads rows from the top. */
async function* rowsOf(file: VipsFile): AsyncGenerator<Samples> {
  const { header } = file;
  const { width, height, bands } = header;
  const fitting = Math.floor(BAND_SAMPLES / (width * bands) / STEP_ROWS) * STEP_ROWS;
  const bandRows = Math.max(STEP_ROWS, fitting);
  for (let row = 0; row < height; row += bandRows) {
    const samples = await file.read(row, Math.min(bandRows, height - row));
    yield await picturesSamples(samples, header);
  }
}

/** Makes samples of libvips those of the picture. */
async function picturesSamples(samples: VipsSamples, header: VipsHeader): Promise<Samples> {
  const { bands } = header;
  if (isCmyk(header)) {
    const inks = inWholeLevels(cut(samples, bands, INKS));
    return await rgbOfCmyk(inks as Uint8Array | Uint16Array, header.icc);
  }
  const { channels } = pictureHeaderOf(header);
  return widened(inWholeLevels(cut(samples, bands, channels)), header);
}

/** Keeps the first samples of each pixel. */
function cut(samples: VipsSamples, bands: number, kept: number): VipsSamples {
  if (bands === kept) return samples;
  const depth = samples.BYTES_PER_ELEMENT * 8 as Picture["depth"];
  const out = allocateSamples(depth, samples.length / bands * kept);
  for (let from = 0, to = 0; to < out.length; from += bands) {
    for (let c = 0; c < kept; c++) out[to++] = samples[from + c];
  }
  return out;
}

/** Whole numbers as they are, floats as 16 bits. */
function inWholeLevels(samples: VipsSamples): Samples {
  if (!(samples instanceof Float32Array)) return samples;
  const picture = { width: samples.length, height: 1, channels: 1, depth: 32 } as const;
  return convertDepth({ ...picture, data: samples, metadata: {} }, 16).data;
}

/** HEIF's 9 to 15 bits come shifted to the left: full is made 65535. */
function widened(samples: Samples, { shiftedBits: bits = 16 }: VipsHeader): Samples {
  if (!(samples instanceof Uint16Array) || bits <= 8 || bits >= 16) return samples;
  const scale = 65535 / (65535 - (2 ** (16 - bits) - 1));
  for (let i = 0; i < samples.length; i++) samples[i] = samples[i] * scale + 0.5;
  return samples;
}

async function explaining<T>(format: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explained(format, error);
  }
}

/** What libvips says, as an error of the file. */
function explained(format: string, error: unknown): unknown {
  if (!(error instanceof VipsError)) return error;
  const lines = error.message.split("\n").map((line) => line.trim());
  const last = lines.findLast((line) => line !== "" && !line.startsWith("unable to")) ?? lines[0];
  const reason = last.replace(/^[\w ]+: /, "");
  if (/not (configured|supported|implemented)|unsupported|can ?not handle/i.test(reason)) {
    return unsupported(format, `is of a kind (${reason})`);
  }
  return damaged(format, `it cannot be decoded to the end (${reason})`);
}
