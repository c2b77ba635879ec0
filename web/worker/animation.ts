/** Animations, frame by frame. */

import { enhancedFrames, fitFrame } from "../../src/enhance/animation.ts";
import type { EnhancementRun, Enhancer } from "../../src/enhance/enhance.ts";
import type { EnhanceOptions } from "../../src/enhance/options.ts";
import { InputError } from "../../src/errors.ts";
import {
  type AnimatedFormat,
  type Animation,
  decodePicture,
  encodeAnimation,
  FORMATS,
  openAnimation,
  packFrame,
  type Picture,
  type PictureHeader,
} from "../../src/pictures/mod.ts";
import type { Progress } from "../../src/progress.ts";
import type { Region } from "../../src/raster/size.ts";
import { cropPicture } from "../../src/targets/crop.ts";
import { MAX_PIXELS } from "./open_pictures.ts";

/** Frames as `packFrame` returns them, and what they are. */
export interface MovingPicture {
  header: PictureHeader;
  frames: Uint8Array[];
  animation: Animation;
}

/** How an animation is enlarged. */
export interface MovingOptions {
  asked: EnhanceOptions;
  signal: AbortSignal;
  /** Takes the rows of each frame on their way. */
  through(run: EnhancementRun): EnhancementRun;
  onProgress(progress: Progress & { frame: number }): void;
  onRetry(): void;
}

/**
 * Enlarges all frames of a file.
 *
 * @returns The first frame, and all of them.
 * @throws {InputError} If the file is no animation any more.
 */
export async function enlargeFrames(
  file: Blob,
  enhancer: Enhancer,
  { onProgress, ...options }: MovingOptions,
): Promise<{ first: Picture; moving: MovingPicture }> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const animation = await openAnimation(bytes, { maxPixels: MAX_PIXELS });
  if (animation === undefined) throw new InputError("The frames of this animation cannot be read");
  const start = performance.now();
  const frames: Uint8Array[] = [];
  const tell = (progress: Progress) => {
    const seconds = (performance.now() - start) / 1000;
    const { fraction } = progress;
    const secondsLeft = seconds * (1 - fraction) / fraction;
    onProgress({ ...progress, secondsLeft, frame: frames.length + 1 });
  };
  let first: Picture | undefined;
  for await (const frame of enhancedFrames(enhancer, animation, { ...options, onProgress: tell })) {
    first ??= frame;
    frames.push(await packFrame(frame));
  }
  const { data: _, ...header } = first!;
  return { first: first!, moving: { header, frames, animation } };
}

/** Packs a part of each frame as it is in the file. */
export async function framesOf({ header, animation }: MovingPicture, part: Region): Promise<Blob> {
  const frames: Uint8Array[] = [];
  let first: PictureHeader = header;
  for await (const frame of animation.frames()) {
    const picture = cropPicture(frame, part);
    if (frames.length === 0) first = picture;
    frames.push(await packFrame(picture));
  }
  return await encodeMoving({ header: first, frames, animation }, "png");
}

/** Makes a file. */
export async function encodeMoving(
  { header, frames, animation }: MovingPicture,
  format: AnimatedFormat,
): Promise<Blob> {
  const { profile, deepBits } = FORMATS[format];
  const { icc, cicp } = header.metadata;
  const isPlain = icc === undefined && cicp === undefined;
  const fits = header.depth <= deepBits && (profile !== "none" || isPlain);
  let [files, kind] = [frames, header];
  if (!fits) {
    files = [];
    for (const file of frames) {
      const frame = await fitFrame(await decodePicture(file), format, false);
      kind = { ...header, channels: frame.channels, depth: frame.depth };
      files.push(await packFrame(frame));
    }
  }
  const options = { quality: FORMATS.webp.quality!, lossless: false };
  const bytes = await encodeAnimation(format, kind, files, animation, options);
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: `image/${format}` });
}
