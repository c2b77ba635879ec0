/**
 * A distance between what a small network sees in two pictures.
 *
 * R. Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", CVPR 2018,
 * without learned weights: at every position the features are scaled to length 1, their squared
 * differences summed, and the sums averaged over the positions; the distances of four depths are added.
 * The network is MobileNetV2 (M. Sandler et al., CVPR 2018) as the npm package nsfwjs carries it: the
 * convolutions are those trained on ImageNet. Its figures are comparable with each other, not with LPIPS.
 *
 * Only this measure loads the package, and by a name that is put together at run time: with a literal
 * one Deno would fetch it, and TensorFlow.js with it, for everybody who only enlarges pictures.
 */

import { InputError, UsageError } from "../src/errors.ts";
import { type Picture, whiteOf } from "../src/pictures/picture.ts";
import { assertSameSize } from "../src/quality/plane.ts";
import type { FloatTensor } from "../src/weights/safetensors.ts";

const PACKAGE = "nsfwjs@4.4.0";

/** SHA-256 of its weights, which deno.lock does not list for the same reason. */
const WEIGHTS = "8e7dddbb16acacc1bf1601b1b8a761e730ff934b7f2d7771312b2f000e5f5f13";

/** The blocks that halve the picture; what their first convolution gives is compared. */
const HALVING = [1, 3, 6, 13];

const EPSILON = 1e-3;

/** Side of the windows that are looked at, and how many along a side of the picture at most. */
const WINDOW = { side: 256, most: 3, least: 32 };

/** Feature maps: `[channel][row][column]`. */
export interface Maps {
  channels: number;
  width: number;
  height: number;
  data: Float32Array;
}

/** A convolution with its batch normalisation folded in; a depthwise one has `inputs` 1. */
interface Convolution {
  outputs: number;
  inputs: number;
  /** Side of the kernel. */
  side: number;
  /** `[output][input][row][column]` */
  weights: Float32Array;
  bias: Float32Array;
}

/** One tensor of the package's list, quantised to 8 bits. */
interface Entry {
  name: string;
  shape: number[];
  quantization: { min: number; scale: number };
}

/** What the package exports. */
interface Bundle {
  MobileNetV2Model: {
    modelJson(): Promise<Defaulted<{ weightsManifest: { weights: Entry[] }[] }>>;
    weightBundles: (() => Promise<Defaulted<string>>)[];
  };
}

/** A CommonJS module by way of an import. */
interface Defaulted<T> {
  default: T;
}

/** The first 13 blocks of MobileNetV2. */
export class FeatureNetwork {
  readonly #convolutions: ReadonlyMap<string, Convolution>;

  private constructor(convolutions: ReadonlyMap<string, Convolution>) {
    this.#convolutions = convolutions;
  }

  /**
   * Loads the weights.
   *
   * @throws {InputError} If the package cannot be had.
   */
  static async load(): Promise<FeatureNetwork> {
    try {
      const bundle: Bundle = await import(`npm:${PACKAGE}/models/mobilenet_v2`);
      const { modelJson, weightBundles } = bundle.MobileNetV2Model;
      const entries = (await modelJson()).default.weightsManifest.flatMap(({ weights }) => weights);
      const bytes = Uint8Array.fromBase64((await weightBundles[0]()).default);
      await checkWeights(bytes);
      return new FeatureNetwork(folded(tensorsOf(entries, bytes)));
    } catch (error) {
      throw new InputError(
        `The package npm:${PACKAGE}, whose network the feature distance needs, could not be ` +
          "loaded. Run this once with a network that reaches the npm registry",
        { cause: error },
      );
    }
  }

