/**
 * Content credentials (C2PA): a signed statement of where a picture comes from, in boxes of JUMBF. It is about the
 * old pixels, and no program may write it for the new ones.
 */

/** What is said of a picture that has them. */
export const CREDENTIALS_LEFT_OUT =
  "its content credentials (C2PA) are left out: they are signed for the old pixels";

/** Bytes in which the name of the statement stands. */
const HEAD_BYTES = 256;

/** Says whether a segment, chunk or box of JUMBF holds such a statement. */
export function isCredentials(data: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(data.subarray(0, HEAD_BYTES)).includes("c2pa");
}
