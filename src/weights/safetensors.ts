/**
 * Safetensors, read and written: pure functions over bytes, without files and without the GPU.
 *
 * A file is 8 bytes that say how long the header is (u64, little-endian), the header in JSON, and
 * the tensors' bytes. The reader refuses whatever the reference implementation refuses, by the
 * same names, and hands out views into the file: nothing is copied or converted before it is asked
 * for.
 */

import {
  METADATA_KEY,
  parseHeader,
  SafetensorsError,
  type TensorInfo,
  U64_MAX,
} from "./safetensors_header.ts";
import {
  BITS_PER_ELEMENT,
  byteCountOf,
  type Dtype,
  quote,
  type TensorView,
  type Weights,
} from "./tensor.ts";

export { SafetensorsError };
export type { SafetensorsErrorKind } from "./safetensors_header.ts";

/** Longest header that the reference reads or writes, in bytes. */
const MAX_HEADER_BYTES = 100_000_000;

/** Bytes of the header's length, before the header. */
const PREFIX_BYTES = 8;

/** Every type, in ascending alignment. */
const DTYPES = Object.keys(BITS_PER_ELEMENT);

/** Types that Tessera computes with, and therefore converts and writes. */
export type FloatDtype = "F32" | "F16" | "BF16";

/** A tensor to write: values in single precision, stored as `dtype`. */
export interface FloatTensor {
  dtype: FloatDtype;
  shape: readonly number[];
  /** Row-major, as many values as the shape says. */
  data: Float32Array;
}

/** A tensor to write as it is: a view of another file, under whatever name it is written. */
export type StoredTensor = Omit<TensorView, "name">;

/** Says whether bytes may be a safetensors file: whether their first eight can be a header's length. */
export function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < PREFIX_BYTES) return true;
  return statedHeaderLength(bytes) <= MAX_HEADER_BYTES;
}

/**
 * Reads the whole file's bytes.
 *
 * @param bytes the file; the views that are returned point into it
 * @returns metadata and tensors
 * @throws {SafetensorsError} when the bytes are not a valid safetensors file; `kind` says why
 *
 * @example
 * ```ts
 * const data = Float32Array.of(1, 2, 3);
 * const file = writeSafetensors(new Map([["slopes", { dtype: "F32", shape: [3], data }]]));
 * const { tensors } = readSafetensors(file);
 * console.log(tensors.get("slopes")?.shape); // [ 3 ]
 * ```
 */
export function readSafetensors(bytes: Uint8Array): Weights {
  const dataStart = PREFIX_BYTES + headerLength(bytes);
  const { metadata, tensors } = parseHeader(decodeUtf8(bytes.subarray(PREFIX_BYTES, dataStart)));
  tensors.sort((a, b) => compare(a.start, b.start) || compare(a.end, b.end));
  checkLayout(tensors, bytes.length - dataStart);
  const data = bytes.subarray(dataStart);
  return { metadata, tensors: new Map(tensors.map((info) => [info.name, viewOf(info, data)])) };
}

/**
 * Writes tensors as a safetensors file, in the reference's order: by type, the widest first, then by
 * name.
 *
 * Equal input gives equal bytes. Values are rounded to nearest, ties to even.
 *
 * @param tensors tensors by name
 * @param metadata strings for `__metadata__`, written in the order of their keys
 * @returns the file's bytes
 * @throws {SafetensorsError} `InvalidTensorView` when a shape does not fit its data,
 * `HeaderTooLarge`, or `InvalidHeaderDeserialization` for a name that no reader would accept
 *
 * @example
 * ```ts
 * const bias = { dtype: "F16", shape: [2], data: Float32Array.of(0.5, -0.25) } as const;
 * const file = writeSafetensors(new Map([["bias", bias]]));
 * console.log(readSafetensors(file).tensors.get("bias")?.dtype); // F16
 * ```
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, FloatTensor | StoredTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(compareTensors);
  const { header, dataBytes } = formatHeader(sorted, metadata);
  const file = new Uint8Array(PREFIX_BYTES + header.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, PREFIX_BYTES);
  let position = PREFIX_BYTES + header.length;
  for (const [, tensor] of sorted) {
    const encoded = encode(tensor);
    file.set(encoded, position);
    position += encoded.length;
  }
  return file;
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < PREFIX_BYTES) {
    throw new SafetensorsError(
      "HeaderTooSmall",
      `File has ${bytes.length} bytes: a safetensors file has at least ${PREFIX_BYTES}`,
    );
  }
  const length = statedHeaderLength(bytes);
  if (length > MAX_HEADER_BYTES) {
    throw new SafetensorsError(
      "HeaderTooLarge",
      `Header claims ${length} bytes, the limit is ${MAX_HEADER_BYTES}: not a safetensors file`,
    );
  }
  if (PREFIX_BYTES + Number(length) > bytes.length) {
    throw new SafetensorsError(
      "InvalidHeaderLength",
      `Header of ${length} bytes exceeds the file of ${bytes.length} bytes`,
    );
  }
  return Number(length);
}

function statedHeaderLength(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, PREFIX_BYTES).getBigUint64(0, true);
}

/** Decodes strictly: a byte order mark stays in the text, where the header's parser refuses it. */
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SafetensorsError("InvalidHeader", `Header of ${bytes.length} bytes is not UTF-8`);
  }
}

