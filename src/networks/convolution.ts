/**
 * A layer of a checkpoint as an operation: what the architectures' readers have in common.
 */

import type { Checkpoint, Shapes } from "./checkpoint.ts";
import type { ConvOperation } from "./network.ts";

/** The weights of one convolution. */
export interface Layer {
  /** The checkpoint's name for it, for labels. */
  name: string;
  outChannels: number;
  inChannels: number;
  kernel: 1 | 3;
  /** `[outChannels][inChannels][kernel][kernel]`. */
  weight: Float32Array;
  /** `[outChannels]`. */
  bias: Float32Array;
}

/** What a convolution has beside its weights; by default nothing. */
export type ConvOptions = Partial<
  Pick<ConvOperation, "activation" | "gain" | "gate" | "residuals" | "upsample">
>;

/** Adds the shapes of a layer's tensors to those that are expected. */
export function addLayer(
  shapes: Shapes,
  layer: string,
  outChannels: number,
  inChannels: number,
  { kernel = 3, bias = true }: { kernel?: number; bias?: boolean } = {},
): void {
  shapes.set(`${layer}.weight`, [outChannels, inChannels, kernel, kernel]);
  if (bias) shapes.set(`${layer}.bias`, [outChannels]);
}

/**
 * Reads a layer; without a bias tensor the bias is zero.
 *
 * @param layer canonical name, without `.weight`
 * @throws {ModelError} if it is missing or misshapen, or a value is not finite or no float
 */
export function readLayer(checkpoint: Checkpoint, layer: string, kernel: 1 | 3 = 3): Layer {
  const { outChannels, inChannels } = checkpoint.convShape(layer, kernel);
  const hasBias = checkpoint.shape(`${layer}.bias`) !== undefined;
  return {
    name: checkpoint.layerName(layer),
    outChannels,
    inChannels,
    kernel,
    weight: checkpoint.read(`${layer}.weight`),
    bias: hasBias ? checkpoint.read(`${layer}.bias`) : new Float32Array(outChannels),
  };
}

/** Makes a convolution of a layer. */
export function convolve(
  layer: Layer,
  inputs: string[],
  output: string,
  options: ConvOptions = {},
): ConvOperation {
  return {
    kind: "conv",
    ...layer,
    inputs,
    output,
    gain: 1,
    activation: { kind: "none" },
    residuals: [],
    upsample: 1,
    ...options,
  };
}

/** Reads a layer's 3x3 convolution, which writes the tensor of the layer's canonical name. */
export function convolution(
  checkpoint: Checkpoint,
  layer: string,
  inputs: string[],
  options: ConvOptions = {},
): ConvOperation {
  return convolve(readLayer(checkpoint, layer), inputs, layer, options);
}
