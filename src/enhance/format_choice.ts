/**
 * Which format a result is written in if none was asked for: its picture's own, or the nearest that can
 * hold it.
 */

import {
  type EncodeOptions,
  FORMATS,
  type Picture,
  type PictureFormat,
  type PictureHeader,
  type PictureRows,
} from "../pictures/mod.ts";
import { sizeOf } from "./aim.ts";
import { refusalOf } from "./encoding.ts";
import { type EnhanceOptions, targetRequestOf } from "./options.ts";
import { isTransparent } from "./treatment.ts";

/** What stands in for a format that cannot hold a result, in this order. PNG holds all, and loses nothing. */
const STAND_INS: readonly PictureFormat[] = ["jpeg", "webp", "png"];
const LOSSLESS_STAND_INS: readonly PictureFormat[] = ["png"];

/** What a result is to be like. */
export interface FormatRequest {
  enhance: EnhanceOptions;
  /** The factor that is taken where none is asked for. */
  ownScale: number;
  encoding: Omit<EncodeOptions, "format">;
}

/** A format, and why it is not the preferred one; without a reason it is. */
export interface FormatChoice {
  format: PictureFormat;
  reason?: string;
}

/**
 * Chooses the format of a result: the first of those given, and then of the usual ones, that can hold its
 * size, its transparency, and as many bits as the first.
 *
 * @param picture Its rows, if it comes in rows, are walked once more where only they tell of transparency.
 * @throws {UsageError} If the options contradict each other.
 */
export async function formatFor(
  picture: Picture | PictureRows,
  preferred: readonly [PictureFormat, ...PictureFormat[]],
  { enhance, ownScale, encoding }: FormatRequest,
): Promise<FormatChoice> {
  const [first] = preferred;
  const result = { ...headerOf(picture), ...sizeOf(targetRequestOf(enhance, ownScale), picture) };
  const transparent = enhance.background === undefined && await isTransparent(picture);
  const reasonAgainst = (format: PictureFormat): string | undefined => {
    const { name, alpha, deepBits } = FORMATS[format];
    if (transparent && !alpha) return `${name} cannot hold the picture's transparency`;
    const bits = Math.min(picture.depth, FORMATS[first].deepBits);
    if (bits > deepBits) return `${name} holds ${deepBits} bits per sample, not ${bits}`;
    return refusalOf(result, { ...encoding, format })?.message;
  };
  const reason = reasonAgainst(first);
  if (reason === undefined) return { format: first };
  const standIns = encoding.lossless ? LOSSLESS_STAND_INS : STAND_INS;
  const format = [...preferred, ...standIns].find((format) => reasonAgainst(format) === undefined);
  return format === undefined ? { format: first } : { format, reason };
}

function headerOf({ channels, depth, metadata }: PictureHeader): Omit<
  PictureHeader,
  "width" | "height"
> {
  return { channels, depth, metadata };
}
