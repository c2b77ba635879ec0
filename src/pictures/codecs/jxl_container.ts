/**
 * A JPEG XL file seen from outside: the size that its header claims, and EXIF and XMP, which stand
 * beside the picture in boxes.
 *
 * A file is either the bare picture (a "codestream"), or boxes: a signature, `ftyp`, the picture as
 * `jxlc` or in parts as `jxlp`, and metadata as `Exif` and `xml `.
 */

import { big, boxOf, readBoxes } from "./boxes.ts";
import { concatBytes, latin1, startsWith, viewOf } from "../bytes.ts";
import { checkSize, damaged } from "../limits.ts";
import type { Metadata } from "../picture.ts";

/** A JPEG XL file, taken apart. */
export interface JxlParts {
  /** As stored: the codec turns the picture upright, which may swap the sides. */
  width: number;
  height: number;
  /** Whether a sample has more than 8 bits. */
  deep: boolean;
  /** Whether turning the picture upright swaps its sides. */
  swapped: boolean;
  metadata: Metadata;
}

/** The first box of every file that consists of boxes. */
const SIGNATURE = boxOf("JXL ", Uint8Array.of(0x0d, 0x0a, 0x87, 0x0a));

/** Width to height by the number that the header may give instead of a width. */
const RATIOS: readonly (readonly [number, number])[] = [
  [1, 1],
  [12, 10],
  [4, 3],
  [3, 2],
  [16, 9],
  [5, 4],
  [2, 1],
];

/** Bits of a side less one, by the choice before it. */
const SIDE_BITS = [9, 13, 18, 30] as const;

/** Bytes that the header takes at most. */
const HEAD_BYTES = 64;

/**
 * Takes a JPEG XL file apart.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if it is cut off, damaged, or claims too much
 */
export function readJxlParts(bytes: Uint8Array, maxPixels: number): JxlParts {
  const metadata: Metadata = {};
  const parts: Uint8Array[] = [];
  if (bytes[0] === 0xff) parts.push(bytes);
  else {
    for (const { type, data } of readBoxes("JPEG XL", bytes)) {
      if (type === "jxlc") parts.push(data);
      else if (type === "jxlp") parts.push(data.subarray(4));
      else if (type === "xml ") metadata.xmp ??= data.slice();
      else if (type === "Exif" && data.length > 4) {
        metadata.exif ??= data.slice(4 + viewOf(data).getUint32(0));
      }
    }
  }
  const head = concatBytes(parts.slice(0, 4).map((part) => part.subarray(0, HEAD_BYTES)));
  if (!startsWith(head, "\xff\x0a")) throw damaged("JPEG XL", "it has no picture in it");
  const header = readHeader(head);
  checkSize("JPEG XL", header.width, header.height, maxPixels);
  return { ...header, metadata };
}

/** Returns the file that a codec wrote, a bare picture, with EXIF and XMP put beside it. */
export function withJxlMetadata(bytes: Uint8Array, { exif, xmp }: Metadata): Uint8Array {
  if (exif === undefined && xmp === undefined) return bytes;
  const boxes = [SIGNATURE, boxOf("ftyp", latin1("jxl \0\0\0\0jxl "))];
  if (exif !== undefined) boxes.push(boxOf("Exif", big(0, 4), exif));
  if (xmp !== undefined) boxes.push(boxOf("xml ", xmp));
  return concatBytes([...boxes, boxOf("jxlc", bytes)]);
}

/** Reads the beginning of the header: the size, and how samples and sides are. */
function readHeader(head: Uint8Array): Omit<JxlParts, "metadata"> {
  let at = 16;
  const take = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++, at++) value += ((head[at >> 3] ?? 0) >> (at & 7) & 1) * 2 ** i;
    return value;
  };
  const small = take(1) === 1;
  const side = () => small ? (take(5) + 1) * 8 : take(SIDE_BITS[take(2)]) + 1;
  const height = side();
  const ratio = take(3);
  const width = ratio === 0
    ? side()
    : Math.floor(height * RATIOS[ratio - 1][0] / RATIOS[ratio - 1][1]);
  const size = { width, height, deep: false, swapped: false };
  if (take(1) === 1) return size;
  if (take(1) === 0) return { ...size, deep: isDeep(take) };
  const swapped = take(3) + 1 >= 5;
  // A size for display, a preview or an animation may follow; past one of them the depth is unread.
  const plain = take(3) === 0;
  return { ...size, swapped, deep: plain && isDeep(take) };
}

/** Reads the depth of a sample: floats, or a choice of 8, 10, 12, and any number of bits. */
function isDeep(take: (count: number) => number): boolean {
  if (take(1) === 1) return true;
  const choice = take(2);
  return choice === 3 ? take(6) + 1 > 8 : choice > 0;
}
