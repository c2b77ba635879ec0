/**
 * CPU twin of the 3x3 convolution kernels: plain loops in float64, small and naive on purpose.
 *
 * `output = activation(gain * conv(enlarge(concat(inputs))) + gain * bias) + sum of residuals`, where
 * a gate takes the place of the activation.
 */

import type { Activation, Gate } from "../../src/networks/network.ts";
import { at, type Tensor, tensorOf, zeros } from "./tensor.ts";

/** What a 3x3 convolution needs beside its inputs; the defaults are a bare convolution. */
export interface Conv3x3 {
  /** `[outChannels][inChannels][3][3]` */
  weight: ArrayLike<number>;
  /** `[outChannels]` */
  bias: ArrayLike<number>;
  gain?: number;
  activation?: Activation;
  gate?: { kind: Gate["kind"]; tensor: Tensor } | undefined;
  residuals?: { tensor: Tensor; scale: number }[];
  /** 2: the input is first enlarged twofold by nearest neighbour. */
  upsample?: 1 | 2;
}

/** Convolves the concatenated inputs, with zeros around the picture's edge. */
export function conv3x3(inputs: Tensor[], options: Conv3x3): Tensor {
  const { weight, bias, gain = 1, activation = { kind: "none" }, gate, residuals = [] } = options;
  const input = enlarge(concatenate(inputs), options.upsample ?? 1);
  const padded = padWithZeros(input);
  return tensorOf(bias.length, input.height, input.width, (o, y, x) => {
    const sum = gain * (correlate(padded, weight, o, y, x) + bias[o]);
    return residuals.reduce(
      (total, { tensor, scale }) => total + scale * at(tensor, o, y, x),
      gate ? attend(sum, at(gate.tensor, o, y, x)) : activate(activation, o, sum),
    );
  });
}

/** Joins tensors of one size along their channels. */
export function concatenate(inputs: Tensor[]): Tensor {
  const [{ height, width }] = inputs;
  const channels = inputs.reduce((sum, input) => sum + input.channels, 0);
  const data = new Float64Array(channels * height * width);
  let offset = 0;
  for (const input of inputs) {
    data.set(input.data, offset);
    offset += input.data.length;
  }
  return { channels, height, width, data };
}

/** Enlarges by a whole factor, repeating each pixel. */
export function enlarge(input: Tensor, factor: number): Tensor {
  return tensorOf(
    input.channels,
    input.height * factor,
    input.width * factor,
    (c, y, x) => at(input, c, Math.floor(y / factor), Math.floor(x / factor)),
  );
}

/** Surrounds each channel with one pixel of zeros. */
function padWithZeros({ channels, height, width, data }: Tensor): Tensor {
  const padded = zeros(channels, height + 2, width + 2);
  for (let row = 0; row < channels * height; row++) {
    const y = 1 + (row % height);
    const channel = Math.floor(row / height);
    const offset = (channel * padded.height + y) * padded.width + 1;
    padded.data.set(data.subarray(row * width, (row + 1) * width), offset);
  }
  return padded;
}

/** Returns the sum of the 3x3 window around (y, x), over all input channels, for output `o`. */
function correlate(padded: Tensor, weight: ArrayLike<number>, o: number, y: number, x: number) {
  const { channels, height, width, data } = padded;
  let sum = 0;
  let w = o * channels * 9;
  for (let c = 0; c < channels; c++) {
    for (let ky = 0; ky < 3; ky++) {
      const i = (c * height + y + ky) * width + x;
      for (let kx = 0; kx < 3; kx++) sum += weight[w++] * data[i + kx];
    }
  }
  return sum;
}

/** Applies the activation of output channel `o`. */
function activate(activation: Activation, o: number, value: number): number {
  if (activation.kind === "silu") return value * sigmoid(value);
  if (activation.kind === "none" || value >= 0) return value;
  return value * (activation.kind === "leaky" ? activation.slope : activation.slopes[o]);
}

/** Applies the gate: parameter-free attention, as SPAN defines it. */
function attend(value: number, other: number): number {
  return (value + other) * (sigmoid(value) - 0.5);
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
