/**
 * PNG's texts: titles, rights, the prompts of generated pictures, and what programs keep as text that has
 * no chunk of its own ("Raw profile type exif": ImageMagick, GIMP and darktable write these).
 */

import { deflate, fromHex, inflate } from "../../platform/mod.ts";
import { concatBytes, latin1, startsWith } from "../bytes.ts";
import { EXIF_PREFIX, withoutPrefix } from "../metadata/exif.ts";
import { iptcOfRecords, readIptc } from "../metadata/iptc.ts";
import { XMP_PREFIX } from "../metadata/xmp.ts";
import type { Metadata, PictureText } from "../picture.ts";
import { XMP_KEYWORD } from "./format.ts";

/** The chunks that hold texts. */
export const TEXT_CHUNKS: readonly string[] = ["tEXt", "zTXt", "iTXt"];

/** The most bytes that a text may inflate to. */
const MAX_TEXT_BYTES = 2 ** 24;

const RAW_PROFILE = "Raw profile type ";

/** A text as its chunk has it: not yet decoded, as it may be a block of bytes. */
interface RawText extends Omit<PictureText, "text"> {
  bytes: Uint8Array;
}

/**
 * Adds what a chunk of text says to the metadata: XMP, a profile in hexadecimal, or a text. One that is
 * damaged is left out.
 */
export async function readTextChunk(
  type: string,
  data: Uint8Array,
  metadata: Metadata,
): Promise<void> {
  const raw = await readRaw(type, data);
  if (raw === undefined) return;
  const { bytes, ...text } = raw;
  if (text.keyword === XMP_KEYWORD) metadata.xmp = bytes;
  else if (text.keyword.startsWith(RAW_PROFILE)) readRawProfile(text.keyword, bytes, metadata);
  else {
    const decoder = new TextDecoder(text.form === "iTXt" ? "utf-8" : "latin1");
    metadata.texts = [...metadata.texts ?? [], { ...text, text: decoder.decode(bytes) }];
  }
}

/** Returns the type and the data of the chunk that holds a text. */
export async function writeTextChunk(
  { keyword, text, form, language = "", translated = "", compressed = false }: PictureText,
): Promise<[type: string, data: Uint8Array]> {
  const isLatin = /^[\0-\xff]*$/.test(text);
  const key = latin1(keyword.replace(/[^\x20-\xff]/g, "?").slice(0, 79) || "Comment");
  if (form !== "iTXt" && isLatin) {
    const bytes = latin1(text);
    return compressed
      ? ["zTXt", concatBytes([key, Uint8Array.of(0, 0), await deflate(bytes)])]
      : ["tEXt", concatBytes([key, Uint8Array.of(0), bytes])];
  }
  const encoder = new TextEncoder();
  const bytes = encoder.encode(text);
  const head = [key, Uint8Array.of(0, compressed ? 1 : 0, 0), latin1(language), Uint8Array.of(0)];
  return [
    "iTXt",
    concatBytes([
      ...head,
      encoder.encode(translated),
      Uint8Array.of(0),
      compressed ? await deflate(bytes) : bytes,
    ]),
  ];
}

/**
 * tEXt: keyword, zero, text. zTXt: keyword, zero, the compression method 0, compressed text. iTXt:
 * keyword, zero, compressed?, method, language, zero, translated keyword, zero, text.
 */
async function readRaw(type: string, data: Uint8Array): Promise<RawText | undefined> {
  const keyEnd = data.indexOf(0);
  if (keyEnd < 1) return undefined;
  const keyword = new TextDecoder("latin1").decode(data.subarray(0, keyEnd));
  if (type === "tEXt") return { keyword, form: type, bytes: data.slice(keyEnd + 1) };
  if (type === "zTXt") {
    const bytes = await inflateText(data.subarray(keyEnd + 2));
    return bytes && { keyword, form: type, compressed: true, bytes };
  }
  const languageEnd = data.indexOf(0, keyEnd + 3);
  const translatedEnd = data.indexOf(0, languageEnd + 1);
  if (languageEnd < 0 || translatedEnd < 0) return undefined;
  const compressed = data[keyEnd + 1] === 1;
  const rest = data.subarray(translatedEnd + 1);
  const bytes = compressed ? await inflateText(rest) : rest.slice();
  const decode = (from: number, to: number) => new TextDecoder().decode(data.subarray(from, to));
  return bytes && {
    keyword,
    form: "iTXt",
    compressed,
    language: decode(keyEnd + 3, languageEnd),
    translated: decode(languageEnd + 1, translatedEnd),
    bytes,
  };
}

/**
 * Reads bytes from text: a word, their number, and hexadecimal digits, each on lines of their own. What has
 * a chunk of its own in the file wins.
 */
function readRawProfile(keyword: string, text: Uint8Array, metadata: Metadata): void {
  const match = /^\s*\S+\s+(\d+)\s+([\da-f\s]*)$/i.exec(new TextDecoder("latin1").decode(text));
  const digits = match?.[2].replace(/\s/g, "") ?? "";
  const bytes = fromHex(digits.slice(0, digits.length & ~1));
  if (match === null || bytes.length !== Number(match[1])) return;
  switch (keyword.slice(RAW_PROFILE.length).toLowerCase()) {
    case "exif":
    case "app1":
      if (startsWith(bytes, XMP_PREFIX)) metadata.xmp ??= bytes.slice(XMP_PREFIX.length);
      else if (
        startsWith(bytes, EXIF_PREFIX) ||
        /^(II|MM)/.test(String.fromCharCode(...bytes.subarray(0, 2)))
      ) {
        metadata.exif ??= withoutPrefix(bytes);
      }
      return;
    case "xmp":
      metadata.xmp ??= bytes;
      return;
    case "icc":
    case "icm":
      metadata.icc ??= bytes;
      return;
    case "iptc":
    case "8bim": {
      const iptc = startsWith(bytes, "8BIM") ? readIptc(bytes) : iptcOfRecords(bytes);
      if (iptc !== undefined) metadata.iptc = iptc;
    }
  }
}

/** Inflates a text, or returns `undefined` if it is damaged or far too long. */
async function inflateText(data: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await inflate(data, MAX_TEXT_BYTES);
  } catch {
    return undefined;
  }
}
