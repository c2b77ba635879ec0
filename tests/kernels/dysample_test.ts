/**
 * The enlargement by learned positions against its float64 twin: positions far outside, groups that no
 * quad divides.
 */

import assert from "node:assert/strict";
import type { Storage } from "../../src/kernels/dispatch.ts";
import { dySample, packDySample } from "../../src/kernels/dysample.ts";
import { layoutOf } from "../../src/kernels/layout.ts";
import type { DySampleOperation } from "../../src/networks/network.ts";
import { assertTensor, pack, poison, runKernel, STORAGES, stored } from "../gpu_harness.ts";
import { dySample as twin } from "../reference/dysample.ts";
import { type Random, withRandom } from "../reference/random.ts";
import { tensorOf } from "../reference/tensor.ts";

/** By how many pixels positions are moved at most. */
const CASES: [width: number, height: number, factor: number, groups: number, far: number][] = [
  [1, 1, 2, 4, 3],
  [13, 9, 2, 4, 0.5],
  [7, 10, 3, 3, 2],
  [17, 5, 4, 4, 20],
];

for (const storage of STORAGES) {
  for (const [width, height, factor, groups, far] of CASES) {
    Deno.test(
      `dySample() ${storage}: ${width}x${height} by ${factor}, ${groups} groups, ${far} pixels far`,
      () => withRandom((random) => compare(random, storage, width, height, factor, groups, far)),
    );
  }
}

async function compare(
  random: Random,
  storage: Storage,
  width: number,
  height: number,
  factor: number,
  groups: number,
  far: number,
): Promise<void> {
  const operation = operationOf(random, factor, groups);
  const tensor = (channels: number, bound: number) =>
    stored(tensorOf(channels, height, width, () => random.uniform(-bound, bound)), storage);
  const input = tensor(operation.channels, 1);
  const offsets = tensor(2 * groups * factor ** 2, 2 * far);
  const layout = (channels: number) => layoutOf({ channels, width, height }, storage, "uniform");
  const [from, moved] = [layout(input.channels), layout(offsets.channels)];
  const output = layout(3 * factor ** 2);
  const words = await runKernel([{
    dispatch: dySample({ operation, input: from, offsets: moved, output }),
    inputs: [
      new Uint32Array(packDySample(operation).buffer),
      pack(input, from),
      pack(offsets, moved),
    ],
  }], poison(output));
  // Positions are computed in f32: an error of some 1e-6 pixels, times the steepness of noise.
  const tolerance = { atol: 1e-4, rtol: storage === "f16" ? 2 ** -10 : 1e-5 };
  const label = `${width}x${height} by ${factor}`;
  assertTensor(words, output, twin(operation, input, offsets), { ...tolerance, label });
}

function operationOf(random: Random, factor: number, groups: number): DySampleOperation {
  const channels = 3 * factor ** 2;
  return {
    kind: "dysample",
    name: "test",
    input: "input",
    offsets: "offsets",
    output: "output",
    channels,
    groups,
    factor: factor as 2 | 3 | 4,
    weight: random.values(3 * channels, -0.3, 0.3),
    bias: random.values(3),
  };
}

Deno.test("dySample() refuses tensors that do not fit", () =>
  withRandom((random) => {
    const operation = operationOf(random, 2, 4);
    const layout = (channels: number) =>
      layoutOf({ channels, width: 4, height: 4 }, "f32", "uniform");
    assert.throws(
      () => dySample({ operation, input: layout(12), offsets: layout(30), output: layout(12) }),
      /"test" expects .* of 12, 32, 12 channels and one size, but they have 12, 30, 12/,
    );
  }));
