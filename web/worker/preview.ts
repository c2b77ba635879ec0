/** A part of a picture as the result will show it, at 100 %. */

import type { Enhancement, Enhancer } from "../../src/enhance/enhance.ts";
import type { UpscaleStyle } from "../../src/enhance/options.ts";
import { gatherRows, type Picture } from "../../src/pictures/mod.ts";
import type { Region, Size } from "../../src/raster/size.ts";
import { cropPicture } from "../../src/targets/crop.ts";
import type { Pixels } from "../protocol.ts";
import { pixelsOf } from "./pixels.ts";

/** Pixels around what is shown that are enlarged with it, so that it has no border of its own. */
const MARGIN = 18;

/** What part, and how. */
export interface PreviewOptions {
  style: UpscaleStyle;
  /** Result pixels per pixel of the picture. */
  scale: number;
  /** The middle of the part, each from 0 to 1. */
  centre: { x: number; y: number };
  /** Pixels of the result; where the picture is smaller, less is shown. */
  shown: Size;
  signal: AbortSignal;
}

/** A part, and what was learnt from it. */
export interface EnlargedPart {
  pixels: Pixels;
  /** The same part as it is. */
  before: Pixels;
  /** Operations a second. */
  speed: number;
}

/** Enlarges the part. */
export async function enlargePart(
  enhancer: Enhancer,
  picture: Picture,
  { style, scale, centre, shown, signal }: PreviewOptions,
): Promise<EnlargedPart> {
  const seen = around(picture, centre, {
    width: Math.ceil(shown.width / scale),
    height: Math.ceil(shown.height / scale),
  });
  const source = widened(seen, picture);
  const part = cropPicture(picture, source);
  const enhancement = await enhancer.plan(part, { ...style, scale, record: false });
  const start = performance.now();
  const large = await gatherRows(enhancement.run({ signal }));
  const seconds = (performance.now() - start) / 1000;
  const crop = cropPicture(large, {
    x: Math.round((seen.x - source.x) * scale),
    y: Math.round((seen.y - source.y) * scale),
    width: Math.min(large.width, Math.round(seen.width * scale)),
    height: Math.min(large.height, Math.round(seen.height * scale)),
  });
  return {
    pixels: await pixelsOf(crop),
    before: await pixelsOf(cropPicture(picture, seen)),
    speed: flopOf(enhancement) / seconds,
  };
}

/** Returns the operations of all passes. */
export function flopOf({ plan }: Enhancement): number {
  return plan.passes.reduce((sum, { flop }) => sum + flop, 0);
}

/** The region of a size whose middle is as near to a point as the picture allows. */
function around(picture: Size, centre: { x: number; y: number }, size: Size): Region {
  const width = Math.min(size.width, picture.width);
  const height = Math.min(size.height, picture.height);
  const place = (at: number, side: number, room: number) =>
    Math.round(Math.max(0, Math.min(at * room - side / 2, room - side)));
  return {
    x: place(centre.x, width, picture.width),
    y: place(centre.y, height, picture.height),
    width,
    height,
  };
}

function widened({ x, y, width, height }: Region, frame: Size): Region {
  const [left, top] = [Math.max(0, x - MARGIN), Math.max(0, y - MARGIN)];
  return {
    x: left,
    y: top,
    width: Math.min(frame.width, x + width + MARGIN) - left,
    height: Math.min(frame.height, y + height + MARGIN) - top,
  };
}
