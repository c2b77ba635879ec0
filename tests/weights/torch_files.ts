/**
 * PyTorch files made for tests, sound ones and hostile ones: pickles instruction by instruction, and
 * zip archives with a lie in any of their fields.
 */

import { deflateRawSync } from "node:zlib";
import { crc32 } from "../../src/platform/mod.ts";
import type { Dtype } from "../../src/weights/tensor.ts";

/** Joins bytes, numbers and text. */
export function join(
  ...parts: (string | number | Uint8Array | number[])[]
): Uint8Array<ArrayBuffer> {
  const pieces = parts.map((part) => {
    if (typeof part === "string") return new TextEncoder().encode(part);
    return typeof part === "number" ? Uint8Array.of(part) : Uint8Array.from(part);
  });
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const piece of pieces) {
    joined.set(piece, position);
    position += piece.length;
  }
  return joined;
}

/** A number as little-endian bytes. */
export function little(value: number | bigint, bytes: 2 | 4 | 8): Uint8Array {
  const buffer = new DataView(new ArrayBuffer(8));
  buffer.setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
  return new Uint8Array(buffer.buffer, 0, bytes);
}

/** Instructions of a pickle. */
export const op = {
  proto: (version = 2) => join(0x80, version),
  text: (text: string) => {
    const bytes = new TextEncoder().encode(text);
    return join("X", little(bytes.length, 4), bytes);
  },
  int: (value: number) =>
    value >= 0 && value < 256
      ? join("K", value)
      : value >= 0 && value < 2 ** 31
      ? join("J", little(value, 4))
      : join(0x8a, 8, little(value, 8)),
  global: (module: string, name: string) => join(`c${module}\n${name}\n`),
  stackGlobal: (module: string, name: string) => join(op.text(module), op.text(name), 0x93),
  tuple: (...items: Uint8Array[]) => join("(", ...items, "t"),
  list: (...items: Uint8Array[]) => join("](", ...items, "e"),
  dict: (...pairs: Uint8Array[]) => join("}(", ...pairs, "u"),
  call: (callee: Uint8Array, ...args: Uint8Array[]) => join(callee, op.tuple(...args), "R"),
  none: () => join("N"),
  no: () => join(0x89),
  stop: () => join("."),
};

/** A storage and what is said of it. */
export interface StorageSpec {
  key: string;
  dtype: Dtype;
  elements: number;
  bytes: Uint8Array;
}

/** A tensor on a storage. */
export interface TensorSpec {
  storage: StorageSpec;
  offset?: number;
  shape: number[];
  strides?: number[];
}

const CLASSES: Partial<Record<Dtype, string>> = {
  F32: "FloatStorage",
  F16: "HalfStorage",
  BF16: "BFloat16Storage",
  F64: "DoubleStorage",
  I64: "LongStorage",
  U8: "ByteStorage",
};

/** A storage of the values, or of that many bytes. */
export function storage(key: string, dtype: Dtype, values: ArrayBufferView): StorageSpec {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const size = { F64: 8, I64: 8, F32: 4, F16: 2, BF16: 2 }[dtype as string] ?? 1;
  return { key, dtype, elements: bytes.length / size, bytes };
}

/** Strides of a tensor whose elements lie in order. */
export function rowMajor(shape: number[]): number[] {
  return shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1));
}

/** The pickle of a reference to a storage. */
export function pickledStorage(
  { key, dtype, elements }: StorageSpec,
  ...part: Uint8Array[]
): Uint8Array {
  const type = op.global("torch", CLASSES[dtype]!);
  const items = [op.text("storage"), type, op.text(key), op.text("cpu"), op.int(elements), ...part];
  return join(op.tuple(...items), "Q");
}

/** The pickle of a tensor. */
export function pickledTensor({ storage, offset = 0, shape, strides }: TensorSpec): Uint8Array {
  return op.call(
    op.global("torch._utils", "_rebuild_tensor_v2"),
    pickledStorage(storage),
    op.int(offset),
    op.tuple(...shape.map(op.int)),
    op.tuple(...(strides ?? rowMajor(shape)).map(op.int)),
    op.no(),
    op.call(op.global("collections", "OrderedDict")),
  );
}

/** The pickle of a dict. */
export function pickledDict(entries: Record<string, Uint8Array>): Uint8Array {
  return op.dict(...Object.entries(entries).flatMap(([key, value]) => [op.text(key), value]));
}

/** A whole pickle of protocol 2. */
export function pickleOf(value: Uint8Array): Uint8Array<ArrayBuffer> {
  return join(op.proto(), value, op.stop());
}

/** A member of an archive, with the lies that are told of it. */
export interface ZipSpec {
  name: string;
  bytes: Uint8Array;
  deflate?: boolean;
  /** Leaves CRC and sizes out of the member's own header, as PyTorch does. */
  sizesFollow?: boolean;
  /** Fields of the directory. */
  entry?: Partial<Record<"flags" | "method" | "crc" | "packed" | "size" | "start", number>>;
  /** Fields of the member's own header. */
  local?: Partial<Record<"flags" | "method" | "crc" | "packed" | "size", number>> & {
    name?: string;
  };
}

