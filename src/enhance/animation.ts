/** Animations as a whole: one frame after the other, all of them to one size and in one look. */

import {
  type Animation,
  convertDepth,
  FORMATS,
  gatherRows,
  type Picture,
  type PictureFormat,
  type PictureHeader,
  toSrgb,
} from "../pictures/mod.ts";
import type { Progress } from "../progress.ts";
import type { RunOptions } from "../upscale_plan.ts";
import type { EnhancementRun, Enhancer } from "./enhance.ts";
import type { EnhanceOptions } from "./options.ts";

/** Returns what is asked for each frame: a part that is chosen by its details would jump between them. */
export function askedOfFrames(asked: EnhanceOptions): EnhanceOptions {
  return asked.gravity === "auto" ? { ...asked, gravity: "centre" } : asked;
}

/** Returns the first frame with the metadata of all. */
export function firstFrame(animation: Animation, frame: Picture): Picture {
  return { ...frame, metadata: { ...animation.metadata, ...frame.metadata } };
}

/** How frames are enhanced. */
export interface FramesOptions extends Pick<RunOptions, "signal" | "onProgress" | "onRetry"> {
  /** As {@linkcode askedOfFrames} returns it. */
  asked: EnhanceOptions;
  /** That of the first frame, if it was planned before; it has its own signal and progress. */
  firstRun?: EnhancementRun;
  /** Takes a frame's rows on their way. Default: they are only gathered. */
  through?: (run: EnhancementRun) => EnhancementRun;
}

/** Yields each frame enhanced; the header of the first has the record of how it was made. */
export async function* enhancedFrames(
  enhancer: Enhancer,
  animation: Animation,
  { asked, firstRun, signal, onProgress, onRetry, through = (run) => run }: FramesOptions,
): AsyncGenerator<Picture> {
  let i = 0;
  for await (const frame of animation.frames()) {
    const shown = onProgress && progressOf(i, animation.delays.length, onProgress);
    const planned = () =>
      i === 0
        ? enhancer.plan(firstFrame(animation, frame), asked)
        : enhancer.plan(frame, { ...asked, record: false });
    const run = i === 0 && firstRun !== undefined ? firstRun : (await planned()).run({
      ...signal && { signal },
      ...shown && { onProgress: shown },
      ...onRetry && { onRetry },
    });
    const { data } = await gatherRows(through(run));
    const header: PictureHeader = run.header();
    yield { ...header, data };
    signal?.throwIfAborted();
    i++;
  }
}

/** Makes of the progress within a frame that of the whole. */
export function progressOf(
  frame: number,
  frames: number,
  onProgress: (progress: Progress) => void,
): (progress: Progress) => void {
  if (frames === 1) return onProgress;
  return (progress) => {
    const fraction = (frame + progress.fraction) / frames;
    onProgress({ ...progress, fraction, secondsLeft: undefined });
  };
}

/** Makes of a frame what a format can hold. */
export async function fitFrame(
  frame: Picture,
  format: PictureFormat,
  dither: boolean,
): Promise<Picture> {
  const { deepBits, profile } = FORMATS[format];
  const shallow = deepBits === 8 ? convertDepth(frame, 8, { dither }) : frame;
  return profile === "none" ? await toSrgb(shallow) : shallow;
}
