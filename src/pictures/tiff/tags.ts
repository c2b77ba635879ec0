/**
 * The directory of a TIFF file: entries of 12 bytes with a tag, a type, a count, and the values or the
 * place where they are. EXIF blocks have the same structure; `exif.ts` changes those in place, this
 * file reads values and builds blocks.
 */

import { concatBytes, viewOf } from "../bytes.ts";

/** One entry, as it is stored. */
export interface TiffEntry {
  tag: number;
  type: number;
  count: number;
  /** The values' bytes, in the byte order of the file. */
  value: Uint8Array;
}

/** The entries of one directory by tag. */
export interface TiffDirectory {
  little: boolean;
  entries: Map<number, TiffEntry>;
}

/** Bytes of one value by type: byte, ASCII, short, long, rational, and their signed brothers. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8] as const;

/** Types by name. */
export const TIFF_TYPE = { short: 3, long: 4, rational: 5, undefinedBytes: 7 } as const;

/** Real directories have some dozens. */
const MAX_ENTRIES = 1024;

/**
 * Reads a directory. Entries that are broken are left out.
 *
 * @param bytes begins with `II` or `MM`
 * @param offset of the directory; by default that of the first, which the header names
 * @returns `undefined` if there is no directory
 */
export function readTiffDirectory(bytes: Uint8Array, offset?: number): TiffDirectory | undefined {
  if (bytes.length < 8) return undefined;
  const view = viewOf(bytes);
  const little = view.getUint16(0) === 0x4949;
  const start = offset ?? view.getUint32(4, little);
  if (start < 8 || start + 2 > bytes.length) return undefined;
  const count = view.getUint16(start, little);
  const entries = new Map<number, TiffEntry>();
  for (let i = 0, at = start + 2; i < count && i < MAX_ENTRIES; i++, at += 12) {
    if (at + 12 > bytes.length) break;
    const [tag, type] = [view.getUint16(at, little), view.getUint16(at + 2, little)];
    const values = view.getUint32(at + 4, little);
    const length = values * (TYPE_BYTES[type] ?? 0);
    const valueAt = length <= 4 ? at + 8 : view.getUint32(at + 8, little);
    if (length === 0 || valueAt + length > bytes.length) continue;
    entries.set(tag, {
      tag,
      type,
      count: values,
      value: bytes.subarray(valueAt, valueAt + length),
    });
  }
  return { little, entries };
}

/** Returns the numbers that an entry holds; none if it is absent or holds something else. */
export function numbersOf({ little, entries }: TiffDirectory, tag: number): number[] {
  const entry = entries.get(tag);
  if (entry === undefined) return [];
  const { type, count, value } = entry;
  const view = viewOf(value);
  const read = [
    undefined,
    (at: number) => view.getUint8(at),
    undefined,
    (at: number) => view.getUint16(at, little),
    (at: number) => view.getUint32(at, little),
    (at: number) => view.getUint32(at, little) / view.getUint32(at + 4, little),
  ][type];
  if (read === undefined) return [];
  return Array.from({ length: count }, (_, i) => read(i * TYPE_BYTES[type]));
}

/** Makes an entry of whole numbers or, of type rational, of numbers in ten-thousandths. */
export function entryOf(
  tag: number,
  type: 3 | 4 | 5,
  values: number[],
  little: boolean,
): TiffEntry {
  const value = new Uint8Array(values.length * TYPE_BYTES[type]);
  const view = viewOf(value);
  values.forEach((number, i) => {
    if (type === TIFF_TYPE.short) view.setUint16(i * 2, number, little);
    else if (type === TIFF_TYPE.long) view.setUint32(i * 4, number, little);
    else {
      const scale = number < 400_000 ? 10_000 : 1;
      view.setUint32(i * 8, Math.round(number * scale), little);
      view.setUint32(i * 8 + 4, scale, little);
    }
  });
  return { tag, type, count: values.length, value };
}

/**
 * Writes a directory, with the values that do not fit into their entries after it.
 *
 * @param at where in the block the directory will stand, an even number
 * @param next the offset of the directory that follows it, or 0
 */
export function writeTiffDirectory(
  entries: TiffEntry[],
  at: number,
  next: number,
  little: boolean,
): Uint8Array {
  const sorted = entries.toSorted((a, b) => a.tag - b.tag);
  const table = new Uint8Array(2 + sorted.length * 12 + 4);
  const view = viewOf(table);
  const values: Uint8Array[] = [];
  let valuesAt = at + table.length;
  view.setUint16(0, sorted.length, little);
  sorted.forEach(({ tag, type, count, value }, i) => {
    const entry = 2 + i * 12;
    view.setUint16(entry, tag, little);
    view.setUint16(entry + 2, type, little);
    view.setUint32(entry + 4, count, little);
    if (value.length <= 4) return table.set(value, entry + 8);
    view.setUint32(entry + 8, valuesAt, little);
    const padding = new Uint8Array(value.length % 2);
    values.push(value, padding);
    valuesAt += value.length + padding.length;
  });
  view.setUint32(table.length - 4, next, little);
  return concatBytes([table, ...values]);
}

/** The eight bytes that begin a block or file whose first directory is at `first`. */
export function tiffHeader(first: number, little: boolean): Uint8Array {
  const header = new Uint8Array(8);
  header.fill(little ? 0x49 : 0x4d, 0, 2);
  viewOf(header).setUint16(2, 42, little);
  viewOf(header).setUint32(4, first, little);
  return header;
}
