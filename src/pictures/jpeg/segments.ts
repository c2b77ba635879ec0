/**
 * A JPEG file seen as its segments: what must be known before the pixels are decoded, and the
 * metadata that the codec neither reads nor writes.
 */

import { concatBytes, latin1, startsWith, viewOf } from "../bytes.ts";
import { AppendedParts } from "./appended.ts";
import { CREDENTIALS_LEFT_OUT, isCredentials } from "../metadata/credentials.ts";
import { EXIF_PREFIX, INCH } from "../metadata/exif.ts";
import { readIptc } from "../metadata/iptc.ts";
import { splitXmp, withoutPadding, XMP_PREFIX, XmpParts } from "../metadata/xmp.ts";
import { checkSize, damaged, unsupported } from "../limits.ts";
import type { Metadata, PictureText } from "../picture.ts";

/** A JPEG file, taken apart as far as its own segments go. */
export interface JpegParts {
  width: number;
  height: number;
  /** Samples per pixel: 1 is grey, 3 colour, 4 CMYK. */
  components: 1 | 3 | 4;
  /**
   * Whether the codec would misread the components, which are CMYK or by their names RGB, as no Adobe
   * segment says so.
   */
  lacksAdobe: boolean;
  metadata: Metadata;
  /** Offset of the first byte after the picture. */
  end: number;
  /** Whether the file ends without an end marker. */
  isCut: boolean;
  /** What of the file is left out, for people. */
  leftOut: string[];
}

/** What a frame header says. */
type Frame = Pick<JpegParts, "width" | "height" | "components"> & { names: string };

/** Metadata that come in several segments. */
interface SplitParts {
  profile: Uint8Array[];
  /** Photoshop's image resources, which continue from one segment to the next. */
  resources: Uint8Array[];
  xmp: XmpParts;
  comments: PictureText[];
  appended: AppendedParts;
  /** Whether there is a statement of where the picture comes from (C2PA). */
  hasCredentials: boolean;
}

/** One segment with a length: its marker's second byte, where it begins, and its data. */
export interface Segment {
  marker: number;
  at: number;
  data: Uint8Array;
}

const MARKER = {
  eoi: 0xd9,
  sos: 0xda,
  app0: 0xe0,
  app1: 0xe1,
  app2: 0xe2,
  app11: 0xeb,
  app13: 0xed,
  app14: 0xee,
  comment: 0xfe,
} as const;

/** Frame headers of what is read: baseline, extended and progressive, by Huffman or arithmetic coding. */
const FRAMES: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2, 0xc9, 0xca]);

/** Frame headers that no decoder here reads. */
const OTHER_FRAMES: ReadonlyMap<number, string> = new Map([
  [0xc3, "is lossless"],
  [0xf7, "is of the kind JPEG-LS"],
  [0xc5, "is hierarchical"],
  [0xc6, "is hierarchical"],
  [0xc7, "is hierarchical and lossless"],
  [0xcb, "is lossless and uses arithmetic coding"],
  [0xcd, "is hierarchical and uses arithmetic coding"],
  [0xce, "is hierarchical and uses arithmetic coding"],
  [0xcf, "is hierarchical, lossless and uses arithmetic coding"],
]);

const ICC_PREFIX = "ICC_PROFILE\0";
const PHOTOSHOP_PREFIX = "Photoshop 3.0\0";

/** The most data that one segment holds. */
export const SEGMENT_BYTES = 65533;

/** Real files have about ten scans; each one of thousands would cost a walk over all pixels. */
const MAX_SCANS = 100;

/** Each block of 8 x 8 pixels takes at least one bit: no file holds more pixels per byte. */
const MAX_PIXELS_PER_BYTE = 512;

/**
 * Takes a JPEG file apart.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the header may claim
 * @throws {InputError} if the file is cut off, damaged, of an unreadable kind, or claims too much
 */
