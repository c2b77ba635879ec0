/**
 * The directory of a TIFF file: entries of 12 bytes with a tag, a type, a count, and the values or the
 * place where they are. EXIF blocks have the same structure; `exif.ts` changes those in place, this
 * file reads values and builds blocks.
 */

import { concatBytes, viewOf } from "../bytes.ts";
import type { ByteSource } from "../source.ts";

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

/**
 * Bytes of one value by type: byte, ASCII, short, long, rational, and their signed brothers; offsets; and
 * those of BigTIFF.
 */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8] as const;

/** The most pixels that a side can have in the reference library. */
export const TIFF_MAX_SIDE: number = 2 ** 24;

/** Types by name. */
export const TIFF_TYPE = { short: 3, long: 4, rational: 5, undefinedBytes: 7 } as const;

/** Real directories have some dozens. */
const MAX_ENTRIES = 1024;

/** The most bytes of a value that is read from a file. */
const MAX_VALUE_BYTES = 2 ** 24;

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

/** A directory of a file: where it is, and where the one is that follows it, or 0. */
export interface FileDirectory extends TiffDirectory {
  at: number;
  next: number;
}

/** How a file is built: the plain kind, and BigTIFF, which counts and points with 8 bytes. */
const PLAIN = { start: 4, count: 2, entry: 12, word: 4 } as const;
const BIG = { start: 8, count: 8, entry: 20, word: 8 } as const;

/**
 * Reads a directory of a file, plain or BigTIFF; of its values, those that are wanted.
 *
 * @param offset of the directory; by default that of the first, which the header names
 * @returns `undefined` if there is no directory
 */
export async function readFileDirectory(
  source: ByteSource,
  isWanted: (tag: number) => boolean,
  offset?: number,
): Promise<FileDirectory | undefined> {
  const head = (await source.read(0, 16)).slice();
  if (head.length < 8) return undefined;
  const little = head[0] === 0x49;
  const { start, count, entry, word } = viewOf(head).getUint16(2, little) === 43 ? BIG : PLAIN;
  const at = offset ?? numberAt(head, start, word, little);
  const size = numberAt(await source.read(at, count), 0, count, little);
  const table = (await source.read(at + count, Math.min(size, MAX_ENTRIES) * entry)).slice();
  const entries = new Map<number, TiffEntry>();
  for (let i = 0; i + entry <= table.length; i += entry) {
    const [tag, type] = [numberAt(table, i, 2, little), numberAt(table, i + 2, 2, little)];
    const values = numberAt(table, i + 4, word, little);
    const length = values * (TYPE_BYTES[type] ?? 0);
    if (!isWanted(tag) || length === 0 || length > MAX_VALUE_BYTES) continue;
    const place = i + 4 + word;
    const value = length <= word
      ? table.slice(place, place + length)
      : (await source.read(numberAt(table, place, word, little), length)).slice();
    if (value.length === length) entries.set(tag, { tag, type, count: values, value });
  }
  const next = numberAt(await source.read(at + count + size * entry, word), 0, word, little);
  return entries.size === 0 && table.length === 0 ? undefined : { little, entries, at, next };
}

/**
 * Returns a copy of a file, plain or BigTIFF, in which an entry of one short or long has another value.
 *
 * @param offset of the directory, which has the entry
 */
export function withShort(
  bytes: Uint8Array,
  offset: number,
  tag: number,
  value: number,
): Uint8Array {
  const copy = bytes.slice();
  const view = viewOf(copy);
  const little = copy[0] === 0x49;
  const { count, entry, word } = view.getUint16(2, little) === 43 ? BIG : PLAIN;
  let at = offset + count;
  while (view.getUint16(at, little) !== tag) at += entry;
  if (view.getUint16(at + 2, little) === TIFF_TYPE.long) {
    view.setUint32(at + 4 + word, value, little);
  } else view.setUint16(at + 4 + word, value, little);
  return copy;
}

/** Reads a whole number of 2, 4 or 8 bytes; 0 beyond the end. */
function numberAt(bytes: Uint8Array, at: number, length: number, little: boolean): number {
  if (at + length > bytes.length) return 0;
  const view = viewOf(bytes);
  if (length === 2) return view.getUint16(at, little);
  return length === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
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
    ...Array(7).fill(undefined),
    (at: number) => view.getUint32(at, little),
    undefined,
    undefined,
    ...Array(3).fill((at: number) => Number(view.getBigUint64(at, little))),
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

/** Bytes that change places together, by type, where there are more than one. */
const UNIT_BYTES: Readonly<Record<number, number>> = {
  3: 2,
  4: 4,
  5: 4,
  8: 2,
  9: 4,
  10: 4,
  11: 4,
  12: 8,
  13: 4,
};

/** Returns an entry with its values in the other byte order. */
export function swappedEntry(entry: TiffEntry): TiffEntry {
  const size = UNIT_BYTES[entry.type] ?? 1;
  const value = new Uint8Array(entry.value.length);
  for (let at = 0; at < value.length; at += size) {
    value.set(entry.value.slice(at, at + size).reverse(), at);
  }
  return { ...entry, value };
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
