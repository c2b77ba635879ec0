/** GIF in and out, by libvips: read, the canvas with its first frame; written, 256 colours, with noise. */

import { fromHex } from "../../platform/mod.ts";
import { concatBytes } from "../bytes.ts";
import type { Picture } from "../picture.ts";
import { toSrgb } from "../colour/srgb.ts";
import { FORMATS } from "../formats.ts";
import { checkSide } from "../limits.ts";
import { decodeWithVips } from "../vips/decode.ts";
import { encodeWithVips } from "../vips/encode.ts";
import { stillNote } from "../animation/note.ts";

const BLOCK = { extension: 0x21, frame: 0x2c, end: 0x3b } as const;
const GRAPHIC_CONTROL = 0xf9;
const DISPOSE_BACKGROUND = 2;

/** The flag of a palette, whose size is in the three lowest bits. */
const HAS_PALETTE = 0x80;

/**
 * One transparent pixel. What no frame covers is transparent, but libvips gives alpha only to files in which
 * some frame has a transparent colour: this one, put at the end, sees to that.
 */
const TRANSPARENT_FRAME = fromHex(
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

/**
 * Returns a file that libvips reads with alpha, and how many frames were added to it at its end.
 *
 * A frame that is cleared after its time leaves nothing, says everyone but libvips, which leaves the
 * background's colour if the frame has no transparent one. So it gets one: a colour that its palette has not.
 */
export function withAlpha(bytes: Uint8Array): { file: Uint8Array; added: 0 | 1 } {
  const file = bytes.slice();
  let control: number | undefined;
  for (const { at, kind } of blocksOf(bytes)) {
    if (kind === BLOCK.end) {
      const whole = concatBytes([file.subarray(0, at), TRANSPARENT_FRAME, Uint8Array.of(kind)]);
      return { file: whole, added: 1 };
    }
    if (kind === BLOCK.extension && bytes[at + 1] === GRAPHIC_CONTROL) control = at + 3;
    if (kind !== BLOCK.frame) continue;
    const flags = (bytes[at + 9] & HAS_PALETTE) === 0 ? bytes[10] : bytes[at + 9];
    const isCleared = control !== undefined && (bytes[control] >> 2 & 7) === DISPOSE_BACKGROUND;
    if (isCleared && (bytes[control!] & 1) === 0 && (flags & 7) < 7) {
      file[control!] |= 1;
      file[control! + 3] = 255;
    }
    control = undefined;
  }
  return { file, added: 0 };
}

/** Finds the blocks up to the end, as far as the file goes. */
function* blocksOf(bytes: Uint8Array): Generator<{ at: number; kind: number }> {
  const paletteBytes = (flags: number) =>
    (flags & HAS_PALETTE) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
  for (let at = 13 + paletteBytes(bytes[10]); at < bytes.length;) {
    const kind = bytes[at];
    yield { at, kind };
    if (kind === BLOCK.extension) at += 2;
    else if (kind === BLOCK.frame) at += 11 + paletteBytes(bytes[at + 9]);
    else return;
    while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at];
    at++;
  }
}

/**
 * Encodes a picture as GIF: at most 256 colours of sRGB, and pixels that are transparent or not.
 *
 * @param picture 8 bits
 * @throws {InputError} if a side is beyond 65535 pixels
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function encodeGif(picture: Picture): Promise<Uint8Array> {
  checkSide("GIF", picture.width, picture.height, FORMATS.gif.maxSide);
  return await encodeWithVips("GIF", "gifsave", await toSrgb(picture), {});
}
