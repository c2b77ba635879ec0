/**
 * CPU twin of the convolution kernels: plain loops in float64, small and naive on purpose.
 *
 * `output = gate(activation(gain * conv(enlarge(concat(inputs))) + gain * bias)) + sum of residuals`
 */

import type { Activation, Gate } from "../../src/networks/network.ts";
import { at, type Tensor, tensorOf, zeros } from "./tensor.ts";

/** What a convolution needs beside its inputs; the defaults are a bare 3x3 convolution. */
export interface Convolution {
  /** Taps along each side, an odd number. */
  kernel?: number;
  /** `[outChannels][inChannels][kernel][kernel]` */
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
export function convolve(inputs: Tensor[], options: Convolution): Tensor {
  const { weight, bias, gain = 1, activation = { kind: "none" }, gate, residuals = [] } = options;
  const input = enlarge(concatenate(inputs), options.upsample ?? 1);
  const kernel = options.kernel ?? 3;
  const padded = padWithZeros(input, kernel >> 1);
  return tensorOf(bias.length, input.height, input.width, (o, y, x) => {
    const sum = gain * (correlate(padded, weight, kernel, o, y, x) + bias[o]);
    return residuals.reduce(
      (total, { tensor, scale }) => total + scale * at(tensor, o, y, x),
      applyGate(gate?.kind, sum, activate(activation, o, sum), gate ? at(gate.tensor, o, y, x) : 0),
    );
  });
}

/** Convolves each channel with 3x3 taps of its own, with zeros around the picture's edge. */
export function convolveDepthwise(
  input: Tensor,
  weight: Float32Array,
  bias: ArrayLike<number>,
): Tensor {
  const { channels, height, width } = input;
  const parts = Array.from({ length: channels }, (_, c) => {
    const channel = tensorOf(1, height, width, (_, y, x) => at(input, c, y, x));
    return convolve([channel], { weight: weight.subarray(9 * c, 9 * c + 9), bias: [bias[c]] });
  });
  return concatenate(parts);
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

/** Surrounds each channel with so many pixels of zeros. */
function padWithZeros({ channels, height, width, data }: Tensor, by: number): Tensor {
  const padded = zeros(channels, height + 2 * by, width + 2 * by);
  for (let row = 0; row < channels * height; row++) {
    const y = by + (row % height);
    const channel = Math.floor(row / height);
    const offset = (channel * padded.height + y) * padded.width + by;
    padded.data.set(data.subarray(row * width, (row + 1) * width), offset);
  }
  return padded;
}

/** Returns the sum of the window around (y, x), over all input channels, for output `o`. */
function correlate(
  padded: Tensor,
  weight: ArrayLike<number>,
  kernel: number,
  o: number,
  y: number,
  x: number,
) {
  const { channels, height, width, data } = padded;
  let sum = 0;
  let w = o * channels * kernel * kernel;
  for (let c = 0; c < channels; c++) {
    for (let ky = 0; ky < kernel; ky++) {
      const i = (c * height + y + ky) * width + x;
      for (let kx = 0; kx < kernel; kx++) sum += weight[w++] * data[i + kx];
    }
  }
  return sum;
}

/** Applies the activation of output channel `o`. */
function activate(activation: Activation, o: number, value: number): number {
  switch (activation.kind) {
    case "none":
      return value;
    case "leaky":
      return value < 0 ? activation.slope * value : value;
    case "prelu":
      return value < 0 ? activation.slopes[o] * value : value;
    case "sigmoid":
      return sigmoid(value);
    case "silu":
      return value * sigmoid(value);
    case "gelu":
      return value * (1 + erf(value / Math.SQRT2)) / 2;
    case "mish":
      return value * Math.tanh(Math.log1p(Math.exp(value)));
  }
}

/** Joins a sum and its activation with the other tensor's value, as the gate says. */
function applyGate(kind: Gate["kind"] | undefined, sum: number, activated: number, other: number) {
  if (kind === "attention") return (sum + other) * (sigmoid(sum) - 0.5);
  return kind === "product" ? activated * other : activated;
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** The error function by its series of terms of one sign, in which nothing cancels. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}
