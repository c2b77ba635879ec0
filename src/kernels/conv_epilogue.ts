/**
 * What follows the sums of a convolution: bias and slopes, packed behind its weights, and the text of
 * its activation, which is chosen when the shader is made.
 */

import {
  activateGelu as gelu,
  activateMish as mish,
  activateSigmoid as sigmoid,
  activateSilu as silu,
  activateSlope as slope,
} from "../wgsl/sources.ts";
import type { Activation, ConvOperation } from "../networks/network.ts";
import { storedQuads } from "./layout.ts";

/** Ways to activate that are shaders of their own; all that is piecewise linear is `slope`. */
export type Activate = "slope" | "silu" | "sigmoid" | "gelu" | "mish";

const TEXTS: Record<Activate, string> = { slope, silu, sigmoid, gelu, mish };

/** Which way an activation takes. */
export function activateBy({ kind }: Activation): Activate {
  return kind === "none" || kind === "leaky" || kind === "prelu" ? "slope" : kind;
}

/** Returns the text in front of a convolution's shader that says how it activates. */
export function activate(way: Activate): string {
  return TEXTS[way];
}

/** Indices (in vec4f) of the first bias and slope, behind `perOutQuad` vec4f of weights per quad. */
export function epilogueIndex(
  outChannels: number,
  perOutQuad: number,
): { bias: number; slope: number } {
  const stored = storedQuads(outChannels);
  return { bias: stored * perOutQuad, slope: stored * perOutQuad + stored };
}

/** Writes `[bias, slope][stored out channel]`; a slope of 1 is none. */
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
  const { activation } = operation;
  if (activation.kind === "leaky") return activation.slope;
  return activation.kind === "prelu" ? activation.slopes[channel] : 1;
}
