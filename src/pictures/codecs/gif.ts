/** GIF in, by libvips: the canvas with its first frame. */

import { concatBytes } from "../bytes.ts";
import type { Picture } from "../picture.ts";
import { decodeWithVips } from "../vips/decode.ts";
import { stillNote } from "./frames.ts";

const END = 0x3b;

/**
 * One transparent pixel. What no frame covers is transparent, but libvips gives alpha only to files in which
 * some frame has a transparent colour: this one, put at the end, sees to that.
 */
const TRANSPARENT_FRAME = Uint8Array.fromHex(
  "21f9040100000000" + "2c00000000010001008000000000000000" + "02024401" + "00",
);

/**
 * Decodes the first frame of a GIF file; what is cut off shows as far as it goes.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is damaged, or claims too much
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function decodeGif(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const reading = { format: "GIF", loader: "gifload", maxPixels, lenient: true } as const;
  const { file, added } = withAlpha(bytes);
  const { picture, header } = await decodeWithVips(file, reading);
  return { ...picture, ...stillNote(header.pages - added) };
}

/** Returns a file that has alpha, and how many frames were added to it at its end. */
export function withAlpha(bytes: Uint8Array): { file: Uint8Array; added: 0 | 1 } {
  if (bytes.at(-1) !== END) return { file: bytes, added: 0 };
  const file = concatBytes([bytes.subarray(0, -1), TRANSPARENT_FRAME, Uint8Array.of(END)]);
  return { file, added: 1 };
}
