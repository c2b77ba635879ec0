/**
 * The LZW decompressor of GIF and TIFF: codes stand for strings of bytes that were seen before, and
 * grow longer as the table of strings fills. The two formats differ in the order of bits, and in that
 * TIFF makes codes longer one string early.
 */

const MAX_BITS = 12;
const MAX_CODES = 2 ** MAX_BITS;

/**
 * Decompresses until the end code, the end of the data, or until `length` bytes are there.
 *
 * @param data compressed bytes
 * @param bits how many bits a literal has: 8 for TIFF, 2 to 8 for GIF
 * @param length the most bytes to return
 * @param tiff whether the most significant bit comes first and codes grow early
 * @returns as many bytes as could be had, at most `length`
 */
export function unpackLzw(
  data: Uint8Array,
  bits: number,
  length: number,
  tiff: boolean,
): Uint8Array {
  const clear = 1 << bits;
  const end = clear + 1;
  const prefix = new Uint16Array(MAX_CODES);
  const last = new Uint8Array(MAX_CODES);
  const lengths = new Uint16Array(MAX_CODES);
  for (let i = 0; i < clear; i++) {
    last[i] = i;
    lengths[i] = 1;
  }
  const out = new Uint8Array(length);
  const early = tiff ? 1 : 0;
  let [at, size, next, previous, filled] = [0, bits + 1, clear + 2, -1, 0];
  while (at + size <= data.length * 8 && filled < length) {
    const code = tiff ? bitsHighFirst(data, at, size) : bitsLowFirst(data, at, size);
    at += size;
    if (code === end) break;
    if (code === clear) {
      [size, next, previous] = [bits + 1, clear + 2, -1];
      continue;
    }
    if (code > next || (code === next && previous < 0)) break;
    if (previous >= 0 && next < MAX_CODES) {
      prefix[next] = previous;
      lengths[next] = lengths[previous] + 1;
      last[next] = firstOf(code === next ? previous : code, prefix, clear, last);
      next++;
    } else if (code >= next) break;
    filled = append(out, filled, code, prefix, last, lengths);
    previous = code;
    if (next + early >= 1 << size && size < MAX_BITS) size++;
  }
  return out.subarray(0, filled);
}

/** Writes the string of a code from its end to its beginning; returns where the next one begins. */
function append(
  out: Uint8Array,
  start: number,
  code: number,
  prefix: Uint16Array,
  last: Uint8Array,
  lengths: Uint16Array,
): number {
  const end = start + lengths[code];
  for (let i = end - 1; i >= start; i--, code = prefix[code]) {
    if (i < out.length) out[i] = last[code];
  }
  return Math.min(end, out.length);
}

/** The first byte of a code's string. */
function firstOf(code: number, prefix: Uint16Array, clear: number, last: Uint8Array): number {
  while (code >= clear) code = prefix[code];
  return last[code];
}

function bitsHighFirst(data: Uint8Array, at: number, count: number): number {
  const i = at >> 3;
  const word = (data[i] << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0);
  return (word >> (24 - (at & 7) - count)) & ((1 << count) - 1);
}

function bitsLowFirst(data: Uint8Array, at: number, count: number): number {
  const i = at >> 3;
  const word = data[i] | ((data[i + 1] ?? 0) << 8) | ((data[i + 2] ?? 0) << 16);
  return (word >> (at & 7)) & ((1 << count) - 1);
}
