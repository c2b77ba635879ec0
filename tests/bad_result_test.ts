/**
 * Results that cannot be right are noticed, computed once more in f32, and otherwise reported: never
 * handed on.
 */

import assert from "node:assert/strict";
import type { ConvOperation, Network } from "../src/networks/network.ts";
import type { Picture } from "../src/pictures/picture.ts";
import { gatherRows } from "../src/pictures/rows.ts";
import { isLostPicture } from "../src/tiles/flatness.ts";
import { Upscaler } from "../src/upscaler.ts";
import { type FloatTensor, writeSafetensors } from "../src/weights/safetensors.ts";
import { gpu } from "./gpu_harness.ts";
import { type Random, withRandom } from "./reference/random.ts";
import { tinyCompact } from "./networks/tiny_networks.ts";

/** A network's weights as a file, after a change to its convolutions. */
function fileOf(network: Network, change: (convolutions: ConvOperation[]) => void): Uint8Array {
  const convolutions = network.operations.filter((operation) => operation.kind === "conv");
  change(convolutions);
  const tensors = new Map<string, FloatTensor>();
  const add = (name: string, shape: number[], data: Float32Array) =>
    tensors.set(name, { dtype: "F32", shape, data });
  convolutions.forEach(({ outChannels, inChannels, weight, bias, activation }, i) => {
    add(`body.${2 * i}.weight`, [outChannels, inChannels, 3, 3], weight);
    add(`body.${2 * i}.bias`, [outChannels], bias);
    if (activation.kind === "prelu") {
      add(`body.${2 * i + 1}.weight`, [outChannels], activation.slopes);
    }
  });
  return writeSafetensors(tensors);
}

function noise(random: Random): Picture {
  const data = Uint8Array.from({ length: 20 * 14 * 3 }, () => random.integer(0, 255));
  return { width: 20, height: 14, channels: 3, depth: 8, data, metadata: {} };
}

async function upscale(
  model: Uint8Array,
  precision: "f32" | "f16",
  picture: Picture,
): Promise<Picture> {
  const upscaler = await Upscaler.create({ model, precision, device: gpu });
  try {
    return await upscaler.upscale(picture);
  } finally {
    upscaler.destroy();
  }
}

function scale(values: Float32Array, factor: number): void {
  values.forEach((value, i) => values[i] = value * factor);
}

Deno.test("upscale() computes once more in f32 what overflows in f16", () =>
  withRandom(async (random) => {
    const model = fileOf(tinyCompact(random), (convolutions) => {
      // Too large for f16 between the first convolution and the second, and back to size after it.
      scale(convolutions[0].weight, 1e6);
      scale(convolutions[0].bias, 1e6);
      scale(convolutions[1].weight, 1e-6);
    });
    const picture = noise(random);
    const expected = await upscale(model, "f32", picture);
    assert.deepEqual((await upscale(model, "f16", picture)).data, expected.data);
    const upscaler = await Upscaler.create({ model, precision: "f16", device: gpu });
    const plan = await upscaler.plan(picture);
    const run = plan.run(picture);
    assert.equal(run.report().passes[0].precision, "f16");
    await gatherRows(run);
    const [{ precision, exact, retries }] = run.report().passes;
    assert.deepEqual([precision, exact, retries.map(({ cause }) => cause)], ["f32", true, [
      "range",
    ]]);
    upscaler.destroy();
  }));

Deno.test("upscale() reports results that are no finite numbers, with the adapter's name", () =>
  withRandom(async (random) => {
    const model = fileOf(tinyCompact(random), (convolutions) => {
      for (const { weight } of convolutions) scale(weight, 1e20);
    });
    const before = gpu.bytes;
    await assert.rejects(upscale(model, "f32", noise(random)), (error: Error) => {
      assert.equal(error.name, "BadResultError");
      assert.match(error.message, /^The GPU ".+" gave \d+ pixels of a tile that are no finite/);
      return true;
    });
    assert.equal(gpu.bytes, before);
  }));

Deno.test("upscale() reports a picture that comes out black", () =>
  withRandom(async (random) => {
    const model = fileOf(tinyCompact(random), (convolutions) => {
      convolutions.at(-1)!.weight.fill(0);
      convolutions.at(-1)!.bias.fill(-9);
    });
    await assert.rejects(upscale(model, "f32", noise(random)), {
      name: "BadResultError",
      message: /gave a tile of one colour for a part of the picture that has many/,
    });
  }));

Deno.test("isLostPicture() accepts one colour without clear contrast, or of a small part", () => {
  const region = { x: 0, y: 0, width: 16, height: 16 };
  const sourceOf = (other: number) => {
    const words = new Uint32Array(256).fill(0xff102030);
    words[100] = other;
    return { words, depth: 8 as const, width: 16 };
  };
  const result = new Uint32Array(4096).fill(0xff102030);
  assert.equal(isLostPicture(result, 8, sourceOf(0xff112031), region), false);
  assert.equal(isLostPicture(result, 8, sourceOf(0xff902030), region), true);
  assert.equal(isLostPicture(result, 8, sourceOf(0xff902030), { ...region, height: 15 }), false);
  result[3] = 0xff102031;
  assert.equal(isLostPicture(result, 8, sourceOf(0xff902030), region), false);
});
