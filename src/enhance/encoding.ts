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

/**
 * Says whether a result is written as its rows come: a PNG is, unless the encoder would rather have the whole
 * of it, and a JPEG that is too large to be encoded as a whole, if it is of the kind that can be.
 */
export function isWrittenInRows(
  result: PictureHeader,
  encoding: EncodeOptions,
  { wholePixels }: Pick<Encoder, "wholePixels">,
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
  encoder: Encoder,
): Promise<void> {
  const refusal = refusalOf(result, encoding, encoder);
  if (refusal !== undefined) throw refusal;
  if (isWrittenInRows(result, encoding, encoder)) {
    await Array.fromAsync(encodeRows(ONE_PIXEL, [ONE_PIXEL.data], encoding));
  } else {
    await encoder.encode({ ...ONE_PIXEL, data: ONE_PIXEL.data.slice() }, encoding);
  }
}

/** Says why a format cannot hold a result as it is asked for, by its sizes alone; `undefined` if it can. */
export function refusalOf(
  result: PictureHeader,
  encoding: EncodeOptions,
  encoder: Pick<Encoder, "wholePixels">,
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
  if (!isTooLarge(result, encoding) || isWrittenInRows(result, encoding, encoder)) {
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
