/**
 * The plan of a resampling: taps of both axes, and bands of rows that fit the memory. Pure.
 *
 * A band reads exactly the source rows that its taps name, so that bands change nothing in the result.
 */

import { UsageError } from "../errors.ts";
import { type ResampleKernel, resampleTaps, sourceRange, type Taps } from "../kernels/taps.ts";
import type { RowRange } from "../kernels/back_projection.ts";
import { MOST_GRID_ROWS } from "../kernels/dispatch.ts";
import { wordsPerPixel } from "../pictures/gpu_pixels.ts";
import type { RasterSize } from "../raster/size.ts";

/** Bytes of the parameters of one of the two steps. */
export const PARAMS_BYTES = 32;

/** Bytes of a band's buffers. */
export interface ResampleBytes {
  pixels: number;
  columnTaps: number;
  rowTaps: number;
  between: number;
  /** Also of each of two staging buffers. */
  result: number;
}

/** Taps of both axes, and the bands. */
export interface ResamplePlan {
  columns: Taps;
  rows: Taps;
  /** Output rows of each band, from the top; all but the last one have `bandRows`. */
  bands: RowRange[];
  bandRows: number;
  /** The most source rows that a band reads. */
  sourceRows: number;
  bytes: ResampleBytes;
  gpuBytes: number;
  flop: number;
}

/**
 * Plans the bands.
 *
 * @param memory Bytes of GPU memory.
 * @param maxBinding Bytes of the largest buffer that the device binds.
 * @param from The first row that is wanted, and the plan whose taps are taken.
 * @throws {UsageError} If not even one row fits.
 */
export function planResample(
  source: RasterSize,
  result: RasterSize,
  kernel: ResampleKernel,
  memory: number,
  maxBinding: number,
  from?: { row: number; plan: ResamplePlan },
): ResamplePlan {
  const columns = from?.plan.columns ?? resampleTaps(source.width, result.width, kernel);
  const rows = from?.plan.rows ?? resampleTaps(source.height, result.height, kernel);
  const first = from?.row ?? 0;
  for (let bandRows = result.height - first;; bandRows = Math.ceil(bandRows / 2)) {
    const bands = bandsOf(first, result.height, bandRows);
    const sourceRows = Math.max(...bands.map((band) => {
      const { first, last } = sourceRange(rows, band.first, band.last + 1);
      return last + 1 - first;
    }));
    const bytes = {
      pixels: sourceRows * source.width * wordsPerPixel(source.depth) * 4,
      columnTaps: columns.words.byteLength,
      rowTaps: rows.words.byteLength,
      between: sourceRows * result.width * 16,
      result: bandRows * result.width * wordsPerPixel(result.depth) * 4,
    };
    const sizes = Object.values(bytes);
    const gpuBytes = sizes.reduce((sum, size) => sum + size) + 2 * bytes.result + 2 * PARAMS_BYTES;
    const mostRows = Math.max(bandRows, sourceRows);
    if (
      gpuBytes <= memory && Math.max(...sizes) <= maxBinding && mostRows <= MOST_GRID_ROWS
    ) {
      const flop = 8 * result.width *
        (columns.count * sourceRows * bands.length + rows.count * (result.height - first));
      return { columns, rows, bands, bandRows, sourceRows, bytes, gpuBytes, flop };
    }
    if (bandRows === 1) {
      throw new UsageError(
        `Resampling to ${result.width}x${result.height} needs ${megabytes(gpuBytes)} MB of GPU ` +
          `memory for one row but has ${megabytes(memory)} MB`,
        { remedies: ["more memory"], needed: gpuBytes, available: memory },
      );
    }
  }
}

/** Cuts the rows from `first` on into bands. */
function bandsOf(first: number, height: number, bandRows: number): RowRange[] {
  const bands: RowRange[] = [];
  for (let row = first; row < height; row += bandRows) {
    bands.push({ first: row, last: Math.min(height, row + bandRows) - 1 });
  }
  return bands;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
