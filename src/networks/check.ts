/**
 * The rules that a network's operations keep, so that whoever runs them need not look again.
 */

import { ModelError } from "../errors.ts";
import { channelsWritten, tensorLevels } from "./analysis.ts";
import {
  type ConvOperation,
  type DepthwiseOperation,
  type DySampleOperation,
  type InputOperation,
  type Network,
  type NormOperation,
  type Operation,
  type PartialConvOperation,
  readBy,
  tensorsBeside,
} from "./network.ts";

/** Channels of each tensor that was written so far. */
type Channels = Map<string, number>;

/** Operations that are only possible before an enlargement. */
type TrunkOperation = DepthwiseOperation | PartialConvOperation | NormOperation | DySampleOperation;

/** Tensors that the end of one convolution can read: residuals, and what it is gated with. */
const MAX_BESIDE = 2;

/**
 * Checks that a network is well-formed.
 *
 * The input comes first and the output last, each once; every tensor is written once, before it is
 * read; channels, sizes and the lengths of weights agree.
 *
 * @throws {ModelError} naming the operation, the tensor and both numbers
 *
 * @example
 * ```ts
 * checkNetwork({
 *   architecture: "none",
 *   description: "nothing",
 *   tiling: { halo: "exact" },
 *   scale: 1,
 *   features: 3,
 *   depth: 0,
 *   operations: [
 *     { kind: "input", output: "picture", factor: 1 },
 *     { kind: "output", input: "picture", factor: 1, base: false },
 *   ],
 * });
 * ```
 */
export function checkNetwork(network: Network): void {
  const { operations } = network;
  operations.forEach(({ kind }, i) => {
    const place = i === 0 ? "input" : i === operations.length - 1 ? "output" : "in between";
    refuseUnless(
      place === (kind === "input" || kind === "output" ? kind : "in between"),
      `Operation ${i} of ${operations.length} is ${kind}, expected ${place}`,
    );
  });
  refuseUnless(operations.length >= 2, `Network has ${operations.length} operations`);
  const channels: Channels = new Map();
  for (const operation of operations) checkChannels(operation, channels);
  checkLevels(network);
}

function checkChannels(operation: Operation, channels: Channels): void {
  if (operation.kind === "input") {
    write(operation.output, 3 * operation.factor ** 2, channels);
  } else if (operation.kind === "conv") {
    checkFlow(`Convolution "${operation.name}"`, operation.inputs, operation.inChannels, channels);
    checkConvolution(operation, channels);
    write(operation.output, operation.outChannels, channels);
  } else if (operation.kind === "output") {
    checkFlow("Output", [operation.input], 3 * operation.factor ** 2, channels);
  } else checkOther(operation, channels);
}

/** Checks an operation that is only possible before an enlargement. */
function checkOther(operation: TrunkOperation, channels: Channels): void {
  const reader = `Operation "${operation.name}"`;
  const { weight, bias } = operation;
  if (operation.kind === "dysample") {
    const { factor, groups } = operation;
    checkFlow(reader, [operation.input], operation.channels, channels);
    checkFlow(reader, [operation.offsets], 2 * groups * factor ** 2, channels);
  } else {
    for (const tensor of readBy(operation)) {
      checkFlow(reader, [tensor], operation.channels, channels);
    }
  }
  const lengths = lengthsOf(operation);
  checkLength(`${reader} weight`, weight, lengths.weight);
  checkLength(`${reader} bias`, bias, lengths.bias);
  write(operation.output, channelsWritten(operation), channels);
}

function lengthsOf(operation: TrunkOperation): { weight: number; bias: number } {
  const { channels } = operation;
  switch (operation.kind) {
    case "depthwise":
      return { weight: 9 * channels, bias: channels };
    case "partialConv":
      return {
        weight: operation.convolved ** 2 * operation.kernel ** 2,
        bias: operation.convolved,
      };
    case "norm":
      return { weight: channels, bias: channels };
    case "dysample":
      return { weight: 3 * channels, bias: 3 };
  }
}

function write(tensor: string, count: number, channels: Channels): void {
  refuseUnless(!channels.has(tensor), `Tensor "${tensor}" is written twice`);
  channels.set(tensor, count);
}

function checkFlow(reader: string, inputs: string[], expected: number, channels: Channels): void {
  const provided = inputs.reduce((sum, input) => sum + channelsOf(reader, input, channels), 0);
  refuseUnless(
    provided === expected,
    `${reader} expects ${expected} channels, but "${inputs.join('" and "')}" ` +
      `${inputs.length === 1 ? "provides" : "provide"} ${provided}`,
  );
}

function channelsOf(reader: string, tensor: string, channels: Channels): number {
  const count = channels.get(tensor);
  refuseUnless(count !== undefined, `${reader} reads "${tensor}", which is not written before`);
  return count;
}

function checkConvolution(operation: ConvOperation, channels: Channels): void {
  const { name, inChannels, outChannels, kernel, weight, bias, activation, gate, upsample } =
    operation;
  const reader = `Convolution "${name}"`;
  checkLength(`${reader} weight`, weight, outChannels * inChannels * kernel ** 2);
  checkLength(`${reader} bias`, bias, outChannels);
  if (activation.kind === "prelu") checkLength(`${reader} slopes`, activation.slopes, outChannels);
  refuseUnless(
    gate?.kind !== "attention" || activation.kind === "none",
    `${reader} has both attention and the activation ${activation.kind}`,
  );
  refuseUnless(kernel === 3 || upsample === 1, `${reader} enlarges and is 1x1`);
  const beside = tensorsBeside(operation);
  const most = upsample === 1 ? MAX_BESIDE : 0;
  refuseUnless(
    beside.length <= most,
    `${reader} ends with ${beside.length} tensors beside it (residuals and gate), at most ${most} ` +
      "are possible",
  );
  for (const tensor of beside) checkFlow(reader, [tensor], outChannels, channels);
}

function checkLength(what: string, values: Float32Array, expected: number): void {
  refuseUnless(
    values.length === expected,
    `${what} has ${values.length} values, expected ${expected}`,
  );
}

function isTrunkOperation(operation: Operation): operation is TrunkOperation {
  return ["depthwise", "partialConv", "norm", "dysample"].includes(operation.kind);
}

/** Checks that tensors that meet in one operation have the same size, and the scale is as stated. */
function checkLevels(network: Network): void {
  const levels = tensorLevels(network);
  const atStart = levels.get((network.operations[0] as InputOperation).output);
  for (const operation of network.operations) {
    if (isTrunkOperation(operation)) {
      refuseUnless(
        readBy(operation).every((tensor) => levels.get(tensor) === atStart),
        `Operation "${operation.name}" comes after an enlargement, where only convolutions can be`,
      );
    } else if (operation.kind === "conv") {
      const { name, inputs, output, upsample } = operation;
      const sizes = [
        ...inputs.map((tensor) => ({ tensor, level: levels.get(tensor)! * upsample })),
        ...tensorsBeside(operation).map((tensor) => ({ tensor, level: levels.get(tensor)! })),
      ];
      for (const { tensor, level } of sizes) {
        refuseUnless(
          level === levels.get(output),
          `Convolution "${name}" works at ${levels.get(output)} pixels per input pixel, ` +
            `but "${tensor}" is at ${level}`,
        );
      }
    } else if (operation.kind === "output") {
      const scale = levels.get(operation.input)! * operation.factor;
      refuseUnless(
        scale === network.scale,
        `Network states scale ${network.scale}, but its operations scale by ${scale}`,
      );
    }
  }
}

function refuseUnless(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ModelError(message);
}
