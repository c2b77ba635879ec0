/**
 * CPU twin of the resampling kernel, in float64: computes what MATLAB's `imresize` computes.
 *
 * Small and naive on purpose. Weights and indices (`contributions`) are separate from their use,
 * so that both halves of a faster implementation can be compared with it.
 */

import { at, type Tensor, tensorOf } from "./tensor.ts";

/** The interpolation kernels: Keys' cubic with a = -0.5, Lanczos with three lobes, linear. */
export type Kernel = "bicubic" | "lanczos3" | "triangle";

/**
 * What lies past the edge: the pixels in mirror order (1 0 | 0 1 2 | 2 1), or the last one repeated.
 *
 * MATLAB mirrors today; older releases, which made the `LRx4` pictures of Set5 and Set14, repeat.
 */
export type Edge = "mirror" | "repeat";

/** Which input pixels make an output pixel along one axis, and with what weights. */
export interface Contributions {
  /** Input pixels per output pixel. */
  taps: number;
  /** `[outLength][taps]`, each in 0..inLength-1 */
  indices: Int32Array;
  /** `[outLength][taps]`; those of one output pixel sum to 1 */
  weights: Float64Array;
}

/** The kernels' functions, zero outside of their width. */
const KERNELS: Record<Kernel, { width: number; value: (x: number) => number }> = {
  bicubic: { width: 4, value: cubic },
  lanczos3: { width: 6, value: lanczos3 },
  triangle: { width: 2, value: (x) => Math.max(0, 1 - Math.abs(x)) },
};

/**
 * Returns the contributions along one axis.
 *
 * `scale` is output over input length as asked for; when `antialias` and less than 1, the kernel is
 * stretched by 1 / scale.
 */
export function contributions(
  inLength: number,
  outLength: number,
  scale: number,
  kernel: Kernel,
  antialias = true,
  edge: Edge = "mirror",
): Contributions {
  const stretch = antialias && scale < 1 ? 1 / scale : 1;
  const width = KERNELS[kernel].width * stretch;
  const taps = Math.ceil(width) + 2;
  const inside = edge === "mirror" ? mirror : repeat;
  const indices = new Int32Array(outLength * taps);
  const weights = new Float64Array(outLength * taps);
  for (let i = 0; i < outLength; i++) {
    const center = (i + 0.5) / scale - 0.5;
    const first = Math.floor(center - width / 2);
    let sum = 0;
    for (let t = 0; t < taps; t++) {
      const weight = KERNELS[kernel].value((center - (first + t)) / stretch);
      indices[i * taps + t] = inside(first + t, inLength);
      weights[i * taps + t] = weight;
      sum += weight;
    }
    for (let t = 0; t < taps; t++) weights[i * taps + t] /= sum;
  }
  return { taps, indices, weights };
}

/** What `resample` may be told; the defaults are those of `imresize`. */
export interface ResampleOptions {
  kernel?: Kernel;
  /** Widens the kernel when shrinking. */
  antialias?: boolean;
  /** The factor along both axes, where the output length was rounded from it. */
  scale?: number;
  edge?: Edge;
  /** Rounds and clamps to 0..255 after each pass, as `imresize` does with 8-bit pictures. */
  bytes?: boolean;
}

/** Resamples to an exact size: first down the columns, then along the rows. */
export function resample(
  input: Tensor,
  outHeight: number,
  outWidth: number,
  options: ResampleOptions = {},
): Tensor {
  const { kernel = "bicubic", antialias = true, scale, edge, bytes = false } = options;
  const { channels, height, width } = input;
  const store = bytes ? toByte : (value: number) => value;
  const axis = (inLength: number, outLength: number) =>
    contributions(inLength, outLength, scale ?? outLength / inLength, kernel, antialias, edge);
  const rows = axis(height, outHeight);
  const columns = axis(width, outWidth);
  const tall = tensorOf(channels, outHeight, width, (c, y, x) => {
    return store(gather(rows, y, (row) => at(input, c, row, x)));
  });
  return tensorOf(channels, outHeight, outWidth, (c, y, x) => {
    return store(gather(columns, x, (column) => at(tall, c, y, column)));
  });
}

/** Rounds to the nearest 8-bit level. */
function toByte(value: number): number {
  return Math.min(255, Math.max(0, Math.round(value)));
}

/** Returns the weighted sum of the input pixels of output pixel `i`. */
function gather(axis: Contributions, i: number, pixel: (index: number) => number): number {
  let sum = 0;
  for (let t = i * axis.taps; t < (i + 1) * axis.taps; t++) {
    sum += axis.weights[t] * pixel(axis.indices[t]);
  }
  return sum;
}

/** Keys, "Cubic convolution interpolation for digital image processing" (1981), a = -0.5. */
function cubic(x: number): number {
  const d = Math.abs(x);
  if (d <= 1) return (1.5 * d - 2.5) * d * d + 1;
  return d <= 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
}

/** `sinc(x) * sinc(x / 3)` for |x| < 3. */
function lanczos3(x: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= 3) return 0;
  const angle = Math.PI * x;
  return 3 * Math.sin(angle) * Math.sin(angle / 3) / (angle * angle);
}

/** Maps an index past either end into the input, which is repeated in mirror order for ever. */
function mirror(index: number, length: number): number {
  const period = 2 * length;
  const inPeriod = ((index % period) + period) % period;
  return inPeriod < length ? inPeriod : period - 1 - inPeriod;
}

/** Maps an index past either end to the pixel there. */
function repeat(index: number, length: number): number {
  return Math.min(length - 1, Math.max(0, index));
}
