/**
 * The embedded networks against what PyTorch computed for them in fp32: `python3 -m training.golden`
 * writes the file anew when a network changes.
 */

import assert from "node:assert/strict";
import type { Picture } from "../../src/pictures/picture.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { embeddedModels } from "../../src/weights/library.ts";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import { getTensor, toFloat32 } from "../../src/weights/tensor.ts";
import { gpu } from "../gpu_harness.ts";
import { largestDifference } from "../reference/compare.ts";

const FILE = new URL("golden/embedded.safetensors", import.meta.url);

/** In units of white: what was measured for the published networks, and some room. */
const BOUNDS = { f32: 2e-5, f16: 1e-2 } as const;

for (const { name, scale } of embeddedModels()) {
  for (const precision of ["f32", "f16"] as const) {
    Deno.test(`${name} gives PyTorch's output in ${precision}`, async () => {
      const { tensors } = readSafetensors(await Deno.readFile(FILE));
      const upscaler = await Upscaler.create({ model: name, device: gpu, precision });
      try {
        const input = pictureOf(tensors, "picture");
        const actual = await upscaler.upscale(input, { scale, mode: "network" });
        const expected = pictureOf(tensors, name);
        assert.deepEqual([actual.width, actual.height], [expected.width, expected.height]);
        const difference = largestDifference(actual.data, expected.data);
        assert.ok(difference <= BOUNDS[precision], `differs by ${difference}`);
      } finally {
        upscaler.destroy();
      }
    });
  }
}

/** A tensor `[3][height][width]` as a picture of 32 bits. */
function pictureOf(tensors: Parameters<typeof getTensor>[0], name: string): Picture {
  const tensor = getTensor(tensors, name);
  const [, height, width] = tensor.shape;
  const planes = toFloat32(tensor);
  const data = new Float32Array(planes.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = planes[i % 3 * width * height + Math.floor(i / 3)];
  }
  return { width, height, channels: 3, depth: 32, data, metadata: {} };
}
