/** From the result's rows to the bytes of its file, and what is found out about that before the work. */

import { UsageError } from "../errors.ts";
import {
  changeRows,
  convertDepth,
  encodeJpegRows,
  type EncodeOptions,
  encodePngRows,
  FORMATS,
  hasFullColour,
  type Picture,
  type PictureHeader,
  type Samples,
  unpackRows,
} from "../pictures/mod.ts";

/** What makes files of pictures. */
export interface Encoder {
  /** The picture may be lost to the caller. */
  encode(picture: Picture, options: EncodeOptions): Promise<Uint8Array>;
  /** Returns what writes a result of that size in rows, here or in another thread. */
  rowEncoderFor(result: PictureHeader): RowEncoder;
}

/** Whole rows from the top: samples, or pixels as the device has them, whose memory is given away. */
export type RowParts = AsyncIterable<Samples | Uint32Array> | Iterable<Samples | Uint32Array>;

/** As {@linkcode encodeRows}. */
export type RowEncoder = (
  header: PictureHeader,
  rows: RowParts,
  options: EncodeOptions,
) => AsyncGenerator<Uint8Array>;

/** Encoding it shows whether the codec can be loaded. */
const ONE_PIXEL: Picture = {
  width: 1,
  height: 1,
  channels: 3,
  depth: 8,
  data: new Uint8Array(3),
  metadata: {},
};

/** How a result becomes a file: as its rows come, or as a whole. */
export type Writing = "rows" | "whole";

/** Writes a file as its rows come, and yields its bytes in order. */
export function encodeRows(
  header: PictureHeader,
  parts: RowParts,
  { format, quality = FORMATS.jpeg.quality!, dither = false }: EncodeOptions,
): AsyncGenerator<Uint8Array> {
  const rows = samplesOfParts(header, parts);
  if (format === "png") return encodePngRows(header, rows);
  let firstSample = 0;
  const inBytes = changeRows({ ...header, rows }, (part) => {
    const shallow = convertDepth(part, 8, { dither, firstSample });
    firstSample += part.data.length;
    return shallow;
  });
  return encodeJpegRows({ ...header, depth: 8 }, inBytes, quality);
}

/** Yields the samples of rows, of whatever kind they are. */
export async function* samplesOfParts(
  header: PictureHeader,
  parts: RowParts,
): AsyncGenerator<Samples> {
  for await (const part of parts) {
    if (part instanceof Uint32Array) yield* unpackRows(header, [part]);
    else yield part;
  }
}

/**
 * Finds out before the work how its result is encoded: a PNG as its rows come, and so a baseline JPEG in
 * full colour, if its codec can be loaded.
 *
 * @param result One that is not refused: see {@linkcode refusalOf}.
 * @throws {UsageError} If no codec can be loaded, or the result is too large for the one that can.
 */
export async function chooseWriting(
  result: PictureHeader,
  encoding: EncodeOptions,
  encoder: Encoder,
): Promise<Writing> {
  const { format } = encoding;
  if (format === "png") return "rows";
  if (format === "jpeg" && isJpegInRows(result, encoding)) {
    const missing = await tryRows(encoder.rowEncoderFor(result), encoding);
    if (missing === undefined) return "rows";
    if (isTooLarge(result, encoding)) throw missing;
  }
  await encoder.encode({ ...ONE_PIXEL, data: ONE_PIXEL.data.slice() }, encoding);
  return "whole";
}

/** Says whether a JPEG is of the kind that can be written in rows: one too large for all else has to be. */
function isJpegInRows(result: PictureHeader, encoding: EncodeOptions): boolean {
  const { quality = FORMATS.jpeg.quality!, chroma, progressive = false } = encoding;
  if (result.channels !== 3 || progressive || chroma === "4:2:0") return false;
  return hasFullColour(quality, chroma) || isTooLarge(result, encoding);
}

/** Returns why a file cannot be written in rows, if its codec cannot be loaded. */
async function tryRows(
  encodeRows: RowEncoder,
  encoding: EncodeOptions,
): Promise<UsageError | undefined> {
  try {
    await Array.fromAsync(encodeRows(ONE_PIXEL, [ONE_PIXEL.data], encoding));
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

/** Says why a format cannot hold a result as it is asked for, by its sizes alone; `undefined` if it can. */
export function refusalOf(
  result: PictureHeader,
  encoding: EncodeOptions,
): UsageError | undefined {
  const { name, maxSide, quality, lossless } = FORMATS[encoding.format];
  if (encoding.lossless && quality !== undefined && !lossless) {
    return new UsageError(`${name} is never lossless`, {
      remedies: ["another format", "quality 100"],
    });
  }
  const { width, height } = result;
  if (Math.max(width, height) > maxSide) {
    return new UsageError(
      `${name} holds at most ${maxSide} pixels a side, not ${width} x ${height}`,
      { remedies: ["another format"] },
    );
  }
  if (
    !isTooLarge(result, encoding) || encoding.format === "jpeg" && isJpegInRows(result, encoding)
  ) {
    return undefined;
  }
  return tooLarge(result, encoding);
}

function isTooLarge({ width, height }: PictureHeader, { format }: EncodeOptions): boolean {
  return width * height > FORMATS[format].maxPixels;
}

function tooLarge({ width, height, channels }: PictureHeader, { format }: EncodeOptions) {
  const { name, maxPixels } = FORMATS[format];
  const rows = format === "jpeg" && channels === 3;
  return new UsageError(
    `${width} x ${height} pixels are more than this kind of ${name} can be written with ` +
      `(${Math.floor(maxPixels / 1e6)} megapixels)`,
    { remedies: [...rows ? ["baseline 4:4:4"] as const : [], "another format"] },
  );
}
