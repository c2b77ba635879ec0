/**
 * The 3x3 and 1x1 convolution kernels against its float64 twin: sizes and channel counts that no patch, quad
 * or workgroup divides, and everything that is fused behind the sums.
 */

import assert from "node:assert/strict";
import { conv, packConv } from "../../src/kernels/conv.ts";
import type { Storage } from "../../src/kernels/dispatch.ts";
import { type Style, STYLES } from "../../src/kernels/styles.ts";
import { layoutOf } from "../../src/kernels/layout.ts";
import type { Activation, ConvOperation, Gate } from "../../src/networks/network.ts";
import {
  assertTensor,
  pack,
  poison,
  runKernel,
  STORAGES,
  stored,
  testedStyles,
} from "../gpu_harness.ts";
import { convolve as twin } from "../reference/conv.ts";
import { type Random, withRandom } from "../reference/random.ts";
import { at, type Tensor, tensorOf } from "../reference/tensor.ts";

interface Case {
  width: number;
  height: number;
  /** Channels of each concatenated input. */
  inputs: number[];
  out: number;
  activation?: Activation["kind"];
  gate?: Gate["kind"];
  kernel?: 1 | 3;
  residuals?: number;
  gain?: number;
  /** The output is a window of the convolved input, from this pixel on. */
  inputAt?: { x: number; y: number };
}

const CASES: Case[] = [
  { width: 1, height: 1, inputs: [3], out: 3 },
  { width: 1, height: 7, inputs: [5], out: 5, activation: "leaky" },
  { width: 7, height: 1, inputs: [64], out: 64, activation: "prelu" },
  { width: 33, height: 5, inputs: [3], out: 10, activation: "prelu" },
  { width: 70, height: 9, inputs: [10], out: 24, activation: "leaky", residuals: 1 },
  { width: 32, height: 2, inputs: [24], out: 48, residuals: 2 },
  { width: 31, height: 3, inputs: [48], out: 3, gain: 0.2 },
  { width: 17, height: 6, inputs: [12], out: 8, activation: "leaky", residuals: 2, gain: 0.2 },
  { width: 34, height: 4, inputs: [64, 32], out: 32, activation: "leaky" },
  { width: 19, height: 11, inputs: [5, 3, 10, 2], out: 7, residuals: 2, gain: -0.04 },
  { width: 21, height: 5, inputs: [64, 32, 32, 32, 32], out: 64, residuals: 2, gain: 0.2 },
  { width: 13, height: 5, inputs: [9], out: 24, activation: "silu", residuals: 1 },
  { width: 35, height: 3, inputs: [24], out: 40, activation: "silu" },
  { width: 10, height: 7, inputs: [28], out: 28, gate: "attention" },
  { width: 33, height: 2, inputs: [7, 4], out: 12, gate: "attention", residuals: 1, gain: 3 },
  { width: 34, height: 7, inputs: [28, 28, 28, 28], out: 28, kernel: 1, activation: "silu" },
  { width: 5, height: 9, inputs: [10], out: 24, kernel: 1, residuals: 2, gain: 0.2 },
  { width: 37, height: 3, inputs: [6], out: 8, kernel: 1, inputAt: { x: 2, y: 3 } },
  { width: 12, height: 3, inputs: [8], out: 8, activation: "sigmoid", gate: "product" },
  { width: 11, height: 4, inputs: [12], out: 8, activation: "mish", gain: 8 },
  { width: 11, height: 4, inputs: [12], out: 8, activation: "gelu", gain: 4 },
  { width: 9, height: 5, inputs: [6], out: 20, inputAt: { x: 3, y: 2 }, activation: "prelu" },
  { width: 40, height: 3, inputs: [3, 8], out: 5, inputAt: { x: 0, y: 4 }, residuals: 1 },
];

/** Compiling the other styles takes seconds on a software adapter, so that few cases have to do. */
const FEW_CASES: Record<typeof STORAGES[number], Case[]> = {
  f32: [4, 5, 6, 8, 9, 12, 13, 16, 18, 21].map((i) => CASES[i]),
  f16: [3, 5, 8, 11, 14, 15].map((i) => CASES[i]),
};

for (const storage of STORAGES) {
  for (const [i, style] of testedStyles(storage).entries()) {
    for (const test of i === 0 ? CASES : FEW_CASES[storage]) {
      Deno.test(`conv() ${style} ${storage}: ${describe(test)}`, () =>
        withRandom((random) => compare(test, storage, style, random)));
    }
  }
}

