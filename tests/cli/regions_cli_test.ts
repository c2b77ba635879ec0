/** Extending, repairing and protecting as the command line takes them: results, masks, notes and mistakes. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { decodePicture, type Picture } from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, runProgram, writePicture } from "./program.ts";

async function read(path: string): Promise<Picture> {
  return await decodePicture(await Deno.readFile(path));
}

/** Smooth, with a bright scratch. */
function scratched(): Picture {
  const [width, height] = [90, 70];
  const data = new Uint8Array(width * height).map((_, i) => 60 + (i % width) / 3);
  for (let y = 5; y < 60; y++) data.fill(250, y * width + 40, y * width + 42);
  return { width, height, channels: 1, depth: 8, data, metadata: {} };
}

Deno.test("--pad extend fills the canvas, and says how much; --repair and --tone go before it", () =>
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), scratched());
    const args = "a.png --model bicubic --to 160x70 --fit contain --pad extend --repair auto " +
      "--tone auto --save-mask mask.png";
    const { code, stderr } = await runProgram(args.split(" "), { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /44 % of the result is made up .*: it will repeat itself/);
    assert.match(stderr, /[23]\.\d+ % of it is repaired/);
    const result = await read(join(folder, "a-160x70.png"));
    assert.deepEqual([result.width, result.height], [160, 70]);
    assert.ok(result.data.every((value) => value < 240), "the scratch is gone");
    const mask = await read(join(folder, "mask.png"));
    assert.deepEqual([mask.width, mask.height], [90, 70]);
    assert.deepEqual([mask.data[20 * 90 + 40], mask.data[20 * 90 + 60]], [255, 0]);
    const again = await runProgram([...args.split(" "), "-o", "b.png"], { cwd: folder });
    assert.equal(again.code, 2);
    assert.match(again.stderr, /"mask\.png" exists/);
    assert.deepEqual(filesIn(folder), ["a-160x70.png", "a.png", "mask.png"]);
  }));

Deno.test("--mask keeps what is dark faithful; a batch does it again when the mask is another", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "in"));
    await writePicture(join(folder, "in", "a.png"), testPicture(40, 40, 3));
    const mask = (dark: boolean): Picture => ({
      ...testPicture(40, 40, 1),
      data: new Uint8Array(1600).fill(dark ? 0 : 255),
    });
    const run = async (...args: string[]) =>
      await runProgram(
        ["in", "-o", "out", "--model", "fast-x4", "--scale", "2", "--json", ...args],
        {
          cwd: folder,
        },
      );
    await writePicture(join(folder, "mask.png"), mask(true));
    const first = await run("--mask", "mask.png");
    assert.equal(first.code, 0, first.stderr);
    const all = (await read(join(folder, "out", "a-x2.png"))).data;
    const faithful = await run("--mode", "faithful", "-o", "faithful");
    assert.equal(faithful.code, 0, faithful.stderr);
    assert.deepEqual(all, (await read(join(folder, "faithful", "a-x2.png"))).data);
    assert.match((await run("--mask", "mask.png")).stdout, /"skipped":true/);
    await writePicture(join(folder, "mask.png"), mask(false));
    assert.match((await run("--mask", "mask.png")).stdout, /"done":1/);
    assert.notDeepEqual((await read(join(folder, "out", "a-x2.png"))).data, all);
  }));

Deno.test("what contradicts itself is refused in one sentence", () =>
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    await writePicture(join(folder, "b.png"), testPicture(13, 9, 1));
    const cases: [args: string, code: number, message: RegExp][] = [
      ["a.png --mask b.png", 2, /The mask has 13 x 9 pixels, the picture 12 x 9/],
      ["a.png --repair b.png", 2, /The mask has 13 x 9/],
      ["a.png --mask none.png", 3, /none\.png: There is no such file/],
      ["a.png --mask a.png --mode faithful", 2, /a creative result faithful/],
      ["a.png --protect hands", 2, /Expected faces or text for --protect but received "hands"/],
      ["a.png --tone much", 2, /--tone/],
      ["a.png --save-mask m.png", 2, /--save-mask saves what --repair fills/],
      ["a.png b.png -o out/ --repair auto --save-mask m.png", 2, /give one picture/],
      ["a.png --pad extend", 2, /--pad needs a size/],
    ];
    for (const [args, code, message] of cases) {
      const outcome = await runProgram([...args.split(" "), "--model", "bicubic"], { cwd: folder });
      assert.equal(outcome.code, code, `${args}: ${outcome.stderr}`);
      assert.match(outcome.stderr, message, args);
    }
    assert.deepEqual(filesIn(folder), ["a.png", "b.png"]);
  }));
