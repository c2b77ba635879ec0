/**
 * The formats that can be written, and what each of them can hold.
 */

import { JPEG_MAX_SIDE } from "./jpeg/jpeg.ts";
import { SEGMENT_BYTES } from "./jpeg/segments.ts";
import { metadataInJpeg, profileFits } from "./metadata/metadata.ts";
import { withXmpTexts } from "./metadata/xmp.ts";
import { hasAlpha, type PictureHeader } from "./picture.ts";
import { PNG_MAX } from "./png/format.ts";
import { TIFF_MAX_SIDE } from "./tiff/tags.ts";

/** The formats that can be written. */
export type PictureFormat = "png" | "jpeg" | "webp" | "avif" | "jxl" | "tiff" | "gif";

/** What a format can hold. */
export interface FormatFacts {
  /** As people write it. */
  name: string;
  /** The ending that a file's name is given. */
  extension: string;
  /** All endings that ask for the format, in lower case. */
  extensions: readonly string[];
  alpha: boolean;
  /** Bits per sample of a file made from samples of 16 bits. */
  deepBits: 8 | 10 | 16;
  /** The most pixels that a side can have. */
  maxSide: number;
  /**
   * The most pixels that `encodePicture` can be trusted with: beyond, the codecs' 32-bit memory runs
   * out, and they say so only after the work. Measured: WebP wrote 90 megapixels and not 108, AVIF 50
   * and not 100, JPEG XL 17 and not 24, JPEG 100 and not 156 (in rows or in full colour: any number).
   */
  maxPixels: number;
  /** The quality if none is asked for; `undefined` if there is no such choice. */
  quality: number | undefined;
  /** Whether `lossless` can be asked for; PNG is never anything else. */
  lossless: boolean;
  /** Which pictures can keep a profile; the colours of others are converted to sRGB. */
  profile: "all" | "colour" | "none";
  /** Whether there is a place for IPTC. */
  iptc: boolean;
  /** Whether there is a place for EXIF and XMP. */
  exif: boolean;
  /** Whether it can be an animation. */
  animated: boolean;
  /** Whether there is a label for HDR. */
  hdr: boolean;
}

/** What each format can hold. */
export const FORMATS: Readonly<Record<PictureFormat, FormatFacts>> = {
  png: {
    name: "PNG",
    extension: ".png",
    extensions: [".png"],
    alpha: true,
    deepBits: 16,
    maxSide: PNG_MAX,
    maxPixels: Infinity,
    quality: undefined,
    lossless: false,
    profile: "all",
    iptc: true,
    exif: true,
    animated: true,
    hdr: true,
  },
  jpeg: {
    name: "JPEG",
    extension: ".jpg",
    extensions: [".jpg", ".jpeg", ".jpe", ".jfif"],
    alpha: false,
    deepBits: 8,
    maxSide: JPEG_MAX_SIDE,
    maxPixels: 2 ** 26,
    quality: 92,
    lossless: false,
    profile: "all",
    iptc: true,
    exif: true,
    animated: false,
    hdr: false,
  },
  webp: {
    name: "WebP",
    extension: ".webp",
    extensions: [".webp"],
    alpha: true,
    deepBits: 8,
    maxSide: 16383,
    maxPixels: 2 ** 26,
    quality: 90,
    lossless: true,
    profile: "colour",
    iptc: false,
    exif: true,
    animated: true,
    hdr: false,
  },
  avif: {
    name: "AVIF",
    extension: ".avif",
    extensions: [".avif"],
    alpha: true,
    deepBits: 10,
    maxSide: 65536,
    maxPixels: 2 ** 25,
    quality: 80,
    lossless: true,
    profile: "colour",
    iptc: false,
    exif: true,
    animated: false,
    hdr: true,
  },
  jxl: {
    name: "JPEG XL",
    extension: ".jxl",
    extensions: [".jxl"],
    alpha: true,
    deepBits: 16,
    maxSide: 2 ** 30,
    maxPixels: 2 ** 24,
    quality: 90,
    lossless: true,
    profile: "all",
    iptc: false,
    exif: true,
    animated: false,
    hdr: false,
  },
  tiff: {
    name: "TIFF",
    extension: ".tif",
    extensions: [".tif", ".tiff"],
    alpha: true,
    deepBits: 16,
    maxSide: TIFF_MAX_SIDE,
    maxPixels: 2 ** 26,
    quality: undefined,
    lossless: false,
    profile: "all",
    iptc: true,
    exif: true,
    animated: false,
    hdr: false,
  },
  gif: {
    name: "GIF",
    extension: ".gif",
    extensions: [".gif"],
    alpha: true,
    deepBits: 8,
    maxSide: 65535,
    maxPixels: 2 ** 25,
    quality: undefined,
    lossless: false,
    profile: "none",
    iptc: false,
    exif: false,
    animated: true,
    hdr: false,
  },
};

