/**
 * Boxes, of which AVIF and JPEG XL files consist: a length (which counts itself), a four-letter type,
 * and data, which may be boxes again. Length 1 means that a 64-bit length follows the type, length 0
 * that the box is the last.
 */

import { concatBytes, latin1, viewOf } from "../bytes.ts";
import { damaged } from "../limits.ts";

/** One box. */
export interface Box {
  type: string;
  /** Offset of its data in the bytes that were searched. */
  at: number;
  data: Uint8Array;
}

/**
 * Returns the boxes in `bytes`.
 *
 * @param format for the error
 * @throws {InputError} if one claims more than there is
 */
export function readBoxes(format: string, bytes: Uint8Array): Box[] {
  const view = viewOf(bytes);
  const boxes: Box[] = [];
  for (let start = 0; start + 8 <= bytes.length;) {
    const long = view.getUint32(start) === 1;
    const at = start + (long ? 16 : 8);
    const length = long && at <= bytes.length
      ? Number(view.getBigUint64(start + 8))
      : view.getUint32(start) || bytes.length - start;
    const end = start + length;
    if (end < at || end > bytes.length) {
      throw damaged(
        format,
        `a box at byte ${start} claims ${length} bytes of the ${bytes.length - start} there are`,
      );
    }
    const type = String.fromCharCode(...bytes.subarray(start + 4, start + 8));
    boxes.push({ type, at, data: bytes.subarray(at, end) });
    start = end;
  }
  return boxes;
}

/** Returns the bytes of a box. */
export function boxOf(type: string, ...data: Uint8Array[]): Uint8Array {
  const body = concatBytes(data);
  return concatBytes([big(body.length + 8, 4), latin1(type), body]);
}

/** Returns a whole number as `length` bytes, the most significant first. */
export function big(value: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.floor(value / 256 ** (length - 1 - i)) & 0xff);
}

/** Reads numbers of any number of bytes, one after the other, the most significant byte first. */
export class BoxReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bytes have been read. */
  get at(): number {
    return this.#at;
  }

  /** Whether nothing is left. */
  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next number of `length` bytes; beyond the end, bytes are 0. */
  number(length: number): number {
    let value = 0;
    for (let i = 0; i < length; i++) value = value * 256 + (this.#bytes[this.#at++] ?? 0);
    return value;
  }

  /** The next `length` characters, one byte each. */
  text(length: number): string {
    return String.fromCharCode(...this.#bytes.subarray(this.#at, this.#at += length));
  }

  /** Characters up to the next zero, which is skipped. */
  line(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const text = this.text((end < 0 ? this.#bytes.length : end) - this.#at);
    this.#at++;
    return text;
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }
}
