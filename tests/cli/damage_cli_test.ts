/**
 * Damaged files through the program: each is upscaled or fails with one clear sentence, nothing is
 * half-written, and time and memory stay within bounds. `damaged_files_test.ts` tries 2,000 of them.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { ComicWriter } from "../../src/cli/files/comic.ts";
import { concatBytes } from "../../src/pictures/bytes.ts";
import { encodePicture, FORMATS, type PictureFormat } from "../../src/pictures/mod.ts";
import { damage } from "../pictures/damage.ts";
import { randomFrom, testExif, testPicture, testProfile } from "../pictures/fixtures.ts";
import { filesIn, inFolder, runMeasured } from "./program.ts";

const FILES = 3;
const MAX_MEMORY = 1e9;

/** Of the processors, for a file: what else the machine does does not count. */
const MAX_SECONDS = 10;

/** Sound files by their endings, which begin with a dot. */
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

const SOUND = await soundFiles();
const BATCHES: [name: string, files: number, sound: typeof SOUND][] = [
  ...SOUND.map((file): [string, number, typeof SOUND] => [file[0], FILES, [file]]),
  // What reads one kind stays in memory beside what reads the next.
  ["each kind, in one batch", 3, SOUND],
];

for (const [name, files, sound] of BATCHES) {
  const count = files * sound.length;
  Deno.test({
    name: `${count} damaged files like ${name}: results or clear errors, and nothing besides`,
    ignore: Deno.build.os !== "linux",
    fn: () =>
      inFolder(async (folder) => {
        const random = randomFrom(7);
        await Deno.mkdir(join(folder, "in"));
        for (let i = 0; i < files; i++) {
          for (const [ending, bytes] of sound) {
            await Deno.writeFile(join(folder, "in", `${i}${ending}`), damage(bytes, random));
          }
        }
        const args = ["in", "-o", "out", "--model", "bicubic", "--scale", "2", "--json", "--quiet"];
        const { outcome, peak, seconds } = await runMeasured([...args, "--max-pixels", "4"], {
          cwd: folder,
        });
        const lines = outcome.stdout.trim().split("\n").map((line) => JSON.parse(line));
        const { summary } = lines.pop();
        assert.equal(lines.length, count);
        assert.equal(summary.done + summary.failed, count);
        for (const { input, output, error } of lines) {
          if (error === undefined) {
            await Deno.stat(join(folder, output));
          } else {
            assert.ok(["input", "usage"].includes(error.kind), `${input}: ${error.message}`);
            assert.ok(error.message.length > 20 && !error.message.includes("\n"), error.message);
          }
        }
        assert.equal(resultsIn(join(folder, "out")), summary.done);
        assert.ok(seconds < count * MAX_SECONDS, `${seconds} s`);
        assert.ok(peak < MAX_MEMORY, `${peak} bytes`);
      }),
  });
}

/** Counts the files of a folder that is made when the first one is. */
function resultsIn(folder: string): number {
  try {
    return filesIn(folder).filter((name) => name !== ".tessera").length;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
