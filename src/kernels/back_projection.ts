/**
 * Iterative back-projection: host side of `wgsl/back_projection_*.wgsl`.
 *
 * The result is shrunk, what the picture has more than that is enlarged and added, and so on, until
 * shrinking the result gives the picture (Irani and Peleg, "Improving resolution by image
 * registration", CVGIP 53, 1991). Both ways take the same antialiased bicubic.
 */

import {
  backProjectionAdd as addBody,
  backProjectionLimits as limitsBody,
  backProjectionResidual as residualBody,
  grid,
  readPixel,
  sumColumn,
  writePixel,
} from "../wgsl/sources.ts";
import { specialise } from "../gpu/specialise.ts";
import type { Depth } from "../pictures/picture.ts";
import { type Dispatch, gridOf, paramWords, shaderOf } from "./dispatch.ts";
import type { Taps } from "./taps.ts";

/** Rows of a picture: from `first` to `last`, both included. */
export interface RowRange {
  first: number;
  last: number;
}

/** The steps of `back_projection_residual.wgsl`. */
const STEPS = { missing: 0, deduct: 1, free: 2 } as const;

/** Pixels around a small pixel whose range limits the result: 5x5. */
export const LIMITS_REACH = 2;

/**
 * Plans one step at the small size; bindings: input, taps, wanted, residual, correction.
 *
 * @param rows The rows to compute.
 * @param buffers Size of the buffers: their width and first row; the first row of `input`.
 * @param freedom For `free`: the share of the residual's high frequencies that is given up, 0 to 1.
 */
export function residualStep(
  step: keyof typeof STEPS,
  rows: RowRange,
  buffers: { width: number; firstRow: number; firstSourceRow: number },
  taps: Taps,
  freedom = 0,
): Dispatch {
  const { width, firstRow, firstSourceRow } = buffers;
  const height = rowsOf(rows);
  return {
    shader: shaderOf(
      `back_projection_residual ${step}`,
      () => specialise(grid + sumColumn + residualBody, { STEP: STEPS[step] }),
    ),
    params: paramWords(
      [taps.count, width, height, rows.first, firstRow, firstSourceRow, { f32: freedom }],
    ),
    workgroups: gridOf(width, height),
    flop: 8 * (taps.count + 1) * width * height,
  };
}

/**
 * Plans the limits at the small size; bindings: wanted, limits.
 *
 * @param overshoot How far beyond the range of its neighbourhood a value may go, as a share of it.
 */
export function limitsStep(
  rows: RowRange,
  picture: { width: number; height: number; firstRow: number },
  overshoot: number,
): Dispatch {
  const { width, height, firstRow } = picture;
  const count = rowsOf(rows);
  return {
    shader: shaderOf("back_projection_limits", () => grid + limitsBody),
    params: paramWords([width, count, rows.first, firstRow, height, { f32: overshoot }]),
    workgroups: gridOf(width, count),
    flop: 8 * (2 * LIMITS_REACH + 1) ** 2 * width * count,
  };
}

/** What {@linkcode addStep} reads and writes: sizes of both pictures and first rows of the buffers. */
export interface AddShape {
  width: number;
  height: number;
  smallWidth: number;
  smallHeight: number;
  firstSmallRow: number;
  firstPixelRow: number;
  firstOutputRow: number;
  depthIn: Depth;
  depthOut: Depth;
  limited: boolean;
}

/** Plans the addition at the large size; bindings: input, taps, limits, pixels, output. */
export function addStep(rows: RowRange, shape: AddShape, taps: Taps): Dispatch {
  const { width, depthIn, depthOut, limited, smallWidth, smallHeight } = shape;
  const height = rowsOf(rows);
  return {
    shader: shaderOf(
      `back_projection_add ${depthIn}-bit to ${depthOut}-bit${limited ? ", limited" : ""}`,
      () =>
        specialise(grid + sumColumn + readPixel + writePixel + addBody, {
          SOURCE_DEPTH: depthIn,
          DEPTH: depthOut,
          LIMITED: Number(limited),
        }),
    ),
    params: paramWords([
      taps.count,
      width,
      height,
      rows.first,
      shape.firstSmallRow,
      smallWidth,
      smallHeight,
      { f32: smallHeight / shape.height },
      { f32: smallWidth / width },
      shape.firstPixelRow,
      shape.firstOutputRow,
    ]),
    workgroups: gridOf(width, height),
    flop: 8 * (taps.count + 1) * width * height,
  };
}

/** How many rows a range has. */
export function rowsOf({ first, last }: RowRange): number {
  return last + 1 - first;
}
