/**
 * GIF in: the first frame, on a canvas that is transparent where the frame does not cover it.
 *
 * A file has a header with the size of the canvas, perhaps a palette, and blocks: an extension that
 * may name a transparent colour, and frames of LZW data in pieces of up to 255 bytes.
 */

import { concatBytes, viewOf } from "../bytes.ts";
import { checkSize, damaged } from "../limits.ts";
import { unpackLzw } from "../tiff/lzw.ts";
import type { Picture } from "../picture.ts";
import { pictureOfRgba } from "../colour/rgba.ts";

const BLOCK = { extension: 0x21, frame: 0x2c, end: 0x3b } as const;
const GRAPHIC_CONTROL = 0xf9;

/** A table of 4096 strings, the longest of 4096 bytes, for codes of at least 3 bits. */
const MAX_PIXELS_PER_BYTE = 4096;

/** First rows and steps of the four passes of an interlaced frame. */
const PASSES = [[0, 8], [4, 8], [2, 4], [1, 2]] as const;

/** A frame: where it lies on the canvas, its colours and its compressed data. */
interface Frame {
  x: number;
  y: number;
  width: number;
  height: number;
  palette: Uint8Array;
  /** The number of the transparent colour, or -1. */
  transparent: number;
  interlaced: boolean;
  /** Bits of a literal code. */
  bits: number;
  data: Uint8Array;
}

/**
 * Decodes the first frame of a GIF file.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, or claims too much
 */
export function decodeGif(bytes: Uint8Array, maxPixels: number): Picture {
  if (bytes.length < 13) throw damaged("GIF", `it ends after ${bytes.length} bytes`);
  const view = viewOf(bytes);
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  checkSize("GIF", width, height, maxPixels);
  if (width * height > bytes.length * MAX_PIXELS_PER_BYTE) {
    throw damaged("GIF", `it claims ${width} x ${height} pixels in ${bytes.length} bytes`);
  }
  const { frame, frames } = readFrames(bytes);
  if (frame === undefined) throw damaged("GIF", "it has no picture in it");
  const data = new Uint8Array(width * height * 4);
  paint(frame, data, width, height);
  const picture = pictureOfRgba({ width, height, data }, {});
  if (frames === 1) return picture;
  return { ...picture, notes: [`of the ${frames} frames only the first is read`] };
}

/** Reads the first frame and counts all. A file that ends early has the frames up to there. */
function readFrames(bytes: Uint8Array): { frame: Frame | undefined; frames: number } {
  const globalPalette = paletteAt(bytes, 13, bytes[10]);
  let at = 13 + globalPalette.length;
  let transparent = -1;
  let frame: Frame | undefined;
  let frames = 0;
  while (at < bytes.length && bytes[at] !== BLOCK.end) {
    const kind = bytes[at];
    if (kind === BLOCK.extension) {
      const isControl = bytes[at + 1] === GRAPHIC_CONTROL;
      if (isControl) transparent = (bytes[at + 3] & 1) === 1 ? bytes[at + 6] : -1;
      at = piecesAt(bytes, at + 2).end;
    } else if (kind === BLOCK.frame && at + 11 < bytes.length) {
      const flags = bytes[at + 9];
      const palette = paletteAt(bytes, at + 10, flags);
      const dataAt = at + 10 + palette.length;
      const { data, end } = piecesAt(bytes, dataAt + 1);
      frame ??= {
        ...rectangleAt(bytes, at + 1),
        palette: palette.length > 0 ? palette : globalPalette,
        transparent,
        interlaced: (flags & 0x40) !== 0,
        bits: bytes[dataAt],
        data: concatBytes(data),
      };
      frames++;
      transparent = -1;
      at = end;
    } else {
      break;
    }
  }
  return { frame, frames };
}

function rectangleAt(bytes: Uint8Array, at: number): Pick<Frame, "x" | "y" | "width" | "height"> {
  const view = viewOf(bytes);
  const [x, y] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
  return { x, y, width: view.getUint16(at + 4, true), height: view.getUint16(at + 6, true) };
}

/** The palette of 2 to 256 colours that the flags say is at `at`, or nothing. */
function paletteAt(bytes: Uint8Array, at: number, flags: number): Uint8Array {
  if ((flags & 0x80) === 0) return new Uint8Array(0);
  return bytes.subarray(at, at + 3 * 2 ** ((flags & 7) + 1));
}

/** Collects pieces, each preceded by its length, up to one of length 0. */
function piecesAt(bytes: Uint8Array, at: number): { data: Uint8Array[]; end: number } {
  const data: Uint8Array[] = [];
  while (at < bytes.length && bytes[at] !== 0) {
    data.push(bytes.subarray(at + 1, at + 1 + bytes[at]));
    at += 1 + bytes[at];
  }
  return { data, end: at + 1 };
}

/** Paints what lies on the canvas; what the data does not reach stays transparent. */
function paint(frame: Frame, canvas: Uint8Array, width: number, height: number): void {
  const { bits, palette, transparent } = frame;
  if (bits < 2 || bits > 8) throw damaged("GIF", `its colours have ${bits} bits`);
  const count = Math.min(frame.width * frame.height, frame.data.length * MAX_PIXELS_PER_BYTE);
  const pixels = unpackLzw(frame.data, bits, count, false);
  if (pixels.length === 0) throw damaged("GIF", "its first frame has no pixels");
  const rows = rowOrder(frame);
  for (let i = 0; i < pixels.length; i++) {
    const [x, y] = [frame.x + i % frame.width, frame.y + rows[Math.floor(i / frame.width)]];
    if (pixels[i] === transparent || x >= width || y >= height) continue;
    const to = (y * width + x) * 4;
    for (let c = 0; c < 3; c++) canvas[to + c] = palette[pixels[i] * 3 + c] ?? 0;
    canvas[to + 3] = 255;
  }
}

/** The rows of a frame in the order in which they are stored. */
function rowOrder({ height, interlaced }: Frame): Uint16Array {
  const rows = Uint16Array.from({ length: height }, (_, i) => i);
  if (!interlaced) return rows;
  let at = 0;
  for (const [first, step] of PASSES) for (let y = first; y < height; y += step) rows[at++] = y;
  return rows;
}
