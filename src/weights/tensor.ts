/**
 * A tensor of a weights file, whatever the file's format: its type, shape and bytes.
 *
 * Readers hand out views into the file; nothing is converted before it is asked for. Values are
 * little-endian, as is every machine that Deno and browsers run on.
 */

import { ModelError } from "../errors.ts";

/** Bits per element of each type, in the order of safetensors' reference: ascending alignment. */
export const BITS_PER_ELEMENT = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** Type of a tensor's elements, as safetensors spells it. */
export type Dtype = keyof typeof BITS_PER_ELEMENT;

/** One tensor of a file: a view where the file has its elements in order, otherwise a copy. */
export interface TensorView {
  name: string;
  dtype: Dtype;
  /** Outermost dimension first; empty for a scalar. */
  shape: readonly number[];
  /** Elements in row-major order; possibly not aligned to the size of an element. */
  bytes: Uint8Array;
}

/** What a weights file holds. */
export interface Weights {
  /** Strings that the file has beside its tensors; empty when there are none. */
  metadata: Map<string, string>;
  /** Tensors by name. */
  tensors: Map<string, TensorView>;
}

/**
 * Returns the tensor of that name.
 *
 * @throws {ModelError} when there is none
 *
 * @example
 * ```ts
 * const bytes = Uint8Array.of(0, 0x38);
 * const bias: TensorView = { name: "bias", dtype: "F16", shape: [1], bytes };
 * console.log(toFloat32(getTensor(new Map([["bias", bias]]), "bias"))); // Float32Array(1) [ 0.5 ]
 * ```
 */
export function getTensor(tensors: ReadonlyMap<string, TensorView>, name: string): TensorView {
  const view = tensors.get(name);
  if (view === undefined) {
    throw new ModelError(`Tensor ${quote(name)} is not among the ${tensors.size} of the file`);
  }
  return view;
}

/**
 * Converts a tensor to single precision; F32 that lies aligned is not copied but viewed.
 *
 * @returns as many values as the shape says, row-major; do not write to it
 * @throws {ModelError} when the type is none of F32, F16, BF16 and F64, or bytes and shape do not
 * agree
 *
 * @example
 * ```ts
 * const view = { name: "one", dtype: "BF16", shape: [], bytes: Uint8Array.of(0x80, 0x3f) } as const;
 * console.log(toFloat32(view)); // Float32Array(1) [ 1 ]
 * ```
 */
export function toFloat32(view: TensorView): Float32Array {
  const { name, dtype, shape, bytes } = view;
  const { buffer, byteOffset, byteLength } = aligned(bytes, BITS_PER_ELEMENT[dtype] / 8);
  const expected = byteCountOf(dtype, shape);
  if (byteLength !== expected) {
    throw new ModelError(
      `Tensor ${quote(name)} of ${dtype} [${shape.join(", ")}] takes ${expected} bytes, ` +
        `but ${byteLength} are given`,
    );
  }
  if (dtype === "F32") return new Float32Array(buffer, byteOffset, byteLength / 4);
  if (dtype === "F64") {
    return new Float32Array(new Float64Array(buffer, byteOffset, byteLength / 8));
  }
  if (dtype === "F16") {
    return new Float32Array(new Float16Array(buffer, byteOffset, byteLength / 2));
  }
  if (dtype === "BF16") return expandBfloat16(new Uint16Array(buffer, byteOffset, byteLength / 2));
  throw new ModelError(`Tensor ${quote(name)} is ${dtype}: Tessera reads F32, F16, BF16 and F64`);
}

/** Returns the bytes that a tensor of that type and shape takes. */
export function byteCountOf(dtype: Dtype, shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, BITS_PER_ELEMENT[dtype] / 8);
}

/** A name as it appears in messages: quoted, escaped, and shortened when it is absurdly long. */
export function quote(name: string): string {
  return JSON.stringify(name.length <= 100 ? name : name.slice(0, 100) + "...");
}

/** Returns bytes that a typed array of such elements may view, copied only when they lie askew. */
function aligned(bytes: Uint8Array, elementBytes: number): Uint8Array {
  return bytes.byteOffset % elementBytes === 0 ? bytes : bytes.slice();
}

/** BF16 is the upper half of an F32. */
function expandBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}