  /** The convolutions' weights `[output][input][row][column]` and biases, by name. */
  tensors(): Map<string, FloatTensor> {
    return new Map([...this.#convolutions].flatMap(([name, convolution]) => {
      const { outputs, inputs, side, weights, bias } = convolution;
      return [
        [`${name}.weight`, { dtype: "F32", shape: [outputs, inputs, side, side], data: weights }],
        [`${name}.bias`, { dtype: "F32", shape: [outputs], data: bias }],
      ] as [string, FloatTensor][];
    }));
  }

  /**
   * Returns the distance of two pictures of one size, 0 when equal, over windows of 256x256 pixels
   * spread evenly, at most nine. `border` pixels are left out on each side.
   *
   * @throws {UsageError} If less than 32x32 pixels are left.
   */
  distance(actual: Picture, expected: Picture, border = 0): number {
    assertSameSize(actual, expected);
    const windows = windowsOf(actual, border);
    let sum = 0;
    for (const window of windows) {
      const a = this.maps(planesOf(actual, window));
      const b = this.maps(planesOf(expected, window));
      for (let i = 0; i < a.length; i++) sum += mapDistance(a[i], b[i]);
    }
    return sum / windows.length;
  }

  /**
   * Returns the features of RGB in 0..1 at a half, a quarter, an eighth and a sixteenth of its size:
   * 96, 144, 192 and 576 channels in 0..6.
   */
  maps(picture: Maps): Maps[] {
    const taps: Maps[] = [];
    let x = clamp(this.#full("Conv1", picture, 2));
    x = clamp(this.#depthwise("expanded_conv_depthwise", x, 1));
    x = this.#point("expanded_conv_project", x);
    for (let block = 1;; block++) {
      const halving = HALVING.includes(block);
      let y = clamp(this.#point(`block_${block}_expand`, x));
      if (halving) taps.push(y);
      if (block === HALVING.at(-1)) return taps;
      y = clamp(this.#depthwise(`block_${block}_depthwise`, y, halving ? 2 : 1));
      y = this.#point(`block_${block}_project`, y);
      x = y.channels === x.channels && !halving ? sum(x, y) : y;
    }
  }

  #full(name: string, x: Maps, stride: number): Maps {
    const convolution = this.#convolutions.get(name)!;
    const result = biased(convolution, halved(x.width, stride), halved(x.height, stride));
    for (let output = 0; output < convolution.outputs; output++) {
      for (let input = 0; input < x.channels; input++) {
        addFiltered(x, input, convolution, output, input, stride, result);
      }
    }
    return result;
  }

  #depthwise(name: string, x: Maps, stride: number): Maps {
    const convolution = this.#convolutions.get(name)!;
    const result = biased(convolution, halved(x.width, stride), halved(x.height, stride));
    for (let c = 0; c < x.channels; c++) addFiltered(x, c, convolution, c, 0, stride, result);
    return result;
  }

  #point(name: string, x: Maps): Maps {
    const convolution = this.#convolutions.get(name)!;
    const result = biased(convolution, x.width, x.height);
    const area = x.width * x.height;
    for (let output = 0; output < convolution.outputs; output++) {
      const to = result.data.subarray(output * area, (output + 1) * area);
      for (let input = 0; input < x.channels; input++) {
        const weight = convolution.weights[output * x.channels + input];
        const from = x.data.subarray(input * area, (input + 1) * area);
        for (let i = 0; i < area; i++) to[i] += weight * from[i];
      }
    }
    return result;
  }
}

/** Adds one channel, filtered, to one of the result; Keras pads right and below where it halves. */
function addFiltered(
  x: Maps,
  channel: number,
  { inputs, side, weights }: Convolution,
  output: number,
  input: number,
  stride: number,
  result: Maps,
): void {
  const before = stride === 1 ? 1 : 0;
  const from = channel * x.width * x.height;
  const to = output * result.width * result.height;
  for (let k = 0; k < side * side; k++) {
    const weight = weights[(output * inputs + input) * side * side + k];
    const [down, right] = [Math.floor(k / side) - before, k % side - before];
    for (let row = 0; row < result.height; row++) {
      const y = row * stride + down;
      if (y < 0 || y >= x.height) continue;
      for (let column = 0; column < result.width; column++) {
        const at = column * stride + right;
        if (at < 0 || at >= x.width) continue;
        result.data[to + row * result.width + column] += weight * x.data[from + y * x.width + at];
      }
    }
  }
}

function halved(length: number, stride: number): number {
  return stride === 1 ? length : Math.floor(length / 2);
}

function biased({ outputs, bias }: Convolution, width: number, height: number): Maps {
  const area = width * height;
  const data = new Float32Array(outputs * area);
  for (let c = 0; c < outputs; c++) data.fill(bias[c], c * area, (c + 1) * area);
  return { channels: outputs, width, height, data };
}

/** ReLU6, in place. */
function clamp(maps: Maps): Maps {
  const { data } = maps;
  for (let i = 0; i < data.length; i++) data[i] = Math.min(6, Math.max(0, data[i]));
  return maps;
}

function sum(a: Maps, b: Maps): Maps {
  return { ...a, data: a.data.map((value, i) => value + b.data[i]) };
}

/** Mean over the positions of the squared distance of features of length 1. */
function mapDistance(a: Maps, b: Maps): number {
  const area = a.width * a.height;
  let total = 0;
  for (let i = 0; i < area; i++) {
    let aa = 0, bb = 0, ab = 0;
    for (let at = i; at < a.data.length; at += area) {
      aa += a.data[at] ** 2;
      bb += b.data[at] ** 2;
      ab += a.data[at] * b.data[at];
    }
    const [scaleA, scaleB] = [1 / (aa + 1e-6), 1 / (bb + 1e-6)];
    total += aa * scaleA + bb * scaleB - 2 * ab * Math.sqrt(scaleA * scaleB);
  }
  return total / area;
}

