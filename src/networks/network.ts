/**
 * A network as data: a list of operations over named tensors, and the weights they use.
 *
 * From this list, and from nothing else, follow the scale, the receptive radius, the FLOP per
 * pixel, the buffers alive at each step and the packed weights. Nothing here sees the GPU.
 */

/** What follows a convolution: nothing, `x < 0 ? slope * x : x` with a slope per channel, or a curve. */
export type Activation =
  | { kind: "none" }
  /** One slope for all channels: 0 is ReLU, 0.2 is ESRGAN's LeakyReLU. */
  | { kind: "leaky"; slope: number }
  /** PReLU: a slope per output channel, `slopes[outChannels]`. */
  | { kind: "prelu"; slopes: Float32Array }
  /** SiLU is `x * sigmoid(x)`; GELU the one with the error function. */
  | { kind: "silu" | "sigmoid" | "gelu" | "mish" };

/**
 * A product with another tensor. With o for the convolution's sum, `product` is
 * `tensor * activation(o)`, and `attention` is SPAN's, without parameters and with no activation:
 * `(o + tensor) * (sigmoid(o) - 1/2)`.
 */
export interface Gate {
  kind: "attention" | "product";
  tensor: string;
}

/** A residual that is added after the activation or gate: `output += scale * tensor`. */
export interface Residual {
  tensor: string;
  scale: number;
}

/**
 * 3x3 or 1x1 convolution, stride 1, zero padding at the picture's edge:
 * `output = gate(activation(gain * conv(concat(inputs)) + gain * bias)) + sum of residuals`.
 */
export interface ConvOperation {
  kind: "conv";
  /** The checkpoint's name for it, without `.weight`: used in labels and errors. */
  name: string;
  /** Tensors whose channels are concatenated, in order. */
  inputs: string[];
  output: string;
  inChannels: number;
  outChannels: number;
  /** Taps along each side. */
  kernel: 1 | 3;
  /** `[outChannels][inChannels][kernel][kernel]`, row-major as in the checkpoint. */
  weight: Float32Array;
  /** `[outChannels]`. */
  bias: Float32Array;
  /** Factor on weight and bias (ESRGAN's residual scaling); 1 when there is none. */
  gain: number;
  activation: Activation;
  gate?: Gate;
  /** At most two, one with a gate. */
  residuals: Residual[];
  /** 2: the input is enlarged twofold by nearest neighbour before the convolution, which is 3x3. */
  upsample: 1 | 2;
}

/**
 * Pixels to tensor: RGB in 0..1, less `mean`, space-to-depth by `factor` (1: none), 3 * factor^2
 * channels.
 */
export interface InputOperation {
  kind: "input";
  output: string;
  /** Taken from red, green and blue; by default nothing. */
  mean?: [number, number, number];
  /** Pixel-unshuffle factor: 1, 2 or 4. The picture is padded by reflection to a multiple of it. */
  factor: 1 | 2 | 4;
}

/**
 * Depthwise 3x3 convolution, each channel with taps of its own, zero padding. Only before any
 * enlargement.
 */
export interface DepthwiseOperation {
  kind: "depthwise";
  /** The checkpoint's name for it. */
  name: string;
  input: string;
  output: string;
  channels: number;
  /** `[channels][3][3]`. */
  weight: Float32Array;
  /** `[channels]`. */
  bias: Float32Array;
}

/**
 * Large-kernel convolution of a tensor's first channels; the others pass as they are (PLKSR). Only
 * before any enlargement.
 */
export interface PartialConvOperation {
  kind: "partialConv";
  /** The checkpoint's name for it. */
  name: string;
  input: string;
  output: string;
  /** Channels of input and output. */
  channels: number;
  /** Channels that are convolved, the first ones. */
  convolved: number;
  /** Taps along each side, an odd number. */
  kernel: number;
  /** `[convolved][convolved][kernel][kernel]`. */
  weight: Float32Array;
  /** `[convolved]`. */
  bias: Float32Array;
}

