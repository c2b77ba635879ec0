/**
 * What follows from a network's list of operations alone: sizes, reach and cost.
 */

import {
  type InputOperation,
  type Network,
  type Operation,
  type OutputOperation,
  readBy,
  tensorsBeside,
} from "./network.ts";

/** Positions along one axis, both ends included; negative ones lie before the picture's edge. */
export interface Range {
  first: number;
  last: number;
}

/** Which part of the picture and of each tensor some output pixels depend on. */
export interface RequiredRanges {
  /** Input pixels. */
  picture: Range;
  /** Positions of each tensor, at its own size. */
  tensors: Map<string, Range>;
}

/**
 * Returns the size of each tensor, in its pixels per input pixel along one side.
 *
 * @returns 1 for the size of the picture, 2 after one upsampling, 0.5 after pixel-unshuffle by 2
 *
 * @example
 * ```ts
 * import { loadModel } from "../weights/library.ts";
 *
 * const { network } = await loadModel("fast-x4");
 * console.log(tensorLevels(network).get("body.0")); // 1
 * ```
 */
export function tensorLevels(network: Network): Map<string, number> {
  const levels = new Map<string, number>();
  for (const operation of network.operations) {
    if (operation.kind === "input") levels.set(operation.output, 1 / operation.factor);
    else if (operation.kind === "conv") {
      levels.set(operation.output, levels.get(operation.inputs[0])! * operation.upsample);
    } else if (operation.kind !== "output") {
      levels.set(operation.output, levels.get(operation.input)!);
    }
  }
  return levels;
}

/**
 * Returns how many channels each tensor has.
 *
 * @example
 * ```ts
 * import { loadModel } from "../weights/library.ts";
 *
 * const { network } = await loadModel("fast-x4");
 * console.log(tensorChannels(network).get("picture")); // 3
 * ```
 */
export function tensorChannels(network: Network): Map<string, number> {
  const channels = new Map<string, number>();
  for (const operation of network.operations) {
    if (operation.kind !== "output") channels.set(operation.output, channelsWritten(operation));
  }
  return channels;
}

/** Returns how many channels an operation writes. */
export function channelsWritten(operation: Exclude<Operation, OutputOperation>): number {
  switch (operation.kind) {
    case "input":
    case "dysample":
      return 3 * operation.factor ** 2;
    case "conv":
      return operation.outChannels;
    default:
      return operation.channels;
  }
}

/**
 * Returns what output pixels `first` to `last` of one axis depend on, as if there were no edges.
 *
 * Exact, not an estimate: which pixels an enlargement reads depends on where the output pixel
 * lies in its cell, and that is followed through every operation.
 *
 * @param output positions in the network's output
 *
 * @example
 * ```ts
 * import { loadModel } from "../weights/library.ts";
 *
 * const { network } = await loadModel("fast-x4");
 * console.log(requiredRanges(network, { first: 0, last: 3 }).picture); // { first: -10, last: 10 }
 * ```
 */
export function requiredRanges(network: Network, output: Range): RequiredRanges {
  const tensors = new Map<string, Range>();
  const require = (tensor: string, range: Range) => {
    tensors.set(tensor, union(tensors.get(tensor), range));
  };
  let picture: Range | undefined;
  for (const operation of network.operations.toReversed()) {
    if (operation.kind === "output") {
      require(operation.input, shrink(output, operation.factor));
      if (operation.base) picture = shrink(output, operation.factor);
    } else if (operation.kind !== "input") {
      const written = tensors.get(operation.output);
      if (written === undefined) continue;
      const { inputs, beside } = splitReads(operation);
      for (const input of inputs) require(input, seenBy(operation, written));
      for (const tensor of beside) require(tensor, written);
    } else {
      const { first, last } = tensors.get(operation.output)!;
      const { factor } = operation;
      picture = union(picture, { first: first * factor, last: last * factor + factor - 1 });
    }
  }
  return { picture: picture!, tensors };
}

/** What an operation sees that looks as far as it has learned to, or at all of the picture. */
const EVERYWHERE: Range = { first: -Infinity, last: Infinity };

/** An operation between input and output. */
type Inner = Exclude<Operation, InputOperation | OutputOperation>;

