/**
 * `tessera inspect` and `--denoise auto` from outside.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "../../src/cli/terminal/permissions.ts";
import { SCREENS } from "../../src/targets/target.ts";
import { encodePicture, type Picture } from "../../src/pictures/mod.ts";
import { withNoise } from "../quality/inspect_fixtures.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { inFolder, ON_DAWN, runProgram, writePicture } from "./program.ts";
import { Random } from "../reference/random.ts";
import { hasShared, shared } from "../reference/shared.ts";

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

Deno.test("faces are looked for only when asked", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), ramps());
    const without = await runProgram(["inspect", "a.png", "--json"], { cwd: folder });
    assert.equal(JSON.parse(without.stdout).faces, null);
  });
});

Deno.test({
  name: "a package for faces that is not to be had is one sentence" +
    (ON_DAWN ? " (not on Dawn, which deno.lock does not list either)" : ""),
  ignore: ON_DAWN,
  fn: () =>
    inFolder(async (folder) => {
      await writePicture(join(folder, "a.png"), ramps());
      // What deno.lock does not list cannot be had with it frozen, whatever the cache holds; and nothing is
      // fetched to find that out.
      const flags = ["--frozen", "--cached-only", ...PERMISSIONS.map(({ flag }) => flag)];
      const { code, stdout, stderr } = await runProgram(["inspect", "a.png", "--faces"], {
        cwd: folder,
        flags,
      });
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(
        stderr,
        /^tessera: The package npm:@vladmandic\/face-api@\S+, which finds faces, could not be loaded \(.+\n$/,
      );
    }),
});

const FACES = ["Kodak24/kodim04.png", "RealSRSet/Lincoln.png", "Kodak24/kodim23.png"]
  .map((name) => `images/${name}`);

Deno.test({
  name: "tessera inspect --faces finds a portrait, a small face and no parrot (TESSERA_TEST=all)",
  ignore: Deno.env.get("TESSERA_TEST") !== "all" || !FACES.every(hasShared),
  async fn() {
    const inputs = FACES.map((name) => fileURLToPath(shared(name)));
    const flags = ["--no-lock", ...PERMISSIONS.map(({ flag }) => flag)];
    const json = await runProgram(["inspect", "--faces", "--json", ...inputs], { flags });
    assert.equal(json.code, 0, json.stderr);
    const [portrait, small, none] = json.stdout.trim().split("\n")
      .map((line) => JSON.parse(line).faces);
    assert.deepEqual([portrait.length, small.length, none], [1, 1, []]);
    const [{ x, y, width, height, score }] = portrait;
    assert.ok(height > 768 / 3 && height < 450, `${height} pixels high`);
    const [across, down] = [x + width / 2, y + height / 2];
    assert.ok(Math.hypot(across - 262, down - 430) < 60, `about ${across}, ${down}`);
    assert.ok(score >= 0.5 && score <= 1, `${score}`);
    const text = await runProgram(["inspect", "--faces", inputs[1]], { flags });
    const pattern = `Faces +1, ${small[0].height} pixels high; under 100 pixels features will be`;
    assert.match(text.stdout, new RegExp(pattern));
  },
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
