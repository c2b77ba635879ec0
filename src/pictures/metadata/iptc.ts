/**
 * IPTC: captions, credits and rights, which JPEG, PNG and TIFF keep in Photoshop's image resources. These
 * are blocks of `8BIM`, a number, a name, a length, and data padded to an even length.
 *
 * Only what is about the content is kept. The other resources describe the old pixels (thumbnails,
 * paths, guides, resolution), or repeat what is carried apart (EXIF, XMP, profile).
 */

import { toHex } from "../../platform/mod.ts";
import { concatBytes, latin1, startsWith, viewOf } from "../bytes.ts";

const SIGNATURE = "8BIM";

/** The number of the resource that holds IPTC-IIM, the records themselves. */
const IIM = 0x0404;

/** Records, copyright flag, address of the owner, and the digest by which editors find changes. */
const KEPT: ReadonlySet<number> = new Set([IIM, 0x040a, 0x040b, 0x0425]);

/** The byte that begins each IPTC-IIM record. */
const RECORD_MARK = 0x1c;

/** Bytes in a line of the text form. */
const LINE_BYTES = 36;

/**
 * Returns those of Photoshop's image resources that are about the content, or `undefined` if none is.
 * What follows a damaged resource is left out.
 *
 * @param resources blocks that begin with `8BIM`
 */
export function readIptc(resources: Uint8Array): Uint8Array | undefined {
  const kept: Uint8Array[] = [];
  const view = viewOf(resources);
  let at = 0;
  while (at + 12 <= resources.length && startsWith(resources.subarray(at), SIGNATURE)) {
    const dataAt = at + 6 + even(1 + resources[at + 6]) + 4;
    if (dataAt > resources.length) break;
    const end = dataAt + view.getUint32(dataAt - 4);
    if (end > resources.length) break;
    const number = view.getUint16(at + 4);
    if (KEPT.has(number)) kept.push(resourceOf(number, resources.subarray(dataAt, end)));
    at = even(end);
  }
  return kept.length > 0 ? concatBytes(kept) : undefined;
}

/**
 * Returns IPTC-IIM records as an image resource, or `undefined` if they are something else.
 *
 * @param records as TIFF keeps them
 */
export function iptcOfRecords(records: Uint8Array): Uint8Array | undefined {
  return records[0] === RECORD_MARK ? resourceOf(IIM, records) : undefined;
}

/** Writes image resources as the text in which PNG keeps them. */
export function writeIptcText(iptc: Uint8Array): Uint8Array {
  let text = `\niptc\n${String(iptc.length).padStart(8)}\n`;
  for (let at = 0; at < iptc.length; at += LINE_BYTES) {
    text += `${toHex(iptc.subarray(at, at + LINE_BYTES))}\n`;
  }
  return latin1(text);
}

/** The bytes of a resource without a name. */
function resourceOf(number: number, data: Uint8Array): Uint8Array {
  const head = new Uint8Array(12);
  head.set(latin1(SIGNATURE));
  viewOf(head).setUint16(4, number);
  viewOf(head).setUint32(8, data.length);
  return concatBytes([head, data, new Uint8Array(data.length % 2)]);
}

/** The next even number, if it is none. */
function even(value: number): number {
  return value + value % 2;
}
