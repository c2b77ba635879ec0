/**
 * A depthwise 3x3 convolution with several outputs for each input channel, as an ordinary one: with
 * three channels, the picture's, the zeros cost nothing.
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
