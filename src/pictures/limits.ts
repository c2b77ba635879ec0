/**
 * The checks that every decoder makes on a file's own claims before it allocates anything.
 */

import { InputError, UsageError } from "../errors.ts";

/** The most pixels that a picture may claim unless the caller says otherwise: 268 megapixels. */
export const DEFAULT_MAX_PIXELS = 2 ** 28;

/**
 * Refuses a claimed size that is empty or beyond the limit.
 *
 * @throws {InputError} with the size and the limit
 */
export function checkSize(format: string, width: number, height: number, maxPixels: number): void {
  if (width < 1 || height < 1) {
    throw damaged(format, `it claims a size of ${width} x ${height} pixels`);
  }
  if (width * height > maxPixels) {
    throw new InputError(
      `This ${format} file claims ${width} x ${height} pixels (${width * height}), ` +
        `more than the limit of ${maxPixels}`,
      { remedies: ["more pixels"] },
    );
  }
}

/**
 * Refuses to write a picture with a side that the format cannot hold.
 *
 * @throws {InputError} with the size and the limit
 */
export function checkSide(format: string, width: number, height: number, maxSide: number): void {
  if (width <= maxSide && height <= maxSide) return;
  throw new InputError(
    `${format} holds at most ${maxSide} pixels a side, and this picture has ` +
      `${width} x ${height}. Choose PNG.`,
  );
}

/** The error for a file that breaks its own format: `what` says where and with which numbers. */
export function damaged(format: string, what: string): InputError {
  return new InputError(
    `This ${format} file is damaged: ${what}. Copy or download it again, or open it in another ` +
      `program and save it anew.`,
  );
}

/** The error for a sound file that uses a part of its format that Tessera cannot read. */
export function unsupported(format: string, what: string): InputError {
  return new InputError(
    `This ${format} file ${what}, which Tessera cannot read. ` +
      `Save it as an ordinary 8-bit JPEG or as PNG in another program.`,
  );
}

/**
 * Returns a quality as it is.
 *
 * @throws {UsageError} If it is no whole number from 1 to 100.
 */
export function checkQuality(quality: number): number {
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new UsageError(`Quality must be a whole number from 1 to 100, not ${quality}.`);
  }
  return quality;
}
