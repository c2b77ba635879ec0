/**
 * CPU twin of the enlargement by learned positions: plain loops in float64, small and naive on purpose.
 */

import type { DySampleOperation } from "../../src/networks/network.ts";
import { at, type Tensor, tensorOf } from "./tensor.ts";

/** Returns three colours for each output pixel of a cell, as a pixel shuffle reads them. */
export function dySample(
  { groups, factor, weight, bias }: DySampleOperation,
  input: Tensor,
  offsets: Tensor,
): Tensor {
  const { channels, height, width } = input;
  const phases = factor ** 2;
  const perGroup = channels / groups;
  const clamp = (value: number, length: number) => Math.min(Math.max(value, 0), length - 1);
  return tensorOf(3 * phases, height, width, (out, y, x) => {
    const [colour, phase] = [Math.floor(out / phases), out % phases];
    const own = [phase % factor, Math.floor(phase / factor)].map((k) => {
      return (k - (factor - 1) / 2) / factor;
    });
    let sum = bias[colour];
    for (let c = 0; c < channels; c++) {
      const group = Math.floor(c / perGroup);
      const learned = [0, 1].map((axis) => {
        return 0.5 * at(offsets, (axis * groups + group) * phases + phase, y, x);
      });
      const px = clamp(x + own[0] + learned[0], width);
      const py = clamp(y + own[1] + learned[1], height);
      sum += weight[colour * channels + c] * between(input, c, py, px);
    }
    return sum;
  });
}

/** Bilinear interpolation at a place inside. */
function between(input: Tensor, c: number, y: number, x: number): number {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const bottom = Math.min(top + 1, input.height - 1);
  const right = Math.min(left + 1, input.width - 1);
  const [v, u] = [y - top, x - left];
  const above = (1 - u) * at(input, c, top, left) + u * at(input, c, top, right);
  const below = (1 - u) * at(input, c, bottom, left) + u * at(input, c, bottom, right);
  return (1 - v) * above + v * below;
}
