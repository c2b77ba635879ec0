/**
 * Separable resampling to any size: host side of `wgsl/resample_rows.wgsl` and
 * `wgsl/resample_columns.wgsl`.
 *
 * Same taps, weights and edges as MATLAB's `imresize`: the kernel is widened when shrinking
 * (antialiasing), weights are normalised, and the picture is mirrored at its edges. The kernels are
 * Keys' bicubic (IEEE ASSP 29, 1981; a = -0.5) and Lanczos' windowed sinc with three lobes.
 */

import columnsBody from "../wgsl/resample_columns.wgsl" with { type: "text" };
import rowsBody from "../wgsl/resample_rows.wgsl" with { type: "text" };
import readPixel from "../wgsl/shared/read_pixel.wgsl" with { type: "text" };
import writePixel from "../wgsl/shared/write_pixel.wgsl" with { type: "text" };
import { specialise } from "../gpu/specialise.ts";
import type { Depth } from "../pictures/picture.ts";
import { type Dispatch, paramWords, shaderOf } from "./dispatch.ts";

/** The resampling kernels. */
export type ResampleKernel = "bicubic" | "lanczos3";

/** Taps of every output position along one axis. */
export interface Taps {
  /** Taps per output position. */
  count: number;
  /** `[output][tap]` of (source position, weight as f32 bits). */
  words: Uint32Array;
}

const KERNELS: Record<ResampleKernel, { support: number; weight: (x: number) => number }> = {
  bicubic: { support: 2, weight: bicubic },
  lanczos3: { support: 3, weight: lanczos3 },
};

/**
 * Computes the taps along one axis, in float64.
 *
 * @param from Source length, at least 1.
 * @param to Output length, at least 1.
 */
export function resampleTaps(from: number, to: number, kernel: ResampleKernel): Taps {
  const { support, weight } = KERNELS[kernel];
  const scale = to / from;
  const stretch = Math.max(1, 1 / scale);
  const count = Math.floor(2 * support * stretch) + 1;
  const words = new Uint32Array(to * count * 2);
  const floats = new Float32Array(words.buffer);
  for (let o = 0; o < to; o++) {
    const centre = (o + 0.5) / scale - 0.5;
    const first = Math.ceil(centre - support * stretch);
    const weights = Array.from({ length: count }, (_, i) => weight((centre - first - i) / stretch));
    const sum = weights.reduce((a, b) => a + b);
    for (let i = 0; i < count; i++) {
      const at = (o * count + i) * 2;
      words[at] = mirrored(first + i, from);
      floats[at + 1] = weights[i] / sum;
    }
  }
  return { count, words };
}

/** First and last source position that outputs `from` (included) to `to` (excluded) read. */
export function sourceRange(taps: Taps, from: number, to: number): { first: number; last: number } {
  let first = Infinity;
  let last = 0;
  for (let i = from * taps.count; i < to * taps.count; i++) {
    first = Math.min(first, taps.words[i * 2]);
    last = Math.max(last, taps.words[i * 2]);
  }
  return { first, last };
}

/** Plans the pass along rows; bindings: pixels, taps, output. */
export function resampleRows(
  source: { width: number; rows: number; depth: Depth },
  taps: Taps,
  width: number,
): Dispatch {
  return {
    shader: shaderOf(
      `resample_rows ${source.depth}-bit`,
      () => specialise(readPixel + rowsBody, { SOURCE_DEPTH: source.depth }),
    ),
    params: paramWords([source.width, taps.count, width, source.rows]),
    workgroups: [Math.ceil(width / 8), Math.ceil(source.rows / 8), 1],
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
      () => specialise(writePixel + columnsBody, { DEPTH: band.depth }),
    ),
    params: paramWords([taps.count, band.width, band.rows, band.firstRow, band.firstSourceRow]),
    workgroups: [Math.ceil(band.width / 8), Math.ceil(band.rows / 8), 1],
    flop: 8 * taps.count * band.width * band.rows,
  };
}

function bicubic(x: number): number {
  const d = Math.abs(x);
  if (d <= 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
}

function lanczos3(x: number): number {
  if (x === 0) return 1;
  const t = Math.PI * x;
  return Math.abs(x) < 3 ? 3 * Math.sin(t) * Math.sin(t / 3) / (t * t) : 0;
}

/** The picture repeats, mirrored, with its edge pixels doubled. */
function mirrored(at: number, length: number): number {
  const period = 2 * length;
  const within = ((at % period) + period) % period;
  return Math.min(within, period - 1 - within);
}
