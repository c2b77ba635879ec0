/** `enhance()`: what the program does to one picture, asked of the library. */

import assert from "node:assert/strict";
import { join } from "node:path";
import {
  embeddedModels,
  enhance,
  type EnhanceOptions,
  Enhancer,
  type EnhancerOptions,
  UsageError,
} from "../../mod.ts";
import { decodePicture, encodePicture, gatherRows, type Picture } from "../../src/pictures/mod.ts";
import { gpu } from "../gpu_harness.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { inFolder, runProgram } from "../cli/program.ts";

/** The program's arguments, and the same asked of the library. */
const CASES: [args: string[], options: EnhanceOptions][] = [
  [["--to", "90x60", "--gravity", "auto"], { to: "90x60", gravity: "auto" }],
  [["--to", "90x60", "--fit", "contain", "--pad", "blur"], {
    to: "90x60",
    fit: "contain",
    pad: "blur",
  }],
  [["--scale", "2", "--mode", "creative", "--dering", "0.5"], {
    scale: 2,
    mode: "creative",
    dering: 0.5,
  }],
  [["--background", "#102030", "--strip"], { background: [16, 32, 48], strip: true }],
];

Deno.test("enhance() gives the program's picture, metadata and record, byte for byte", () =>
  inFolder(async (folder) => {
    const picture = testPicture(30, 24, 4, 8, { density: { x: 3000, y: 3000 } });
    const file = await encodePicture(picture, { format: "png" });
    await Deno.writeFile(join(folder, "a.png"), file);
    for (const [args, options] of CASES) {
      const all = ["a.png", "-o", "b.png", "--overwrite", "--model", "fast-x4", ...args];
      const { code, stderr } = await runProgram(all, { cwd: folder });
      assert.equal(code, 0, stderr);
      const { picture: made } = await enhance(file, { model: "fast-x4", device: gpu, ...options });
      const written = await Deno.readFile(join(folder, "b.png"));
      assert.deepEqual(await encodePicture(made, { format: "png" }), written, args.join(" "));
    }
  }));

Deno.test("enhance() chooses how much damage is taken away by picture and file", async () => {
  const size = { width: 160, height: 128 };
  const data = Uint8Array.from({ length: 160 * 128 * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % 160, Math.floor(i / 480)];
    return 128 + 60 * Math.sin(x * y / 300 + i % 3) + 40 * Math.cos(x / 5);
  });
  const photo: Picture = { ...size, channels: 3, depth: 8, data, metadata: {} };
  const worn = await encodePicture(photo, { format: "jpeg", quality: 20 });
  const options = { model: "fast-x4", scale: 2, device: gpu } as const;
  const found = await enhance(worn, options);
  assert.ok(found.denoise > 0, `denoise ${found.denoise}`);
  assert.match(found.notes.map(({ kind, text }) => `${kind}: ${text}`).join(), /damage: .*denoise/);
  const asked = await enhance(await decodePicture(worn), { ...options, denoise: found.denoise });
  assert.deepEqual(asked.picture.data, found.picture.data);
  assert.equal((await enhance(worn, { ...options, denoise: 0 })).denoise, 0);
});

Deno.test("a creative result has as much of the detailer as is asked for, and the restorer beside it", async () => {
  const photo = testPicture(24, 20, 3);
  const run = (options: EnhanceOptions & EnhancerOptions) =>
    enhance(photo, { device: gpu, denoise: 0, ...options });
  const invented = await run({ mode: "creative", creativity: 1 });
  const [pass] = invented.report.passes;
  assert.equal(pass.network, "photo-x4, detail 1");
  const detail = await run({ model: "detail-x4", mode: "creative", creativity: 1 });
  assert.deepEqual(invented.picture.data, detail.picture.data);
  const none = await run({ mode: "creative", creativity: 0 });
  assert.deepEqual(none.picture.data, (await run({ mode: "faithful" })).picture.data);
  const both = await run({ mode: "creative", creativity: 0.5, denoise: 0.25 });
  assert.equal(both.report.passes[0].network, "photo-x4, denoise 0.25, detail 0.5");
  const record = new TextDecoder().decode(both.picture.metadata.xmp);
  const hashes = ["photo-x4", "restore-x4", "detail-x4"].map((model) =>
    embeddedModels().find(({ name }) => name === model)!.sha256
  );
  assert.match(record, new RegExp(hashes.join(" ")));
});

Deno.test("an Enhancer plans what it runs, tells what is lost, and takes any number of pictures", async () => {
  const before = gpu.bytes;
  const enhancer = await Enhancer.create({ model: "fast-x4", device: gpu, tile: 16 });
  assert.deepEqual([enhancer.label, enhancer.scale], ["fast-x4", 4]);
  for (const channels of [1, 2, 3, 4] as const) {
    const picture = testPicture(20, 15, channels);
    const enhancement = await enhancer.plan(picture, { to: "40x" });
    assert.equal(enhancement.scale, 2);
    const { width, height } = enhancement.result;
    const run = enhancement.run();
    const result = await gatherRows(run);
    assert.deepEqual([result.width, result.height], [width, height]);
    const { passes, consistency } = run.report();
    assert.deepEqual(passes.map(({ kind }) => kind), enhancement.plan.passes.map((p) => p.kind));
    assert.ok(consistency! > 30, `${consistency} dB`);
    const record = new TextDecoder().decode(run.header().metadata.xmp);
    assert.match(record, /to=40x .*tile=16/);
  }
  const cut = await enhancer.plan(testPicture(20, 15, 3), { to: "40x", record: false });
  assert.equal(cut.result.metadata.xmp, undefined);
  const cropped = async (to: string) => {
    const { notes } = await enhancer.plan(testPicture(20, 15, 3), { to });
    return notes.filter(({ kind }) => kind === "crop").map(({ text }) => text);
  };
  assert.deepEqual(await cropped("40x26"), []);
  assert.deepEqual(await cropped("20x30"), [
    "20x30 has other proportions: 50 % of the picture is cut off",
  ]);
  enhancer.destroy();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(gpu.bytes, before);
});

Deno.test("enhance() refuses what cannot be, and says what would mend it", async () => {
  const device = gpu;
  const picture = testPicture(20, 15, 4);
  const refused = async (options: EnhanceOptions & { memory?: number }, message: RegExp) => {
    let remedies: readonly string[] = [];
    await assert.rejects(enhance(picture, { model: "fast-x4", device, ...options }), (error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /--[a-z]/);
      ({ remedies } = error);
      return true;
    });
    return remedies;
  };
  assert.deepEqual(await refused({ to: "4k", scale: 2 }, /either a scale or a size/), []);
  assert.deepEqual(await refused({ to: "huge" }, /Expected a target such as/), []);
  assert.deepEqual(await refused({ to: "8k" }, /at most 16 times/), []);
  assert.deepEqual(await refused({ format: "jpeg" }, /JPEG cannot hold/), [
    "another format",
    "a background",
  ]);
  assert.deepEqual(await refused({ memory: 1e5 }, /No tile fits/), [
    "more memory",
    "smaller tiles",
  ]);
});
