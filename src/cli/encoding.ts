/** From the result's rows to the bytes of its file, and what is found out about that before the work. */

import { UsageError } from "../errors.ts";
import {
  changeRows,
  convertDepth,
  encodeJpegRows,
  type EncodeOptions,
  encodePngRows,
  FORMATS,
  type Picture,
  type PictureHeader,
  type Samples,
} from "../pictures/mod.ts";
import type { Codecs } from "./codecs.ts";

/** Encoding it shows whether the codec can be loaded. */
const ONE_PIXEL: Picture = {
  width: 1,
  height: 1,
  channels: 3,
  depth: 8,
  data: new Uint8Array(3),
  metadata: {},
};

/**
 * Says whether a result is written as its rows come: a PNG is, unless codecs would rather have the whole
 * of it, and a JPEG that is too large to be encoded as a whole, if it is of the kind that can be.
 */
export function isWrittenInRows(
  result: PictureHeader,
  encoding: EncodeOptions,
  { wholePixels }: Codecs,
): boolean {
  const { format, chroma, progressive = false } = encoding;
  if (format === "png") return result.width * result.height > wholePixels;
  if (format !== "jpeg" || !isTooLarge(result, encoding)) return false;
  return result.channels === 3 && chroma !== "4:2:0" && !progressive;
}

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
 * Finds out before the work whether its result can be encoded.
 *
 * @throws {UsageError} If the codec cannot be loaded or keep every sample if it should, or the result is
 *   too large for it.
 */
export async function checkEncoder(
  result: PictureHeader,
  encoding: EncodeOptions,
  codecs: Codecs,
): Promise<void> {
  const { name, maxSide, quality, lossless } = FORMATS[encoding.format];
  if (encoding.lossless && quality !== undefined && !lossless) {
    throw new UsageError(`${name} is never lossless: choose --format png, or --quality 100`);
  }
  const { width, height } = result;
  if (Math.max(width, height) > maxSide) {
    throw new UsageError(
      `${name} holds at most ${maxSide} pixels a side, not ${width} x ${height}: ` +
        `choose --format png`,
    );
  }
  if (isWrittenInRows(result, encoding, codecs)) {
    await Array.fromAsync(encodeRows(ONE_PIXEL, [ONE_PIXEL.data], encoding));
  } else {
    if (isTooLarge(result, encoding)) throw tooLarge(result, encoding);
    await codecs.encode({ ...ONE_PIXEL, data: ONE_PIXEL.data.slice() }, encoding);
  }
}

function isTooLarge({ width, height }: PictureHeader, { format }: EncodeOptions): boolean {
  return width * height > FORMATS[format].maxPixels;
}

function tooLarge({ width, height, channels }: PictureHeader, { format }: EncodeOptions) {
  const { name, maxPixels } = FORMATS[format];
  const advice = format === "jpeg" && channels === 3
    ? "choose --chroma 444 without --progressive, or --format png"
    : "choose --format png";
  return new UsageError(
    `${width} x ${height} pixels are more than this kind of ${name} can be written with ` +
      `(${Math.floor(maxPixels / 1e6)} megapixels): ${advice}`,
  );
}
