/** How PyTorch's files begin, apart from their readers, which are loaded only for such files. */

import { viewOf } from "../pictures/bytes.ts";

/** The first header of a zip archive, and that of an empty one. */
const ZIP_SIGNATURES = [0x04034b50, 0x06054b50];

/** Says whether bytes begin like a zip archive, be it an empty one. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && ZIP_SIGNATURES.includes(viewOf(bytes).getUint32(0, true));
}

/** Says whether bytes begin like a pickle: as PyTorch's old files do, or as text does in older ones. */
export function isPickle(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x80) return bytes[1] <= 5;
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 256));
  return /^\(*(?:[ci][\w.]+\n|[SV][^\n]*\n[p0i(]|[ltd]p\d+\n)/.test(head);
}
