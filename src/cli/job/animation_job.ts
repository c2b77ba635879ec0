/** An animation from frames to file: one frame after the other on one device, and all of them into one file. */

import { askedOfFrames, enhancedFrames, firstFrame, fitFrame } from "../../enhance/animation.ts";
import type { EnhancementRun, Enhancer } from "../../enhance/enhance.ts";
import type { EnhanceOptions } from "../../enhance/options.ts";
import {
  type AnimatedFormat,
  type Animation,
  encodeAnimation,
  type EncodeOptions,
  FORMATS,
  openAnimation,
  packFrame,
  type Picture,
  type PictureFormat,
  type PictureHeader,
} from "../../pictures/mod.ts";
import { isStillNote } from "../../pictures/animation/note.ts";
import type { InputFile } from "../files/input_file.ts";
import type { Turns } from "../batch/turns.ts";
import type { PhaseClock } from "./job_report.ts";
import type { Progress } from "../../progress.ts";

/** An animation that is to be enhanced as a whole. */
export interface AnimationJob {
  animation: Animation;
  /** The first frame, with the metadata of all. */
  first: Picture;
  /** What is asked for each frame. */
  asked: EnhanceOptions;
}

/**
 * Returns the animation of an input, if it is one and its result's format can be one.
 *
 * @param path Of the input, which is read once more unless its bytes are at hand.
 */
export async function animationOf(
  path: string,
  { picture, bytes }: InputFile,
  format: PictureFormat,
  asked: EnhanceOptions,
  maxPixels: number,
): Promise<AnimationJob | undefined> {
  if (!FORMATS[format].animated || !(picture.notes ?? []).some(isStillNote)) return undefined;
  const animation = await openAnimation(bytes ?? await Deno.readFile(path), { maxPixels });
  if (animation === undefined) return undefined;
  for await (const frame of animation.frames()) {
    return { animation, first: firstFrame(animation, frame), asked: askedOfFrames(asked) };
  }
  return undefined;
}

/** What the frames share. */
export interface FrameOptions {
  encoding: EncodeOptions;
  turns: Turns;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/**
 * Yields the bytes of the result at once.
 *
 * @param firstRun That of the first frame.
 */
export async function* encodedFrames(
  firstRun: EnhancementRun,
  { animation, asked }: AnimationJob,
  enhancer: Enhancer,
  { encoding, turns, signal, onProgress }: FrameOptions,
  clock: PhaseClock,
): AsyncGenerator<Uint8Array> {
  clock.enter("wait");
  using _turn = await turns.take();
  clock.enter("upscale");
  const files: Uint8Array[] = [];
  let header: PictureHeader | undefined;
  const options = { asked, firstRun, signal, onProgress };
  for await (const frame of enhancedFrames(enhancer, animation, options)) {
    clock.enter("encode");
    const fitting = await fitFrame(frame, encoding.format, encoding.dither ?? false);
    const { data: _, ...first } = { ...frame, channels: fitting.channels, depth: fitting.depth };
    header ??= first;
    files.push(await packFrame(fitting));
    clock.enter("upscale");
  }
  clock.enter("encode");
  const { format, quality = FORMATS.webp.quality!, lossless = false } = encoding;
  const written = { quality, lossless };
  yield await encodeAnimation(format as AnimatedFormat, header!, files, animation, written);
}
