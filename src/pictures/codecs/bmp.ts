/**
 * BMP in: 1 to 32 bits, palettes, run lengths of 4 and 8 bits, channels by masks, upside down or not.
 *
 * A file has a header of 14 bytes, one of 12 (OS/2) or 40 and more (Windows) that describes the
 * pixels, perhaps masks and a palette, and rows of whole 32-bit words, usually the lowest one first.
 */

import { viewOf } from "../bytes.ts";
import { checkSize, damaged, unsupported } from "../limits.ts";
import type { Metadata, Picture } from "../picture.ts";
import { pictureOfRgba } from "../colour/rgba.ts";

const COMPRESSION = { none: 0, rle8: 1, rle4: 2, masks: 3, alphaMasks: 6 } as const;

/** Compressions that are files of their own, for printers. */
const PICTURES_INSIDE: Readonly<Record<number, string>> = { 4: "JPEG", 5: "PNG" };

/** Where masks stand, counted from the beginning of the file: after the first 40 bytes of a header. */
const MASKS_AT = 54;

/** A run of 255 pixels takes two bytes; jumps can skip more, but no picture consists of them. */
const MAX_PIXELS_PER_BYTE = 4096;

/** Headers of this size and more say where a profile is, and whether there is one in the file. */
const PROFILE_HEADER_BYTES = 124;
const PROFILE_EMBEDDED = 0x4d424544;

/** What the headers say. */
interface BmpHeader {
  width: number;
  height: number;
  /** Whether the first row stored is the top one. */
  topDown: boolean;
  bits: number;
  compression: number;
  /** Red, green, blue and alpha of a pixel of 16 or 32 bits. */
  masks: [number, number, number, number];
  /** Blue, green, red, and a fourth byte unless the header is OS/2's, of each colour. */
  palette: Uint8Array;
  paletteStep: 3 | 4;
  pixelsAt: number;
  metadata: Metadata;
}

/**
 * Decodes a BMP file.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, of an unreadable kind, or claims too much
 */
export function decodeBmp(bytes: Uint8Array, maxPixels: number): Picture {
  const header = readHeader(bytes, maxPixels);
  const { width, height, compression } = header;
  const data = new Uint8Array(width * height * 4);
  if (compression === COMPRESSION.rle8 || compression === COMPRESSION.rle4) {
    readRuns(bytes, header, data);
  } else {
    readRows(bytes, header, data);
    makeVisible(data);
  }
  return pictureOfRgba({ width, height, data }, header.metadata);
}

function readHeader(bytes: Uint8Array, maxPixels: number): BmpHeader {
  if (bytes.length < 30) throw damaged("BMP", `it ends after ${bytes.length} bytes`);
  const view = viewOf(bytes);
  const size = view.getUint32(14, true);
  const old = size === 12;
  // OS/2's second header may end early, and numbers its compressions otherwise.
  const second = size === 64 || (size >= 16 && size < 40);
  if (!old && (size < 16 || bytes.length < 14 + size)) {
    throw damaged("BMP", `its header claims ${size} bytes`);
  }
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const signed = old ? view.getInt16(20, true) : view.getInt32(22, true);
  const height = Math.abs(signed);
  checkSize("BMP", width, height, maxPixels);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = old || size < 20 ? COMPRESSION.none : view.getUint32(30, true);
  const isRun = compression === COMPRESSION.rle8 || compression === COMPRESSION.rle4;
  const hasMasks = compression === COMPRESSION.masks || compression === COMPRESSION.alphaMasks;
  if (!isRun && compression !== COMPRESSION.none && (second || !hasMasks)) {
    const inside = second ? undefined : PICTURES_INSIDE[compression];
    throw unsupported("BMP", inside ? `holds a ${inside}` : `has compression ${compression}`);
  }
  if (bits === 64) throw unsupported("BMP", "has 64 bits per pixel");
  if (![1, 2, 4, 8, 16, 24, 32].includes(bits) || (isRun && bits > 8)) {
    throw damaged("BMP", `it claims ${bits} bits per pixel`);
  }
  const pixelsAt = view.getUint32(10, true);
  const needed = isRun ? width * height / MAX_PIXELS_PER_BYTE : rowStride(width, bits) * height;
  if (pixelsAt + needed > bytes.length) {
    throw damaged(
      "BMP",
      `it claims ${width} x ${height} pixels (${Math.ceil(needed)} bytes from byte ${pixelsAt}), ` +
        `and ends at ${bytes.length}`,
    );
  }
  const paletteAt = 14 + size + (hasMasks && size === 40 ? 12 : 0);
  return {
    width,
    height,
    topDown: signed < 0,
    bits,
    compression,
    masks: hasMasks ? readMasks(view, size, compression) : defaultMasks(bits),
    palette: bytes.subarray(paletteAt, Math.max(paletteAt, pixelsAt)),
    paletteStep: old ? 3 : 4,
    pixelsAt,
    metadata: size < 40 ? {} : { ...readDensity(view), ...readProfile(bytes, size) },
  };
}

/** Bytes of a row, in whole words. */
function rowStride(width: number, bits: number): number {
  return Math.ceil(width * bits / 32) * 4;
}

