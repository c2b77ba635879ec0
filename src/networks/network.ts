/**
 * A network as data: a list of operations over named tensors, and the weights they use.
 *
 * From this list, and from nothing else, follow the scale, the receptive radius, the FLOP per
 * pixel, the buffers alive at each step and the packed weights. Nothing here sees the GPU.
 */

/** What follows a convolution: nothing, or `x < 0 ? slope * x : x` with a slope per channel. */
export type Activation =
  | { kind: "none" }
  /** One slope for all channels: 0 is ReLU, 0.2 is ESRGAN's LeakyReLU. */
  | { kind: "leaky"; slope: number }
  /** PReLU: a slope per output channel, `slopes[outChannels]`. */
  | { kind: "prelu"; slopes: Float32Array };

/** A residual that is added after the activation: `output += scale * tensor`. */
export interface Residual {
  tensor: string;
  scale: number;
}

/**
 * 3x3 convolution, stride 1, zero padding 1 at the picture's edge:
 * `output = activation(gain * conv(concat(inputs)) + gain * bias) + sum of residuals`.
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
  /** `[outChannels][inChannels][3][3]`, row-major as in the checkpoint. */
  weight: Float32Array;
  /** `[outChannels]`. */
  bias: Float32Array;
  /** Factor on weight and bias (ESRGAN's residual scaling); 1 when there is none. */
  gain: number;
  activation: Activation;
  /** At most two. */
  residuals: Residual[];
  /** 2: the input is enlarged twofold by nearest neighbour before the convolution. */
  upsample: 1 | 2;
}

/** Pixels to tensor: RGB in 0..1, space-to-depth by `factor` (1: none), 3 * factor^2 channels. */
export interface InputOperation {
  kind: "input";
  output: string;
  /** Pixel-unshuffle factor: 1, 2 or 4. The picture is padded by reflection to a multiple of it. */
  factor: 1 | 2 | 4;
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
export type Operation = InputOperation | ConvOperation | OutputOperation;

/** A network, ready to be planned for a device. */
export interface Network {
  architecture: "RRDBNet" | "SRVGGNetCompact";
  /** Output pixels per input pixel, along one side: 1 to 4 (8 for RRDBNet with three upsamplings). */
  scale: number;
  /** Width of the trunk in channels. */
  features: number;
  /** RRDB blocks, or body convolutions of SRVGGNetCompact. */
  depth: number;
  /** First `input`, last `output`; in between each tensor is written before it is read. */
  operations: Operation[];
}
