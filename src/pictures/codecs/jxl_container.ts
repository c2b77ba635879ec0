/**
 * A JPEG XL file seen from outside: the picture itself, and EXIF and XMP, which stand beside it in boxes.
 *
 * A file is either the bare picture (a "codestream"), or boxes: a signature, `ftyp`, the picture as
 * `jxlc` or in parts as `jxlp`, and metadata as `Exif` and `xml `, each of which may be packed by Brotli
 * into a `brob`: its type, and the packed data.
 */

import { inflateBrotli, InflateError } from "../../platform/mod.ts";
import { big, boxOf, readBoxes } from "./boxes.ts";
import { concatBytes, latin1, startsWith, viewOf } from "../bytes.ts";
import { damaged } from "../limits.ts";
import { GAIN_MAP_LEFT_OUT, withoutAppended } from "../metadata/appended.ts";
import { CREDENTIALS_LEFT_OUT, isCredentials } from "../metadata/credentials.ts";
import type { Metadata } from "../picture.ts";

/** A JPEG XL file, taken apart. */
export interface JxlParts {
  /** The bare picture. */
  codestream: Uint8Array;
  metadata: Metadata;
  /** What of the file is left out, for people. */
  notes: string[];
}

/** The first box of every file that consists of boxes. */
const SIGNATURE = boxOf("JXL ", Uint8Array.of(0x0d, 0x0a, 0x87, 0x0a));

/** The most bytes that packed metadata may become. */
const MAX_METADATA_BYTES = 2 ** 24;

/**
 * Takes a JPEG XL file apart.
 *
 * @param bytes the whole file
 * @throws {InputError} if it is cut off or damaged
 */
export async function readJxlParts(bytes: Uint8Array): Promise<JxlParts> {
  if (bytes[0] === 0xff) return { codestream: bytes, metadata: {}, notes: [] };
  const metadata: Metadata = {};
  const parts: Uint8Array[] = [];
  const notes: string[] = [];
  for (const box of readBoxes("JPEG XL", bytes)) {
    if (box.type === "jxlc") parts.push(box.data);
    else if (box.type === "jxlp") parts.push(box.data.subarray(4));
    else {
      const { type, data } = box.type === "brob" ? await unpacked(box.data, notes) : box;
      if (type === "xml ") {
        const claimed = withoutAppended(data.slice());
        metadata.xmp ??= claimed.xmp;
        notes.push(...claimed.notes);
      } else if (type === "jhgm") notes.push(GAIN_MAP_LEFT_OUT);
      else if (type === "jumb" && isCredentials(data)) notes.push(CREDENTIALS_LEFT_OUT);
      else if (type === "Exif" && data.length > 4) {
        metadata.exif ??= data.slice(4 + viewOf(data).getUint32(0));
      }
    }
  }
  const said = [...new Set(notes)];
  const codestream = parts.length === 1 ? parts[0] : concatBytes(parts);
  if (!startsWith(codestream, "\xff\x0a")) throw damaged("JPEG XL", "it has no picture in it");
  return { codestream, metadata, notes: said };
}

/** The box that was packed into a `brob`. */
async function unpacked(
  packed: Uint8Array,
  notes: string[],
): Promise<{ type: string; data: Uint8Array }> {
  const type = String.fromCharCode(...packed.subarray(0, 4));
  // What makes a JPEG file whole again is packed likewise, and not for us.
  if (type !== "Exif" && type !== "xml ") return { type, data: packed };
  try {
    return { type, data: await inflateBrotli(packed.subarray(4), MAX_METADATA_BYTES) };
  } catch (error) {
    if (!(error instanceof InflateError) && !(error instanceof TypeError)) throw error;
    notes.push(`its packed ${type === "Exif" ? "EXIF" : "XMP"} cannot be read and is left out`);
    return { type: "", data: packed };
  }
}

/** Returns the file that a codec wrote, a bare picture, with EXIF and XMP put beside it. */
export function withJxlMetadata(bytes: Uint8Array, { exif, xmp }: Metadata): Uint8Array {
  if (exif === undefined && xmp === undefined) return bytes;
  const boxes = [SIGNATURE, boxOf("ftyp", latin1("jxl \0\0\0\0jxl "))];
  if (exif !== undefined) boxes.push(boxOf("Exif", big(0, 4), exif));
  if (xmp !== undefined) boxes.push(boxOf("xml ", xmp));
  return concatBytes([...boxes, boxOf("jxlc", bytes)]);
}