export function readJpegParts(bytes: Uint8Array, maxPixels: number): JpegParts {
  const metadata: Metadata = {};
  const split: SplitParts = {
    profile: [],
    resources: [],
    xmp: new XmpParts(),
    comments: [],
    appended: new AppendedParts(),
    hasCredentials: false,
  };
  let frame: Frame | undefined;
  let hasAdobe = false;
  let hasJfif = false;
  let scans = 0;
  let end: number | undefined;
  for (const segment of readSegments(bytes)) {
    const { marker } = segment;
    const otherFrame = OTHER_FRAMES.get(marker);
    if (otherFrame !== undefined) throw unsupported("JPEG", otherFrame);
    if (marker === MARKER.eoi) end = segment.at + 2;
    else if (marker === MARKER.sos) scans++;
    else if (FRAMES.has(marker)) {
      if (frame !== undefined) throw damaged("JPEG", `a second frame at byte ${segment.at}`);
      frame = readFrame(segment, bytes.length, maxPixels);
    } else readMetadata(segment, segment.data.byteOffset - bytes.byteOffset, metadata, split);
    hasAdobe ||= marker === MARKER.app14 && startsWith(segment.data, "Adobe");
    hasJfif ||= marker === MARKER.app0 && startsWith(segment.data, "JFIF\0");
  }
  if (frame === undefined || scans === 0) throw damaged("JPEG", "it has no picture in it");
  if (scans > MAX_SCANS) throw damaged("JPEG", `it has ${scans} scans, more than ${MAX_SCANS}`);
  const { names, ...size } = frame;
  return {
    ...size,
    lacksAdobe: !hasAdobe && (size.components === 4 || (names === "RGB" && !hasJfif)),
    metadata: { ...metadata, ...joinParts(split) },
    end: end ?? bytes.length,
    isCut: end === undefined,
    leftOut: [
      ...split.appended.leftOut(bytes, end ?? bytes.length),
      ...split.hasCredentials ? [CREDENTIALS_LEFT_OUT] : [],
    ],
  };
}

/** What stands in several segments, as metadata. */
function joinParts({ profile, resources, xmp: packets, comments }: SplitParts): Metadata {
  const icc = joinProfile(profile);
  const iptc = readIptc(concatBytes(resources));
  const xmp = packets.join();
  return {
    ...icc && { icc },
    ...xmp && { xmp },
    ...iptc && { iptc },
    ...comments.length > 0 && { texts: comments },
  };
}

/**
 * Returns the file with an Adobe segment that says: plain RGB, or CMYK inverted, which is what every
 * program makes of CMYK without that segment.
 */
export function withAdobe(bytes: Uint8Array): Uint8Array {
  const adobe = jpegSegment(MARKER.app14, latin1("Adobe\0d\0\0\0\0\0"));
  return concatBytes([bytes.subarray(0, 2), adobe, bytes.subarray(2)]);
}

/**
 * Returns the file that a codec wrote with metadata put in: density, EXIF, IPTC, comments, and XMP and the
 * profile in as many segments as it takes. EXIF or IPTC beyond 64 KB does not fit and is left out.
 *
 * @param bytes a JPEG file whose second segment is a JFIF header
 */
export function withMetadata(bytes: Uint8Array, metadata: Metadata): Uint8Array {
  const { exif, xmp, iptc, icc, density, texts = [] } = metadata;
  const jfifEnd = 4 + viewOf(bytes).getUint16(4);
  const segments: Uint8Array[] = [bytes.subarray(0, 2), jfifHeader(density)];
  const blocks: Block[] = [
    [MARKER.app1, EXIF_PREFIX, exif],
    ...xmpBlocks(xmp),
    [MARKER.app13, PHOTOSHOP_PREFIX, iptc],
  ];
  for (const [marker, prefix, data] of blocks) {
    if (data === undefined || prefix.length + data.length > SEGMENT_BYTES) continue;
    segments.push(jpegSegment(marker, concatBytes([latin1(prefix), data])));
  }
  if (icc !== undefined) segments.push(...profileSegments(icc));
  for (const { text } of texts) segments.push(...commentSegments(text));
  return concatBytes([...segments, bytes.subarray(jfifEnd)]);
}

/** What fits into one segment, unless it is too long. */
type Block = [marker: number, prefix: string, data: Uint8Array | undefined];

