/**
 * What follows the sums of a convolution, packed behind its weights: bias and activation.
 */

import type { ConvOperation } from "../networks/network.ts";
import { storedQuads } from "./layout.ts";

/** Indices (in vec4f) of the first bias and slope, behind `perOutQuad` vec4f of weights per quad. */
export function epilogueIndex(
  outChannels: number,
  perOutQuad: number,
): { bias: number; slope: number } {
  const stored = storedQuads(outChannels);
  return { bias: stored * perOutQuad, slope: stored * perOutQuad + stored };
}

/** Writes `[bias, slope][stored out channel]`; a slope of 1 is no activation. */
export function packEpilogue(operation: ConvOperation, to: Float32Array): void {
  const stored = to.length / 2;
  for (let o = 0; o < operation.outChannels; o++) {
    to[o] = operation.gain * operation.bias[o];
    to[stored + o] = slopeOf(operation, o);
  }
}

/** Writes the epilogue of a partial sum, which has neither bias nor activation. */
export function packEmptyEpilogue(to: Float32Array): void {
  to.fill(1, to.length / 2);
}

function slopeOf(operation: ConvOperation, channel: number): number {
  const activation = operation.activation;
  if (activation.kind === "none") return 1;
  return activation.kind === "leaky" ? activation.slope : activation.slopes[channel];
}
