/**
 * The planar float64 tensor that the CPU twins work on.
 *
 * The twins in this folder are oracles for tests, not a fallback: plain loops, small and naive on
 * purpose, so that each can be checked by eye against the definition of its operation.
 */

/** `[channels][height][width]`, row-major. */
export interface Tensor {
  channels: number;
  height: number;
  width: number;
  data: Float64Array;
}

/** Allocates a tensor of zeros. */
export function zeros(channels: number, height: number, width: number): Tensor {
  return { channels, height, width, data: new Float64Array(channels * height * width) };
}

/** Makes a tensor from a function of its coordinates. */
export function tensorOf(
  channels: number,
  height: number,
  width: number,
  value: (c: number, y: number, x: number) => number,
): Tensor {
  const tensor = zeros(channels, height, width);
  let i = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) tensor.data[i++] = value(c, y, x);
    }
  }
  return tensor;
}

/** Returns the element at `[c][y][x]`, which must lie inside. */
export function at(tensor: Tensor, c: number, y: number, x: number): number {
  return tensor.data[(c * tensor.height + y) * tensor.width + x];
}
