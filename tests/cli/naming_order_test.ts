/** Of two pictures that want one name, the one that comes first gets it, however long it takes to read. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { decodePicture, encodePicture } from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { inFolder, runProgram } from "./program.ts";

Deno.test("a name that waits for the size is that of the first picture, though it is read last", () =>
  inFolder(async (folder) => {
    // libvips has to be loaded for the first, and not for the second.
    const [slow, quick] = [testPicture(20, 10, 3), testPicture(20, 30, 3)];
    await Deno.writeFile(join(folder, "a.tif"), await encodePicture(slow, { format: "tiff" }));
    await Deno.writeFile(join(folder, "b.png"), await encodePicture(quick, { format: "png" }));
    for (const [i, order] of [["a.tif", "b.png"], ["b.png", "a.tif"]].entries()) {
      const names = ["--name", "w{width}.png", "-o", `out${i}`];
      const outcome = await runProgram(
        [...order, ...names, "--model", "bicubic", "--scale", "2", "--json"],
        { cwd: folder },
      );
      const { summary } = JSON.parse(outcome.stdout.trim().split("\n").at(-1)!);
      assert.deepEqual(summary.failures.map(({ input }: { input: string }) => input), [order[1]]);
      const { height } = await decodePicture(await Deno.readFile(join(folder, `out${i}/w40.png`)));
      assert.equal(height, order[0] === "a.tif" ? 20 : 60);
    }
  }));
