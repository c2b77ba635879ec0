/**
 * Separable resampling to any size: host side of `wgsl/resample_rows.wgsl` and
 * `wgsl/resample_columns.wgsl`.
 */

import {
  grid,
  readPixel,
  resampleColumns as columnsBody,
  resampleRows as rowsBody,
  sumColumn,
  writePixel,
} from "../wgsl/sources.ts";
import { specialise } from "../gpu/specialise.ts";
import type { Depth } from "../pictures/picture.ts";
import { type Dispatch, gridOf, paramWords, shaderOf } from "./dispatch.ts";
import type { Taps } from "./taps.ts";

/**
 * Plans the pass along rows; bindings: pixels, taps, output.
 *
 * @param source `rows` are computed, from `firstRow` (default: 0) of the buffers on.
 */
export function resampleRows(
  source: { width: number; rows: number; firstRow?: number; depth: Depth },
  taps: Taps,
  width: number,
): Dispatch {
  return {
    shader: shaderOf(
      `resample_rows ${source.depth}-bit`,
      () => specialise(grid + readPixel + rowsBody, { SOURCE_DEPTH: source.depth }),
    ),
    params: paramWords([source.width, taps.count, width, source.rows, source.firstRow ?? 0]),
    workgroups: gridOf(width, source.rows),
    flop: 8 * taps.count * width * source.rows,
  };
}

/** Plans the pass along columns for a band of output rows; bindings: input, taps, output. */
export function resampleColumns(
  band: { width: number; firstRow: number; rows: number; firstSourceRow: number; depth: Depth },
  taps: Taps,
): Dispatch {
  return {
    shader: shaderOf(
      `resample_columns ${band.depth}-bit`,
      () => specialise(grid + sumColumn + writePixel + columnsBody, { DEPTH: band.depth }),
    ),
    params: paramWords([taps.count, band.width, band.rows, band.firstRow, band.firstSourceRow]),
    workgroups: gridOf(band.width, band.rows),
    flop: 8 * taps.count * band.width * band.rows,
  };
}
