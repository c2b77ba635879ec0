/**
 * What of a picture is busier than all that lies along the edges at which it grows: a subject, most
 * likely, which nobody wants twice. What continues an edge is found without it.
 */

import type { Picture } from "../pictures/picture.ts";
import { lumaPlane } from "../quality/luma.ts";
import type { Region, Size } from "../raster/size.ts";
import { thumbnailOf } from "../targets/thumbnail.ts";
import { emptyMask, markRegion, type Mask } from "../pictures/mask.ts";

/** The longer side of the copy that is looked at, in pixels. */
const COPY_SIDE = 160;

/** Pixels of the copy around one over which its gradients are averaged, on each side. */
const REACH = 4;

/** How wide the strip along an edge is, as a share of the picture's side. */
const STRIP = 1 / 8;

/** How much busier than the busiest part of the strips a place may be. */
const MARGIN = 1.25;

/** The quantile of the strips that counts as their busiest part, so that one spot does not decide. */
const BUSIEST = 0.98;

/** The edges of a picture. */
export type Edge = "left" | "right" | "top" | "bottom";

/** How busy a picture is at each pixel of a small copy. */
export interface Activity extends Size {
  /** `[height][width]`: mean gradients of luma around a pixel, in levels per pixel of the copy. */
  data: Float64Array;
}

/** Measures how busy a picture is. */
export async function activityOf(picture: Picture): Promise<Activity> {
  const { width, height, data } = lumaPlane(await thumbnailOf(picture, [picture.data], COPY_SIDE));
  const gradients = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const across = data[x < width - 1 ? at + 1 : at] - data[x > 0 ? at - 1 : at];
      const down = data[y < height - 1 ? at + width : at] - data[y > 0 ? at - width : at];
      gradients[at] = Math.hypot(across, down);
    }
  }
  return { width, height, data: averaged(gradients, width, height) };
}

/** Marks what is busier than all that lies along the edges. */
export function structuresIn(activity: Activity, size: Size, edges: readonly Edge[]): Mask {
  const { width, height, data } = activity;
  const most = MARGIN * busiestAlong(activity, edges);
  const mask = emptyMask(size);
  const [across, down] = [size.width / width, size.height / height];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] <= most) continue;
      const [left, top] = [Math.floor(x * across), Math.floor(y * down)];
      const [right, bottom] = [Math.ceil((x + 1) * across), Math.ceil((y + 1) * down)];
      markRegion(mask, { x: left, y: top, width: right - left, height: bottom - top });
    }
  }
  return mask;
}

/** How busy the busiest part of the strips along some edges is. */
export function busiestAlong(activity: Activity, edges: readonly Edge[]): number {
  const values = edges.flatMap((edge) => valuesIn(activity, stripAlong(activity, edge)));
  return values.sort((a, b) => a - b)[Math.floor(BUSIEST * (values.length - 1))];
}

function stripAlong({ width, height }: Size, edge: Edge): Region {
  const wide = Math.ceil(width * STRIP);
  const high = Math.ceil(height * STRIP);
  switch (edge) {
    case "left":
      return { x: 0, y: 0, width: wide, height };
    case "right":
      return { x: width - wide, y: 0, width: wide, height };
    case "top":
      return { x: 0, y: 0, width, height: high };
    case "bottom":
      return { x: 0, y: height - high, width, height: high };
  }
}

function valuesIn({ width, data }: Activity, region: Region): number[] {
  const values: number[] = [];
  for (let y = region.y; y < region.y + region.height; y++) {
    values.push(...data.subarray(y * width + region.x, y * width + region.x + region.width));
  }
  return values;
}

/** The mean of the square around each pixel, as far as it lies in the copy. */
function averaged(values: Float64Array, width: number, height: number): Float64Array {
  return values.map((_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    let [sum, count] = [0, 0];
    for (let row = Math.max(0, y - REACH); row <= Math.min(height - 1, y + REACH); row++) {
      for (
        let column = Math.max(0, x - REACH);
        column <= Math.min(width - 1, x + REACH);
        column++
      ) {
        sum += values[row * width + column];
        count++;
      }
    }
    return sum / count;
  });
}
