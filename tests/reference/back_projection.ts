/**
 * CPU twin of back-projection, in float64: each round enlarges and adds what the shrunk result lacks,
 * after deducting twice what that will bring too much of.
 */

import { resample } from "./resample.ts";
import { at, type Tensor, tensorOf } from "./tensor.ts";

const ROUNDS = 2;
const DEDUCTIONS = 2;
const LIMITS_REACH = 2;
const LOW_SIGMA = 8;

/** As `Faithfulness` of the engine. */
export interface Faithfulness {
  freedom: number;
  overshoot: number | undefined;
}

/**
 * Returns the faithful result, `[c][height][width]` as `result`, in 0..1, and what it was made
 * faithful to.
 */
export function backProject(
  picture: Tensor,
  result: Tensor,
  { freedom, overshoot }: Faithfulness,
): { result: Tensor; wanted: Tensor } {
  const shrunk = (large: Tensor) => resized(large, picture);
  const enlarged = (small: Tensor) => resized(small, result);
  const missing = minus(picture, shrunk(result));
  const high = minus(missing, low(missing));
  const wanted = combined(picture, high, (value, given) => value - freedom * given);
  for (let round = 0; round < ROUNDS; round++) {
    let residual = minus(wanted, shrunk(result));
    let correction = residual;
    for (let i = 0; i < DEDUCTIONS; i++) {
      residual = minus(residual, shrunk(enlarged(residual)));
      correction = combined(correction, residual, (a, b) => a + b);
    }
    result = combined(result, enlarged(correction), (a, b) => a + b);
    if (overshoot !== undefined) result = limited(result, wanted, overshoot);
    result = combined(result, result, (value) => Math.min(1, Math.max(0, value)));
  }
  return { result, wanted };
}

/** PSNR in dB of tensors of one shape, for a range of 1. */
export function psnrOf(a: Tensor, b: Tensor): number {
  const error = minus(a, b).data;
  return -10 * Math.log10(error.reduce((sum, value) => sum + value * value, 0) / error.length);
}

/** Keeps each value within the widened range of the 5x5 small pixels around the one it lies in. */
function limited(large: Tensor, small: Tensor, overshoot: number): Tensor {
  return tensorOf(large.channels, large.height, large.width, (c, y, x) => {
    const row = Math.floor((y + 0.5) * small.height / large.height);
    const column = Math.floor((x + 0.5) * small.width / large.width);
    let [lowest, highest] = [Infinity, -Infinity];
    for (let dy = -LIMITS_REACH; dy <= LIMITS_REACH; dy++) {
      for (let dx = -LIMITS_REACH; dx <= LIMITS_REACH; dx++) {
        const [v, u] = [row + dy, column + dx];
        if (v < 0 || u < 0 || v >= small.height || u >= small.width) continue;
        lowest = Math.min(lowest, at(small, c, v, u));
        highest = Math.max(highest, at(small, c, v, u));
      }
    }
    const margin = overshoot * (highest - lowest);
    return Math.min(highest + margin, Math.max(lowest - margin, at(large, c, y, x)));
  });
}

/** A Gaussian along both axes, the picture mirrored at its edges. */
function low(tensor: Tensor): Tensor {
  const reach = 3 * LOW_SIGMA;
  const weights = Array.from(
    { length: 2 * reach + 1 },
    (_, i) => Math.exp(-((i - reach) ** 2) / (2 * LOW_SIGMA ** 2)),
  );
  const total = weights.reduce((a, b) => a + b);
  const along = (source: Tensor, dy: number, dx: number) =>
    tensorOf(source.channels, source.height, source.width, (c, y, x) => {
      return weights.reduce((sum, weight, i) => {
        const row = mirrored(y + dy * (i - reach), source.height);
        const column = mirrored(x + dx * (i - reach), source.width);
        return sum + weight / total * at(source, c, row, column);
      }, 0);
    });
  return along(along(tensor, 1, 0), 0, 1);
}

function mirrored(position: number, length: number): number {
  while (position < 0 || position >= length) {
    position = position < 0 ? -1 - position : 2 * length - 1 - position;
  }
  return position;
}

function resized(tensor: Tensor, { height, width }: Tensor): Tensor {
  return resample(tensor, height, width, { kernel: "bicubic" });
}

function minus(a: Tensor, b: Tensor): Tensor {
  return combined(a, b, (x, y) => x - y);
}

function combined(a: Tensor, b: Tensor, of: (a: number, b: number) => number): Tensor {
  return tensorOf(
    a.channels,
    a.height,
    a.width,
    (c, y, x) => of(at(a, c, y, x), at(b, c, y, x)),
  );
}
