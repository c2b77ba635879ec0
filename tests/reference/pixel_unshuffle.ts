/**
 * CPU twin of the pixel-unshuffle kernel: plain loops in float64, small and naive on purpose.
 *
 * `output[c * f * f + dy * f + dx][y][x] = input[c][y * f + dy][x * f + dx]`
 */

import { at, type Tensor, tensorOf } from "./tensor.ts";

/** Moves space to channels by `factor`; an input that is no multiple of it is padded first. */
export function pixelUnshuffle(input: Tensor, factor: number): Tensor {
  const padded = padToMultiple(input, factor);
  const channels = padded.channels * factor ** 2;
  return tensorOf(channels, padded.height / factor, padded.width / factor, (c, y, x) => {
    const phase = c % factor ** 2;
    const row = y * factor + Math.floor(phase / factor);
    const column = x * factor + (phase % factor);
    return at(padded, Math.floor(c / factor ** 2), row, column);
  });
}

/** Extends to the right and downwards by reflection about the last pixel. */
export function padToMultiple(input: Tensor, factor: number): Tensor {
  return tensorOf(
    input.channels,
    Math.ceil(input.height / factor) * factor,
    Math.ceil(input.width / factor) * factor,
    (c, y, x) => at(input, c, reflect(y, input.height), reflect(x, input.width)),
  );
}

/** Mirrors an index past the end; where the picture is too small for that, the first pixel repeats. */
function reflect(index: number, length: number): number {
  return index < length ? index : Math.max(0, 2 * (length - 1) - index);
}
