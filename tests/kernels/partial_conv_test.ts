/**
 * The partial large-kernel convolution against its float64 twin: kernels that are wider than the
 * picture, and sizes that no patch divides.
 */

import assert from "node:assert/strict";
import type { Storage } from "../../src/kernels/dispatch.ts";
import { layoutOf } from "../../src/kernels/layout.ts";
import { packPartialConv, partialConv } from "../../src/kernels/partial_conv.ts";
import type { Style } from "../../src/kernels/styles.ts";
import type { PartialConvOperation } from "../../src/networks/network.ts";
import {
  assertTensor,
  pack,
  poison,
  runKernel,
  STORAGES,
  stored,
  testedStyles,
} from "../gpu_harness.ts";
import { runPartialConv } from "../reference/network.ts";
import { type Random, withRandom } from "../reference/random.ts";
import { tensorOf } from "../reference/tensor.ts";

interface Case {
  width: number;
  height: number;
  channels: number;
  convolved: number;
  kernel: number;
}

const CASES: Case[] = [
  { width: 37, height: 11, channels: 64, convolved: 16, kernel: 17 },
  { width: 1, height: 1, channels: 12, convolved: 12, kernel: 5 },
  { width: 5, height: 6, channels: 8, convolved: 4, kernel: 3 },
  { width: 3, height: 20, channels: 26, convolved: 12, kernel: 13 },
  { width: 34, height: 2, channels: 40, convolved: 32, kernel: 7 },
];

/** Compiling the other styles takes seconds on a software adapter, so that few cases have to do. */
for (const storage of STORAGES) {
  for (const [i, style] of testedStyles(storage).entries()) {
    for (const test of i === 0 ? CASES : CASES.slice(-1)) {
      const { width, height, channels, convolved, kernel } = test;
      Deno.test(
        `partialConv() ${style} ${storage}: ${width}x${height}, ${convolved} of ${channels} channels, ` +
          `${kernel}x${kernel}`,
        () => withRandom((random) => compare(test, storage, style, random)),
      );
    }
  }
}

async function compare(test: Case, storage: Storage, style: Style, random: Random): Promise<void> {
  const { width, height, channels } = test;
  const operation = operationOf(test, random);
  const layout = layoutOf({ channels, width, height }, storage, style);
  const input = stored(tensorOf(channels, height, width, () => random.uniform(-1, 1)), storage);
  const words = await runKernel([{
    dispatch: partialConv({ operation, input: layout, output: layout, style }),
    inputs: [new Uint32Array(packPartialConv(operation).buffer), pack(input, layout)],
  }], poison(layout));
  const tolerance = { atol: 1e-5, rtol: storage === "f16" ? 2 ** -10 : 1e-6 };
  const expected = runPartialConv(operation, input);
  assertTensor(words, layout, expected, { ...tolerance, label: JSON.stringify(test) });
}

function operationOf({ channels, convolved, kernel }: Case, random: Random): PartialConvOperation {
  const bound = Math.sqrt(3 / (kernel ** 2 * convolved));
  return {
    kind: "partialConv",
    name: "test",
    input: "input",
    output: "output",
    channels,
    convolved,
    kernel,
    weight: random.values(convolved ** 2 * kernel ** 2, -bound, bound),
    bias: random.values(convolved),
  };
}

Deno.test("partialConv() refuses tensors that do not fit", () =>
  withRandom((random) => {
    const layout = (channels: number) =>
      layoutOf({ channels, width: 4, height: 4 }, "f32", "uniform");
    const request = (channels: number, convolved: number) => ({
      operation: operationOf({ width: 4, height: 4, channels, convolved, kernel: 3 }, random),
      input: layout(16),
      output: layout(channels),
      style: "uniform" as const,
    });
    assert.throws(() => partialConv(request(20, 12)), /"test" has 20 channels but .* are 16 4x4/);
    assert.throws(() => partialConv(request(16, 10)), /"test" convolves 10 channels; the kernel/);
  }));
