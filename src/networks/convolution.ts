/**
 * A layer of a checkpoint as an operation: what the architectures' readers have in common.
 */

import type { Checkpoint } from "./checkpoint.ts";
import type { ConvOperation } from "./network.ts";

/** What a convolution has beside its weights; by default nothing. */
export type ConvOptions = Partial<
  Pick<ConvOperation, "activation" | "gain" | "gate" | "residuals" | "upsample">
>;

/**
 * Reads a layer's convolution, which writes the tensor of the layer's canonical name.
 *
 * @param layer canonical name, without `.weight`
 * @param inputs tensors whose channels are concatenated
 * @throws {ModelError} if a value is not finite or of another type than floats
 */
export function convolution(
  checkpoint: Checkpoint,
  layer: string,
  inputs: string[],
  options: ConvOptions = {},
): ConvOperation {
  return {
    kind: "conv",
    name: checkpoint.layerName(layer),
    inputs,
    output: layer,
    ...checkpoint.convShape(layer),
    weight: checkpoint.read(`${layer}.weight`),
    bias: checkpoint.read(`${layer}.bias`),
    gain: 1,
    activation: { kind: "none" },
    residuals: [],
    upsample: 1,
    ...options,
  };
}