/**
 * Normalisation: `weight * (input - mean) / sqrt(variance + epsilon) + bias + residual`. Only before any
 * enlargement.
 */
export interface NormOperation {
  kind: "norm";
  /** The checkpoint's name for it. */
  name: string;
  input: string;
  output: string;
  channels: number;
  /**
   * Over what mean and variance are taken: all channels of a pixel (layer norm), or a group of channels
   * of the whole picture (group norm). With the latter every pixel depends on every other.
   */
  over: "pixel" | "picture";
  /** Groups of channels; 1 over a pixel. */
  groups: number;
  epsilon: number;
  /** `[channels]`. */
  weight: Float32Array;
  /** `[channels]`. */
  bias: Float32Array;
  /** Only over the picture. */
  residual?: Residual;
}

/**
 * Enlargement by learned positions (DySample), and a 1x1 convolution to three colours: writes what a
 * pixel shuffle by `factor` turns into the enlarged picture. Only before any other enlargement.
 *
 * How far it looks is learned: any pixel may depend on any other.
 */
export interface DySampleOperation {
  kind: "dysample";
  /** The checkpoint's name for it. */
  name: string;
  input: string;
  /**
   * How far each position moves, in half pixels: `2 * groups * factor^2` channels of axis (x first), group
   * and output pixel of a cell, row by row.
   */
  offsets: string;
  output: string;
  /** Channels of the input, a multiple of `groups`. */
  channels: number;
  /** Groups of channels that are sampled at the same place. */
  groups: number;
  factor: 2 | 3 | 4;
  /** `[3][channels]`. */
  weight: Float32Array;
  /** `[3]`. */
  bias: Float32Array;
}

/** Tensor to picture: pixel shuffle by `factor`, plus the nearest-enlarged input when `base`. */
export interface OutputOperation {
  kind: "output";
  input: string;
  /** Pixel-shuffle factor 1..4; `input` has 3 * factor^2 channels. */
  factor: 1 | 2 | 3 | 4;
  /** Whether the input picture, enlarged by nearest neighbour, is added (SRVGGNetCompact). */
  base: boolean;
}

/** One step of a network. */
export type Operation =
  | InputOperation
  | ConvOperation
  | DepthwiseOperation
  | PartialConvOperation
  | NormOperation
  | DySampleOperation
  | OutputOperation;

/**
 * Pixels around a tile: as many as the network sees (`exact`, the tile's pixels are then those of the
 * whole picture), or fewer, where all of them would cost more than anyone can see.
 */
export interface Tiling {
  halo: "exact" | number;
}

/** A network, ready to be planned for a device. */
export interface Network {
  /** Name of its architecture. */
  architecture: string;
  /** The same with its sizes, for people. */
  description: string;
  /** How it is tiled if nobody asks otherwise. */
  tiling: Tiling;
  /** Output pixels per input pixel, along one side: 1 to 8. */
  scale: number;
  /** Width of the trunk in channels. */
  features: number;
  /** Blocks, or the convolutions of a body without blocks. */
  depth: number;
  /** First `input`, last `output`; in between each tensor is written before it is read. */
  operations: Operation[];
}

/** Tensors that an operation reads. */
export function readBy(operation: Operation): string[] {
  switch (operation.kind) {
    case "input":
      return [];
    case "conv":
      return [...operation.inputs, ...tensorsBeside(operation)];
    case "norm":
      return [operation.input, ...operation.residual ? [operation.residual.tensor] : []];
    case "dysample":
      return [operation.input, operation.offsets];
    default:
      return [operation.input];
  }
}

/** Tensors that the end of a convolution reads at the very pixel that it writes, the gate's first. */
export function tensorsBeside({ gate, residuals }: ConvOperation): string[] {
  return [...gate === undefined ? [] : [gate.tensor], ...residuals.map(({ tensor }) => tensor)];
}
