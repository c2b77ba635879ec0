/** Networks on the test sets in `../shared/images`, enlarged fourfold through the whole path. */

import assert from "node:assert/strict";
import { decodePicture, type Picture } from "../../src/pictures/mod.ts";
import { psnrY } from "../../src/quality/psnr.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { gpu } from "../gpu_harness.ts";
import { hasShared, shared } from "../reference/shared.ts";

/** Keeps the upper left part of a picture. */
function crop(picture: Picture, width: number, height: number): Picture {
  const { channels } = picture;
  const data = picture.data.slice(0, width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = y * picture.width * channels;
    data.set(picture.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { ...picture, width, height, data };
}

/** Returns the PSNR of luma of each picture of a set, in the order of their names. */
export async function measureSet(set: string, model: string | URL | Uint8Array): Promise<number[]> {
  const upscaler = await Upscaler.create({ model, device: gpu });
  const names = [...Deno.readDirSync(shared(`images/${set}`))].map(({ name }) => name)
    .filter((name) => name.endsWith(".png")).sort();
  const result = [];
  for (const name of names) {
    const small = await decodePicture(await Deno.readFile(lowResolution(set, name)));
    const truth = await decodePicture(await Deno.readFile(shared(`images/${set}/${name}`)));
    const large = await upscaler.upscale(small, { scale: 4 });
    result.push(psnrY(large, crop(truth, large.width, large.height), 4));
  }
  upscaler.destroy();
  return result;
}

function lowResolution(set: string, name: string): URL {
  const small = name.replace("_HR", "_LR");
  return shared(`images/${set}_LRx4/${hasShared(`images/${set}_LRx4/${small}`) ? small : name}`);
}

/** Asserts that the mean of some figures is as expected. */
export function assertMean(values: number[], expected: number, tolerance: number): void {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const listed = values.map((value) => value.toFixed(2)).join(" ");
  assert.ok(Math.abs(mean - expected) <= tolerance, `${mean.toFixed(3)} dB: ${listed}`);
}
