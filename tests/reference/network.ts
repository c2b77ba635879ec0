/**
 * Runs a whole network with the CPU twins, in float64: for pictures of a few dozen pixels.
 *
 * Small and naive on purpose: it keeps every tensor, and knows nothing of tiles or memory.
 */

import type { ConvOperation, Network, PartialConvOperation } from "../../src/networks/network.ts";
import { concatenate, convolve, convolveDepthwise } from "./conv.ts";
import { dySample } from "./dysample.ts";
import { normalise } from "./norm.ts";
import { pixelShuffle } from "./pixel_shuffle.ts";
import { pixelUnshuffle } from "./pixel_unshuffle.ts";
import { at, type Tensor, tensorOf } from "./tensor.ts";

/** Returns `[3][height * scale][width * scale]` for a picture `[3][height][width]` in 0..1. */
export function runNetwork(network: Network, picture: Tensor): Tensor {
  const tensors = new Map<string, Tensor>();
  for (const operation of network.operations) {
    if (operation.kind === "input") {
      const { factor, mean } = operation;
      tensors.set(operation.output, pixelUnshuffle(without(picture, mean), factor));
    } else if (operation.kind === "conv") {
      tensors.set(operation.output, runConv(operation, tensors));
    } else if (operation.kind === "depthwise") {
      const { input, weight, bias } = operation;
      tensors.set(operation.output, convolveDepthwise(read(tensors, input), weight, bias));
    } else if (operation.kind === "partialConv") {
      tensors.set(operation.output, runPartialConv(operation, read(tensors, operation.input)));
    } else if (operation.kind === "dysample") {
      const [input, offsets] = [operation.input, operation.offsets].map((n) => read(tensors, n));
      tensors.set(operation.output, dySample(operation, input, offsets));
    } else if (operation.kind === "norm") {
      const { residual } = operation;
      const added = residual && { ...residual, tensor: read(tensors, residual.tensor) };
      const input = read(tensors, operation.input);
      tensors.set(operation.output, normalise(input, operation, added));
    } else {
      const input = read(tensors, operation.input);
      const base = operation.base ? picture : undefined;
      const output = pixelShuffle(input, operation.factor, base);
      return crop(output, picture.height * network.scale, picture.width * network.scale);
    }
  }
  throw new Error("the network has no output operation");
}

/** Takes a value from each channel. */
function without(picture: Tensor, mean = [0, 0, 0]): Tensor {
  const { channels, height, width } = picture;
  return tensorOf(channels, height, width, (c, y, x) => at(picture, c, y, x) - mean[c]);
}

/** Runs one convolution on the tensors that it names. */
function runConv(operation: ConvOperation, tensors: Map<string, Tensor>): Tensor {
  const residuals = operation.residuals.map(({ tensor, scale }) => {
    return { tensor: read(tensors, tensor), scale };
  });
  const inputs = operation.inputs.map((name) => read(tensors, name));
  const gate = operation.gate &&
    { ...operation.gate, tensor: read(tensors, operation.gate.tensor) };
  return convolve(inputs, { ...operation, gate, residuals });
}

/** Convolves the first channels and leaves the others. */
export function runPartialConv(operation: PartialConvOperation, input: Tensor): Tensor {
  const { channels, convolved } = operation;
  const { height, width } = input;
  const first = tensorOf(convolved, height, width, (c, y, x) => at(input, c, y, x));
  const others = tensorOf(channels - convolved, height, width, (c, y, x) => {
    return at(input, convolved + c, y, x);
  });
  return concatenate([convolve([first], operation), others]);
}

/** Returns a tensor that an earlier operation has written. */
function read(tensors: Map<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`tensor "${name}" is read before it is written`);
  return tensor;
}

/** Keeps the upper left part: what pixel-unshuffle padded falls away. */
function crop(input: Tensor, height: number, width: number): Tensor {
  return tensorOf(input.channels, height, width, (c, y, x) => at(input, c, y, x));
}
