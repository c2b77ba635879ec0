/**
 * JPEG in and out: the codecs make pixels, everything around them is done here.
 *
 * | what | codec | why |
 * |---|---|---|
 * | read grey and colour | mozjpeg | equals libjpeg; and starts in a tenth of the time of libvips |
 * | read CMYK, and what mozjpeg refuses | libvips | mozjpeg cannot read CMYK |
 * | read very large files in rows | libvips | mozjpeg gives the picture as a whole |
 * | write full colour, baseline | imagescript | a fifth of the time (4K: 0.6 s, not 2.6 s), files 14 % larger |
 * | write grey, half colour, progressive, or without `--allow-ffi` | mozjpeg | imagescript cannot |
 */

import { InputError, UsageError } from "../../errors.ts";
import { encodeImagescript } from "./imagescript.ts";
import { missingOf } from "./reach.ts";
import {
  type JpegParts,
  readJpegParts,
  readSegments,
  withAdobe,
  withEnd,
  withMetadata,
} from "./segments.ts";
import { checkSide, damaged } from "../limits.ts";
import { isProfile } from "../colour/profile.ts";
import { readOrientation } from "../metadata/exif.ts";
import { makeUpright, metadataInJpeg, profileFits } from "../metadata/metadata.ts";
import { withoutAppended } from "../metadata/appended.ts";
import { decodeMozjpeg, encodeMozjpeg } from "./mozjpeg.ts";
import { hasAlpha, type Picture, type PictureRows } from "../picture.ts";
import { rgbaOf } from "../colour/rgba.ts";
import { decodeRgba, type RgbaPixels } from "../codecs/wasm.ts";
import { decodeWithVips, openWithVips } from "../vips/decode.ts";

/** The most pixels that a side can have. */
export const JPEG_MAX_SIDE = 65535;

/** What is to be said of a picture with damage that could be passed over. */
const DAMAGED_IN_PART = "its picture data is damaged: parts of it may show wrong";

/** How a file is to be read. */
export interface JpegReading {
  /** Whether a file is refused of which a part is missing or damaged, instead of read as far as it goes. */
  strict?: boolean;
}

/** How a file is to be written. */
export interface JpegOptions {
  /** 1 to 100. */
  quality: number;
  /** Whether colour has the full resolution (4:4:4), or half of it in both directions (4:2:0). */
  fullColour: boolean;
  progressive: boolean;
}

/**
 * Decodes a JPEG file. The picture is as stored: orientation is not applied.
 *
 * A file with one component gives one channel. CMYK becomes RGB: sRGB by its profile if it has one,
 * else by the plain formula.
 *
 * A file that is cut off is read as far as it goes, and its `notes` say what is missing; only the end
 * marker may be missing without a word. Missing data before an end marker cannot be told from flat grey,
 * and decodes as that.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off before its picture, damaged, of an unreadable kind, or claims
 *   too much
 * @throws {UsageError} if a codec that the file needs cannot be loaded
 */
export async function decodeJpeg(
  bytes: Uint8Array,
  maxPixels: number,
  { strict = false }: JpegReading = {},
): Promise<Picture> {
  const parts = readJpegParts(bytes, maxPixels);
  const file = parts.isCut ? withEnd(bytes) : bytes.subarray(0, parts.end);
  const { complained, ...decoded } = await decodeFile(file, parts);
  const picture = unclaimed(decoded, parts.leftOut);
  const damage = parts.isCut
    ? describeCut(bytes, complained)
    : complained
    ? DAMAGED_IN_PART
    : undefined;
  if (strict && damage !== undefined) throw damaged("JPEG", damage);
  const notes = [...(picture.notes ?? []), ...(damage === undefined ? [] : [damage])];
  return notes.length === 0 ? picture : { ...picture, notes };
}

/**
 * Opens a JPEG file whose rows are read as they are needed, and walks through all of it once: `undefined`
 * if a part is missing or damaged, or if it is CMYK or to be turned. Then only `decodePicture` reads it.
 *
 * @param path of the file
 * @param bytes the same file, whole
 * @throws {InputError} as `decodeJpeg`
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function openJpegRows(
  path: string,
  bytes: Uint8Array,
  maxPixels: number,
): Promise<PictureRows | undefined> {
  const { metadata, components, lacksAdobe, isCut, leftOut } = readJpegParts(bytes, maxPixels);
  const { exif, icc } = metadata;
  const isTurned = exif !== undefined && readOrientation(exif) !== 1;
  if (isCut || lacksAdobe || isTurned || components === 4) return undefined;
  if (icc !== undefined && !isProfile(icc)) return undefined;
  try {
    const { rows, header: _, ...picture } = await openWithVips(path, {
      format: "JPEG",
      loader: "jpegload",
      maxPixels,
      wary: true,
    });
    for await (const _ of rows);
    const upright = makeUpright(
      unclaimed({ ...picture, metadata, data: new Uint8Array(0) }, leftOut),
    );
    const { data: _data, ...opened } = upright;
    return { ...opened, rows };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return undefined;
  }
}

/** Lets XMP no longer claim what stands beside the picture, and says what is left out. */
function unclaimed(picture: Picture, leftOut: readonly string[]): Picture {
  const { xmp, ...metadata } = picture.metadata;
  const claimed = xmp && withoutAppended(xmp);
  const notes = [...new Set([...picture.notes ?? [], ...claimed?.notes ?? [], ...leftOut])];
  if (notes.length === 0) return picture;
  return { ...picture, metadata: { ...metadata, ...claimed && { xmp: claimed.xmp } }, notes };
}

