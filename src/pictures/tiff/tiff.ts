/**
 * TIFF in: what the directory says of the pixels and of the metadata beside them. Of several pages,
 * the first.
 */

import { concatBytes, startsWith, viewOf } from "../bytes.ts";
import { convertDepth } from "../colour/depth.ts";
import { readExifDensity } from "../metadata/exif.ts";
import { iptcOfRecords, readIptc } from "../metadata/iptc.ts";
import { decodeJpeg } from "../jpeg/jpeg.ts";
import { withAdobe } from "../jpeg/segments.ts";
import { checkSize, damaged, unsupported } from "../limits.ts";
import { allocateSamples, type Metadata, type Picture, type Samples, whiteOf } from "../picture.ts";
import { NAIVE_CMYK, rgbOfCmyk } from "../colour/srgb.ts";
import { readTiffPixels, TIFF_COMPRESSION, type TiffLayout } from "./pixels.ts";
import {
  numbersOf,
  readTiffDirectory,
  type TiffDirectory,
  type TiffEntry,
  tiffHeader,
  writeTiffDirectory,
} from "./tags.ts";

const TAG = {
  subfileType: 0x00fe,
  width: 0x0100,
  height: 0x0101,
  bits: 0x0102,
  compression: 0x0103,
  colours: 0x0106,
  stripOffsets: 0x0111,
  samples: 0x0115,
  stripRows: 0x0116,
  stripBytes: 0x0117,
  planes: 0x011c,
  predictor: 0x013d,
  palette: 0x0140,
  tileWidth: 0x0142,
  tileHeight: 0x0143,
  tileOffsets: 0x0144,
  tileBytes: 0x0145,
  extraSamples: 0x0152,
  sampleFormat: 0x0153,
  jpegTables: 0x015b,
  xmp: 0x02bc,
  iptcRecords: 0x83bb,
  photoshop: 0x8649,
  exif: 0x8769,
  icc: 0x8773,
  gps: 0x8825,
  dng: 0xc612,
} as const;

/** Entries that EXIF has too: texts, dates, orientation, density, maker, author, copyright. */
const EXIF_TAGS: ReadonlySet<number> = new Set(
  [0x010e, 0x010f, 0x0110, 0x0112, 0x011a, 0x011b, 0x0128, 0x0131, 0x0132, 0x013b, 0x8298],
);

/** Kinds of colours. */
const COLOURS = { whiteIsZero: 0, blackIsZero: 1, rgb: 2, palette: 3, cmyk: 5, yCbCr: 6 } as const;

/** Samples per pixel that each kind of colours needs. */
const NEEDED: ReadonlyMap<number, number> = new Map([
  [COLOURS.whiteIsZero, 1],
  [COLOURS.blackIsZero, 1],
  [COLOURS.rgb, 3],
  [COLOURS.palette, 1],
  [COLOURS.cmyk, 4],
  [COLOURS.yCbCr, 3],
]);

const FORMAT_FLOAT = 3;
const PREDICTOR_DIFFERENCES = 2;

/** Alpha by which the colours are multiplied; 2 is straight alpha, 0 something unknown. */
const EXTRA_PREMULTIPLIED = 1;

/** The most bytes that a stored byte can become; uncompressed, it stays one. */
const MAX_EXPANSION = 2048;

/** What the directory says of the pixels. */
interface TiffHeader extends TiffLayout {
  /** One of `COLOURS`. */
  colours: number;
  premultiplied: boolean;
}

/**
 * Decodes a TIFF file: 1 to 16 bits, and floats, which become 16 bits. The picture is as stored:
 * orientation is not applied. JPEG pieces need what JPEG files need.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, of an unreadable kind, or claims too much
 * @throws {UsageError} if a decoder that the file needs cannot be loaded
 */
export async function decodeTiff(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const directory = readTiffDirectory(bytes);
  if (directory === undefined) throw damaged("TIFF", "it does not say what is in it");
  const header = readHeader(bytes, directory, maxPixels);
  const data = await readTiffPixels(bytes, header, async (file) => {
    const isYCbCr = header.colours === COLOURS.yCbCr || header.samples !== 3;
    const piece = await decodeJpeg(isYCbCr ? file : withAdobe(file), maxPixels);
    return piece.data as Uint8Array;
  });
  return await pictureOf(data, header, directory, readMetadata(bytes, directory));
}

