/**
 * PSNR of luma on Set5 and Set14 through the whole path, against the published figures.
 *
 * The pictures and networks are no part of the repository: without `../shared` these tests are
 * skipped by name. The slow ones run with `TESSERA_TEST=all`.
 */

import assert from "node:assert/strict";
import {
  type FloatTensor,
  readSafetensors,
  writeSafetensors,
} from "../../src/weights/safetensors.ts";
import { toFloat32 } from "../../src/weights/tensor.ts";
import { assertMean, measureSet } from "./psnr_sets.ts";
import { hasShared, shared } from "../reference/shared.ts";

const SLOW = Deno.env.get("TESSERA_TEST") === "all";

for (const [set, expected] of [["Set5", 28.42], ["Set14", 26.09]] as const) {
  Deno.test({
    name: `bicubic reaches the reference's PSNR on ${set}`,
    ignore: !hasShared(`images/${set}`),
    fn: async () => assertMean(await measureSet(set, "bicubic"), expected, 0.02),
  });
}

Deno.test({
  name: "realesr-animevideov3 reaches the reference's PSNR on every picture of Set5",
  ignore: !hasShared("images/Set5"),
  fn: async () => {
    const values = await measureSet("Set5", shared("models/realesr-animevideov3.safetensors"));
    const expected = [30.98, 29.36, 23.15, 31.05, 26.62];
    assert.equal(values.length, expected.length);
    values.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) <= 0.02, `${values}`));
  },
});

/** A network that was trained under other names, as a file with those of SRResNetCompact. */
async function renamedSketch(name: string): Promise<Uint8Array> {
  const file = await Deno.readFile(shared(`tools/train-sketch/${name}.safetensors`));
  const tensors = new Map<string, FloatTensor>();
  for (const [own, view] of readSafetensors(file).tensors) {
    const canonical = own
      .replace("head.", "conv_first.")
      .replace(/^blocks\.(\d+)\.(\d+)\./, (_, b, c) => `body.${b}.conv${Number(c) + 1}.`)
      .replace("join.", "conv_body.")
      .replace("tail.", "conv_last.");
    tensors.set(canonical, { dtype: "F32", shape: view.shape, data: toFloat32(view) });
  }
  return writeSafetensors(tensors);
}

for (const [name, expected] of [["res32", 31.61], ["res24", 31.47]] as const) {
  Deno.test({
    name: `SRResNetCompact with the weights of the sketch ${name} reaches its PSNR on Set5`,
    ignore: !hasShared(`tools/train-sketch/${name}.safetensors`),
    fn: async () => assertMean(await measureSet("Set5", await renamedSketch(name)), expected, 0.01),
  });
}

for (const [set, expected, tolerance] of [["Set5", 32.73, 0.03], ["Set14", 28.99, 0.05]] as const) {
  Deno.test({
    name: `RRDB_PSNR_x4 reaches its published PSNR on ${set} (TESSERA_TEST=all)`,
    ignore: !SLOW || !hasShared(`images/${set}`),
    fn: async () => {
      const values = await measureSet(set, shared("models/RRDB_PSNR_x4.f16.safetensors"));
      assertMean(values, expected, tolerance);
    },
  });
}