async function decodeFile(file: Uint8Array, parts: JpegParts): Promise<DecodedJpeg> {
  const plain = parts.lacksAdobe ? withAdobe(file) : file;
  return parts.components === 4
    ? await decodeAgain(plain, parts)
    : await decodeColours(plain, parts);
}

/**
 * Encodes a picture as JPEG, grey as one component.
 *
 * @param picture 8 bits, no alpha
 * @throws {InputError} if the picture has alpha, or a side beyond 65535 pixels
 * @throws {UsageError} if no codec can be loaded
 */
export async function encodeJpeg(picture: Picture, options: JpegOptions): Promise<Uint8Array> {
  const { width, height } = picture;
  if (hasAlpha(picture)) {
    throw new InputError("JPEG cannot hold transparency, and this picture has it. Choose PNG.");
  }
  checkSide("JPEG", width, height, JPEG_MAX_SIDE);
  return withMetadata(await encodePixels(picture, options), metadataInJpeg(picture));
}

/** A decoded file, and whether the codec met damage that it passed over, if it tells. */
type DecodedJpeg = Picture & { complained: boolean | undefined };

/** Says what is missing of a file without an end, unless all of it is there. */
function describeCut(bytes: Uint8Array, complained: boolean | undefined): string | undefined {
  const { picture, detail } = missingOf(bytes, readSegments(bytes), complained === false);
  const percent = (share: number) => `${Math.min(99, Math.max(1, Math.round(100 * share)))} %`;
  if (picture === 1) throw damaged("JPEG", "it is cut off where its picture begins");
  if (picture > 0) return `it is cut off: ${percent(picture)} of the picture is missing`;
  if (detail === 0) return complained ? DAMAGED_IN_PART : undefined;
  return `it is cut off: all of the picture is there, but ${
    percent(detail)
  } of its detail is missing`;
}

async function decodeColours(file: Uint8Array, parts: JpegParts): Promise<DecodedJpeg> {
  const { width, height, components, metadata } = parts;
  const channels = components === 1 ? 1 : 3;
  let complaints = 0;
  const rgba = await decodeMozjpeg(file, () => complaints++);
  if (rgba === null) return await decodeAgain(file, parts);
  const pixels = decodeRgba("JPEG", () => rgba, width, height);
  const data = withoutAlpha(pixels, channels);
  return { width, height, channels, depth: 8, data, metadata, complained: complaints > 0 };
}

/** Lets libvips read CMYK, and what the first codec refused; pixels must be what the header claims. */
async function decodeAgain(
  file: Uint8Array,
  { width, height, metadata }: JpegParts,
): Promise<DecodedJpeg> {
  const reading = { format: "JPEG", loader: "jpegload", maxPixels: width * height } as const;
  // What ends too early, or was mended with grey, libvips does not tell.
  let complained: true | undefined;
  const { picture } = await decodeWithVips(file, reading).catch((error) => {
    if (!(error instanceof InputError)) throw error;
    complained = true;
    return decodeWithVips(file, { ...reading, lenient: true });
  });
  if (picture.width !== width || picture.height !== height) {
    throw damaged(
      "JPEG",
      `it claims ${width} x ${height} pixels and holds ${picture.width} x ${picture.height}`,
    );
  }
  // A profile of inks describes the pixels no longer.
  const { icc, ...rest } = metadata;
  const keepsProfile = icc !== undefined && profileFits(icc, picture.channels);
  return { ...picture, metadata: keepsProfile ? metadata : rest, complained };
}

function withoutAlpha({ data }: RgbaPixels, channels: 1 | 3): Uint8Array {
  const out = new Uint8Array(data.length / 4 * channels);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    for (let c = 0; c < channels; c++) out[to++] = data[from + c];
  }
  return out;
}

async function encodePixels(picture: Picture, options: JpegOptions): Promise<Uint8Array> {
  const { width, height, channels } = picture;
  const rgba = rgbaOf(picture) as Uint8Array;
  if (channels === 3 && options.fullColour && !options.progressive) {
    try {
      return await encodeImagescript(rgba, width, height, options.quality);
    } catch (error) {
      // Without its permission or its platform, the other codec does it, in more time.
      if (!(error instanceof UsageError)) throw error;
    }
  }
  return await encodeMozjpeg(rgba, width, height, { ...options, grey: channels === 1 });
}