async function compare(test: Case, storage: Storage, style: Style, random: Random): Promise<void> {
  const { width, height, inputAt = { x: 0, y: 0 } } = test;
  const operation = operationOf(test, random);
  const tensor = (channels: number, w: number, h: number) =>
    stored(tensorOf(channels, h, w, () => random.uniform(-1, 1)), storage);
  // A window of a larger input has real pixels beyond its right and bottom edge, too.
  const beyond = test.inputAt === undefined ? 0 : 5;
  const inputs = test.inputs.map((channels) =>
    tensor(channels, inputAt.x + width + beyond, inputAt.y + height + beyond)
  );
  const residuals = operation.residuals.map(({ scale }) => ({
    tensor: tensor(test.out, width, height),
    scale,
  }));
  const gated = test.gate !== undefined ? [tensor(test.out, width, height)] : [];
  const beside = [...gated, ...residuals.map((residual) => residual.tensor)];
  const layout = (t: Tensor) => layoutOf(t, storage, style);
  const output = layoutOf({ channels: test.out, width, height }, storage, style);
  const runs = inputs.map((input, link) => {
    const packed = pack(input, layout(input));
    const [first = packed, second = packed] = beside.map((other) => pack(other, output));
    const weights = packConv(operation, link, test.inputs, style);
    return {
      dispatch: conv({ operation, link, input: layout(input), inputAt, output, style }),
      inputs: [weights, packed, first, second],
    };
  });
  const words = await runKernel(runs, poison(output));
  const { weight, bias, gain, activation, kernel } = operation;
  const gate = test.gate && { kind: test.gate, tensor: gated[0] };
  const convolved = twin(inputs, { weight, bias, gain, activation, kernel, gate });
  const expected = tensorOf(test.out, height, width, (c, y, x) =>
    residuals.reduce(
      (sum, { tensor, scale }) => sum + scale * at(tensor, c, y, x),
      at(convolved, c, y + inputAt.y, x + inputAt.x),
    ));
  assertTensor(words, output, expected, {
    ...toleranceOf(test, storage, style),
    label: describe(test),
  });
}

/**
 * Sums are near 1, so that f32 errs by some 1e-6. f16 has 11 bits, and every link but the last stores
 * a partial sum (at most some 4) in it. Where products are f16 as well, weights are rounded to it, and 36
 * of them are added with 11 bits.
 */
function toleranceOf(test: Case, storage: Storage, style: Style): { atol: number; rtol: number } {
  if (storage === "f32") return { atol: 1e-5, rtol: 1e-6 };
  if (STYLES[style].way === "half" && test.kernel !== 1) return { atol: 4e-3, rtol: 2 ** -9 };
  return { atol: 1e-5 + 2 ** -9 * (test.inputs.length - 1), rtol: 2 ** -10 };
}

function operationOf(test: Case, random: Random): ConvOperation {
  const inChannels = test.inputs.reduce((sum, channels) => sum + channels);
  const { kernel = 3 } = test;
  const bound = Math.sqrt(3 / (kernel ** 2 * inChannels));
  return {
    kind: "conv",
    name: "test",
    inputs: test.inputs.map((_, i) => `input ${i}`),
    output: "output",
    inChannels,
    outChannels: test.out,
    kernel,
    weight: random.values(test.out * inChannels * kernel ** 2, -bound, bound),
    bias: random.values(test.out),
    gain: test.gain ?? 1,
    activation: activationOf(test, random),
    ...test.gate === undefined ? {} : { gate: { kind: test.gate, tensor: "gate" } },
    residuals: Array.from(
      { length: test.residuals ?? 0 },
      (_, i) => ({ tensor: `residual ${i}`, scale: i === 0 ? 0.2 : 1 }),
    ),
    upsample: 1,
  };
}

function activationOf(test: Case, random: Random): Activation {
  const { activation: kind = "none" } = test;
  if (kind === "prelu") return { kind, slopes: random.values(test.out) };
  return kind === "leaky" ? { kind, slope: 0.2 } : { kind };
}

function describe(test: Case): string {
  const { width, height, inputs, out, activation = "none", residuals = 0, gain = 1 } = test;
  const side = test.kernel ?? 3;
  const end = [activation, ...test.gate === undefined ? [] : [test.gate]].join(" ");
  const from = test.inputAt === undefined ? "" : ` from (${test.inputAt.x}, ${test.inputAt.y})`;
  return `${side}x${side}, ${width}x${height}${from}, ${inputs.join("+")} to ${out}, ${end}, ` +
    `${residuals} residuals, gain ${gain}`;
}

Deno.test("conv() refuses tensors that do not fit", () =>
  withRandom((random) => {
    const operation = operationOf({ width: 4, height: 4, inputs: [3], out: 8 }, random);
    const layout = (channels: number) =>
      layoutOf({ channels, width: 4, height: 4 }, "f32", "uniform");
    const request = { operation, link: 0, inputAt: { x: 0, y: 0 }, style: "uniform" } as const;
    assert.throws(
      () => conv({ ...request, input: layout(3), output: layout(7) }),
      /"test" writes 8 channels but its output has 7/,
    );
    const residuals = Array.from({ length: 3 }, () => ({ tensor: "r", scale: 1 }));
    const greedy = { ...operation, residuals };
    assert.throws(
      () => conv({ ...request, operation: greedy, input: layout(3), output: layout(8) }),
      /"test" reads 3 tensors beside its output; at most 2/,
    );
    assert.throws(
      () => packConv(operation, 0, [4], "uniform"),
      /expects 3 channels in 1 tensors but has 4/,
    );
  }));
