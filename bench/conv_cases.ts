/**
 * The convolutions of the networks on random data, with a plain scalar convolution to check them by.
 */

import { conv, packConv } from "../src/kernels/conv.ts";
import type { Dispatch, QuadStorage, Storage } from "../src/kernels/dispatch.ts";
import { matrixConv, packMatrixConv } from "../src/kernels/matrix_conv.ts";
import type { MatrixShape } from "../src/kernels/matrix_shape.ts";
import { type Style, STYLES } from "../src/kernels/styles.ts";
import { packUpconv3x3, upconv3x3 } from "../src/kernels/upconv3x3.ts";
import type { ConvOperation } from "../src/networks/network.ts";
import type { Pass } from "./dispatch_run.ts";
import { compareSome, type KernelCase } from "./kernel_case.ts";
import {
  poisonedTensor,
  randomTensor,
  readerOf,
  type Size,
  type TestTensor,
  valueBytes,
} from "./test_tensor.ts";

/** A convolution that networks use: the channels of each input, and of the output. */
interface Shape {
  inputs: number[];
  outChannels: number;
  /** 3 if not given. */
  kernel?: 1 | 3;
  /** LeakyReLU if not given. */
  activation?: "silu";
}

const SHAPES: Shape[] = [
  { inputs: [64], outChannels: 64 },
  { inputs: [64], outChannels: 32 },
  { inputs: [32], outChannels: 32 },
  { inputs: [32], outChannels: 48 },
  { inputs: [64, 32, 32, 32, 32], outChannels: 64 },
  { inputs: [3], outChannels: 64 },
  { inputs: [64], outChannels: 3 },
  { inputs: [32], outChannels: 32, activation: "silu" },
  { inputs: [40], outChannels: 40, activation: "silu" },
  { inputs: [28], outChannels: 28, activation: "silu" },
  { inputs: [24], outChannels: 24, activation: "silu" },
  { inputs: [28, 28, 28, 28], outChannels: 28, kernel: 1 },
];

/** Slope and residual scale as ESRGAN has them, so that the whole epilogue is checked. */
const SLOPE = 0.2;
const RESIDUAL_SCALE = 0.2;

/** What results may differ from float64 by; each link of a chain rounds once more. */
export const TOLERANCE = {
  f32: { atol: 1e-5, rtol: 1e-5 },
  f16: { atol: 2e-3, rtol: 1e-3 },
  // Weights are rounded, too.
  matrix: { atol: 3e-3, rtol: 1e-3 },
} as const;

/** How convolutions are computed: in a style, or on matrix units. */
export type ConvWay =
  | { storage: QuadStorage; style: Style }
  | { storage: "matrix"; shape: MatrixShape };

/** What products in f16 may differ by: they have 11 bits, and 36 are added in as many. */
const HALF_TOLERANCE = { atol: 2e-2, rtol: 2e-3 } as const;

/** Makes every convolution, with outputs of the given size. */
export function convCases(size: Size, way: ConvWay): (() => KernelCase)[] {
  const plain = SHAPES.map((shape) => () =>
    convCase(randomOperation(shape), shape.inputs, size, way)
  );
  return [...plain, () => upconvCase(64, 64, size, way)];
}

/** A convolution of one tensor, or a chain over several whose first is also added at the end. */
function convCase(
  operation: ConvOperation,
  inputChannels: number[],
  size: Size,
  way: ConvWay,
): KernelCase {
  const [storage, style] = storageOf(way);
  const inputs = inputChannels.map((channels) => randomTensor(channels, size, storage, style));
  const output = poisonedTensor(operation.outChannels, size, storage, style);
  const { kernel, outChannels, activation } = operation;
  const name = `conv${kernel}x${kernel} ${inputChannels.join("+")}->${outChannels}` +
    (activation.kind === "silu" ? " silu" : "");
  // Each link after the first reads the output again.
  const moved = [...inputs, ...Array.from({ length: 2 * inputs.length - 1 }, () => output)];
  const conv3x3 = way.storage === "matrix" || kernel === 1 ? "window" : STYLES[way.style].way;
  const executedShare = conv3x3 === "winograd" ? 1 / 2 : 1;
  const tolerance = conv3x3 === "half" ? HALF_TOLERANCE : TOLERANCE[storage];
  const work = workOf(name, operation, inputs, output, way);
  return finish(operation, inputs, output, { name, work, moved, executedShare, tolerance });
}

/** The enlarging convolution; its phases need 16 of the 36 products of each source pixel. */
function upconvCase(
  inChannels: number,
  outChannels: number,
  size: Size,
  way: ConvWay,
): KernelCase {
  const [storage, style] = storageOf(way);
  const half = { width: Math.ceil(size.width / 2), height: Math.ceil(size.height / 2) };
  const enlarged = { width: half.width * 2, height: half.height * 2 };
  const operation = randomOperation({ inputs: [inChannels], outChannels }, 2);
  const input = randomTensor(inChannels, half, storage, style);
  const output = poisonedTensor(outChannels, enlarged, storage, style);
  const name = `upconv3x3 ${inChannels}->${outChannels}`;
  return finish(operation, [input], output, {
    name,
    work: workOf(name, operation, [input], output, way),
    moved: [input, output],
    executedShare: 16 / 36,
    tolerance: TOLERANCE[storage],
  });
}

/** How tensors are laid out; in chunks no style has a say. */
function storageOf(way: ConvWay): [Storage, Style] {
  return [way.storage, way.storage === "matrix" ? "uniform" : way.style];
}