/** Tensors that an operation reads around a position, and those that it reads only there. */
function splitReads(
  operation: Inner,
): { inputs: string[]; beside: string[] } {
  if (operation.kind === "conv") {
    return { inputs: operation.inputs, beside: tensorsBeside(operation) };
  }
  const [input, ...beside] = readBy(operation);
  return { inputs: [input], beside };
}

/** Positions of an operation's input on which some of its output depend. */
function seenBy(
  operation: Inner,
  { first, last }: Range,
): Range {
  if (operation.kind === "norm") {
    return operation.over === "pixel" ? { first, last } : EVERYWHERE;
  }
  if (operation.kind === "dysample") return EVERYWHERE;
  const reach = operation.kind === "depthwise" ? 1 : operation.kernel >> 1;
  const upsample = operation.kind === "conv" ? operation.upsample : 1;
  return shrink({ first: first - reach, last: last + reach }, upsample);
}

/**
 * Returns how far an output pixel sees, in input pixels to each side of the one it lies in.
 *
 * A tile whose margin is at least this wide gives the very pixels that the whole picture gives. Where a
 * norm is taken over the picture or positions are learned, that is Infinity.
 *
 * @example
 * ```ts
 * import { loadModel } from "../weights/library.ts";
 *
 * const { network } = await loadModel("fast-x4");
 * console.log(receptiveRadius(network)); // 10
 * ```
 */
export function receptiveRadius(network: Network): number {
  const [input] = network.operations;
  const period = network.scale * (input.kind === "input" ? input.factor : 1);
  let radius = 0;
  for (let pixel = 0; pixel < period; pixel++) {
    const { picture } = requiredRanges(network, { first: pixel, last: pixel });
    const home = Math.floor(pixel / network.scale);
    radius = Math.max(radius, home - picture.first, picture.last - home);
  }
  return radius;
}

/**
 * Returns the floating-point operations per input pixel: two for each multiply-add of the
 * convolutions as they are defined, one after an upsampling counted at the enlarged size.
 *
 * Bias, activations, gates and residuals are left out; a kernel that needs fewer operations for the same
 * result is not credited.
 *
 * @example
 * ```ts
 * import { loadModel } from "../weights/library.ts";
 *
 * const { network } = await loadModel("fast-x4");
 * console.log(flopPerPixel(network) / 1e6, "MFLOP per input pixel");
 * ```
 */
export function flopPerPixel(network: Network): number {
  const levels = tensorLevels(network);
  let flop = 0;
  for (const operation of network.operations) {
    if (operation.kind === "output") continue;
    flop += flopPerPosition(operation) * levels.get(operation.output)! ** 2;
  }
  return flop;
}

/** Returns the same for one position of an operation's output. */
export function flopPerPosition(operation: Operation): number {
  return 2 * productsOf(operation);
}

function productsOf(operation: Operation): number {
  switch (operation.kind) {
    case "conv":
      return operation.kernel ** 2 * operation.inChannels * operation.outChannels;
    case "depthwise":
      return 9 * operation.channels;
    case "partialConv":
      return operation.kernel ** 2 * operation.convolved ** 2;
    case "dysample":
      return 3 * operation.channels * operation.factor ** 2;
    default:
      return 0;
  }
}

/**
 * Returns how many numbers the network has learned: weights, biases and PReLU slopes (per channel,
 * even where one was trained for all).
 *
 * @example
 * ```ts
 * import { loadModel } from "../weights/library.ts";
 *
 * const { network } = await loadModel("fast-x4");
 * console.log(parameterCount(network)); // 89040
 * ```
 */
export function parameterCount(network: Network): number {
  let count = 0;
  for (const operation of network.operations) {
    if (operation.kind === "input" || operation.kind === "output") continue;
    count += operation.weight.length + operation.bias.length;
    if (operation.kind === "conv" && operation.activation.kind === "prelu") {
      count += operation.activation.slopes.length;
    }
  }
  return count;
}

/** Positions before an enlargement of those after it. */
function shrink({ first, last }: Range, factor: number): Range {
  return { first: Math.floor(first / factor), last: Math.floor(last / factor) };
}

function union(a: Range | undefined, b: Range): Range {
  if (a === undefined) return b;
  return { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}
