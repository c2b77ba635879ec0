/**
 * The head of a JPEG XL codestream, in which bits follow each other from the lowest of each byte on: only as far as
 * the number of bits that samples have when they are decoded.
 *
 * Source: ISO/IEC 18181-1, annex D (size and metadata).
 */

/** Where the bits begin, behind the signature. */
const START = 16;

/** What stands for 8 bits per sample, and for 12. */
const EIGHT = 0;
const TWELVE = 2;

/** Reads bits. */
class BitReader {
  readonly #bytes: Uint8Array;
  at = START;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next number of `count` bits; beyond the end they are 0. */
  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.at++) {
      value += ((this.#bytes[this.at >> 3] ?? 0) >> (this.at & 7) & 1) * 2 ** i;
    }
    return value;
  }
}

/**
 * Returns a codestream of a lossy picture with 12 bits per sample instead of 8: of such a picture this number says
 * only to how many a decoder rounds. `undefined` if it has other bits, is not of that kind, or its head has parts
 * that are not known here.
 */
export function withTwelveBits(codestream: Uint8Array): Uint8Array | undefined {
  const reader = new BitReader(codestream);
  skipSize(reader);
  const isDefault = reader.read(1) === 1;
  if (isDefault) return undefined;
  // Orientation, and then whether there are another size, a preview and an animation.
  const hasMore = reader.read(1) === 1;
  if (hasMore && reader.read(6) >> 3 !== 0) return undefined;
  const isFloat = reader.read(1) === 1;
  const bitsAt = reader.at;
  if (isFloat || reader.read(2) !== EIGHT) return undefined;
  const [, extraChannels] = [reader.read(1), reader.read(2)];
  const isPlainAlpha = extraChannels === 1 && reader.read(1) === 1;
  if (extraChannels !== 0 && !isPlainAlpha) return undefined;
  const isLossy = reader.read(1) === 1;
  if (!isLossy) return undefined;
  const copy = codestream.slice();
  for (let i = 0; i < 2; i++) {
    copy[(bitsAt + i) >> 3] |= (TWELVE >> i & 1) << ((bitsAt + i) & 7);
  }
  return copy;
}

/** Height, and width or what it is to that. */
function skipSize(reader: BitReader): void {
  const isSmall = reader.read(1) === 1;
  const skipSide = () => reader.read(isSmall ? 5 : [9, 13, 18, 30][reader.read(2)]);
  skipSide();
  if (reader.read(3) === 0) skipSide();
}
