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
} from "../pictures/mod.ts";

/** What makes files of pictures. */
export interface Encoder {
  /** The picture may be lost to the caller. */
  encode(picture: Picture, options: EncodeOptions): Promise<Uint8Array>;
  /** The most pixels of a result that is encoded as a whole though it could be written in rows. */
  wholePixels: number;
}

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
  rows: AsyncIterable<Samples> | Iterable<Samples>,
  { format, quality = FORMATS.jpeg.quality!, dither = false }: EncodeOptions,
): AsyncGenerator<Uint8Array> {
  if (format === "png") return encodePngRows(header, rows);
  let firstSample = 0;
  const inBytes = changeRows({ ...header, rows }, (part) => {
    const shallow = convertDepth(part, 8, { dither, firstSample });
    firstSample += part.data.length;
    return shallow;
  });
  return encodeJpegRows({ ...header, depth: 8 }, inBytes, quality);
}

/**
 * Finds out before the work how its result is encoded: a PNG as its rows come, unless the encoder would
 * rather have the whole of it, and so a baseline JPEG in full colour, if its codec can be loaded.
 *
 * @throws {UsageError} If no codec can be loaded or keep every sample if it should, or the result is too
 *   large for it.
 */
export async function chooseWriting(
  result: PictureHeader,
  encoding: EncodeOptions,
  encoder: Encoder,
): Promise<Writing> {
  const refusal = refusalOf(result, encoding);
  if (refusal !== undefined) throw refusal;
  const { format } = encoding;
  if (format === "png" && result.width * result.height > encoder.wholePixels) return "rows";
  if (format === "jpeg" && isJpegInRows(result, encoding)) {
    const missing = await tryRows(encoding);
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
async function tryRows(encoding: EncodeOptions): Promise<UsageError | undefined> {
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
