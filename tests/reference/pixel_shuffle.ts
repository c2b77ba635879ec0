/**
 * CPU twin of the pixel-shuffle kernel: plain loops in float64, small and naive on purpose.
 *
 * `output[c][y * f + dy][x * f + dx] = input[c * f * f + dy * f + dx][y][x] (+ base[c][y][x])`
 */

import { at, type Tensor, tensorOf } from "./tensor.ts";

/** Moves channels to space by `factor`, and adds the nearest-enlarged `base` if there is one. */
export function pixelShuffle(input: Tensor, factor: number, base?: Tensor): Tensor {
  const channels = input.channels / factor ** 2;
  return tensorOf(channels, input.height * factor, input.width * factor, (c, y, x) => {
    const phase = (y % factor) * factor + (x % factor);
    const row = Math.floor(y / factor);
    const column = Math.floor(x / factor);
    const value = at(input, c * factor ** 2 + phase, row, column);
    return base === undefined ? value : value + at(base, c, row, column);
  });
}
