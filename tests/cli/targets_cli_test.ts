/** Targets as the command line takes them: the very size for each fit, names, plans and mistakes. */

import assert from "node:assert/strict";
import { decodePicture, type Picture } from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, type Outcome, runProgram, writePicture } from "./program.ts";

/** Runs the program on a picture of 80 x 60 pixels. */
function upscale(folder: string, args: string): Promise<Outcome> {
  return runProgram(["photo.png", "--model", "fast-x4", ...args.split(" ")], { cwd: folder });
}

async function read(path: string): Promise<Picture> {
  return await decodePicture(await Deno.readFile(path));
}

function pixel({ width, channels, data }: Picture, x: number, y: number): number[] {
  const at = (y * width + x) * channels;
  return [...data.subarray(at, at + channels)];
}

Deno.test("--to gives the very size for each fit, under a name that says it", () =>
  inFolder(async (folder) => {
    await writePicture(`${folder}/photo.png`, testPicture(80, 60, 3));
    const cases: [args: string, width: number, height: number][] = [
      ["--to 320x180 --fit cover --gravity auto", 320, 180],
      ["--to 320x180 --fit contain --pad #102030", 320, 180],
      ["--to 320x180 --fit contain --pad blur", 320, 180],
      ["--to 320x180 --fit contain --pad mirror --gravity left", 320, 180],
      ["--to 320x180 --fit inside", 240, 180],
      ["--to 320x180 --fit exact", 320, 180],
      ["--to 31x20", 31, 20],
      ["--to 0.03mp", 200, 150],
      ["--scale 4 --passes 2", 320, 240],
    ];
    for (const [args, width, height] of cases) {
      const { code, stdout, stderr } = await upscale(folder, `${args} --json --overwrite`);
      assert.equal(code, 0, `${args}: ${stderr}`);
      const report = JSON.parse(stdout);
      const label = /--to (\S+)/.exec(args)?.[1] ?? "x4";
      assert.equal(report.output, `photo-${label}.png`);
      assert.deepEqual([report.width, report.height], [80, 60]);
      assert.deepEqual([report.outputWidth, report.outputHeight], [width, height], args);
      const result = await read(`${folder}/${report.output}`);
      assert.deepEqual([result.width, result.height], [width, height], args);
      if (args.includes("#102030")) {
        assert.deepEqual(pixel(result, 39, 90), [16, 32, 48]);
        assert.notDeepEqual(pixel(result, 40, 90), [16, 32, 48]);
      }
      if (args.includes("mirror")) assert.deepEqual(pixel(result, 240, 7), pixel(result, 239, 7));
    }
  }));

Deno.test("--to plan prints the part, the steps and why", () =>
  inFolder(async (folder) => {
    await writePicture(`${folder}/photo.png`, testPicture(80, 60, 3));
    const run = async (args: string) =>
      await runProgram(["plan", "photo.png", "--model", "fast-x4", ...args.split(" ")], {
        cwd: folder,
      });
    const { code, stdout, stderr } = await run("--to 320x180 --gravity bottom");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /80 x 60 to 320 x 180/);
    assert.match(stdout, /80 x 45 pixels at 0, 15/);
    assert.match(stdout, /4x: fast-x4, because it is the smallest network/);
    const contained = JSON.parse((await run("--to 320x180 --fit contain --json")).stdout);
    assert.deepEqual(contained.canvas, { x: 40, y: 0, width: 320, height: 180 });
    assert.deepEqual(contained.crop, { x: 0, y: 0, width: 80, height: 60 });
  }));

Deno.test("--to that cannot be is refused before the work", () =>
  inFolder(async (folder) => {
    await writePicture(`${folder}/photo.png`, testPicture(80, 60, 3));
    const cases: [args: string, message: RegExp][] = [
      ["--to 4q", /received "4q"/],
      ["--to 4k --scale 2", /either --scale or --to/],
      ["--fit contain", /--fit needs a size/],
      ["--to 8k", /8k is 96.0 times larger than the 80 x 45 pixels/],
      ["--to 2x2", /2x2 is 30.0 times smaller than the 60 x 60 pixels/],
      ["--passes 5", /received "5"/],
      ["--to 320x180 --pad puce", /received "puce"/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await upscale(folder, args);
      assert.equal(code, 2, args);
      assert.match(stderr, message);
    }
    assert.deepEqual(filesIn(folder), ["photo.png"]);
  }));

Deno.test("--to works on a large PNG whose rows are read as they are needed", () =>
  inFolder(async (folder) => {
    const [width, height] = [16800, 1000];
    const data = new Uint8Array(width * height).fill(100);
    for (let y = 0; y < height; y++) {
      for (let x = 16000; x < 16400; x++) data[y * width + x] = (x >> 4) % 2 * 255;
    }
    const wide: Picture = { width, height, channels: 1, depth: 8, data, metadata: {} };
    await writePicture(`${folder}/wide.png`, wide);
    const args = ["wide.png", "--model", "bicubic", "--to", "900x1000", "--gravity", "auto"];
    const { code, stderr } = await runProgram(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    const result = await read(`${folder}/wide-900x1000.png`);
    const stripes = result.data.indexOf(255);
    assert.ok(stripes >= 0 && stripes + 400 <= 900, "the stripes are kept");
  }));

Deno.test("tessera plan names a picture that fails, and goes on with the others", () =>
  inFolder(async (folder) => {
    await writePicture(`${folder}/good.png`);
    await Deno.writeTextFile(`${folder}/bad.png`, "not a picture");
    const args = ["plan", "bad.png", "good.png", "--model", "bicubic", "--json"];
    const { code, stdout, stderr } = await runProgram(args, { cwd: folder });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^tessera: bad\.png: /m);
    const [bad, good] = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual([bad.input, bad.error.kind, good.input], ["bad.png", "input", "good.png"]);
    const alone = await runProgram(["plan", "bad.png", "--model", "bicubic"], { cwd: folder });
    assert.equal(alone.code, 3);
  }));
