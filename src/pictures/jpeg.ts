/**
 * JPEG in and out: the codec makes pixels, everything around them is done here.
 */

import { InputError } from "../errors.ts";
import { decodeJpegPixels, encodeJpegPixels, type JpegPixels } from "./jpeg_codec.ts";
import { greyOf } from "./jpeg_grey.ts";
import { readJpegParts, withAdobe, withMetadata } from "./jpeg_segments.ts";
import { damaged } from "./limits.ts";
import { metadataToWrite, profileFits } from "./metadata.ts";
import { hasAlpha, type Picture } from "./picture.ts";

/** The most pixels that a side of a JPEG picture can have. */
const MAX_SIDE = 65535;

/**
 * Decodes a JPEG file. The picture is as stored: orientation is not applied.
 *
 * A file with one component gives one channel. CMYK becomes RGB by the plain formula, each ink taking
 * away its complement: colours come out brighter than a printer's profile would have them, and that
 * profile is dropped, as it does not describe RGB.
 *
 * Missing data before an end marker cannot be told from flat grey, and decodes as that.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, of an unreadable kind, or claims too much
 * @throws {UsageError} if the codec cannot be loaded: see `jpeg_codec.ts` for what it needs
 */
export async function decodeJpeg(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const parts = readJpegParts(bytes, maxPixels);
  const { width, height, components, metadata } = parts;
  const file = bytes.subarray(0, parts.end);
  const pixels = await decodeJpegPixels(parts.lacksAdobe ? withAdobe(file) : file);
  checkPixels(pixels, width, height, components);
  const channels = components === 1 ? 1 : 3;
  const data = components === 4 ? rgbOfCmyk(pixels.data) : pixels.data;
  const { icc, ...rest } = metadata;
  const keepsProfile = icc !== undefined && (components !== 4 || profileFits(icc, channels));
  return {
    width,
    height,
    channels,
    depth: 8,
    data,
    metadata: keepsProfile ? { ...rest, icc } : rest,
  };
}

/**
 * Encodes a picture as JPEG: baseline, full colour resolution, grey as one component. More than 8
 * bits are rounded before.
 *
 * @param picture 8 bits, no alpha
 * @param quality 1 to 100
 * @throws {InputError} if the picture has alpha, or a side beyond 65535 pixels
 * @throws {UsageError} if the codec cannot be loaded: see `jpeg_codec.ts` for what it needs
 */
export async function encodeJpeg(picture: Picture, quality: number): Promise<Uint8Array> {
  const { width, height, channels } = picture;
  if (hasAlpha(picture)) {
    throw new InputError("JPEG cannot hold transparency, and this picture has it. Choose PNG.");
  }
  if (width > MAX_SIDE || height > MAX_SIDE) {
    throw new InputError(
      `JPEG holds at most ${MAX_SIDE} pixels a side, and this picture has ${width} x ${height}. ` +
        `Choose PNG.`,
    );
  }
  const file = await encodeJpegPixels(rgbaOf(picture), width, height, quality);
  return withMetadata(channels === 1 ? greyOf(file) : file, metadataToWrite(picture));
}

/** Refuses pixels that are not what the file's header claims. */
function checkPixels(pixels: JpegPixels, width: number, height: number, components: number): void {
  const fits = pixels.width === width && pixels.height === height &&
    pixels.components === components && pixels.data.length === width * height * components;
  if (!fits) {
    throw damaged(
      "JPEG",
      `it claims ${width} x ${height} pixels of ${components} components and holds ` +
        `${pixels.width} x ${pixels.height} of ${pixels.components}`,
    );
  }
}

/** Each ink takes away its complement, and black takes away from all three. */
function rgbOfCmyk(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(cmyk.length / 4 * 3);
  for (let i = 0, at = 0; i < cmyk.length; i += 4) {
    const light = (255 - cmyk[i + 3]) / 255;
    for (let c = 0; c < 3; c++) rgb[at++] = (255 - cmyk[i + c]) * light + 0.5;
  }
  return rgb;
}

/** The picture as the encoder wants it: four samples per pixel. */
function rgbaOf({ data, channels }: Picture): Uint8Array {
  const rgba = new Uint8Array(data.length / channels * 4).fill(255);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let i = 0, at = 0; i < data.length; i += channels, at += 4) {
    rgba[at] = data[i];
    rgba[at + 1] = data[i + green];
    rgba[at + 2] = data[i + blue];
  }
  return rgba;
}