/** The dispatches of a convolution, one for each input, and their buffers. */
function workOf(
  name: string,
  operation: ConvOperation,
  inputs: TestTensor[],
  output: TestTensor,
  way: ConvWay,
): Pick<KernelCase, "label" | "buffers" | "passes"> {
  const buffers = inputs.map(({ words }) => words);
  const passes: Pass[] = inputs.map((_, link) => {
    const { dispatch, weights } = linkOf(operation, link, inputs, output, way);
    const first = buffers.push(...weights) - weights.length;
    const beside = way.storage !== "matrix" && operation.upsample === 2 ? [] : [0, 0];
    return { dispatch, buffers: [...weights.map((_, i) => first + i), link, ...beside] };
  });
  const last = buffers.push(output.words) - 1;
  for (const pass of passes) pass.buffers.push(last);
  return { label: `${name} ${way.storage}`, buffers, passes };
}

/** One of these dispatches, and what is bound before its input. */
function linkOf(
  operation: ConvOperation,
  link: number,
  inputs: TestTensor[],
  { layout: output }: TestTensor,
  way: ConvWay,
): { dispatch: Dispatch; weights: Uint32Array[] } {
  const channels = inputs.map(({ layout }) => layout.channels);
  const place = { operation, link, input: inputs[link].layout, inputAt: { x: 0, y: 0 }, output };
  if (way.storage === "matrix") {
    const { weights, epilogue } = packMatrixConv(operation, link, channels);
    return { dispatch: matrixConv({ ...place, ...way }), weights: [weights, wordsOf(epilogue)] };
  }
  if (operation.upsample === 2) {
    const weights = [wordsOf(packUpconv3x3(operation, way.style))];
    return { dispatch: upconv3x3({ ...place, ...way }), weights };
  }
  const weights = [packConv(operation, link, channels, way.style)];
  return { dispatch: conv({ ...place, ...way }), weights };
}

interface Parts {
  name: string;
  work: Pick<KernelCase, "label" | "buffers" | "passes">;
  /** Tensors by how often they are read or written. */
  moved: TestTensor[];
  executedShare: number;
  tolerance: { atol: number; rtol: number };
}

function finish(
  operation: ConvOperation,
  inputs: TestTensor[],
  output: TestTensor,
  { name, work, moved, executedShare, tolerance: { atol, rtol } }: Parts,
): KernelCase {
  const flop = work.passes.reduce((sum, { dispatch }) => sum + dispatch.flop, 0);
  const { layout } = output;
  const tolerance = { atol: atol * inputs.length, rtol };
  const expected = reference(operation, inputs);
  return {
    ...work,
    kernel: name,
    storage: layout.storage,
    output: work.buffers.length - 1,
    flop,
    executedFlop: flop * executedShare,
    bytes: moved.reduce((sum, tensor) => sum + valueBytes(tensor), 4 * operation.weight.length),
    check: (words) => compareSome(layout, readerOf({ layout, words }), expected, tolerance),
  };
}

/** Returns the convolution at one position, in float64. */
function reference(
  operation: ConvOperation,
  inputs: TestTensor[],
): (o: number, y: number, x: number) => number {
  const { weight, bias, inChannels, kernel, upsample, residuals, activation } = operation;
  const reach = kernel >> 1;
  const channels = inputs.flatMap((input) => {
    const read = readerOf(input);
    return Array.from({ length: input.layout.channels }, (_, c) => read.bind(null, c));
  });
  return (o, y, x) => {
    let sum = bias[o];
    for (let c = 0; c < inChannels; c++) {
      for (let tap = 0; tap < kernel ** 2; tap++) {
        const row = Math.floor((y + Math.floor(tap / kernel) - reach) / upsample);
        const column = Math.floor((x + tap % kernel - reach) / upsample);
        sum += weight[(o * inChannels + c) * kernel ** 2 + tap] * channels[c](row, column);
      }
    }
    const slope = sum < 0 ? SLOPE : 1;
    const activated = sum * (activation.kind === "silu" ? 1 / (1 + Math.exp(-sum)) : slope);
    return activated + (residuals.length > 0 ? RESIDUAL_SCALE * channels[o](y, x) : 0);
  };
}

/** A convolution whose sums are of the order of 1. */
function randomOperation(
  { inputs, outChannels, kernel = 3, activation }: Shape,
  upsample: 1 | 2 = 1,
): ConvOperation {
  const inChannels = inputs.reduce((sum, channels) => sum + channels, 0);
  const names = inputs.map((_, i) => `input ${i}`);
  const bound = 3 / Math.sqrt(kernel ** 2 * inChannels);
  return {
    kind: "conv",
    name: `${inputs.join("+")}->${outChannels}`,
    inputs: names,
    output: "output",
    inChannels,
    outChannels,
    kernel,
    weight: randomValues(outChannels * inChannels * kernel ** 2, bound),
    bias: randomValues(outChannels, 1),
    gain: 1,
    activation: activation ? { kind: activation } : { kind: "leaky", slope: SLOPE },
    residuals: inputs.length > 1 && inputs[0] === outChannels
      ? [{ tensor: names[0], scale: RESIDUAL_SCALE }]
      : [],
    upsample,
  };
}

/** Random values within a bound. */
export function randomValues(length: number, bound: number): Float32Array {
  return Float32Array.from({ length }, () => bound * (2 * Math.random() - 1));
}

/** The same bytes as words. */
export function wordsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
