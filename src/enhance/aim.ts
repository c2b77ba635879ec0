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
import { isCropped, isPadded, planTarget, type TargetPlan } from "../targets/plan.ts";
import { thumbnailOf } from "../targets/thumbnail.ts";
import type { Size } from "../raster/size.ts";
import { SCALE_RANGE, type UpscaleOptions } from "../upscale_options.ts";
import type { TargetRequest, UpscaleStyle } from "./options.ts";

/** What is done with one picture to give it the size that was asked for. */
export interface Aim extends TargetPlan {
  /** What is around the picture; undefined where nothing is. */
  padding: Padding | undefined;
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
  const aim = plan(anchorOf(gravity === "auto" ? "centre" : gravity));
  checkReach(aim, request.label);
  if (isPadded(aim)) return { ...aim, padding: await paddingFor(request, picture) };
  if (gravity !== "auto" || !isCropped(aim, picture)) return { ...aim, padding: undefined };
  const share = {
    width: aim.crop.width / picture.width,
    height: aim.crop.height / picture.height,
  };
  return { ...plan(mostDetailed(await copyOf(picture, DETAIL_SIDE), share)), padding: undefined };
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
  { pad }: TargetRequest,
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
