/**
 * How a picture's file is opened: in rows where they come in order, else as a whole, and a large one
 * says so.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { CODECS_HERE } from "../../src/cli/batch/codecs.ts";
import { openPicture } from "../../src/cli/files/input_file.ts";
import type { Picture } from "../../src/pictures/mod.ts";
import { rawPng, testPicture } from "../pictures/fixtures.ts";
import { inFolder, writePicture } from "./program.ts";

/** A PNG file of one grey level, large enough to be read in rows. */
function largePng(interlaced: boolean): Uint8Array {
  const [width, height] = [5000, 3400];
  // Interlaced, each of the seven parts has whole rows of its own: more filter bytes.
  const rows = new Uint8Array((width / 8 + 1) * height * (interlaced ? 2 : 1));
  return rawPng({ width, height, bits: 1, colourType: 0, interlaced, rows });
}

Deno.test("openPicture() reads a large PNG in rows, unless it is interlaced or turned", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "a.png");
    for (const interlaced of [false, true]) {
      await Deno.writeFile(path, largePng(interlaced));
      using file = await openPicture(path, { maxPixels: 1e9 });
      assert.equal("rows" in file.picture, !interlaced);
      assert.deepEqual([file.picture.width, file.picture.notes], [5000, undefined]);
    }
    await writePicture(path);
    using small = await openPicture(path, { maxPixels: 1e9 });
    assert.ok(!("rows" in small.picture));
  });
});

const SAID = [[6710, /^first$/], [6711, /^first, its 67 megapixels are in memory/]] as const;

Deno.test("openPicture() says of a very large picture that all of it is in memory", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.jpg"));
    for (const [height, said] of SAID) {
      const picture: Picture = { ...testPicture(1, 1, 3), width: 10_001, height, notes: ["first"] };
      const codecs = { ...CODECS_HERE, decode: () => Promise.resolve(picture) };
      using file = await openPicture(join(folder, "a.jpg"), { maxPixels: 1e9, codecs });
      assert.match(file.picture.notes!.join(", "), said);
    }
  });
});
