/**
 * What kind of file these bytes are, found from the bytes alone: a name can lie, a first byte rarely
 * does. Kinds that Tessera cannot read are known too, so that a refusal can say what was given.
 */

/** The kinds that can be decoded. */
export type PictureKind =
  | "jpeg"
  | "png"
  | "webp"
  | "avif"
  | "heic"
  | "jxl"
  | "tiff"
  | "gif"
  | "bmp"
  | "svg"
  | "raw";

/** What the first bytes of a file say: a kind that can be decoded, or the name of another. */
export type Sniffed = { kind: PictureKind } | { kind: undefined; name: string };

/** A signature: text (one character per byte) that must stand at `offset`. */
interface Signature {
  offset: number;
  text: string;
}

const KINDS: readonly (Signature & { kind: PictureKind })[] = [
  { offset: 0, text: "\xff\xd8\xff", kind: "jpeg" },
  { offset: 0, text: "\x89PNG\r\n\x1a\n", kind: "png" },
  { offset: 8, text: "WEBP", kind: "webp" },
  { offset: 0, text: "GIF8", kind: "gif" },
  { offset: 0, text: "II*\0", kind: "tiff" },
  { offset: 0, text: "MM\0*", kind: "tiff" },
  { offset: 0, text: "II+\0", kind: "tiff" },
  { offset: 0, text: "MM\0+", kind: "tiff" },
  { offset: 0, text: "IIRO", kind: "raw" },
  { offset: 0, text: "IIRS", kind: "raw" },
  { offset: 0, text: "MMOR", kind: "raw" },
  { offset: 0, text: "IIU\0", kind: "raw" },
  { offset: 0, text: "FUJIFILMCCD-RAW", kind: "raw" },
  { offset: 4, text: "ftypcrx", kind: "raw" },
  { offset: 0, text: "BM", kind: "bmp" },
  { offset: 4, text: "ftypavif", kind: "avif" },
  { offset: 4, text: "ftypavis", kind: "avif" },
  { offset: 4, text: "ftyphei", kind: "heic" },
  { offset: 4, text: "ftyphev", kind: "heic" },
  { offset: 0, text: "\xff\x0a", kind: "jxl" },
  { offset: 4, text: "JXL \r\n", kind: "jxl" },
];

const OTHERS: readonly (Signature & { name: string })[] = [
  { offset: 4, text: "ftypmif1", name: "a HEIF picture" },
  { offset: 4, text: "ftypmsf1", name: "a HEIF picture" },
  { offset: 4, text: "ftypavc", name: "a HEIF picture coded by H.264" },
  { offset: 4, text: "ftypvvi", name: "a HEIF picture coded by H.266" },
  { offset: 4, text: "ftypj2k", name: "a HEIF picture coded by JPEG 2000" },
  { offset: 4, text: "ftyp", name: "a video" },
  { offset: 4, text: "jP  \r\n", name: "a JPEG 2000 picture" },
  { offset: 0, text: "\xff\x4f\xff\x51", name: "a JPEG 2000 picture" },
  { offset: 0, text: "8BPS", name: "a Photoshop document" },
  { offset: 0, text: "gimp xcf", name: "a GIMP document" },
  { offset: 0, text: "qoif", name: "a QOI picture" },
  { offset: 0, text: "II\xbc\x01", name: "a JPEG XR picture" },
  { offset: 0, text: "DDS ", name: "a DDS texture" },
  { offset: 0, text: "BPG\xfb", name: "a BPG picture" },
  { offset: 0, text: "#?RADIANCE", name: "a Radiance HDR picture" },
  { offset: 0, text: "SIMPLE  =", name: "a FITS picture" },
  { offset: 0, text: "\0\0\x01\0", name: "an icon file" },
  { offset: 0, text: "\0\0\x02\0", name: "a mouse pointer's file" },
  { offset: 0, text: "\x76\x2f\x31\x01", name: "an OpenEXR picture" },
  { offset: 0, text: "%PDF", name: "a PDF document" },
  { offset: 8, text: "AVI ", name: "a video" },
  { offset: 0, text: "\x1a\x45\xdf\xa3", name: "a video" },
  { offset: 8, text: "WAVE", name: "a sound" },
  { offset: 0, text: "ID3", name: "a sound" },
  { offset: 0, text: "OggS", name: "a sound" },
  { offset: 0, text: "fLaC", name: "a sound" },
  { offset: 0, text: "PK\x03\x04", name: "a zip archive" },
  { offset: 0, text: "Rar!", name: "a RAR archive" },
  { offset: 0, text: "7z\xbc\xaf", name: "a 7z archive" },
  { offset: 0, text: "\x1f\x8b", name: "a gzip archive" },
];

/** Plain pictures of bits, grey or colours: a letter, a digit, and space. */
const PNM = /^P[1-7fF]\s/;

const MARKUP: readonly [pattern: RegExp, name: string][] = [
  [/^(<!--[^]*?-->\s*)?<(!doctype html|html|head|body)/i, "a web page (HTML), not a picture"],
  [/^<\?xml/i, "an XML document"],
];

const SVG = /^(<\?xml[^]*?)?\s*(<!--[^]*?-->\s*|<!doctype svg[^>]*>\s*)*<svg/i;

/**
 * Says what a file is from its first bytes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(sniff(new Uint8Array([0xff, 0xd8, 0xff, 0xe0])), { kind: "jpeg" });
 * ```
 */
export function sniff(bytes: Uint8Array): Sniffed {
  if (bytes.length === 0) return { kind: undefined, name: "an empty file" };
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  const known = KINDS.find(({ offset, text }) => head.startsWith(text, offset));
  if (known !== undefined) return { kind: known.kind };
  // Both may call themselves HEIF first, and name themselves only among what they are compatible with.
  if (head.startsWith("ftyp", 4)) {
    const brands = head.slice(8, head.charCodeAt(3));
    if (/avi[fs]/.test(brands)) return { kind: "avif" };
    if (/hei[cxms]|hev[cxms]/.test(brands)) return { kind: "heic" };
    // Or not at all: then the kinds of its items do, which stand near its beginning.
    if (/m[is]f1|miaf/.test(brands)) {
      if (head.includes("av01")) return { kind: "avif" };
      if (head.includes("hvc1")) return { kind: "heic" };
    }
  }
  const other = OTHERS.find(({ offset, text }) => head.startsWith(text, offset));
  if (other !== undefined) return { kind: undefined, name: other.name };
  if (PNM.test(head)) return { kind: undefined, name: "a PNM picture (PBM, PGM, PPM, PAM or PFM)" };
  const text = head.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (SVG.test(text)) return { kind: "svg" };
  const markup = MARKUP.find(([pattern]) => pattern.test(text));
  return { kind: undefined, name: markup?.[1] ?? `of an unknown kind (begins ${hex(bytes)})` };
}

/** The first eight bytes, in hexadecimal. */
function hex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
