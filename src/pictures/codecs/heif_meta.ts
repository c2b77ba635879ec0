/**
 * The `meta` box of an AVIF or HEIC file, read.
 *
 * It lists items (the picture, its alpha, EXIF, XMP): `iinf` says what each is, `iloc` where its bytes are,
 * `iref` which item describes which, and `iprp` holds properties (`ipco`) with the items that have them
 * (`ipma`).
 */

import { type Box, BoxReader, readBoxes } from "./boxes.ts";
import { damaged } from "../limits.ts";

/** An item and the places of its bytes in the file, or in the `idat` box. */
export interface Item {
  type: string;
  /** Whether it is not to be shown by itself. */
  hidden: boolean;
  /** Of items of type `mime`. */
  contentType: string;
  extents: { at: number; length: number }[];
  inMeta: boolean;
  /** Numbers of its properties, from 1; and where the bytes of each number are, in all the buffer. */
  properties: { number: number; at: number; bytes: 1 | 2 }[];
}

/** That an item refers to others: it is made of them (`dimg`), describes them (`cdsc`), and the like. */
export interface Reference {
  type: string;
  from: number;
  to: number[];
}

/** What the `meta` box says. */
export interface Meta {
  boxes: Map<string, Box>;
  primary: number;
  items: Map<number, Item>;
  references: Reference[];
  properties: Box[];
}

/** Real files have a handful. */
const MAX_ITEMS = 4096;

/**
 * Finds and reads the `meta` box.
 *
 * @param format for errors
 * @throws {InputError} if it is damaged, or names no picture
 */
export function readMeta(format: string, top: Box[]): Meta {
  const whole = top.find(({ type }) => type === "meta");
  if (whole === undefined) throw damaged(format, "it does not say what is in it");
  const boxes = new Map(readBoxes(format, whole.data.subarray(4)).map((box) => [box.type, box]));
  boxes.set("meta", whole);
  const data = (type: string) => boxes.get(type)?.data ?? new Uint8Array(0);
  const pitm = new BoxReader(data("pitm"));
  const primary = pitm.number(4) >>> 24 === 0 ? pitm.number(2) : pitm.number(4);
  const items = readItems(format, data("iinf"));
  readLocations(data("iloc"), items);
  const [container, associations] = readBoxes(format, data("iprp"));
  readAssociations(associations?.data ?? new Uint8Array(0), items);
  if (!items.has(primary)) throw damaged(format, "it has no picture in it");
  const properties = container === undefined ? [] : readBoxes(format, container.data);
  const references = readReferences(format, data("iref"));
  return { boxes, primary, items, references, properties };
}

/** `iinf`: the items by number. */
function readItems(format: string, data: Uint8Array): Map<number, Item> {
  const items = new Map<number, Item>();
  const list = data.subarray(data[0] === 0 ? 6 : 8);
  for (const { type, data } of readBoxes(format, list)) {
    if (type !== "infe" || data[0] < 2 || items.size >= MAX_ITEMS) continue;
    const reader = new BoxReader(data);
    const head = reader.number(4);
    const id = reader.number(head >>> 24 === 2 ? 2 : 4);
    reader.number(2);
    const kind = reader.text(4);
    reader.line();
    const contentType = kind === "mime" ? reader.line() : "";
    const hidden = (head & 1) === 1;
    items.set(id, { type: kind, hidden, contentType, extents: [], inMeta: false, properties: [] });
  }
  return items;
}

/** `iloc`: where the bytes of each item are. */
function readLocations(data: Uint8Array, items: Map<number, Item>): void {
  const reader = new BoxReader(data);
  const version = reader.number(4) >>> 24;
  const sizes = reader.number(2);
  const [offsetSize, lengthSize] = [sizes >> 12, sizes >> 8 & 15];
  const [baseSize, indexSize] = [sizes >> 4 & 15, version === 0 ? 0 : sizes & 15];
  const count = reader.number(version < 2 ? 2 : 4);
  for (let i = 0; i < count && !reader.done; i++) {
    const item = items.get(reader.number(version < 2 ? 2 : 4));
    const inMeta = version > 0 && (reader.number(2) & 15) === 1;
    reader.number(2);
    const base = reader.number(baseSize);
    const extents = reader.number(2);
    for (let j = 0; j < extents && !reader.done; j++) {
      reader.number(indexSize);
      const at = base + reader.number(offsetSize);
      item?.extents.push({ at, length: reader.number(lengthSize) });
    }
    if (item !== undefined) item.inMeta = inMeta;
  }
}

/** `ipma`: which properties each item has. */
function readAssociations(data: Uint8Array, items: Map<number, Item>): void {
  const reader = new BoxReader(data);
  const head = reader.number(4);
  const wide = (head & 1) === 1;
  const count = reader.number(4);
  for (let i = 0; i < count && !reader.done; i++) {
    const item = items.get(reader.number(head >>> 24 === 0 ? 2 : 4));
    const length = reader.number(1);
    const bytes = wide ? 2 : 1;
    for (let j = 0; j < length; j++) {
      const at = data.byteOffset + reader.at;
      const number = reader.number(bytes) & (wide ? 0x7fff : 0x7f);
      item?.properties.push({ number, at, bytes });
    }
  }
}

/** `iref`: which item refers to which. */
function readReferences(format: string, data: Uint8Array): Reference[] {
  if (data.length < 4) return [];
  const idBytes = data[0] === 0 ? 2 : 4;
  return readBoxes(format, data.subarray(4)).slice(0, MAX_ITEMS).map(({ type, data }) => {
    const reader = new BoxReader(data);
    const from = reader.number(idBytes);
    const count = Math.min(reader.number(2), MAX_ITEMS);
    return { type, from, to: Array.from({ length: count }, () => reader.number(idBytes)) };
  });
}

/** The properties of an item. */
export function propertiesOf({ items, properties }: Meta, id: number): Box[] {
  return items.get(id)!.properties
    .map(({ number }) => properties[number - 1])
    .filter((box) => box !== undefined);
}
