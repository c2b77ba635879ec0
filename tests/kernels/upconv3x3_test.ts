/**
 * The enlarging convolution (four phases with summed weights) against the float64 twin, which
 * enlarges first and convolves then.
 */

import assert from "node:assert/strict";
import type { Storage } from "../../src/kernels/dispatch.ts";
import type { Style } from "../../src/kernels/styles.ts";
import { layoutOf } from "../../src/kernels/layout.ts";
import { packUpconv3x3, upconv3x3 } from "../../src/kernels/upconv3x3.ts";
import type { Activation, ConvOperation } from "../../src/networks/network.ts";
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
import { at, tensorOf } from "../reference/tensor.ts";

interface Case {
  /** Size of the input's window; the output is twice as large. */
  width: number;
  height: number;
  channels: number;
  out: number;
  activation: Activation["kind"];
  gain?: number;
  /** The window begins at this pixel of the input. */
  inputAt?: { x: number; y: number };
}

const CASES: Case[] = [
  { width: 1, height: 1, channels: 3, out: 3, activation: "none" },
  { width: 1, height: 7, channels: 5, out: 10, activation: "leaky" },
  { width: 35, height: 9, channels: 10, out: 5, activation: "prelu", gain: 0.2 },
  { width: 33, height: 5, channels: 24, out: 48, activation: "prelu" },
  { width: 17, height: 4, channels: 64, out: 64, activation: "leaky" },
  { width: 16, height: 2, channels: 32, out: 32, activation: "none", gain: -1.5 },
  { width: 9, height: 6, channels: 6, out: 20, activation: "leaky", inputAt: { x: 3, y: 1 } },
  { width: 20, height: 3, channels: 7, out: 8, activation: "none", inputAt: { x: 0, y: 5 } },
  { width: 12, height: 5, channels: 9, out: 28, activation: "silu" },
];

/** Compiling the other styles takes seconds on a software adapter, so that few cases have to do. */
const FEW_CASES = [CASES[2], CASES[6], CASES[8]];

for (const storage of STORAGES) {
  for (const [i, style] of testedStyles(storage).entries()) {
    for (const test of i === 0 ? CASES : FEW_CASES) {
      Deno.test(`upconv3x3() ${style} ${storage}: ${describe(test)}`, () =>
        withRandom((random) => compare(test, storage, style, random)));
    }
  }
}

async function compare(test: Case, storage: Storage, style: Style, random: Random): Promise<void> {
  const { width, height, channels, out, inputAt = { x: 0, y: 0 } } = test;
  const operation = operationOf(test, random);
  // A window of a larger input has real pixels beyond its right and bottom edge, too.
  const beyond = test.inputAt === undefined ? 0 : 5;
  const size = { width: inputAt.x + width + beyond, height: inputAt.y + height + beyond };
  const values = tensorOf(channels, size.height, size.width, () => random.uniform(-1, 1));
  const source = stored(values, storage);
  const input = layoutOf(source, storage, style);
  const output = layoutOf(
    { channels: out, width: 2 * width, height: 2 * height },
    storage,
    style,
  );
  const words = await runKernel([{
    dispatch: upconv3x3({ operation, input, inputAt, output, style }),
    inputs: [new Uint32Array(packUpconv3x3(operation, style).buffer), pack(source, input)],
  }], poison(output));
  const { weight, bias, gain, activation, upsample } = operation;
  const enlarged = twin([source], { weight, bias, gain, activation, upsample });
  const expected = tensorOf(
    out,
    2 * height,
    2 * width,
    (c, y, x) => at(enlarged, c, y + 2 * inputAt.y, x + 2 * inputAt.x),
  );
  // Values are near 1: f32 sums err by some 1e-6, and f16 holds 11 bits.
  const tolerance = { atol: 1e-5, rtol: storage === "f16" ? 2 ** -10 : 1e-6 };
  assertTensor(words, output, expected, { ...tolerance, label: describe(test) });
}

function operationOf(test: Case, random: Random): ConvOperation {
  const { channels, out, gain = 1 } = test;
  const bound = Math.sqrt(3 / (9 * channels));
  const { activation: kind } = test;
  const activation: Activation = kind === "prelu"
    ? { kind, slopes: random.values(out) }
    : kind === "leaky"
    ? { kind, slope: 0.2 }
    : { kind };
  return {
    kind: "conv",
    name: "test",
    inputs: ["input"],
    output: "output",
    inChannels: channels,
    outChannels: out,
    kernel: 3,
    weight: random.values(out * channels * 9, -bound, bound),
    bias: random.values(out),
    gain,
    activation,
    residuals: [],
    upsample: 2,
  };
}

function describe({ width, height, channels, out, activation, gain = 1, inputAt }: Case): string {
  const from = inputAt === undefined ? "" : ` from (${inputAt.x}, ${inputAt.y})`;
  return `${width}x${height}${from}, ${channels} to ${out}, ${activation}, gain ${gain}`;
}

Deno.test("upconv3x3() refuses tensors that do not fit", () =>
  withRandom((random) => {
    const operation = operationOf(CASES[0], random);
    const layout = (channels: number) =>
      layoutOf({ channels, width: 2, height: 2 }, "f32", "uniform");
    const request = { inputAt: { x: 0, y: 0 }, style: "uniform" } as const;
    assert.throws(
      () => upconv3x3({ ...request, operation, input: layout(4), output: layout(3) }),
      /"test" goes from 3 to 3 channels but its tensors have 4 and 3/,
    );
    const residuals = [{ tensor: "r", scale: 1 }];
    const adding = { ...operation, residuals };
    assert.throws(
      () => upconv3x3({ ...request, operation: adding, input: layout(3), output: layout(3) }),
      /"test" enlarges and has a residual or gate/,
    );
  }));
