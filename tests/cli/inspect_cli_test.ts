/**
 * `tessera inspect` and `--denoise auto` from outside.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { SCREENS } from "../../src/targets/target.ts";
import { encodePicture, type Picture } from "../../src/pictures/mod.ts";
import { withNoise } from "../quality/inspect_fixtures.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { inFolder, runProgram, writePicture } from "./program.ts";
import { Random } from "../reference/random.ts";

/** Smooth ramps, as large as noise can be measured in. */
function ramps(): Picture {
  const [width, height] = [160, 128];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return 60 + Math.round((pixel % width) / 4 + Math.floor(pixel / width) / 3);
  });
  return { ...testPicture(1, 1, 3), width, height, data };
}

async function writeJpeg(path: string, picture: Picture, quality: number): Promise<void> {
  await Deno.writeFile(path, await encodePicture(picture, { format: "jpeg", quality }));
}

Deno.test("tessera inspect tells people the measures, the screens and a command", async () => {
  await inFolder(async (folder) => {
    await writeJpeg(join(folder, "my photo.jpg"), ramps(), 42);
    const { code, stdout, stderr } = await runProgram(["inspect", "my photo.jpg"], { cwd: folder });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^my photo\.jpg: 160 x 128\n/);
    assert.match(stdout, /^ +JPEG +quality 42, .*4:2:0$/m);
    assert.match(stdout, /^ +Denoise +1, which --denoise auto chooses$/m);
    for (const screen of Object.keys(SCREENS)) {
      assert.match(stdout, new RegExp(`^ +${screen} `, "m"));
    }
    assert.match(stdout, /^Try: tessera "my photo\.jpg" --scale 2$/m);
  });
});

Deno.test("tessera inspect --json goes on after a bad file, with exit code 1", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "bad.jpg"), "no picture");
    await writePicture(join(folder, "noisy.png"), withNoise(ramps(), 10, new Random(1)));
    await writePicture(join(folder, "large.png"), testPicture(1900, 1100, 1));
    const inputs = ["bad.jpg", "none.png", "noisy.png", "large.png"];
    const { code, stdout } = await runProgram(["inspect", ...inputs, "--json"], { cwd: folder });
    assert.equal(code, 1);
    const [bad, none, noisy, large] = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual([bad.error.kind, none.error.kind], ["input", "input"]);
    assert.ok(Math.abs(noisy.noise - 10) < 2, `${noisy.noise}`);
    assert.deepEqual([noisy.jpeg, noisy.quality, noisy.denoise], [null, null, 1]);
    const { factor, expect, ...size } = large.screens[0];
    assert.deepEqual(size, { screen: "fhd", width: 1920, height: 1080 });
    assert.deepEqual([large.width, factor, typeof expect], [1900, 1.01, "string"]);
    assert.match(large.command, /^tessera large\.png --to /);
  });
});

Deno.test("tessera inspect without a picture is wrong usage, and a bad one alone bad input", async () => {
  assert.equal((await runProgram(["inspect"])).code, 2);
  assert.equal((await runProgram(["inspect", "none.png"])).code, 3);
});

Deno.test("--denoise auto takes damage away and says so, and leaves clean pictures alone", async () => {
  await inFolder(async (folder) => {
    await writeJpeg(join(folder, "bad.jpg"), ramps(), 20);
    await writePicture(join(folder, "clean.png"), ramps());
    await Deno.mkdir(join(folder, "out"));
    const args = ["bad.jpg", "clean.png", "-o", "out", "--json", "--precision", "f32"];
    const { code, stdout, stderr } = await runProgram(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    const reports = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const shares = reports.filter(({ input }) => input !== undefined)
      .map(({ input, denoise, model }) => [input, denoise, model]);
    assert.deepEqual(shares, [
      ["bad.jpg", 1, "photo-x4, denoise 1"],
      ["clean.png", 0, "photo-x4"],
    ]);
    assert.match(stderr, /bad-x4\.jpg: JPEG of quality 20: denoise 1/);
    assert.ok(!stderr.includes("clean-x4.png: JPEG"));
  });
});

Deno.test("--denoise 0 and models without a restorer look at nothing", async () => {
  await inFolder(async (folder) => {
    await writeJpeg(join(folder, "bad.jpg"), ramps(), 20);
    for (const choice of [["--denoise", "0"], ["--model", "fast-x2"]]) {
      const args = ["bad.jpg", "-o", "b.png", "--json", "--overwrite", ...choice];
      const { code, stdout, stderr } = await runProgram(args, { cwd: folder });
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout.trim().split("\n")[0]).denoise, 0);
      assert.ok(!stderr.includes("denoise"));
    }
  });
});