/** How an archive ends. */
export interface EndSpec {
  zip64?: boolean;
  count?: number;
  directoryStart?: number;
  directoryBytes?: number;
  comment?: string;
}

/** An archive of the members. */
export function zipOf(members: ZipSpec[], end: EndSpec = {}): Uint8Array<ArrayBuffer> {
  let archive = new Uint8Array();
  const directory: Uint8Array[] = [];
  for (const member of members) {
    const packed = member.deflate ? deflateRawSync(member.bytes) : member.bytes;
    const honest = {
      flags: member.sizesFollow ? 0x808 : 0,
      method: member.deflate ? 8 : 0,
      crc: crc32(member.bytes),
      packed: packed.length,
      size: member.bytes.length,
    };
    const start = archive.length;
    const open = member.sizesFollow ? { crc: 0, packed: 0, size: 0 } : {};
    archive = join(archive, localHeader(member, { ...honest, ...open, ...member.local }), packed);
    directory.push(entryOf(member, { ...honest, start, ...member.entry }, end.zip64 ?? false));
  }
  return join(archive, ...directory, endOf(archive.length, directory, end));
}

type Fields = Record<"flags" | "method" | "crc" | "packed" | "size", number>;

function localHeader(member: ZipSpec, fields: Fields): Uint8Array {
  const name = new TextEncoder().encode(member.local?.name ?? member.name);
  return join(
    "PK\x03\x04",
    little(20, 2),
    little(fields.flags, 2),
    little(fields.method, 2),
    little(0, 4),
    little(fields.crc, 4),
    little(fields.packed, 4),
    little(fields.size, 4),
    little(name.length, 2),
    little(0, 2),
    name,
  );
}

function entryOf(member: ZipSpec, fields: Fields & { start: number }, zip64: boolean) {
  const name = new TextEncoder().encode(member.name);
  const long = [fields.size, fields.packed, fields.start];
  const [size, packed, start] = zip64 ? [0xffffffff, 0xffffffff, 0xffffffff] : long;
  const extra = zip64
    ? join(little(1, 2), little(24, 2), ...long.map((value) => little(value, 8)))
    : new Uint8Array();
  return join(
    "PK\x01\x02",
    little(20, 2),
    little(20, 2),
    little(fields.flags, 2),
    little(fields.method, 2),
    little(0, 4),
    little(fields.crc, 4),
    little(packed, 4),
    little(size, 4),
    little(name.length, 2),
    little(extra.length, 2),
    little(0, 2),
    little(0, 2),
    little(0, 2),
    little(0, 4),
    little(start, 4),
    name,
    extra,
  );
}

function endOf(directoryStart: number, directory: Uint8Array[], end: EndSpec): Uint8Array {
  const count = end.count ?? directory.length;
  const bytes = end.directoryBytes ?? directory.reduce((sum, { length }) => sum + length, 0);
  const start = end.directoryStart ?? directoryStart;
  const position = directoryStart + directory.reduce((sum, { length }) => sum + length, 0);
  const [short, open, openCount] = end.zip64
    ? [end64Of(start, bytes, count, position), -1, -1]
    : [];
  return join(
    short ?? new Uint8Array(),
    "PK\x05\x06",
    little(0, 4),
    little(openCount ?? count, 2),
    little(openCount ?? count, 2),
    little(open ?? bytes, 4),
    little(open ?? start, 4),
    little((end.comment ?? "").length, 2),
    end.comment ?? "",
  );
}

function end64Of(start: number, bytes: number, count: number, position: number): Uint8Array {
  const [counts, sizes] = [little(count, 8), join(little(bytes, 8), little(start, 8))];
  return join(
    join("PK\x06\x06", little(44, 8), little(45, 2), little(45, 2), little(0, 8), counts, counts),
    sizes,
    join("PK\x06\x07", little(0, 4), little(position, 8), little(1, 4)),
  );
}

/** A PyTorch archive of a pickle and its storages. */
export function torchZip(
  value: Uint8Array,
  storages: StorageSpec[],
  options: { deflate?: boolean; end?: EndSpec; more?: ZipSpec[] } = {},
): Uint8Array<ArrayBuffer> {
  const { deflate = false, end, more = [] } = options;
  const members: ZipSpec[] = [
    { name: "archive/data.pkl", bytes: pickleOf(value), deflate, sizesFollow: true },
    ...storages.map(({ key, bytes }) => ({ name: `archive/data/${key}`, bytes, deflate })),
    { name: "archive/version", bytes: join("3\n"), deflate },
    ...more,
  ];
  return zipOf(members, end);
}

/** The same in the form before zip. */
export function torchPickles(value: Uint8Array, storages: StorageSpec[]): Uint8Array<ArrayBuffer> {
  return join(
    legacyHead(),
    pickleOf(value),
    pickleOf(op.list(...storages.map(({ key }) => op.text(key)))),
    ...storages.flatMap(({ elements, bytes }) => [little(elements, 8), bytes]),
  );
}

/** What such a file begins with. */
export function legacyHead(littleEndian = true): Uint8Array {
  const magic = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  return join(
    pickleOf(join(0x8a, 10, magic)),
    pickleOf(op.int(1001)),
    pickleOf(pickledDict({ little_endian: join(littleEndian ? 0x88 : 0x89) })),
  );
}