/** Reads what the pixels are, and checks that they can come from the file. */
function readHeader(
  bytes: Uint8Array,
  directory: TiffDirectory,
  maxPixels: number,
): TiffHeader {
  const first = (tag: number, otherwise: number) => numbersOf(directory, tag)[0] ?? otherwise;
  if (directory.entries.has(TAG.dng) || startsWith(bytes.subarray(8), "CR")) {
    throw unsupported("TIFF", "is a camera's raw file");
  }
  if ((first(TAG.subfileType, 0) & 1) === 1) {
    throw unsupported("TIFF", "begins with a thumbnail, as cameras' raw files do");
  }
  const [width, height] = [first(TAG.width, 0), first(TAG.height, 0)];
  checkSize("TIFF", width, height, maxPixels);
  const tiled = directory.entries.has(TAG.tileOffsets);
  const header: TiffHeader = {
    width,
    height,
    bits: first(TAG.bits, 1),
    samples: first(TAG.samples, 1),
    little: directory.little,
    compression: first(TAG.compression, TIFF_COMPRESSION.none),
    differences: first(TAG.predictor, 1) === PREDICTOR_DIFFERENCES,
    planes: first(TAG.planes, 1) === 2 && first(TAG.samples, 1) > 1,
    pieceWidth: tiled ? first(TAG.tileWidth, 0) : width,
    pieceHeight: tiled ? first(TAG.tileHeight, 0) : Math.min(first(TAG.stripRows, height), height),
    offsets: numbersOf(directory, tiled ? TAG.tileOffsets : TAG.stripOffsets),
    lengths: numbersOf(directory, tiled ? TAG.tileBytes : TAG.stripBytes),
    jpegTables: directory.entries.get(TAG.jpegTables)?.value,
    colours: first(TAG.colours, COLOURS.blackIsZero),
    premultiplied: first(TAG.extraSamples, 0) === EXTRA_PREMULTIPLIED,
  };
  checkKind(header, first(TAG.sampleFormat, 1), first(TAG.predictor, 1));
  checkPieces(header, bytes.length);
  return header;
}

function checkKind(header: TiffHeader, format: number, predictor: number): void {
  const { bits, samples, colours, compression } = header;
  const isFloat = format === FORMAT_FLOAT;
  const readable = isFloat ? bits === 32 : format === 1 && [1, 2, 4, 8, 16].includes(bits);
  const needed = NEEDED.get(colours);
  if (!readable || predictor > PREDICTOR_DIFFERENCES) {
    throw unsupported("TIFF", `has samples of ${bits} bits, format ${format}`);
  }
  const isPlainYCbCr = colours === COLOURS.yCbCr && compression !== TIFF_COMPRESSION.jpeg;
  if (needed === undefined || isPlainYCbCr) {
    throw unsupported("TIFF", `has colours of kind ${colours}`);
  }
  if (samples < needed || samples > 8) {
    throw damaged("TIFF", `it claims ${samples} samples per pixel for colours of kind ${colours}`);
  }
}

/** Refuses more or larger pieces than the file can hold. */
function checkPieces(header: TiffHeader, fileBytes: number): void {
  const { width, height, bits, samples, pieceWidth, pieceHeight, compression } = header;
  const expansion = compression === TIFF_COMPRESSION.none ? 1 : MAX_EXPANSION;
  const pixelBytes = samples * bits / 8;
  const isWhole = pieceWidth > 0 && pieceHeight > 0 &&
    width * height * pixelBytes <= fileBytes * expansion &&
    pieceWidth * pieceHeight * pixelBytes <= fileBytes * expansion;
  if (isWhole) return;
  throw damaged(
    "TIFF",
    `it claims ${width} x ${height} pixels in pieces of ${pieceWidth} x ${pieceHeight}, which ` +
      `cannot come from its ${fileBytes} bytes`,
  );
}

/** Makes a picture of the samples as they are stored. */
async function pictureOf(
  data: Samples,
  header: TiffHeader,
  directory: TiffDirectory,
  metadata: Metadata,
): Promise<Picture> {
  const { width, height, bits, samples, colours } = header;
  const size = { width, height };
  if (colours === COLOURS.palette) {
    const rgb = paletteColours(data, samples, numbersOf(directory, TAG.palette));
    return { ...size, channels: 3, depth: 8, data: rgb, metadata };
  }
  const needed = NEEDED.get(colours)!;
  const depth = bits === 32 ? 32 : bits === 16 ? 16 : 8;
  if (colours === COLOURS.cmyk) {
    const { icc, ...rest } = metadata;
    const cmyk = inWholeLevels(cut(data, samples, 4, 1));
    const picture: Picture = {
      ...size,
      channels: 3,
      depth: bits > 8 ? 16 : 8,
      data: await rgbOfCmyk(cmyk, icc),
      metadata: rest,
    };
    return icc === undefined ? { ...picture, notes: [NAIVE_CMYK] } : picture;
  }
  const kept = Math.min(samples, needed + 1);
  const out = cut(data, samples, kept, bits < 8 ? 255 / (2 ** bits - 1) : 1);
  const white = whiteOf(depth);
  if (colours === COLOURS.whiteIsZero) {
    for (let i = 0; i < out.length; i += kept) out[i] = white - out[i];
  }
  if (kept > needed && header.premultiplied) divideByAlpha(out, kept, white);
  const channels = kept as Picture["channels"];
  const picture: Picture = { ...size, channels, depth, data: out, metadata };
  return depth === 32 ? convertDepth(picture, 16) : picture;
}