/** Checks that the tensors, sorted by offset, cover the data without hole, overlap or rest. */
function checkLayout(tensors: TensorInfo[], dataBytes: number): void {
  let position = 0n;
  for (const { name, dtype, shape, start, end } of tensors) {
    if (start !== position || end < start) {
      throw new SafetensorsError(
        "InvalidOffset",
        `Tensor ${quote(name)} is at bytes ${start} to ${end}, expected to begin at ${position}`,
      );
    }
    const expected = byteCount(name, dtype, shape);
    if (end - start !== expected) {
      throw new SafetensorsError(
        "TensorInvalidInfo",
        `Tensor ${quote(name)} has ${end - start} bytes, but ${dtype} [${shape.join(", ")}] ` +
          `takes ${expected}`,
      );
    }
    position = end;
  }
  if (position !== BigInt(dataBytes)) {
    throw new SafetensorsError(
      "MetadataIncompleteBuffer",
      `Tensors take ${position} bytes, but the file holds ${dataBytes} after its header`,
    );
  }
}

/** Returns the bytes of a shape, refusing what a u64 (or, per dimension, a number) cannot hold. */
function byteCount(name: string, dtype: Dtype, shape: bigint[]): bigint {
  let bits = 1n;
  for (const factor of [...shape, BigInt(BITS_PER_ELEMENT[dtype])]) {
    bits *= factor;
    if (bits > U64_MAX || factor > Number.MAX_SAFE_INTEGER) {
      throw new SafetensorsError(
        "ValidationOverflow",
        `Tensor ${quote(name)} of ${dtype} [${shape.join(", ")}] is too large to count`,
      );
    }
  }
  if (bits % 8n !== 0n) {
    throw new SafetensorsError(
      "MisalignedSlice",
      `Tensor ${quote(name)} of ${dtype} [${shape.join(", ")}] has ${bits} bits, not whole bytes`,
    );
  }
  return bits / 8n;
}

function viewOf({ name, dtype, shape, start, end }: TensorInfo, data: Uint8Array): TensorView {
  const bytes = data.subarray(Number(start), Number(end));
  return { name, dtype, shape: shape.map(Number), bytes };
}

function compare<T extends bigint | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function checkByteCount(
  name: string,
  dtype: Dtype,
  shape: readonly number[],
  actual: number,
): void {
  const expected = byteCountOf(dtype, shape);
  if (actual !== expected) {
    throw new SafetensorsError(
      "InvalidTensorView",
      `Tensor ${quote(name)} of ${dtype} [${shape.join(", ")}] takes ${expected} bytes, ` +
        `but ${actual} are given`,
    );
  }
}

/** Rounds to the nearest BF16, ties to even; a NaN stays one even if its low bits alone said so. */
function roundToBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) {
    const upper = bits[i] >>> 16;
    halves[i] = Number.isNaN(values[i]) ? upper | 0x40 : (bits[i] + 0x7fff + (upper & 1)) >>> 16;
  }
  return halves;
}

function encode(tensor: FloatTensor | StoredTensor): Uint8Array {
  if ("bytes" in tensor) return tensor.bytes;
  const { dtype, data } = tensor;
  const stored = dtype === "F32"
    ? data
    : dtype === "F16"
    ? new Float16Array(data)
    : roundToBfloat16(data);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

/** Largest alignment first, so that no tensor lies askew; the order of the types is the reference's. */
function compareTensors(
  [a, left]: [string, { dtype: Dtype }],
  [b, right]: [string, { dtype: Dtype }],
): number {
  return DTYPES.indexOf(right.dtype) - DTYPES.indexOf(left.dtype) || compareNames(a, b);
}

/** Orders by code point, as UTF-8 bytes are ordered; JavaScript's own order is by UTF-16 unit. */
function compareNames(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const differing = left.findIndex((character, i) => character !== right[i]);
  if (differing < 0) return left.length - right.length;
  return compare(left[differing].codePointAt(0)!, right[differing]?.codePointAt(0) ?? -1);
}

/** Returns the header, padded with spaces so that the data begins at a multiple of 8 bytes. */
function formatHeader(
  tensors: [string, FloatTensor | StoredTensor][],
  metadata: ReadonlyMap<string, string>,
): { header: Uint8Array; dataBytes: number } {
  const members = metadata.size === 0 ? [] : [member(METADATA_KEY, formatMetadata(metadata))];
  let dataBytes = 0;
  for (const [name, tensor] of tensors) {
    if (name === METADATA_KEY) refuseName(name, "it is reserved");
    const { dtype, shape } = tensor;
    const start = dataBytes;
    dataBytes += "bytes" in tensor
      ? tensor.bytes.length
      : tensor.data.length * BITS_PER_ELEMENT[dtype] / 8;
    checkByteCount(name, dtype, shape, dataBytes - start);
    const info = { dtype, shape, data_offsets: [start, dataBytes] };
    members.push(member(name, JSON.stringify(info)));
  }
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  if (json.length > MAX_HEADER_BYTES) {
    throw new SafetensorsError(
      "HeaderTooLarge",
      `Header takes ${json.length} bytes, the limit is ${MAX_HEADER_BYTES}`,
    );
  }
  const header = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  header.set(json);
  return { header, dataBytes };
}

function formatMetadata(metadata: ReadonlyMap<string, string>): string {
  const sorted = [...metadata].sort(([a], [b]) => compareNames(a, b));
  return `{${sorted.map(([key, value]) => member(key, stringify(value))).join(",")}}`;
}

function member(key: string, value: string): string {
  return `${stringify(key)}:${value}`;
}

function stringify(text: string): string {
  if (!text.isWellFormed()) refuseName(text, "it is not valid Unicode");
  return JSON.stringify(text);
}

function refuseName(name: string, reason: string): never {
  throw new SafetensorsError(
    "InvalidHeaderDeserialization",
    `Header cannot hold the name or value ${quote(name)}: ${reason}`,
  );
}