/**
 * Returns the format that a file's name asks for by its ending, in any case, or `undefined`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(formatOfName("photo.JPG"), "jpeg");
 * ```
 */
export function formatOfName(name: string): PictureFormat | undefined {
  const ending = /\.[^./\\]*$/.exec(name)?.[0].toLowerCase();
  if (ending === undefined) return undefined;
  const formats = Object.keys(FORMATS) as PictureFormat[];
  return formats.find((format) => FORMATS[format].extensions.includes(ending));
}

/**
 * Returns the format that a picture's result has where none is asked for: that of its own name, but PNG for
 * a GIF, whose 256 colours would cost more than its name is worth; `undefined` for any other name.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(["a.jpg", "b.gif", "c.svg"].map(resultFormatOf), ["jpeg", "png", undefined]);
 * ```
 */
export function resultFormatOf(name: string): PictureFormat | undefined {
  const format = formatOfName(name);
  return format === "gif" ? "png" : format;
}

/** Endings of the kinds that are only read. */
const READ_ONLY = [
  ...[".bmp", ".svg", ".heic", ".heif", ".hif"],
  ...[
    ".dng",
    ".cr2",
    ".cr3",
    ".nef",
    ".nrw",
    ".arw",
    ".srf",
    ".sr2",
    ".orf",
    ".rw2",
    ".raf",
    ".pef",
  ],
  ...[".srw", ".3fr", ".erf", ".iiq", ".mef", ".mos", ".rwl"],
];

/**
 * Says whether a file's name has the ending of a kind that can be read, in any case.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.ok(isPictureName("scan.TIF") && !isPictureName("notes.txt"));
 * ```
 */
export function isPictureName(name: string): boolean {
  return formatOfName(name) !== undefined ||
    READ_ONLY.some((ending) => name.toLowerCase().endsWith(ending));
}

/**
 * Says what a file of the format will lack of the picture, in sentences for people; nothing if the
 * file will hold all of it. Loss by `quality` is not meant.
 *
 * The samples are not looked at, so this can be asked before the work.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const header = { width: 9, height: 9, channels: 4, depth: 16, metadata: {} } as const;
 * assert.deepEqual(lossesOf(header, "png"), []);
 * assert.equal(lossesOf(header, "jpeg").length, 2);
 * ```
 */
export function lossesOf(
  picture: PictureHeader,
  format: PictureFormat,
): string[] {
  const { channels, depth, metadata: { icc, light, exif, xmp, iptc, texts = [] } } = picture;
  const { name, alpha, deepBits, profile, iptc: holdsIptc } = FORMATS[format];
  const losses: string[] = [];
  if (hasAlpha(picture) && !alpha) losses.push(`${name} cannot hold transparency`);
  if (depth > deepBits) losses.push(`${name} holds ${deepBits} bits per sample, not ${depth}`);
  if (icc !== undefined) {
    if (!profileFits(icc, channels)) {
      losses.push("The ICC profile does not describe such colours and is left out");
    } else if (profile === "none" || (profile === "colour" && channels <= 2)) {
      losses.push(`${name} cannot hold this ICC profile: colours are converted to sRGB`);
    }
  }
  if (light !== undefined && format !== "png") {
    losses.push(`${name} keeps nothing here of how bright HDR is meant (mDCV, cLLI)`);
  }
  const described = exif !== undefined || xmp !== undefined || texts.length > 0;
  if (described && !FORMATS[format].exif) {
    losses.push(`${name} has no place for EXIF, XMP and texts: they are left out`);
  }
  if (iptc !== undefined && !holdsIptc) {
    losses.push(`${name} has no place for IPTC: it is left out`);
  }
  const isMoved = FORMATS[format].exif && withXmpTexts(xmp, texts) !== xmp;
  if (texts.length > 0 && format !== "png" && !isMoved) {
    losses.push(`${name} has no place for texts, nor has this XMP: they are left out`);
  }
  if (format === "jpeg") {
    const blocks = [["EXIF", metadataInJpeg(picture).exif], ["IPTC", iptc]] as const;
    for (const [text, data] of blocks) {
      if (data === undefined || data.length + 32 <= SEGMENT_BYTES) continue;
      losses.push(`JPEG holds at most 64 KB of ${text}, not ${data.length} bytes: it is left out`);
    }
  }
  return losses;
}
