/**
 * Random networks of every architecture and dialect against what PyTorch makes of the same weights, and
 * winners of the efficiency challenges against their golden outputs. Slow: `TESSERA_TEST=all`; the former
 * need Python with PyTorch, and are skipped by name without.
 */

import assert from "node:assert/strict";
import { fileURLToPath as fromFileUrl } from "node:url";
import type { Picture } from "../../src/pictures/picture.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import { gpu } from "../gpu_harness.ts";
import { pictureOfTensor } from "./golden.ts";
import { assertMean, measureSet } from "./psnr_sets.ts";
import { largestDifference } from "../reference/compare.ts";
import { hasShared, shared } from "../reference/shared.ts";

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

/** Runs a script of `tests/torch` that fills a folder, and hands the folder on. */
async function withFolder(script: string, body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = fromFileUrl(new URL(`torch/${script}`, import.meta.url));
    // -B: no compiled Python beside the scripts.
    const command = new Deno.Command(python!, { args: ["-B", path, folder] });
    const { success, stderr } = await command.output();
    assert.ok(success, new TextDecoder().decode(stderr));
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "networks of every architecture give what PyTorch gives (TESSERA_TEST=all)",
  ignore: python === undefined,
  fn: (t) =>
    withFolder("networks.py", async (folder) => {
      const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
        .filter((name) => !name.includes(".golden.")).sort();
      assert.equal(names.length, 24);
      for (const name of names) {
        await t.step(name, async () => {
          const golden = name.replace(".safetensors", ".golden.safetensors");
          await compare(`${folder}/${name}`, `${folder}/${golden}`);
        });
      }
    }),
});

/** Published networks, and their PSNR-Y on Set5 and Set14 as it was measured elsewhere. */
const WINNERS: [file: string, set5: number, set14: number][] = [
  ["team00_SPAN", 31.75, 28.41],
  ["team18_DISP", 31.94, 28.47],
  ["team20_ERRN2", 31.89, 28.58],
  ["team22_spanv2_c2", 31.77, 28.39],
  ["team24_spanf", 31.77, 28.37],
];

Deno.test({
  name: "winners of the efficiency challenges give their golden outputs (TESSERA_TEST=all)",
  ignore: !SLOW || !hasShared("models/esr"),
  fn: async (t) => {
    for (const [file, set5, set14] of WINNERS) {
      const model = shared(`models/esr/${file}.pth`);
      await t.step(file, async () => {
        await compare(fromFileUrl(model), shared(`golden/${file}.golden.safetensors`));
        assertMean(await measureSet("Set5", model), set5, 0.01);
        assertMean(await measureSet("Set14", model), set14, 0.01);
      });
    }
  },
});

async function compare(path: string, golden: string | URL): Promise<void> {
  const { tensors } = readSafetensors(await Deno.readFile(golden));
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
