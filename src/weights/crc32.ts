/** CRC-32 as zip archives have it (ISO 3309), by slices of eight bytes (Kounavis and Berry, 2005). */

const SLICES = 8;

/** `TABLES[256 * k + byte]`: what a byte does to the remainder when k more bytes follow it. */
const TABLES = makeTables();

/**
 * Returns the CRC-32 of the bytes, as a whole number from 0 to 2^32 - 1.
 *
 * @example
 * ```ts
 * console.log(crc32(new TextEncoder().encode("123456789")).toString(16)); // cbf43926
 * ```
 */
export function crc32(bytes: Uint8Array): number {
  const whole = bytes.length - bytes.length % SLICES;
  let crc = -1;
  let i = 0;
  for (; i < whole; i += SLICES) {
    crc ^= bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | bytes[i + 3] << 24;
    crc = TABLES[0x700 | crc & 0xff] ^ TABLES[0x600 | crc >>> 8 & 0xff] ^
      TABLES[0x500 | crc >>> 16 & 0xff] ^ TABLES[0x400 | crc >>> 24] ^
      TABLES[0x300 | bytes[i + 4]] ^ TABLES[0x200 | bytes[i + 5]] ^
      TABLES[0x100 | bytes[i + 6]] ^ TABLES[bytes[i + 7]];
  }
  for (; i < bytes.length; i++) crc = TABLES[(crc ^ bytes[i]) & 0xff] ^ crc >>> 8;
  return ~crc >>> 0;
}

function makeTables(): Int32Array {
  const tables = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ crc >>> 1 : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    tables[i] = tables[i - 256] >>> 8 ^ tables[tables[i - 256] & 0xff];
  }
  return tables;
}