interface Window {
  x: number;
  y: number;
  width: number;
  height: number;
}

function windowsOf(picture: Picture, border: number): Window[] {
  const width = Math.min(WINDOW.side, picture.width - 2 * border);
  const height = Math.min(WINDOW.side, picture.height - 2 * border);
  if (Math.min(width, height) < WINDOW.least) {
    throw new UsageError(
      `The feature distance needs at least ${WINDOW.least}x${WINDOW.least} pixels: ` +
        `${width}x${height} are left of ${picture.width}x${picture.height} after a border of ${border}`,
    );
  }
  return origins(picture.height - 2 * border, height).flatMap((y) => {
    return origins(picture.width - 2 * border, width).map((x) => {
      return { x: x + border, y: y + border, width, height };
    });
  });
}

function origins(length: number, side: number): number[] {
  const count = Math.min(WINDOW.most, Math.floor(length / side));
  if (count === 1) return [Math.floor((length - side) / 2)];
  return Array.from({ length: count }, (_, i) => Math.floor(i * (length - side) / (count - 1)));
}

/** Red, green and blue of a window in 0..1, as the network was trained on them. */
function planesOf(picture: Picture, { x, y, width, height }: Window): Maps {
  const { data, channels } = picture;
  const white = whiteOf(picture.depth);
  const planes = new Float32Array(3 * width * height);
  for (let c = 0, at = 0; c < 3; c++) {
    const channel = channels >= 3 ? c : 0;
    for (let row = 0; row < height; row++) {
      const from = ((y + row) * picture.width + x) * channels + channel;
      for (let column = 0; column < width; column++) {
        planes[at++] = data[from + column * channels] / white;
      }
    }
  }
  return { channels: 3, width, height, data: planes };
}

/** Refuses weights that are not those whose figures can be compared. */
async function checkWeights(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  if (hash !== WEIGHTS) throw new Error(`The weights have the SHA-256 ${hash}, not ${WEIGHTS}`);
}

/** A tensor as Keras lays it out. */
interface Tensor {
  shape: number[];
  data: Float64Array;
}

function tensorsOf(entries: Entry[], bytes: Uint8Array): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  let at = 0;
  for (const { name, shape, quantization: { min, scale } } of entries) {
    const size = shape.reduce((product, length) => product * length, 1);
    const data = Float64Array.from(bytes.subarray(at, at += size), (q) => q * scale + min);
    tensors.set(name, { shape, data });
  }
  if (at !== bytes.length) throw new Error(`Expected ${at} bytes of weights, not ${bytes.length}`);
  return tensors;
}

/** Folds every batch normalisation into the convolution before it. */
function folded(tensors: Map<string, Tensor>): Map<string, Convolution> {
  const convolutions = new Map<string, Convolution>();
  for (const [path, kernel] of tensors) {
    const [, name, kind] = /^(.*)\/(kernel|depthwise_kernel)$/.exec(path) ?? [];
    if (name === undefined) continue;
    const norm = name === "Conv1" ? "bn_Conv1" : `${name}_BN`;
    const of = (part: string) => tensors.get(`${norm}/${part}`)?.data;
    const [gamma, beta] = [of("gamma"), of("beta")];
    const [average, variance] = [of("moving_mean"), of("moving_variance")];
    if (!gamma || !beta || !average || !variance) continue;
    const gains = gamma.map((value, c) => value / Math.sqrt(variance[c] + EPSILON));
    const bias = Float32Array.from(beta, (value, c) => value - average[c] * gains[c]);
    convolutions.set(name, { ...arranged(kernel, kind === "depthwise_kernel", gains), bias });
  }
  return convolutions;
}

/** Brings `[row][column][input][output]` into `[output][input][row][column]`, times the gains. */
function arranged(
  { shape, data }: Tensor,
  depthwise: boolean,
  gains: Float64Array,
): Omit<Convolution, "bias"> {
  const [side, , first, second] = shape;
  const [inputs, outputs] = depthwise ? [1, first] : [first, second];
  const weights = new Float32Array(data.length);
  for (let k = 0; k < side * side; k++) {
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++) {
        const value = data[(k * inputs + input) * outputs + output];
        weights[(output * inputs + input) * side * side + k] = value * gains[output];
      }
    }
  }
  return { outputs, inputs, side, weights };
}
