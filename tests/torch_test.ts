/**
 * Random networks of every architecture and dialect against what PyTorch makes of the same weights. Slow,
 * and in need of Python with PyTorch: `TESSERA_TEST=all`; without PyTorch skipped by name.
 */

import assert from "node:assert/strict";
import type { Picture } from "../src/pictures/picture.ts";
import { Upscaler } from "../src/upscaler.ts";
import { readSafetensors } from "../src/weights/safetensors.ts";
import { gpu } from "./gpu_harness.ts";
import { pictureOfTensor } from "./golden.ts";
import { largestDifference } from "./reference/compare.ts";

const SLOW = Deno.env.get("TESSERA_TEST") === "all";

/** A Python that has PyTorch, if there is one: Debian's, or the one on the path. */
function findPython(): string | undefined {
  return ["/usr/bin/python3", "python3"].find((python) => {
    try {
      const { success } = new Deno.Command(python, { args: ["-c", "import torch"] }).outputSync();
      return success;
    } catch {
      return false;
    }
  });
}

const python = SLOW ? findPython() : undefined;

/** f32 adds up in another order, at the size of the values: 1e-3 is the promise. */
const BOUND = 1e-3;

Deno.test({
  name: "networks of every architecture give what PyTorch gives (TESSERA_TEST=all)",
  ignore: python === undefined,
  fn: async (t) => {
    const folder = await Deno.makeTempDir();
    try {
      const script = new URL("torch/networks.py", import.meta.url).pathname;
      const { success, stderr } = await new Deno.Command(python!, { args: [script, folder] })
        .output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
        .filter((name) => !name.includes(".golden.")).sort();
      assert.equal(names.length, 24);
      for (const name of names) {
        await t.step(name, () => compare(`${folder}/${name}`));
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function compare(path: string): Promise<void> {
  const golden = await Deno.readFile(path.replace(".safetensors", ".golden.safetensors"));
  const { tensors } = readSafetensors(golden);
  const [input, expected]: Picture[] = ["input", "output"].map((name) =>
    pictureOfTensor(tensors.get(name)!)
  );
  const upscaler = await Upscaler.create({ model: path, device: gpu, precision: "f32" });
  try {
    const actual = await upscaler.upscale(input, { mode: "network" });
    const largest = Array.from(expected.data, Math.abs).reduce((a, b) => Math.max(a, b), 1);
    const difference = largestDifference(actual.data, expected.data);
    assert.ok(difference <= BOUND * largest, `differs by ${difference} of ${largest}`);
  } finally {
    upscaler.destroy();
  }
}