/** A packet beyond a segment loses its padding, or else is put into as many segments as it takes. */
function xmpBlocks(xmp: Uint8Array | undefined): Block[] {
  if (xmp === undefined || XMP_PREFIX.length + xmp.length <= SEGMENT_BYTES) {
    return [[MARKER.app1, XMP_PREFIX, xmp]];
  }
  const packet = withoutPadding(xmp);
  if (packet.length < xmp.length) return xmpBlocks(packet);
  const { main, extensions } = splitXmp(xmp, SEGMENT_BYTES);
  return [
    [MARKER.app1, XMP_PREFIX, main],
    ...extensions.map((data): Block => [MARKER.app1, "", data]),
  ];
}

/** The bytes of a comment, in as many segments as it takes. */
function commentSegments(text: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const count = Math.max(1, Math.ceil(bytes.length / SEGMENT_BYTES));
  return Array.from({ length: count }, (_, i) => {
    const part = bytes.subarray(i * SEGMENT_BYTES, (i + 1) * SEGMENT_BYTES);
    return jpegSegment(MARKER.comment, part);
  });
}

/** Reads a comment, whose encoding nothing tells: UTF-8, or else Latin. */
function commentOf(data: Uint8Array): string {
  const end = data.at(-1) === 0 ? data.length - 1 : data.length;
  const bytes = data.subarray(0, end);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("latin1").decode(bytes);
  }
}

/** Returns a file that is cut off with an end marker, behind the last byte that belongs to it. */
export function withEnd(bytes: Uint8Array): Uint8Array {
  const end = bytes.at(-1) === 0xff ? bytes.length - 1 : bytes.length;
  return concatBytes([bytes.subarray(0, end), Uint8Array.of(0xff, MARKER.eoi)]);
}

/**
 * Yields the segments up to the end of the picture; of a scan, only its header. A file that is cut off
 * within its picture has those before that, and no end marker.
 *
 * @throws {InputError} if it is cut off before its picture
 */
export function* readSegments(bytes: Uint8Array): Generator<Segment> {
  const view = viewOf(bytes);
  let inPicture = false;
  for (let at = nextMarker(bytes, 2); at !== undefined;) {
    const marker = bytes[at + 1];
    if (marker === MARKER.eoi) {
      yield { marker, at, data: bytes.subarray(0, 0) };
      return;
    }
    const length = at + 4 <= bytes.length ? view.getUint16(at + 2) : 0;
    const next = at + 2 + length;
    if (length < 2 || next > bytes.length) {
      if (inPicture) return;
      throw damaged(
        "JPEG",
        `segment ${marker.toString(16).toUpperCase()} at byte ${at} claims ${length} bytes, ` +
          `and the file ends at ${bytes.length}`,
      );
    }
    yield { marker, at, data: bytes.subarray(at + 4, next) };
    inPicture ||= marker === MARKER.sos;
    at = nextMarker(bytes, next);
  }
  if (inPicture) return;
  throw damaged("JPEG", `it is cut off: it ends at byte ${bytes.length} without an end marker`);
}

/** Finds the next marker that begins or ends something: not fill, a stuffed zero, or a restart. */
function nextMarker(bytes: Uint8Array, from: number): number | undefined {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const code = bytes[at + 1];
    if (code > 0x01 && code < 0xff && (code < 0xd0 || code > 0xd8)) return at;
  }
  return undefined;
}

/** Reads and checks a frame header: bits, height, width and the number of components. */
function readFrame(
  { at, data }: Segment,
  fileBytes: number,
  maxPixels: number,
): Frame {
  if (data.length < 6) throw damaged("JPEG", `its frame header at byte ${at} is cut off`);
  const bits = data[0];
  if (bits !== 8) throw unsupported("JPEG", `has ${bits} bits per sample`);
  const [height, width] = [viewOf(data).getUint16(1), viewOf(data).getUint16(3)];
  if (height === 0) {
    throw unsupported(
      "JPEG",
      `claims ${width} x 0 pixels, as it says its height behind them (DNL)`,
    );
  }
  checkSize("JPEG", width, height, maxPixels);
  if (width * height > fileBytes * MAX_PIXELS_PER_BYTE) {
    throw damaged(
      "JPEG",
      `it claims ${width} x ${height} pixels, which cannot come from its ${fileBytes} bytes`,
    );
  }
  const components = data[5];
  if (components !== 1 && components !== 3 && components !== 4) {
    throw unsupported("JPEG", `has ${components} components per pixel`);
  }
  const names = Array.from({ length: components }, (_, i) => String.fromCharCode(data[6 + 3 * i]));
  return { width, height, components, names: names.join("") };
}

