/**
 * Depthwise 3x3 convolutions, in which each output channel sees one input channel, as ordinary ones.
 *
 * The networks here have them at their ends only, where few channels make the zeros cheap.
 */

import type { Checkpoint } from "./checkpoint.ts";
import { type Layer, readLayer } from "./convolution.ts";

/**
 * Reads a depthwise layer without bias, with weights `[outChannels][1][3][3]`, as an ordinary one.
 *
 * @param inChannels channels of its input; the outputs of each lie side by side
 */
export function readDepthwise(checkpoint: Checkpoint, layer: string, inChannels: number): Layer {
  const depthwise = readLayer(checkpoint, layer);
  const { outChannels } = depthwise;
  const weight = new Float32Array(outChannels * inChannels * 9);
  for (let o = 0; o < outChannels; o++) {
    const input = Math.floor(o * inChannels / outChannels);
    weight.set(depthwise.weight.subarray(o * 9, o * 9 + 9), (o * inChannels + input) * 9);
  }
  return { ...depthwise, inChannels, weight };
}

/**
 * Reads a depthwise layer and the 1x1 layer after it, both without bias, as the one 3x3 convolution that
 * they are.
 */
export function readSeparable(checkpoint: Checkpoint, depthwise: string, pointwise: string): Layer {
  const taps = readLayer(checkpoint, depthwise).weight;
  const mixing = readLayer(checkpoint, pointwise, 1);
  const weight = new Float32Array(mixing.weight.length * 9);
  mixing.weight.forEach((factor, k) => {
    const input = k % mixing.inChannels;
    for (let tap = 0; tap < 9; tap++) weight[k * 9 + tap] = factor * taps[input * 9 + tap];
  });
  return { ...mixing, kernel: 3, weight };
}
