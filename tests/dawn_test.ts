/**
 * Dawn in the place of Deno's WebGPU: the same bytes. Skipped by name where its package, or an adapter
 * that Dawn accepts, cannot be had.
 */

import assert from "node:assert/strict";
import { loadDawn } from "../src/platform/mod.ts";
import { Upscaler } from "../src/upscaler.ts";
import { gpu } from "./gpu_harness.ts";
import { testPicture } from "./pictures/fixtures.ts";

const dawn = await loadDawn().catch(() => undefined);
const adapter = await dawn?.requestAdapter();

Deno.test({
  name: "Dawn gives the bytes that Deno's own WebGPU gives (needs the npm package webgpu)",
  // Two drivers, or two adapters, may round differently.
  ignore: !adapter || !isSameSoftware(adapter.info.description, gpu.adapter.description),
  fn: async () => {
    const picture = testPicture(24, 17, 3);
    const results = [];
    for (const options of [{ device: gpu }, { gpu: dawn! }]) {
      const upscaler = await Upscaler.create({ ...options, model: "fast-x4" });
      for (const mode of ["network", "faithful"] as const) {
        results.push((await upscaler.upscale(picture, { mode })).data);
      }
      upscaler.destroy();
    }
    const [network, faithful, otherNetwork, otherFaithful] = results;
    assert.deepEqual(otherNetwork, network);
    assert.deepEqual(otherFaithful, faithful);
  },
});

/** Whether both are the lavapipe of one LLVM, which each implementation describes in words of its own. */
function isSameSoftware(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => /llvmpipe.*\(LLVM ([\d.]+)/.exec(text)?.[1]);
  return one !== undefined && one === other;
}
