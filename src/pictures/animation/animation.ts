/**
 * Animations in and out: every frame as the whole canvas, as it is seen when its time comes. GIF and WebP are
 * read by libvips, which also applies how frames replace each other; APNG is read here.
 */

import { UsageError } from "../../errors.ts";
import { concatBytes, plainBytes } from "../bytes.ts";
import { withAlpha } from "../codecs/gif.ts";
import { withWebpMetadata } from "../codecs/webp_container.ts";
import { withoutPrefix } from "../metadata/exif.ts";
import { sniff } from "../kind.ts";
import { DEFAULT_MAX_PIXELS } from "../limits.ts";
import { metadataInExif } from "../metadata/metadata.ts";
import type { Metadata, Picture, PictureHeader } from "../picture.ts";
import { encodePngRows } from "../png/encode.ts";
import { type OpenFrames, openFramesWithVips } from "../vips/decode.ts";
import { writeVips } from "../vips/vips.ts";
import { openApng } from "./apng_decode.ts";
import { joinApng } from "./apng_encode.ts";

/** When frames show, and how often all of them. */
export interface Timing {
  /** Milliseconds that each frame shows. */
  delays: number[];
  /** How often the animation plays; 0 is for ever. */
  loops: number;
}

/** An animation of two frames or more. */
export interface Animation extends Timing {
  width: number;
  height: number;
  /** Of the file; the frames have none but for the colour profile. */
  metadata: Metadata;
  /** Yields the frames from the first on; each walk reads the file anew. */
  frames(): AsyncGenerator<Picture>;
}

/** The formats that hold animations. */
export const ANIMATED_FORMATS = ["png", "webp", "gif"] as const;
export type AnimatedFormat = typeof ANIMATED_FORMATS[number];

/**
 * Opens the animation in a file; `undefined` if there is none, or of one frame.
 *
 * @param bytes the whole file
 * @param options `maxPixels`, the most pixels that a frame may claim: 2^28 unless given
 * @throws {InputError} if the file is damaged, or claims too much; the frames throw it too
 * @throws {UsageError} if libvips cannot be loaded
 */
export async function openAnimation(
  bytes: Uint8Array,
  { maxPixels = DEFAULT_MAX_PIXELS }: { maxPixels?: number } = {},
): Promise<Animation | undefined> {
  const plain = plainBytes(bytes);
  switch (sniff(plain).kind) {
    case "png":
      return await openApng(plain, maxPixels);
    case "webp":
      return await openWithVips(plain, { format: "WebP", loader: "webpload", maxPixels }, 0);
    case "gif": {
      const { file, added } = withAlpha(plain);
      const reading = { format: "GIF", loader: "gifload", maxPixels, lenient: true } as const;
      return await openWithVips(file, reading, added);
    }
    default:
      return undefined;
  }
}

/** @param added Frames at the end that are none. */
async function openWithVips(
  bytes: Uint8Array,
  reading: Parameters<typeof openFramesWithVips>[1],
  added: number,
): Promise<Animation | undefined> {
  const opened: OpenFrames = await openFramesWithVips(bytes, reading);
  const count = opened.header.pages - added;
  if (count < 2) return undefined;
  const { exif, ...metadata } = opened.metadata;
  const { width, height, header } = opened;
  return {
    width,
    height,
    metadata: exif === undefined ? metadata : { ...metadata, exif: withoutPrefix(exif) },
    delays: Array.from({ length: count }, (_, i) => header.delays?.[i] ?? 100),
    loops: header.loops ?? 1,
    frames: () => opened.frames(count),
  };
}

/**
 * Prepares a frame for {@linkcode encodeAnimation}: packed without loss, so that the frames together take
 * little memory.
 *
 * @param frame 8 or 16 bits; of one animation, all have the same size, channels and depth.
 */
export async function packFrame(frame: Picture): Promise<Uint8Array> {
  const { icc } = frame.metadata;
  const plain = { ...frame, metadata: icc === undefined ? {} : { icc } };
  return concatBytes(await Array.fromAsync(encodePngRows(plain, [frame.data])));
}

/**
 * Encodes an animation.
 *
 * @param header What the frames are, with the metadata of the whole.
 * @param frames As `packFrame` returns them.
 * @param options Of WebP: 1 to 100, or without loss.
 * @throws {InputError} If the animation is beyond what libvips has memory for.
 * @throws {UsageError} If libvips cannot be loaded, or the timing is not that of as many frames.
 */
export async function encodeAnimation(
  format: AnimatedFormat,
  header: PictureHeader,
  frames: Uint8Array[],
  { delays, loops }: Timing,
  { quality, lossless }: { quality: number; lossless: boolean },
): Promise<Uint8Array> {
  if (delays.length !== frames.length || frames.length === 0) {
    throw new UsageError(`${frames.length} frames need as many delays, not ${delays.length}.`);
  }
  const picture = { frames, delays, loops };
  switch (format) {
    case "png":
      return joinApng(frames, { delays, loops }, header);
    case "webp": {
      const options = lossless
        ? { lossless: true, exact: true, effort: 0, Q: 20 }
        : { Q: quality, effort: 4, smart_subsample: true };
      const file = await writeVips("WebP", { picture, saver: "webpsave", options });
      return withWebpMetadata(file, metadataInExif(header));
    }
    case "gif":
      return await writeVips("GIF", { picture, saver: "gifsave", options: {} });
  }
}
