/**
 * What people come for, on real photographs: thirty of them, 800 pixels wide, half of them worn by a
 * JPEG, and one damaged file, to 4K in one command. It takes minutes: `TESSERA_TEST=all`.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { decodePicture, encodePicture } from "../../src/pictures/mod.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { gpu } from "../gpu_harness.ts";
import { filesIn, inFolder, program, runMeasured, runProgram } from "./program.ts";
import { withRandom } from "../reference/random.ts";
import { hasShared, shared } from "../reference/shared.ts";

const SLOW = Deno.env.get("TESSERA_TEST") === "all";
const TRAINING_PHOTOGRAPHS = 20;
const WIDTH = 800;
const WORN_QUALITY = 50;
const KILLS = 3;

/** The network is the faster one, so that killing it at several moments stays bearable. */
const TO_4K = ["small", "--to", "4k", "--model", "fast-x4", "--format", "png", "--json"];

Deno.test({
  name: "thirty photographs become 4K wallpapers, also when killed three times",
  ignore: !SLOW || Deno.build.os !== "linux" || !hasShared("photos/valid"),
  fn: () =>
    inFolder(async (folder) => {
      await makeSmall(join(folder, "small"));
      const start = performance.now();
      const { outcome, peak } = await runMeasured([...TO_4K, "-o", "whole"], { cwd: folder });
      const seconds = (performance.now() - start) / 1000;
      assert.equal(outcome.code, 1, "one file is damaged");
      const lines = outcome.stdout.trim().split("\n").map((line) => JSON.parse(line));
      const done = lines.filter(({ output }) => output !== undefined);
      const consistency = done.map((line): number => line.consistency);
      assert.equal(done.length, 30, outcome.stderr);
      for (const { outputWidth, outputHeight } of done) {
        assert.deepEqual([outputWidth, outputHeight], [3840, 2160]);
      }
      assert.ok(Math.min(...consistency) >= 45, `${consistency}`);
      assert.match(outcome.stderr, /damaged\.jpg/);
      // deno-lint-ignore no-console -- the figures are what the slow run is for
      console.log(
        `30 pictures in ${seconds.toFixed(0)} s, ${(peak / 1e6).toFixed(0)} MB at most, ` +
          `consistency ${consistency.map((value) => value.toFixed(0)).join(" ")} dB`,
      );
      await killedAndResumed(folder, seconds);
      await assertSame(join(folder, "whole"), join(folder, "killed"));
    }),
});

/** Shrinks the photographs, and adds a file that is cut off. */
async function makeSmall(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const upscaler = await Upscaler.create({ model: "bicubic", device: gpu });
  const photographs = [
    ...namesIn("photos/valid"),
    ...namesIn("photos/train").slice(0, TRAINING_PHOTOGRAPHS),
  ];
  for (const [i, path] of photographs.entries()) {
    const picture = await decodePicture(await Deno.readFile(shared(path)));
    const small = await upscaler.upscale(picture, { width: WIDTH });
    const quality = i % 2 === 0 ? 98 : WORN_QUALITY;
    const bytes = await encodePicture(small, { format: "jpeg", quality });
    await Deno.writeFile(join(folder, `${String(i).padStart(2, "0")}.jpg`), bytes);
    if (i === 0) await Deno.writeFile(join(folder, "damaged.jpg"), bytes.subarray(0, 300));
  }
  upscaler.destroy();
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(shared(folder))].map(({ name }) => `${folder}/${name}`).sort();
}

/** Kills the same run three times, at any moment, and lets the last one end. */
function killedAndResumed(folder: string, seconds: number): Promise<void> {
  const args = [...TO_4K, "-o", "killed"];
  return withRandom(async (random) => {
    for (let kill = 0; kill < KILLS; kill++) {
      const child = program(args, { cwd: folder }).spawn();
      const output = child.output();
      const wait = random.uniform(0.05, 0.25) * seconds;
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
      child.kill("SIGKILL");
      assert.equal((await output).signal, "SIGKILL", "it was still at work");
    }
    const { code, stdout } = await runProgram(args, { cwd: folder });
    assert.equal(code, 1);
    assert.ok(stdout.includes('"skipped":true'), "what was done is not done again");
  });
}

async function assertSame(one: string, other: string): Promise<void> {
  const names = filesIn(one).filter((name) => name.endsWith(".png"));
  assert.equal(names.length, 30);
  assert.deepEqual(filesIn(other), filesIn(one), "and nothing else");
  for (const name of names) {
    const [a, b] = [await Deno.readFile(join(one, name)), await Deno.readFile(join(other, name))];
    assert.ok(a.length === b.length && a.every((byte, i) => byte === b[i]), name);
  }
}