/** Samples of 8 or 16 bits as they are, floats as 16 bits. */
function inWholeLevels(samples: Samples): Uint8Array | Uint16Array {
  if (!(samples instanceof Float32Array)) return samples;
  return Uint16Array.from(samples, (value) => Math.min(1, Math.max(0, value)) * 65535 + 0.5);
}

/** Keeps the first samples of each pixel, multiplied. */
function cut(data: Samples, samples: number, kept: number, factor: number): Samples {
  if (samples === kept && factor === 1) return data;
  const depth = data.BYTES_PER_ELEMENT * 8 as Picture["depth"];
  const out = allocateSamples(depth, data.length / samples * kept);
  for (let from = 0, to = 0; to < out.length; from += samples) {
    for (let c = 0; c < kept; c++) out[to++] = data[from + c] * factor;
  }
  return out;
}

/** Looks colours up: all reds, all greens, all blues in 16 bits. One beyond the end is black. */
function paletteColours(data: Samples, samples: number, palette: number[]): Uint8Array {
  const colours = palette.length / 3;
  const rgb = new Uint8Array(data.length / samples * 3);
  for (let from = 0, to = 0; to < rgb.length; from += samples) {
    for (let c = 0; c < 3; c++) rgb[to++] = (palette[c * colours + data[from]] ?? 0) >> 8;
  }
  return rgb;
}

/** Makes premultiplied colours straight. */
function divideByAlpha(data: Samples, channels: number, white: number): void {
  const rounding = white === 1 ? 0 : 0.5;
  for (let i = 0; i < data.length; i += channels) {
    const alpha = data[i + channels - 1];
    if (alpha === 0 || alpha === white) continue;
    for (let c = 0; c < channels - 1; c++) {
      data[i + c] = Math.min(data[i + c] * white / alpha + rounding, white);
    }
  }
}

/** Profile, XMP, IPTC, density, and an EXIF block of what the directory says beside the pixels. */
function readMetadata(bytes: Uint8Array, directory: TiffDirectory): Metadata {
  const { entries, little } = directory;
  const metadata: Metadata = {};
  const icc = entries.get(TAG.icc);
  if (icc !== undefined) metadata.icc = icc.value.slice();
  const xmp = entries.get(TAG.xmp);
  if (xmp !== undefined) metadata.xmp = xmp.value.slice();
  const iptc = readDirectoryIptc(directory);
  if (iptc !== undefined) metadata.iptc = iptc;
  const density = readExifDensity(bytes);
  if (density !== undefined) metadata.density = density;
  const kept = [...entries.values()].filter(({ tag }) => EXIF_TAGS.has(tag));
  const below = [TAG.exif, TAG.gps].flatMap((tag) => {
    const inner = readTiffDirectory(bytes, numbersOf(directory, tag)[0] ?? 0);
    return inner === undefined ? [] : [{ tag, entries: [...inner.entries.values()] }];
  });
  if (kept.length > 0 || below.length > 0) metadata.exif = exifOf(kept, below, little);
  return metadata;
}

/** IPTC stands in the directory among Photoshop's image resources, alone, or in both ways. */
function readDirectoryIptc({ entries }: TiffDirectory): Uint8Array | undefined {
  const resources = entries.get(TAG.photoshop);
  const records = entries.get(TAG.iptcRecords);
  return (resources && readIptc(resources.value)) ?? (records && iptcOfRecords(records.value));
}

/** Builds a block: the inner directories first, as the main one says where they are. */
function exifOf(
  kept: TiffEntry[],
  below: { tag: number; entries: TiffEntry[] }[],
  little: boolean,
): Uint8Array {
  const parts: Uint8Array[] = [];
  const pointers: TiffEntry[] = [];
  let at = 8;
  for (const { tag, entries } of below) {
    const part = writeTiffDirectory(entries, at, 0, little);
    const value = new Uint8Array(4);
    viewOf(value).setUint32(0, at, little);
    pointers.push({ tag, type: 4, count: 1, value });
    parts.push(part);
    at += part.length;
  }
  const main = writeTiffDirectory([...kept, ...pointers], at, 0, little);
  return concatBytes([tiffHeader(at, little), ...parts, main]);
}
