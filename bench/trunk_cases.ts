/**
 * The kernels that only some networks have, on random data, with plain definitions to check them by.
 */

import { depthwise3x3, packDepthwise3x3 } from "../src/kernels/depthwise3x3.ts";
import type { Dispatch, Storage } from "../src/kernels/dispatch.ts";
import type { Layout } from "../src/kernels/layout.ts";
import { norm, packNorm } from "../src/kernels/norm.ts";
import { packPartialConv, partialConv } from "../src/kernels/partial_conv.ts";
import type { Style } from "../src/kernels/styles.ts";
import type {
  DepthwiseOperation,
  NormOperation,
  PartialConvOperation,
} from "../src/networks/network.ts";
import { randomValues, TOLERANCE, wordsOf } from "./conv_cases.ts";
import { compareSome, type KernelCase } from "./kernel_case.ts";
import { poisonedTensor, randomTensor, readerOf, type Size, valueBytes } from "./test_tensor.ts";

/** Channels of every case: those of PLKSR. */
const CHANNELS = 64;

const CONVOLVED = 16;
const KERNEL = 17;

const NAMES = { name: "bench", input: "input", output: "output", channels: CHANNELS };

/** Makes every case. */
export function trunkCases(size: Size, storage: Storage, style: Style): (() => KernelCase)[] {
  return [partialCase, depthwiseCase, normCase].map((make) => () => make(size, storage, style));
}

function partialCase(size: Size, storage: Storage, style: Style): KernelCase {
  const operation: PartialConvOperation = {
    kind: "partialConv",
    ...NAMES,
    convolved: CONVOLVED,
    kernel: KERNEL,
    weight: randomValues(CONVOLVED ** 2 * KERNEL ** 2, 3 / (KERNEL * Math.sqrt(CONVOLVED))),
    bias: randomValues(CONVOLVED, 1),
  };
  const { weight, bias } = operation;
  return caseOf(`partial_conv ${KERNEL}x${KERNEL} ${CONVOLVED}/${CHANNELS}`, size, storage, style, {
    plan: (input, output) => partialConv({ operation, input, output, style }),
    weights: packPartialConv(operation),
    expected: (read) => (o, y, x) => {
      if (o >= CONVOLVED) return read(o, y, x);
      let sum = bias[o];
      for (let c = 0; c < CONVOLVED; c++) {
        for (let tap = 0; tap < KERNEL ** 2; tap++) {
          const v = y + Math.floor(tap / KERNEL) - (KERNEL >> 1);
          const u = x + tap % KERNEL - (KERNEL >> 1);
          if (v < 0 || u < 0 || v >= size.height || u >= size.width) continue;
          sum += weight[(o * CONVOLVED + c) * KERNEL ** 2 + tap] * read(c, v, u);
        }
      }
      return sum;
    },
  });
}

function depthwiseCase(size: Size, storage: Storage, style: Style): KernelCase {
  const operation: DepthwiseOperation = {
    kind: "depthwise",
    ...NAMES,
    weight: randomValues(9 * CHANNELS, 1),
    bias: randomValues(CHANNELS, 1),
  };
  const { weight, bias } = operation;
  return caseOf(`depthwise3x3 ${CHANNELS}`, size, storage, style, {
    plan: (input, output) => depthwise3x3({ operation, input, output, style }),
    weights: packDepthwise3x3(operation),
    expected: (read) => (o, y, x) => {
      let sum = bias[o];
      for (let tap = 0; tap < 9; tap++) {
        sum += weight[9 * o + tap] * read(o, y + Math.floor(tap / 3) - 1, x + tap % 3 - 1);
      }
      return sum;
    },
  });
}

function normCase(size: Size, storage: Storage, style: Style): KernelCase {
  const operation: NormOperation = {
    kind: "norm",
    ...NAMES,
    over: "pixel",
    groups: 1,
    epsilon: 1e-6,
    weight: randomValues(CHANNELS, 1),
    bias: randomValues(CHANNELS, 1),
  };
  const { weight, bias, epsilon } = operation;
  return caseOf(`norm_pixel ${CHANNELS}`, size, storage, style, {
    plan: (input, output) => {
      const planned = norm({ operation, input, output });
      if (planned.over !== "pixel") throw new RangeError("A layer norm is over pixels");
      return planned.norm;
    },
    weights: packNorm(operation),
    expected: (read) => (o, y, x) => {
      const values = Array.from({ length: CHANNELS }, (_, c) => read(c, y, x));
      const mean = values.reduce((sum, value) => sum + value) / CHANNELS;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / CHANNELS;
      return weight[o] * (values[o] - mean) / Math.sqrt(variance + epsilon) + bias[o];
    },
  });
}

type Read = (c: number, y: number, x: number) => number;

/** What a case is made of. */
interface Parts {
  plan(input: Layout, output: Layout): Dispatch;
  weights: Float32Array;
  expected(read: Read): Read;
}

function caseOf(
  kernel: string,
  size: Size,
  storage: Storage,
  style: Style,
  { plan, weights, expected }: Parts,
): KernelCase {
  const input = randomTensor(CHANNELS, size, storage, style);
  const output = poisonedTensor(CHANNELS, size, storage, style);
  const dispatch = plan(input.layout, output.layout);
  const { layout } = output;
  return {
    label: `${kernel} ${storage}`,
    kernel,
    storage,
    buffers: [input.words, wordsOf(weights), output.words],
    passes: [{ dispatch, buffers: [1, 0, 2] }],
    output: 2,
    flop: dispatch.flop,
    executedFlop: dispatch.flop,
    bytes: valueBytes(input) + valueBytes(output) + weights.byteLength,
    check: (words) =>
      compareSome(
        layout,
        readerOf({ layout, words }),
        expected(readerOf(input)),
        TOLERANCE[storage === "f32" ? "f32" : "f16"],
      ),
  };
}
