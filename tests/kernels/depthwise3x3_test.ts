/**
 * The depthwise convolution against its float64 twin.
 */

import assert from "node:assert/strict";
import type { Storage } from "../../src/kernels/dispatch.ts";
import { depthwise3x3, packDepthwise3x3 } from "../../src/kernels/depthwise3x3.ts";
import { layoutOf } from "../../src/kernels/layout.ts";
import type { Style } from "../../src/kernels/styles.ts";
import type { DepthwiseOperation } from "../../src/networks/network.ts";
import {
  assertTensor,
  pack,
  poison,
  runKernel,
  STORAGES,
  stored,
  testedStyles,
} from "../gpu_harness.ts";
import { convolveDepthwise } from "../reference/conv.ts";
import { type Random, withRandom } from "../reference/random.ts";
import { tensorOf } from "../reference/tensor.ts";

const CASES: [width: number, height: number, channels: number][] = [
  [1, 1, 3],
  [37, 5, 10],
  [32, 3, 48],
  [9, 12, 80],
];

for (const storage of STORAGES) {
  for (const [i, style] of testedStyles(storage).entries()) {
    for (const [width, height, channels] of i === 0 ? CASES : CASES.slice(1, 2)) {
      Deno.test(`depthwise3x3() ${style} ${storage}: ${width}x${height}, ${channels} channels`, () =>
        withRandom((random) => compare(random, storage, style, width, height, channels)));
    }
  }
}

async function compare(
  random: Random,
  storage: Storage,
  style: Style,
  width: number,
  height: number,
  channels: number,
): Promise<void> {
  const operation = operationOf(random, channels);
  const layout = layoutOf({ channels, width, height }, storage, style);
  const input = stored(tensorOf(channels, height, width, () => random.uniform(-1, 1)), storage);
  const words = await runKernel([{
    dispatch: depthwise3x3({ operation, input: layout, output: layout, style }),
    inputs: [new Uint32Array(packDepthwise3x3(operation).buffer), pack(input, layout)],
  }], poison(layout));
  const tolerance = { atol: 1e-6, rtol: storage === "f16" ? 2 ** -10 : 1e-6 };
  const expected = convolveDepthwise(input, operation.weight, operation.bias);
  assertTensor(words, layout, expected, { ...tolerance, label: `${width}x${height}` });
}

function operationOf(random: Random, channels: number): DepthwiseOperation {
  return {
    kind: "depthwise",
    name: "test",
    input: "input",
    output: "output",
    channels,
    weight: random.values(channels * 9, -0.5, 0.5),
    bias: random.values(channels),
  };
}

Deno.test("depthwise3x3() refuses tensors that do not fit", () =>
  withRandom((random) => {
    const layout = (channels: number) =>
      layoutOf({ channels, width: 4, height: 4 }, "f32", "uniform");
    const operation = operationOf(random, 8);
    const request = { operation, input: layout(8), output: layout(12), style: "uniform" } as const;
    assert.throws(() => depthwise3x3(request), /"test" has 8 channels .* are 8 4x4 and 12 4x4/);
  }));
