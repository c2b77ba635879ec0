/**
 * One upscaler on trial: how good it is on a part of the user's own picture, how that looks, and how
 * long the whole picture would take.
 *
 * The truth is the picture itself: it is shrunk by the factor with antialiased bicubic, upscaled again
 * and compared with what it was.
 */

import type { Picture } from "../../pictures/mod.ts";
import { psnrY } from "../../quality/psnr.ts";
import { ssimY } from "../../quality/ssim.ts";
import { cropPicture } from "../../targets/crop.ts";
import type { Size } from "../../raster/size.ts";
import type { Region } from "../../raster/size.ts";
import type { Plan } from "../../upscale_plan.ts";
import type { UpscaleStyle } from "../../enhance/options.ts";
import type { Upscaler } from "../../upscaler.ts";
import { around, type PreviewSample } from "./preview_sample.ts";

/** Pixels around what is shown that are upscaled with it, so that it has no border of its own. */
const MARGIN = 32;

/** The smallest side that SSIM can be measured on. */
const LEAST_SIDE = 11;

/** What a trial found. */
export interface Trial {
  /** The networks that run, and the mode: what `--model` and `--mode` take. */
  label: string;
  /** To expect for the whole picture. */
  seconds: number;
  /** In dB and from 0 to 1, luma only, a border as wide as the factor left out; `null`: too small. */
  psnrY: number | null;
  ssimY: number | null;
  /** What is shown of the result. */
  crop: Picture;
}

/** How a sample is tried. */
export interface TrialOptions {
  scale: number;
  /** The sample's part as {@linkcode shrinkPart} returns it. */
  shrunk: Picture;
  /** What is asked of a network beside the size; nothing for resampling alone. */
  style: UpscaleStyle;
  signal: AbortSignal;
}

/** Shrinks the part by the factor; `bicubic` is an upscaler without a network. */
export function shrinkPart(
  { part }: PreviewSample,
  bicubic: Upscaler,
  { scale, signal }: Pick<TrialOptions, "scale" | "signal">,
): Promise<Picture> {
  return bicubic.upscale(part, { ...sizeTimes(part, 1 / scale), signal });
}

/** Tries an upscaler. */
export async function tryUpscaler(
  upscaler: Upscaler,
  sample: PreviewSample,
  options: TrialOptions,
): Promise<Trial> {
  const { scale, style } = options;
  const plan = await upscaler.plan(sample.whole, { ...sizeTimes(sample.whole, scale), ...style });
  return {
    label: labelOf(upscaler, plan, style),
    seconds: await upscaler.estimateSeconds(plan),
    ...await score(upscaler, sample, options),
    crop: await showCrop(upscaler, sample, options),
  };
}

function labelOf(upscaler: Upscaler, { passes }: Plan, { mode }: UpscaleStyle): string {
  const networks = new Set(passes.flatMap(({ network }) => network ?? []));
  if (networks.size === 0) return upscaler.label;
  return [[...networks].join(" and "), ...mode === undefined ? [] : [mode]].join(", ");
}

async function score(
  upscaler: Upscaler,
  { part }: PreviewSample,
  { scale, shrunk, style, signal }: TrialOptions,
): Promise<Pick<Trial, "psnrY" | "ssimY">> {
  const border = Math.ceil(scale);
  const { width, height } = part;
  if (Math.min(width, height) - 2 * border < LEAST_SIDE) return { psnrY: null, ssimY: null };
  const result = await upscaler.upscale(shrunk, { width, height, ...style, signal });
  return { psnrY: psnrY(result, part, border), ssimY: ssimY(result, part, border) };
}

async function showCrop(
  upscaler: Upscaler,
  { part, shown }: PreviewSample,
  { scale, style, signal }: TrialOptions,
): Promise<Picture> {
  const region = withMargin(shown, part);
  const source = cropPicture(part, region);
  const result = await upscaler.upscale(source, { ...sizeTimes(region, scale), ...style, signal });
  const middle = {
    x: (shown.x - region.x + shown.width / 2) * scale,
    y: (shown.y - region.y + shown.height / 2) * scale,
  };
  return cropPicture(result, around(middle, sizeTimes(shown, scale), result));
}

function withMargin({ x, y, width, height }: Region, frame: Size): Region {
  const [left, top] = [Math.max(0, x - MARGIN), Math.max(0, y - MARGIN)];
  return {
    x: left,
    y: top,
    width: Math.min(frame.width, x + width + MARGIN) - left,
    height: Math.min(frame.height, y + height + MARGIN) - top,
  };
}

function sizeTimes({ width, height }: Size, factor: number): Size {
  return {
    width: Math.max(1, Math.round(width * factor)),
    height: Math.max(1, Math.round(height * factor)),
  };
}
