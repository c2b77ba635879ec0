/**
 * Blending of two networks of one shape, weight by weight. Networks that began as the same one can be
 * blended to anything between them (Wang et al., "Deep Network Interpolation", CVPR 2019).
 */

import { ModelError } from "../errors.ts";
import type {
  Activation,
  ConvOperation,
  DepthwiseOperation,
  DySampleOperation,
  Network,
  NormOperation,
  Operation,
  PartialConvOperation,
} from "./network.ts";

/**
 * Returns `(1 - amount) * a + amount * b`, for every weight, bias and slope.
 *
 * @param amount 0 gives `a`, 1 gives `b`
 * @throws {ModelError} If the networks do not have the same operations of the same sizes.
 *
 * @example
 * ```ts
 * import { loadModel } from "../weights/library.ts";
 *
 * const [photo, restore] = await Promise.all([loadModel("photo-x4"), loadModel("restore-x4")]);
 * console.log(interpolateNetworks(photo.network, restore.network, 0.5).features); // 64
 * ```
 */
export function interpolateNetworks(a: Network, b: Network, amount: number): Network {
  if (a.operations.length !== b.operations.length) throw differentAt("the number of operations");
  const operations = a.operations.map((operation, i) =>
    interpolate(operation, b.operations[i], amount)
  );
  return { ...a, operations };
}

function interpolate(a: Operation, b: Operation, amount: number): Operation {
  if (a.kind !== b.kind) throw differentAt(`${a.kind} against ${b.kind}`);
  if (a.kind === "partialConv") return mixWeights(a, b as typeof a, amount);
  if (a.kind === "depthwise") return mixWeights(a, b as typeof a, amount);
  if (a.kind === "norm") return mixWeights(a, b as typeof a, amount);
  if (a.kind === "dysample") return mixWeights(a, b as typeof a, amount);
  if (a.kind !== "conv" || b.kind !== "conv") return a;
  checkSameShape(a, b);
  return {
    ...a,
    weight: mix(a.weight, b.weight, amount),
    bias: mix(a.bias, b.bias, amount),
    activation: mixActivations(a.activation, b.activation, amount),
  };
}

/** Operations that have weight and bias. */
type Learned = DepthwiseOperation | PartialConvOperation | NormOperation | DySampleOperation;

/** Mixes operations that have weight and bias, and nothing else that was learned. */
function mixWeights<T extends Learned>(a: T, b: T, amount: number): T {
  if (a.weight.length !== b.weight.length || a.bias.length !== b.bias.length) {
    throw differentAt(`"${a.name}" has ${a.weight.length} weights, "${b.name}" ${b.weight.length}`);
  }
  return { ...a, weight: mix(a.weight, b.weight, amount), bias: mix(a.bias, b.bias, amount) };
}

function checkSameShape(a: ConvOperation, b: ConvOperation): void {
  const shape = (conv: ConvOperation) =>
    `${conv.inChannels} to ${conv.outChannels} channels, ${
      conv.gate?.kind ?? conv.activation.kind
    }`;
  if (shape(a) !== shape(b)) {
    throw differentAt(`"${a.name}" has ${shape(a)}, "${b.name}" has ${shape(b)}`);
  }
}

function mixActivations(a: Activation, b: Activation, amount: number): Activation {
  if (a.kind !== "prelu" || b.kind !== "prelu") return a;
  return { kind: "prelu", slopes: mix(a.slopes, b.slopes, amount) };
}

function mix(a: Float32Array, b: Float32Array, amount: number): Float32Array {
  return a.map((value, i) => (1 - amount) * value + amount * b[i]);
}

function differentAt(what: string): ModelError {
  return new ModelError(`Cannot blend two networks of different shapes: ${what}`);
}
