/**
 * From a picture and a target to sizes: what of the picture is used, how large it becomes, and where it
 * lies on the canvas. A pure function of sizes.
 */

import type { Size } from "../raster/size.ts";
import type { Region } from "../raster/size.ts";
import type { Anchor } from "./gravity.ts";
import type { Target } from "./target.ts";

/**
 * How a picture meets a size of other proportions: `cover` fills it and crops, `contain` shows the whole
 * picture and pads, `inside` does so without padding and is smaller on one side, `exact` distorts.
 */
export const FITS = ["cover", "contain", "inside", "exact"] as const;

/** One of {@linkcode FITS}. */
export type Fit = typeof FITS[number];

/** What is done to reach a target, in this order. */
export interface TargetPlan {
  /** The part of the picture that is used. */
  crop: Region;
  /** The size to which that part is upscaled, or shrunk. */
  width: number;
  height: number;
  /** The result's size, and where on it the upscaled part lies. The rest is padding. */
  canvas: Region;
}

/**
 * Plans how a picture reaches a target. Targets that keep the proportions are met alike by every fit.
 *
 * A crop is cut from the picture itself, before it is upscaled, so that nothing is computed for what is
 * cut off. It consists of whole pixels: one side is the picture's own, the other within half a pixel of
 * the target's proportions (and never less than one pixel).
 *
 * @param anchor Where the part that is kept lies in the picture, and the picture on its canvas.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const screen = { kind: "size", width: 3840, height: 2160 } as const;
 * const { crop, width, height } = planTarget({ width: 800, height: 533 }, screen, "cover", { x: 0, y: 1 });
 * assert.deepEqual(crop, { x: 0, y: 83, width: 800, height: 450 });
 * assert.deepEqual([width, height], [3840, 2160]);
 * ```
 */
export function planTarget(picture: Size, target: Target, fit: Fit, anchor: Anchor): TargetPlan {
  if (target.kind === "print") return planTarget(picture, turned(target, picture), fit, anchor);
  if (target.kind !== "size") return unpadded(picture, proportional(picture, target));
  if (fit === "exact") return unpadded(picture, target);
  if (fit === "cover") {
    const size = cropSize(picture, target);
    return { ...unpadded(picture, target), crop: placed(size, picture, anchor) };
  }
  const { width, height } = insideSize(picture, target);
  if (fit === "inside") return unpadded(picture, { width, height });
  const { x, y } = placed({ width, height }, target, anchor);
  const canvas = { x, y, width: target.width, height: target.height };
  return { crop: whole(picture), width, height, canvas };
}

/**
 * Returns the canvas with a target's proportions on which a picture lies whole, in pixels of the picture:
 * one side is the picture's own, the other within half a pixel.
 *
 * @param anchor Where the picture lies on it.
 */
export function growTo(picture: Size, target: Size, anchor: Anchor): Region {
  const wider = target.width * picture.height >= target.height * picture.width;
  const size = wider
    ? { width: Math.round(picture.height * target.width / target.height), height: picture.height }
    : { width: picture.width, height: Math.round(picture.width * target.height / target.width) };
  const { x, y } = placed(picture, size, anchor);
  return { ...size, x, y };
}

/** Returns a print's size as it is held for a picture: its longer side where the picture's is. */
function turned({ width, height }: Size, picture: Size): Target {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  return picture.width < picture.height
    ? { kind: "size", width: short, height: long }
    : { kind: "size", width: long, height: short };
}

/** Says whether a plan leaves anything of the picture out. */
export function isCropped({ crop }: TargetPlan, picture: Size): boolean {
  return crop.width < picture.width || crop.height < picture.height;
}

/** Says whether a plan's canvas is larger than the picture on it. */
export function isPadded({ width, height, canvas }: TargetPlan): boolean {
  return canvas.width > width || canvas.height > height;
}

/** The largest part of the picture with the target's proportions. */
function cropSize(picture: Size, target: Size): Size {
  if (target.width * picture.height >= target.height * picture.width) {
    const height = atLeastOne(picture.width * target.height / target.width);
    return { width: picture.width, height };
  }
  return {
    width: atLeastOne(picture.height * target.width / target.height),
    height: picture.height,
  };
}

/** The largest size with the picture's proportions in the target. */
function insideSize(picture: Size, target: Size): Size {
  if (target.width * picture.height <= target.height * picture.width) {
    return {
      width: target.width,
      height: atLeastOne(target.width * picture.height / picture.width),
    };
  }
  return {
    width: atLeastOne(target.height * picture.width / picture.height),
    height: target.height,
  };
}

function proportional(picture: Size, target: Exclude<Target, { kind: "size" | "print" }>): Size {
  const { width, height } = picture;
  if (target.kind === "width") {
    return { width: target.width, height: atLeastOne(height * target.width / width) };
  }
  if (target.kind === "height") {
    return { width: atLeastOne(width * target.height / height), height: target.height };
  }
  const factor = target.kind === "factor"
    ? target.factor
    : Math.sqrt(target.pixels / (width * height));
  return { width: atLeastOne(width * factor), height: atLeastOne(height * factor) };
}

function unpadded(picture: Size, { width, height }: Size): TargetPlan {
  return { crop: whole(picture), width, height, canvas: whole({ width, height }) };
}

/** A part of a given size in the whole, in whole pixels. */
function placed(part: Size, { width, height }: Size, anchor: Anchor): Region {
  const x = Math.round((width - part.width) * anchor.x);
  const y = Math.round((height - part.height) * anchor.y);
  return { x, y, width: part.width, height: part.height };
}

function whole({ width, height }: Size): Region {
  return { x: 0, y: 0, width, height };
}

function atLeastOne(length: number): number {
  return Math.max(1, Math.round(length));
}
