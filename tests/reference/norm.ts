/**
 * CPU twin of the normalisations: plain loops in float64, small and naive on purpose.
 *
 * `output = weight * (input - mean) / sqrt(variance + epsilon) + bias (+ residual)`
 */

import type { NormOperation } from "../../src/networks/network.ts";
import { at, type Tensor, tensorOf } from "./tensor.ts";

/** Normalises each pixel over its channels, or each group of channels over the picture. */
export function normalise(
  input: Tensor,
  { over, groups, epsilon, weight, bias }: Omit<NormOperation, "residual">,
  residual?: { tensor: Tensor; scale: number },
): Tensor {
  const { channels, height, width } = input;
  const perGroup = channels / groups;
  const whole = Array.from({ length: groups }, (_, g) =>
    momentsOf(function* () {
      for (let c = g * perGroup; c < (g + 1) * perGroup; c++) {
        for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) yield at(input, c, y, x);
      }
    }));
  const pixel = tensorOf(2, height, width, (which, y, x) =>
    momentsOf(function* () {
      for (let c = 0; c < channels; c++) yield at(input, c, y, x);
    })[which]);
  return tensorOf(channels, height, width, (c, y, x) => {
    const [mean, variance] = over === "picture"
      ? whole[Math.floor(c / perGroup)]
      : [at(pixel, 0, y, x), at(pixel, 1, y, x)];
    const value = weight[c] * (at(input, c, y, x) - mean) / Math.sqrt(variance + epsilon) + bias[c];
    return residual === undefined ? value : value + residual.scale * at(residual.tensor, c, y, x);
  });
}

/** Mean and variance, in two passes. */
function momentsOf(values: () => Iterable<number>): [mean: number, variance: number] {
  let sum = 0;
  let count = 0;
  for (const value of values()) {
    sum += value;
    count++;
  }
  const mean = sum / count;
  let squares = 0;
  for (const value of values()) squares += (value - mean) ** 2;
  return [mean, squares / count];
}
