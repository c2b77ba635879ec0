/** Bytes as hexadecimal digits, for which Node.js 24 and browsers from before Chrome 140 have no methods. */

/** Returns two digits for each byte. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Returns a byte for each two digits of `digits`, which has nothing else. */
export function fromHex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
