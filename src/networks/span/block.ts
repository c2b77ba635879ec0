/**
 * A block of SPAN, and of SPANF: `o1 = conv(x)`, `o2 = conv(silu(o1))`, `o3 = conv(silu(o2))`, and where it
 * is gated `(o3 + x) * (sigmoid(o3) - 1/2)`.
 */

import type { Checkpoint } from "../checkpoint.ts";
import { convolve } from "../convolution.ts";
import type { Activation, ConvOperation } from "../network.ts";
import { readConv3xc } from "./conv3xc.ts";

const SILU: Activation = { kind: "silu" };

/** The three convolutions of a block. */
export function layersOf(block: number): [string, string, string] {
  return [`block_${block}.c1_r`, `block_${block}.c2_r`, `block_${block}.c3_r`];
}

/** The tensor that a block ends with. */
export function endOf(block: number): string {
  return layersOf(block)[2];
}

/** Reads a block behind the tensor `before`. */
export function readBlock(
  checkpoint: Checkpoint,
  block: number,
  before: string,
  gated: boolean,
): ConvOperation[] {
  const [c1, c2, c3] = layersOf(block);
  const read = (layer: string) => readConv3xc(checkpoint, layer);
  return [
    convolve(read(c1), [before], c1, { activation: SILU }),
    convolve(read(c2), [c1], c2, { activation: SILU }),
    convolve(read(c3), [c2], c3, gated ? { gate: { kind: "attention", tensor: before } } : {}),
  ];
}
