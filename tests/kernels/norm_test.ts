/**
 * Layer norm and group norm against their float64 twin: sizes that no workgroup divides, and values far
 * from zero that vary little, whose squares would drown what varies.
 */

import assert from "node:assert/strict";
import type { Dispatch, Storage } from "../../src/kernels/dispatch.ts";
import { layoutOf } from "../../src/kernels/layout.ts";
import { norm, packNorm } from "../../src/kernels/norm.ts";
import type { NormOperation } from "../../src/networks/network.ts";
import { assertTensor, gpu, pack, poison, runKernel, STORAGES, stored } from "../gpu_harness.ts";
import { normalise } from "../reference/norm.ts";
import { type Random, withRandom } from "../reference/random.ts";
import { tensorOf } from "../reference/tensor.ts";

interface Case {
  width: number;
  height: number;
  channels: number;
  over: NormOperation["over"];
  groups?: number;
  residual?: number;
  /** Mean and spread of the values. */
  values?: [mean: number, spread: number];
}

const CASES: Case[] = [
  { width: 1, height: 1, channels: 6, over: "pixel" },
  { width: 13, height: 9, channels: 64, over: "pixel", values: [5, 0.5] },
  { width: 9, height: 3, channels: 10, over: "pixel" },
  { width: 1, height: 1, channels: 8, over: "picture", groups: 2 },
  { width: 130, height: 71, channels: 12, over: "picture", groups: 1, residual: 1 },
  { width: 33, height: 90, channels: 64, over: "picture", groups: 4, residual: -0.5 },
  { width: 50, height: 40, channels: 16, over: "picture", groups: 4, values: [30, 0.5] },
];

for (const storage of STORAGES) {
  for (const test of CASES) {
    const { width, height, channels, over, groups = 1 } = test;
    const [mean, spread] = test.values ?? [0, 1];
    Deno.test(
      `norm() ${storage}: ${width}x${height}, ${channels} channels over the ${over} in ${groups} ` +
        `groups, values ${mean} +- ${spread}`,
      () => withRandom((random) => compare(test, storage, random)),
    );
  }
}

async function compare(test: Case, storage: Storage, random: Random): Promise<void> {
  const { width, height, channels, values: [mean, spread] = [0, 1] } = test;
  const operation = operationOf(test, random);
  const layout = layoutOf({ channels, width, height }, storage, "uniform");
  const tensor = (from: number, to: number) =>
    stored(tensorOf(channels, height, width, () => random.uniform(from, to)), storage);
  const input = tensor(mean - spread, mean + spread);
  const residual = operation.residual && { tensor: tensor(-1, 1), scale: operation.residual.scale };
  const planned = norm({ operation, input: layout, output: layout });
  const layer = new Uint32Array(packNorm(operation).buffer);
  const words = pack(input, layout);
  if (planned.over === "pixel") {
    const run = { dispatch: planned.norm, inputs: [layer, words] };
    check(await runKernel([run], poison(layout)));
    return;
  }
  // The first two leave what they find in the layer's buffer, which the last one reads.
  const sums = await runInLayer(planned.moments, layer, words);
  const found = await runInLayer(planned.scales, sums, words);
  const beside = residual ? pack(residual.tensor, layout) : words;
  const run = { dispatch: planned.apply, inputs: [found, words, beside] };
  check(await runKernel([run], poison(layout)));

  function check(result: Uint32Array): void {
    const expected = normalise(input, operation, residual);
    const tolerance = { atol: 2e-5, rtol: storage === "f16" ? 2 ** -10 : 2e-5 };
    assertTensor(result, layout, expected, { ...tolerance, label: JSON.stringify(test) });
  }
}

function operationOf(test: Case, random: Random): NormOperation {
  const { channels, over, groups = 1, residual } = test;
  return {
    kind: "norm",
    name: "test",
    input: "input",
    output: "output",
    channels,
    over,
    groups,
    epsilon: 1e-5,
    weight: random.values(channels),
    bias: random.values(channels),
    ...residual === undefined ? {} : { residual: { tensor: "skip", scale: residual } },
  };
}

/** Runs a kernel that reads the second binding and writes into the first. */
async function runInLayer(
  { shader, params, workgroups }: Dispatch,
  layer: Uint32Array,
  input: Uint32Array,
): Promise<Uint32Array> {
  const { STORAGE, UNIFORM, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const upload = (words: Uint32Array, usage: number) => {
    const buffer = gpu.createBuffer("test", words.byteLength, usage | COPY_DST);
    gpu.writeBuffer(buffer, words);
    return buffer;
  };
  const buffers = [
    upload(params, UNIFORM),
    upload(layer, STORAGE | COPY_SRC),
    upload(input, STORAGE),
  ];
  const staging = gpu.createBuffer("staging", layer.byteLength, COPY_DST | MAP_READ);
  try {
    const pipeline = await gpu.pipeline(shader.label, shader.code);
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, gpu.bindGroup(pipeline, buffers.map((buffer) => ({ buffer }))));
    pass.dispatchWorkgroups(...workgroups);
    pass.end();
    encoder.copyBufferToBuffer(buffers[1], 0, staging, 0, layer.byteLength);
    gpu.device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const words = new Uint32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    gpu.check();
    return words;
  } finally {
    for (const buffer of [...buffers, staging]) gpu.destroyBuffer(buffer);
  }
}

Deno.test("norm() refuses tensors and groups that do not fit", () =>
  withRandom((random) => {
    const layout = (channels: number) =>
      layoutOf({ channels, width: 4, height: 4 }, "f32", "uniform");
    const test = { width: 4, height: 4, channels: 8, over: "picture" } as const;
    const request = (groups: number, channels: number) => ({
      operation: operationOf({ ...test, channels, groups }, random),
      input: layout(8),
      output: layout(channels),
    });
    assert.throws(() => norm(request(2, 12)), /"test" has 12 channels but its tensors are 8 4x4/);
    assert.throws(() => norm(request(3, 8)), /"test" has 3 groups of 8 channels/);
    const wide = {
      operation: operationOf({ ...test, channels: 72, groups: 1 }, random),
      input: layout(72),
      output: layout(72),
    };
    assert.throws(() => norm(wide), /1 groups of 72 channels; groups of at most 64/);
  }));
