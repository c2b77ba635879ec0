/**
 * Published networks against the outputs that another framework computed for them in fp32.
 *
 * The networks are no part of the repository: without `../shared` these tests are skipped by name.
 */

import assert from "node:assert/strict";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import type { Picture } from "../../src/pictures/picture.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { pictureOfTensor } from "./golden.ts";
import { gpu } from "../gpu_harness.ts";
import { largestDifference } from "../reference/compare.ts";
import { hasShared, shared } from "../reference/shared.ts";

const MODELS = [
  "realesr-animevideov3",
  "realesr-general-x4v3",
  "realesr-general-wdn-x4v3",
  "RealESRGAN_x4plus_anime_6B",
  "RealESRGAN_x4plus.f16",
  "RRDB_PSNR_x4.f16",
];

/**
 * Largest difference in units of white. f32 adds up in another order: 1.4e-6 to 4.5e-6 were measured;
 * f16 stores 11 bits: 1.5e-3 to 7.2e-3.
 */
const BOUNDS = { f32: 2e-5, f16: 1e-2 } as const;

/** The same in levels of 8 bits. */
const LEVELS = { f32: 1, f16: 2 } as const;

/** Networks whose f16 storage is checked, too: one of each family. */
const ALSO_F16 = ["realesr-general-x4v3", "RealESRGAN_x4plus_anime_6B"];

for (const model of MODELS) {
  const precisions = ALSO_F16.includes(model) ? ["f32", "f16"] as const : ["f32"] as const;
  for (const precision of precisions) {
    Deno.test({
      name: `${model} gives its golden output in ${precision}`,
      ignore: !hasShared(`golden/${model}.golden.safetensors`),
      fn: () => compare(model, precision),
    });
  }
}

async function compare(model: string, precision: "f32" | "f16"): Promise<void> {
  const file = shared(`golden/${model}.golden.safetensors`);
  const { tensors } = readSafetensors(await Deno.readFile(file));
  const input = pictureOfTensor(tensors.get("input")!);
  const expected = pictureOfTensor(tensors.get("output")!);
  const upscaler = await Upscaler.create({
    model: shared(`models/${model}.safetensors`),
    device: gpu,
    precision,
  });
  try {
    const actual = await upscaler.upscale(input);
    const difference = largestDifference(actual.data, expected.data);
    assert.ok(difference <= BOUNDS[precision], `differs by ${difference}`);
    const levels = largestDifference(toLevels(actual), toLevels(expected));
    assert.ok(levels <= LEVELS[precision], `differs by ${levels} levels in 8 bits`);
  } finally {
    upscaler.destroy();
  }
}

function toLevels(picture: Picture): number[] {
  return Array.from(picture.data, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
}
