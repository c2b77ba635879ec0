/**
 * Bytes that are read where they are needed: a file too large for memory, or an array.
 */

import { plainBytes } from "./bytes.ts";

/** Bytes that can be read at any place. */
export interface ByteSource {
  /** How many bytes there are. */
  readonly length: number;
  /**
   * Reads `length` bytes that begin at `at`, or fewer where the bytes end. What is returned stays as
   * it is until the next call.
   */
  read(at: number, length: number): Promise<Uint8Array>;
}

/** Bytes that are read at a time from a source that has many small parts. */
const BLOCK_BYTES = 2 ** 20;

/** Returns an array as a source. */
export function sourceOf(bytes: Uint8Array): ByteSource {
  const plain = plainBytes(bytes);
  return {
    length: plain.length,
    read: (at, length) => Promise.resolve(plain.subarray(at, at + length)),
  };
}

/** Returns a source that reads ahead, for many small reads one after the other. */
export function readAhead(source: ByteSource): ByteSource {
  let block = new Uint8Array(0);
  let start = 0;
  return {
    length: source.length,
    async read(at, length) {
      const has = at >= start && at + length <= start + block.length;
      if (!has && length >= BLOCK_BYTES) return await source.read(at, length);
      if (!has) {
        block = (await source.read(at, BLOCK_BYTES)).slice();
        start = at;
      }
      return block.subarray(at - start, at - start + length);
    },
  };
}
