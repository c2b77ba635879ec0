/** From what was asked for and one picture to the part of it that is upscaled, and what is around it. */

import { UsageError } from "../errors.ts";
import {
  hasAlpha,
  type Metadata,
  type Picture,
  type PictureHeader,
  type PictureRows,
  samplesOf,
} from "../pictures/mod.ts";
import { withExifDensity } from "../pictures/metadata/exif.ts";
import { BACKDROP_SIDE } from "../targets/backdrop.ts";
import { cropPicture, cropRows } from "../targets/crop.ts";
import { DETAIL_SIDE, mostDetailed } from "../targets/detail.ts";
import { type Anchor, anchorOf } from "../targets/gravity.ts";
import { paddedHeader, type Padding, padRows } from "../targets/padding.ts";
import { growTo, isCropped, isPadded, planTarget, type TargetPlan } from "../targets/plan.ts";
import type { Region, Size } from "../raster/size.ts";
import { thumbnailOf } from "../targets/thumbnail.ts";
import { SCALE_RANGE, type UpscaleOptions } from "../upscale_options.ts";
import type { TargetRequest, UpscaleStyle } from "./options.ts";

/** What is done with one picture to give it the size that was asked for. */
export interface Aim extends TargetPlan {
  /** What is around the picture; undefined where nothing is. */
  padding: Padding | undefined;
  /**
   * The canvas in the picture's own pixels, and where the picture lies on it, if it is extended before it
   * is upscaled; undefined if not.
   */
  frame: Region | undefined;
  /** What is asked of the upscaler beside the size. */
  style: UpscaleStyle;
  /** Pixels per metre of the print that is asked for; undefined for all else. */
  perMetre: number | undefined;
}

/**
 * Plans how a picture reaches its target.
 *
 * @param picture Its rows, if it comes in rows, are walked once more where the pixels decide: for
 * `--gravity auto` and `--pad blur`.
 * @throws {UsageError} If the size is out of reach.
 */
export async function aimAt(
  request: TargetRequest,
  picture: Picture | PictureRows,
): Promise<Aim> {
  const { target, fit, gravity, style } = request;
  const perMetre = target.kind === "print" ? target.perMetre : undefined;
  const plan = (anchor: Anchor) => ({
    ...planTarget(picture, target, fit, anchor),
    style,
    perMetre,
  });
  const anchor = anchorOf(gravity === "auto" ? "centre" : gravity);
  const aim = plan(anchor);
  const bare = { padding: undefined, frame: undefined };
  checkReach(aim, request.label);
  if (isPadded(aim)) {
    if (request.pad === "extend") return extendedAim(aim, picture, anchor);
    return { ...aim, ...bare, padding: await paddingFor(request.pad, picture) };
  }
  if (gravity !== "auto" || !isCropped(aim, picture)) return { ...aim, ...bare };
  const share = {
    width: aim.crop.width / picture.width,
    height: aim.crop.height / picture.height,
  };
  return { ...plan(mostDetailed(await copyOf(picture, DETAIL_SIDE), share)), ...bare };
}

/** The picture grows first, in its own pixels, and is upscaled with what is new. */
function extendedAim(
  aim: TargetPlan & Pick<Aim, "style" | "perMetre">,
  picture: Size,
  anchor: Anchor,
): Aim {
  const { width, height } = aim.canvas;
  const frame = growTo(picture, aim.canvas, anchor);
  const canvas = { x: 0, y: 0, width, height };
  return { ...aim, width, height, canvas, padding: undefined, frame };
}

/** How much of the result is made up, 0 to 1. */
export function shareExtended({ crop, frame }: Aim): number {
  return frame === undefined ? 0 : 1 - crop.width * crop.height / (frame.width * frame.height);
}

/** Returns the size of the result of a picture of some size. */
export function sizeOf({ target, fit }: TargetRequest, picture: Size): Size {
  const { width, height } = planTarget(picture, target, fit, anchorOf("centre")).canvas;
  return { width, height };
}

/** Makes a small copy of a picture, its longer side as given. */
export function copyOf(picture: Picture | PictureRows, mostSide: number): Promise<Picture> {
  return thumbnailOf(picture, samplesOf(picture), mostSide);
}

/** Returns the part of a picture that is upscaled. */
export function cropTo(
  picture: Picture | PictureRows,
  { crop }: Aim,
): Picture | PictureRows {
  if (crop.width === picture.width && crop.height === picture.height) return picture;
  if (!("rows" in picture)) return cropPicture(picture, crop);
  const { width, height } = crop;
  return { ...picture, width, height, rows: cropRows(picture, picture.rows, crop) };
}

/** Returns what is asked of the upscaler for the part that {@linkcode cropTo} returns. */
export function upscaleOf({ width, height, style }: Aim): UpscaleOptions {
  return { width, height, ...style };
}

/**
 * Returns what the result is: its size, channels that hold what is around the picture, and a print's
 * density, which EXIF must not deny.
 */
export function resultOf(
  picture: PictureHeader,
  { width, height, canvas, padding, perMetre }: Aim,
): PictureHeader {
  const metadata = perMetre === undefined
    ? picture.metadata
    : withDensity(picture.metadata, { x: perMetre, y: perMetre });
  const upscaled = { ...picture, width, height, metadata };
  return padding === undefined ? upscaled : paddedHeader(upscaled, canvas, padding);
}

/** Returns the upscaled picture with what is around it. */
export function padTo(upscaled: PictureRows, { canvas, padding }: Aim): PictureRows {
  return padding === undefined ? upscaled : padRows(upscaled, upscaled.rows, canvas, padding);
}

function withDensity(metadata: Metadata, density: { x: number; y: number }): Metadata {
  const { exif } = metadata;
  return { ...metadata, density, ...exif && { exif: withExifDensity(exif, density) } };
}

async function paddingFor(
  pad: Exclude<TargetRequest["pad"], "extend">,
  picture: Picture | PictureRows,
): Promise<Padding> {
  if (pad === "mirror") return { kind: "mirror" };
  if (pad === "blur") return { kind: "blur", copy: await copyOf(picture, BACKDROP_SIDE) };
  if (pad !== undefined) return { kind: "colour", colour: pad };
  return hasAlpha(picture) ? { kind: "transparent" } : { kind: "colour", colour: [0, 0, 0] };
}

/** Refuses what is too far away, with the factor. */
function checkReach({ crop, width, height }: TargetPlan, label: string): void {
  const factors = [width / crop.width, height / crop.height];
  const { max } = SCALE_RANGE;
  const far = factors.find((factor) => factor > max || factor < 1 / max);
  if (far === undefined) return;
  const part = `${crop.width} x ${crop.height} pixels`;
  throw new UsageError(
    far > 1
      ? `${label} is ${far.toFixed(1)} times larger than the ${part} that are used, ` +
        `and at most ${max} times is possible`
      : `${label} is ${(1 / far).toFixed(1)} times smaller than the ${part} that are used, ` +
        `and at most ${max} times is possible`,
  );
}
