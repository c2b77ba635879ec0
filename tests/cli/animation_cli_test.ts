/** Animations and pages from file to file: all, or the first. */

import assert from "node:assert/strict";
import { join } from "node:path";
import {
  decodePicture,
  encodePicture,
  encodeTiffPages,
  openAnimation,
  openTiffPages,
} from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { inFolder, runProgram } from "./program.ts";

const CASES = new URL("../pictures/cases/", import.meta.url);
const BICUBIC = ["--model", "bicubic", "--scale", "2"];

async function framesOf(
  path: string,
): Promise<{ frames: number; size: number[] }> {
  const animation = await openAnimation(await Deno.readFile(path));
  if (animation === undefined) return { frames: 1, size: [] };
  const { width, height } = animation;
  const frames = (await Array.fromAsync(animation.frames())).length;
  return { frames, size: [width, height] };
}

Deno.test("an animation becomes one of as many frames, in each format that holds it", () =>
  inFolder(async (folder) => {
    await Deno.copyFile(new URL("apng_3_frames.png", CASES), join(folder, "a.png"));
    for (const name of ["b.png", "b.webp", "b.gif"]) {
      const outcome = await runProgram(["a.png", "-o", name, ...BICUBIC], { cwd: folder });
      assert.equal(outcome.code, 0, outcome.stderr);
      assert.ok(!outcome.stderr.includes("only the first"), outcome.stderr);
      const made = await framesOf(join(folder, name));
      assert.deepEqual(made, { frames: 3, size: [192, 128] }, name);
    }
  }));

Deno.test("of an animation the first frame is written if that is asked, or the format holds no more", () =>
  inFolder(async (folder) => {
    const webp = "webp_first_frame_smaller_than_canvas.webp";
    await Deno.copyFile(new URL(webp, CASES), join(folder, "a.webp"));
    const cases = [["-o", "b.png", "--frames", "first"], ["-o", "b.avif"]];
    for (const args of cases) {
      const outcome = await runProgram(["a.webp", ...args, ...BICUBIC], { cwd: folder });
      assert.equal(outcome.code, 0, outcome.stderr);
      assert.match(outcome.stderr, /of the 9 frames only the first is read/);
      const bytes = await Deno.readFile(join(folder, args[1]));
      const picture = await decodePicture(bytes);
      assert.deepEqual([picture.width, picture.height, picture.channels], [160, 160, 4]);
      assert.equal(picture.notes, undefined);
    }
    const outcome = await runProgram(["a.webp", ...BICUBIC], { cwd: folder });
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.equal((await framesOf(join(folder, "a-x2.webp"))).frames, 9);
  }));

Deno.test("the pages of a TIFF become those of a TIFF; other formats, and who asks, get the first", () =>
  inFolder(async (folder) => {
    const pictures = [testPicture(9, 7, 3, 8), testPicture(31, 5, 1, 16)];
    await Deno.writeFile(join(folder, "a.tif"), ReadableStream.from(encodeTiffPages(pictures, 2)));
    const run = async (...args: string[]) => {
      const outcome = await runProgram(["a.tif", ...args, "--model", "bicubic"], { cwd: folder });
      assert.equal(outcome.code, 0, outcome.stderr);
      return outcome;
    };
    const { stderr, stdout } = await run("-o", "b.tif", "--scale", "1", "--json");
    assert.doesNotMatch(stderr, /only the first/);
    assert.deepEqual(JSON.parse(stdout).pages, { enhanced: 2, kept: 0 });
    const pages = (await openTiffPages(await Deno.readFile(join(folder, "b.tif"))))!.pages();
    for await (const { metadata: _, ...page } of pages) {
      const { metadata: __, ...picture } = pictures.shift()!;
      assert.deepEqual(page, picture);
    }
    for (const args of [["-o", "c.tif", "--frames", "first"], ["-o", "c.png"]]) {
      assert.match((await run(...args, "--scale", "2")).stderr, /of the 2 pages only the first/);
      const picture = await decodePicture(await Deno.readFile(join(folder, args[1])));
      assert.deepEqual([picture.width, picture.height, picture.notes], [18, 14, undefined]);
    }
  }));

Deno.test("TIFF and JPEG XL of 16 bits go through scale 1 without loss", () =>
  inFolder(async (folder) => {
    const picture = testPicture(40, 30, 3, 16);
    await Deno.writeFile(join(folder, "a.png"), await encodePicture(picture, { format: "png" }));
    const steps = [["a.png", "b.tif"], ["b.tif", "c.jxl"], ["c.jxl", "d.png"]];
    for (const [from, to] of steps) {
      const args = [from, "-o", to, "--model", "bicubic", "--scale", "1", "--lossless"];
      const lossless = to.endsWith("jxl") ? args : args.slice(0, -1);
      const outcome = await runProgram([...lossless, "--strip"], { cwd: folder });
      assert.equal(outcome.code, 0, outcome.stderr);
      const bytes = await Deno.readFile(join(folder, to));
      const { depth, data } = await decodePicture(bytes);
      assert.equal(depth, 16, to);
      assert.ok(data.every((value, i) => value === picture.data[i]), to);
    }
  }));