/**
 * Adds what an application segment says; what comes in several is collected.
 *
 * @param at where its data stands in the file
 */
function readMetadata(
  { marker, data }: Segment,
  at: number,
  metadata: Metadata,
  split: SplitParts,
): void {
  if (marker === MARKER.app0 && startsWith(data, "JFIF\0")) {
    const density = readDensity(data);
    if (density !== undefined) metadata.density ??= density;
  } else if (marker === MARKER.app1 && startsWith(data, EXIF_PREFIX)) {
    metadata.exif ??= data.slice(EXIF_PREFIX.length);
  } else if (marker === MARKER.app1 && split.xmp.add(data)) {
    return;
  } else if (marker === MARKER.comment && data.length > 0) {
    split.comments.push({ keyword: "Comment", text: commentOf(data) });
  } else if (marker === MARKER.app2 && startsWith(data, ICC_PREFIX)) {
    split.profile.push(data.subarray(ICC_PREFIX.length));
  } else if (marker === MARKER.app2) split.appended.add(data, at);
  else if (marker === MARKER.app11 && isCredentials(data)) {
    split.hasCredentials = true;
  } else if (marker === MARKER.app13 && startsWith(data, PHOTOSHOP_PREFIX)) {
    split.resources.push(data.subarray(PHOTOSHOP_PREFIX.length));
  }
}

/** JFIF: version, unit (1 = inch, 2 = centimetre), pixels per unit in x and y. */
function readDensity(data: Uint8Array): Metadata["density"] {
  if (data.length < 12) return undefined;
  const unit = data[7];
  const [x, y] = [viewOf(data).getUint16(8), viewOf(data).getUint16(10)];
  if ((unit !== 1 && unit !== 2) || x === 0 || y === 0) return undefined;
  const perMetre = unit === 1 ? 1 / INCH : 100;
  return { x: x * perMetre, y: y * perMetre };
}

/**
 * Joins a profile's parts (number, count, data) by number, each once, as some programs put a profile in twice;
 * without bytes, as no profile is, if one is missing.
 */
function joinProfile(parts: Uint8Array[]): Uint8Array | undefined {
  if (parts.length === 0) return undefined;
  const numbers = new Map(parts.toReversed().map((part) => [part[0], part.subarray(2)]));
  if (numbers.size < (parts[0][1] ?? 1)) return new Uint8Array(0);
  return concatBytes([...numbers].toSorted(([a], [b]) => a - b).map(([, data]) => data));
}

/** Splits a profile into segments. More than 255 cannot be numbered: such a one is left out. */
function profileSegments(icc: Uint8Array): Uint8Array[] {
  const room = SEGMENT_BYTES - ICC_PREFIX.length - 2;
  const count = Math.ceil(icc.length / room);
  if (count > 255) return [];
  return Array.from({ length: count }, (_, i) => {
    const part = icc.subarray(i * room, (i + 1) * room);
    const head = concatBytes([latin1(ICC_PREFIX), Uint8Array.of(i + 1, count)]);
    return jpegSegment(MARKER.app2, concatBytes([head, part]));
  });
}

/** A JFIF 1.1 header: pixels per inch, or square pixels of unknown size. */
function jfifHeader(density: Metadata["density"]): Uint8Array {
  const perInch = (perMetre: number) => Math.min(Math.max(Math.round(perMetre * INCH), 1), 65535);
  const [unit, x, y] = density ? [1, perInch(density.x), perInch(density.y)] : [0, 1, 1];
  const data = concatBytes([latin1("JFIF\0\x01\x01"), Uint8Array.of(unit, 0, 0, 0, 0, 0, 0)]);
  viewOf(data).setUint16(8, x);
  viewOf(data).setUint16(10, y);
  return jpegSegment(MARKER.app0, data);
}

/** The bytes of a segment: marker, length (which counts itself), data. */
export function jpegSegment(marker: number, data: Uint8Array): Uint8Array {
  const length = data.length + 2;
  return concatBytes([Uint8Array.of(0xff, marker, length >> 8, length & 0xff), data]);
}
