/**
 * Damaged files through the program: each is upscaled or fails with one clear sentence, nothing is
 * half-written, and time and memory stay within bounds. `TESSERA_TEST=all` tries 500 of them.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { ComicWriter } from "../../src/cli/files/comic.ts";
import { concatBytes } from "../../src/pictures/bytes.ts";
import { encodePicture, FORMATS, type PictureFormat } from "../../src/pictures/mod.ts";
import { damage } from "../pictures/damage.ts";
import { randomFrom, testExif, testPicture, testProfile } from "../pictures/fixtures.ts";
import { filesIn, inFolder, runMeasured } from "./program.ts";

const ALL = Deno.env.get("TESSERA_TEST") === "all";
const FILES = ALL ? 500 : 27;
const MAX_MEMORY = 1e9;
/** Of a file; 10 of them may pass while the system starts what reads their format. */
const MAX_SECONDS = 10;

/** Sound files by their endings. */
async function soundFiles(): Promise<[ending: string, bytes: Uint8Array][]> {
  const metadata = {
    icc: testProfile("RGB ", 500),
    exif: testExif(1),
    texts: [{ keyword: "parameters", text: "a bird" }],
  };
  const picture = testPicture(60, 41, 3, 8, metadata);
  const formats = Object.keys(FORMATS) as PictureFormat[];
  const files = await Promise.all(formats.map(async (format): Promise<[string, Uint8Array]> => {
    return [FORMATS[format].extension, await encodePicture(picture, { format })];
  }));
  const progressive = await encodePicture(picture, { format: "jpeg", progressive: true });
  const writer = new ComicWriter();
  const parts = files.slice(0, 2).flatMap(([ending, bytes]) => writer.add(`1${ending}`, bytes));
  const comic = concatBytes([...parts, ...writer.end()]);
  return [...files, [".jpeg", progressive], [".cbz", comic]];
}

Deno.test({
  name: `${FILES} damaged files in a batch: results or clear errors, and nothing besides`,
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      const random = randomFrom(7);
      const sound = await soundFiles();
      await Deno.mkdir(join(folder, "in"));
      for (let i = 0; i < FILES; i++) {
        const [ending, bytes] = sound[i % sound.length];
        await Deno.writeFile(join(folder, "in", `${i}${ending}`), damage(bytes, random));
      }
      const args = ["in", "-o", "out", "--model", "bicubic", "--scale", "2", "--json", "--quiet"];
      const { outcome, peak } = await runMeasured([...args, "--max-pixels", "4"], { cwd: folder });
      const lines = outcome.stdout.trim().split("\n").map((line) => JSON.parse(line));
      const { summary } = lines.pop();
      assert.equal(lines.length, FILES);
      assert.equal(summary.done + summary.failed, FILES);
      for (const { input, output, error, seconds } of lines) {
        if (error === undefined) {
          await Deno.stat(join(folder, output));
          assert.ok(seconds.total < MAX_SECONDS, `${input}: ${seconds.total} s`);
          continue;
        }
        assert.ok(["input", "usage"].includes(error.kind), `${input}: ${error.message}`);
        assert.ok(error.message.length > 20 && !error.message.includes("\n"), error.message);
      }
      const results = filesIn(join(folder, "out")).filter((name) => name !== ".tessera");
      assert.equal(results.length, summary.done);
      assert.ok(summary.seconds < FILES * MAX_SECONDS, `${summary.seconds} s`);
      assert.ok(peak < MAX_MEMORY, `${peak} bytes`);
    }),
});
