/** Two networks as one: against the float64 twin of one after the other. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { chainNetworks } from "../../src/networks/chain.ts";
import { receptiveRadius } from "../../src/networks/analysis.ts";
import type { Network } from "../../src/networks/network.ts";
import type { CompactSizes } from "../../src/networks/srvgg_net_compact/srvgg_net_compact.ts";
import type { Picture } from "../../src/pictures/picture.ts";
import type { UpscalerOptions } from "../../src/upscale_options.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { inFolder, runProgram, writePicture } from "../cli/program.ts";
import { gpu } from "../gpu_harness.ts";
import { assertClose, largestDifference } from "../reference/compare.ts";
import { runNetwork } from "../reference/network.ts";
import { type Random, withRandom } from "../reference/random.ts";
import { tensorOf } from "../reference/tensor.ts";
import {
  tinyCompact,
  tinyCompactFile,
  tinyRrdbNet,
  tinySpan,
  tinySrResNet,
} from "./tiny_networks.ts";

/** Random colours from 0 to 1, in floats. */
function picture32(random: Random, width: number, height: number): Picture {
  const data = random.values(width * height * 3, 0, 1);
  return { width, height, channels: 3, depth: 32, data, metadata: {} };
}

const PAIRS: [what: string, make: (random: Random) => [Network, Network]][] = [
  ["Compact x1, Compact x4", (random) => [
    tinyCompact(random, { scale: 1 }),
    tinyCompact(random, { scale: 4 }),
  ]],
  [
    "Compact x1, SRResNetCompact",
    (random) => [tinyCompact(random, { scale: 1 }), tinySrResNet(random)],
  ],
  ["RRDBNet, Compact x2", (random) => [tinyRrdbNet(random), tinyCompact(random, { scale: 2 })]],
  ["Compact x1, SPAN", (random) => [tinyCompact(random, { scale: 1 }), tinySpan(random, 2)]],
  ["Compact x1, RRDBNet", (random) => [tinyCompact(random, { scale: 1 }), tinyRrdbNet(random)]],
];

for (const [what, make] of PAIRS) {
  Deno.test(`chainNetworks() gives what one gives after the other: ${what}`, () =>
    withRandom((random) => {
      const [first, second] = make(random);
      const picture = tensorOf(3, 5, 7, () => random.uniform(0, 1));
      const chain = chainNetworks(first, second);
      assert.equal(chain.scale, first.scale * second.scale);
      assert.ok(receptiveRadius(chain) >= receptiveRadius(first));
      const expected = runNetwork(second, runNetwork(first, picture));
      assertClose(runNetwork(chain, picture).data, expected.data, { atol: 1e-5 });
    }));
}

Deno.test("an Upscaler runs networks one after the other, in tiles as well", () =>
  withRandom(async (random) => {
    const [first, second] = [1, 2].map((scale) =>
      tinyCompactFile(random, { scale } as CompactSizes)
    );
    const picture = picture32(random, 45, 33);
    const run = async (options: UpscalerOptions, input: Picture) => {
      const upscaler = await Upscaler.create({ ...options, device: gpu, precision: "f32" });
      try {
        return await upscaler.upscale(input);
      } finally {
        upscaler.destroy();
      }
    };
    const whole = await run({ model: second, before: [first] }, picture);
    const tiled = await run({ model: second, before: [first], tile: 16 }, picture);
    const expected = await run({ model: second }, await run({ model: first }, picture));
    assert.deepEqual([whole.width, whole.height], [90, 66]);
    assert.ok(largestDifference(whole.data, expected.data) < 1e-5);
    assert.deepEqual(tiled.data, whole.data);
  }));

Deno.test("tessera --model A,B runs one network after the other, and names both", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    await withRandom((random) =>
      Deno.writeFile(join(folder, "x1.safetensors"), tinyCompactFile(random, { scale: 1 }))
    );
    const args = ["a.png", "--model", "x1.safetensors,fast-x4", "-o", "b.png", "--json"];
    const { code, stdout, stderr } = await runProgram(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /x1(\.safetensors)?, then fast-x4/);
    const wrong = ["a.png", "--model", "fast-x4,photo-x4", "-o", "c.png"];
    const refused = await runProgram(wrong, { cwd: folder });
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /it ends with a pixel shuffle/);
  });
});

Deno.test("chainNetworks() refuses what it cannot join, and says why", () =>
  withRandom((random) => {
    const shuffled = tinyCompact(random, { scale: 4 });
    assert.throws(() => chainNetworks(shuffled, shuffled), {
      name: "ModelError",
      message:
        /^Cannot run SRVGGNetCompact .* before another network: it ends with a pixel shuffle/,
    });
  }));
