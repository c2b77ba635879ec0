/** Comic archives: pages keep their order and their names, and a bad page costs that page. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type ComicEntry, ComicWriter, readComic } from "../../src/cli/files/comic.ts";
import { concatBytes } from "../../src/pictures/bytes.ts";
import { decodePicture, encodePicture } from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { inFolder, runProgram } from "./program.ts";

const FAST = ["--model", "bicubic", "--scale", "2"];

function archiveOf(files: [name: string, bytes: Uint8Array][]): Uint8Array {
  const writer = new ComicWriter();
  const parts = files.flatMap(([name, bytes]) => writer.add(name, bytes));
  return concatBytes([...parts, ...writer.end()]);
}

async function filesOf(): Promise<[name: string, bytes: Uint8Array][]> {
  const page = (format: "png" | "jpeg" | "webp", width: number) =>
    encodePicture(testPicture(width, 9, 3), { format });
  return [
    ["ComicInfo.xml", new TextEncoder().encode("<ComicInfo/>")],
    ["02.png", await page("png", 12)],
    ["part 1/01.JPG", await page("jpeg", 14)],
    ["02.webp", await page("webp", 16)],
    ["bad.jpg", new TextEncoder().encode("no picture")],
    ["\u7d42.png", await page("png", 18)],
  ];
}

async function widthOf(entry: ComicEntry): Promise<number> {
  return (await decodePicture(entry.read())).width;
}

Deno.test("a comic is enlarged page by page, in its order, under the same names", async () => {
  await inFolder(async (folder) => {
    const files = await filesOf();
    await Deno.writeFile(join(folder, "a.cbz"), archiveOf(files));
    const { code, stderr, stdout } = await runProgram([...FAST, "a.cbz", "--json"], {
      cwd: folder,
    });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /a-x2.cbz: bad.jpg: .* of an unknown kind.*: it stays as it is/);
    assert.deepEqual(JSON.parse(stdout).pages, { enhanced: 4, kept: 1 });
    const result = await Deno.readFile(join(folder, "a-x2.cbz"));
    const entries = readComic(result);
    assert.deepEqual(entries.map(({ name }) => name), files.map(([name]) => name));
    for (const i of [0, 4]) assert.deepEqual(entries[i].read(), files[i][1]);
    assert.deepEqual(
      await Promise.all([1, 2, 3, 5].map((i) => widthOf(entries[i]))),
      [24, 28, 32, 36],
    );
    await runProgram([...FAST, "a.cbz", "--overwrite"], { cwd: folder });
    assert.deepEqual(await Deno.readFile(join(folder, "a-x2.cbz")), result, "the same bytes again");
  });
});

Deno.test("pages get the format that is asked for, and names that differ", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(join(folder, "a.cbz"), archiveOf(await filesOf()));
    const args = [...FAST, "a.cbz", "-o", "b.cbz", "--format", "webp"];
    const { code, stderr } = await runProgram(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    const entries = readComic(await Deno.readFile(join(folder, "b.cbz")));
    assert.deepEqual(entries.map(({ name }) => name), [
      "ComicInfo.xml",
      "02.png.webp",
      "part 1/01.webp",
      "02.webp",
      "bad.jpg",
      "\u7d42.webp",
    ]);
  });
});

Deno.test("what cannot become a comic is refused in a sentence, and nothing is written", async () => {
  await inFolder(async (folder) => {
    const whole = archiveOf(await filesOf());
    const files: [name: string, bytes: Uint8Array][] = [
      ["a.cbz", whole],
      ["cut.cbz", whole.subarray(0, whole.length / 2)],
      ["none.cbz", archiveOf([["notes.txt", new Uint8Array(3)]])],
      ["text.cbz", new TextEncoder().encode("no archive")],
    ];
    for (const [name, bytes] of files) await Deno.writeFile(join(folder, name), bytes);
    const refused: [args: string[], code: number, message: RegExp][] = [
      [["a.cbz", "-o", "b.png"], 2, /A comic stays one: expected a name with .cbz/],
      [["a.cbz", "--name", "{width}"], 2, /pages of a comic have sizes of their own/],
      [["cut.cbz"], 3, /This comic archive is damaged/],
      [["text.cbz"], 3, /This comic archive is damaged/],
      [["none.cbz"], 3, /no picture in this archive/],
    ];
    for (const [args, code, message] of refused) {
      const outcome = await runProgram([...FAST, ...args], { cwd: folder });
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, message);
    }
    assert.equal([...Deno.readDirSync(folder)].length, files.length);
  });
});

Deno.test("an entry that claims more than deflate can hold is not unpacked", () => {
  const archive = archiveOf([["a.png", new Uint8Array(100)]]);
  const entry = archive.findLastIndex((_, i) => {
    return archive[i] === 0x50 && archive[i + 1] === 0x4b && archive[i + 2] === 1;
  });
  new DataView(archive.buffer).setUint32(entry + 24, 0x1fffffff, true);
  assert.throws(() => readComic(archive)[0].read(), /claims 536870911 bytes in 100 packed ones/);
});