function readMasks(view: DataView, size: number, compression: number): BmpHeader["masks"] {
  if (view.byteLength < MASKS_AT + 16) throw damaged("BMP", "its masks are cut off");
  const mask = (i: number) => view.getUint32(MASKS_AT + 4 * i, true);
  const hasAlpha = size >= 56 || compression === COMPRESSION.alphaMasks;
  return [mask(0), mask(1), mask(2), hasAlpha ? mask(3) : 0];
}

function defaultMasks(bits: number): BmpHeader["masks"] {
  return bits === 16 ? [0x7c00, 0x03e0, 0x001f, 0] : [0xff0000, 0x00ff00, 0x0000ff, 0];
}

/** Pixels per metre, which old programs leave 0. */
function readDensity(view: DataView): Metadata {
  const [x, y] = [view.getInt32(38, true), view.getInt32(42, true)];
  return x > 0 && y > 0 ? { density: { x, y } } : {};
}

/** The profile that stands somewhere in the file; its place is counted from the second header. */
function readProfile(bytes: Uint8Array, size: number): Metadata {
  const view = viewOf(bytes);
  if (size < PROFILE_HEADER_BYTES || view.getUint32(70, true) !== PROFILE_EMBEDDED) return {};
  const at = 14 + view.getUint32(126, true);
  const icc = bytes.slice(at, at + view.getUint32(130, true));
  return icc.length > 128 ? { icc } : {};
}

/** Reads rows that are not compressed. */
function readRows(bytes: Uint8Array, header: BmpHeader, out: Uint8Array): void {
  const { width, height, bits, masks, pixelsAt, topDown } = header;
  const view = viewOf(bytes);
  const stride = rowStride(width, bits);
  const channels = masks.map(channelOf);
  for (let y = 0; y < height; y++) {
    const from = pixelsAt + y * stride;
    let to = (topDown ? y : height - 1 - y) * width * 4;
    for (let x = 0; x < width; x++, to += 4) {
      if (bits <= 8) {
        const at = x * bits;
        const shift = 8 - bits - (at & 7);
        putColour(header, (bytes[from + (at >> 3)] >> shift) & ((1 << bits) - 1), out, to);
      } else if (bits === 24) {
        for (let c = 0; c < 3; c++) out[to + c] = bytes[from + x * 3 + 2 - c];
        out[to + 3] = 255;
      } else {
        const pixel = bits === 16
          ? view.getUint16(from + x * 2, true)
          : view.getUint32(from + x * 4, true);
        for (let c = 0; c < 3; c++) out[to + c] = channels[c](pixel) ?? 0;
        out[to + 3] = channels[3](pixel) ?? 255;
      }
    }
  }
}

/** Programs leave alpha 0 everywhere and mean an opaque picture, which others show. */
function makeVisible(data: Uint8Array): void {
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) return;
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
}

/** Returns what takes a channel out of a pixel and widens or narrows it to 8 bits. */
function channelOf(mask: number): (pixel: number) => number | undefined {
  if (mask === 0) return () => undefined;
  const shift = 31 - Math.clz32(mask & -mask);
  const white = mask >>> shift;
  return (pixel) => Math.round(((pixel & mask) >>> shift) / white * 255);
}

/** Puts a colour of the palette; one beyond its end is black. */
function putColour(header: BmpHeader, index: number, out: Uint8Array, to: number): void {
  const { palette, paletteStep } = header;
  for (let c = 0; c < 3; c++) out[to + c] = palette[index * paletteStep + 2 - c] ?? 0;
  out[to + 3] = 255;
}

/** Reads run lengths: a count and a colour, or 0 and an order (end of row, end, jump, literals). */
function readRuns(bytes: Uint8Array, header: BmpHeader, out: Uint8Array): void {
  const { width, height, compression, pixelsAt } = header;
  const four = compression === COMPRESSION.rle4;
  for (let to = 0; to < out.length; to += 4) putColour(header, 0, out, to);
  let [x, y] = [0, 0];
  const put = (index: number) => {
    if (x < width && y < height) {
      putColour(header, index, out, ((height - 1 - y) * width + x) * 4);
    }
    x++;
  };
  for (let at = pixelsAt; at + 1 < bytes.length && y < height; at += 2) {
    const [count, value] = [bytes[at], bytes[at + 1]];
    if (count > 0) {
      for (let i = 0; i < count; i++) put(four ? (value >> (i % 2 === 0 ? 4 : 0)) & 15 : value);
    } else if (value === 0) [x, y] = [0, y + 1];
    else if (value === 1) return;
    else if (value === 2) {
      x += bytes[at + 2] ?? 0;
      y += bytes[at + 3] ?? 0;
      at += 2;
    } else {
      for (let i = 0; i < value; i++) {
        const byte = bytes[at + 2 + (four ? i >> 1 : i)] ?? 0;
        put(four ? (byte >> (i % 2 === 0 ? 4 : 0)) & 15 : byte);
      }
      at += Math.ceil((four ? Math.ceil(value / 2) : value) / 2) * 2;
    }
  }
}
