/**
 * Runs that do not come to their end: killed ones leave no half of a picture under its name, and what
 * they leave beside it is removed by the next one; a full disk is one clear error.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { checkSpace, mostBytes } from "../../src/cli/files/disk_space.ts";
import { OutputFile } from "../../src/cli/files/output_file.ts";
import { encodePicture, type Picture } from "../../src/pictures/mod.ts";
import { randomFrom, testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, program, runProgram, toOutcome, writePicture } from "./program.ts";

const KILLS = Deno.env.get("TESSERA_TEST") === "all" ? 50 : 6;
const ARGS = ["a.png", "-o", "b.png", "--overwrite", "--model", "bicubic", "--scale", "6"];

Deno.test({
  name: `${KILLS} x kill -9: never a part under the picture's name, nothing left by the next run`,
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      await writePicture(join(folder, "a.png"), testPicture(300, 200, 3));
      const start = performance.now();
      await runToTheEnd(folder);
      const duration = performance.now() - start;
      const whole = await Deno.readFile(join(folder, "b.png"));
      let leftovers = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        if (kill % 2 === 0) await Deno.remove(join(folder, "b.png"));
        const child = program(ARGS, { cwd: folder }).spawn();
        await delay((kill + Math.random()) / KILLS * duration);
        killHard(child);
        await child.output();
        leftovers += filesIn(folder).filter((name) => name.endsWith(".partial")).length;
        if (filesIn(folder).includes("b.png")) await assertSame(folder, whole);
        await runToTheEnd(folder);
        await assertSame(folder, whole);
      }
      assert.ok(leftovers > 0, "no run was killed while it wrote");
    }),
});

async function runToTheEnd(folder: string): Promise<void> {
  const { code, stderr } = await runProgram(ARGS, { cwd: folder });
  assert.equal(code, 0, stderr);
  assert.deepEqual(filesIn(folder), ["a.png", "b.png"]);
}

async function assertSame(folder: string, whole: Uint8Array): Promise<void> {
  assert.deepEqual(await Deno.readFile(join(folder, "b.png")), whole);
}

function killHard(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It was at its end already.
    assert.ok(error instanceof TypeError || error instanceof Deno.errors.NotFound, String(error));
  }
}

Deno.test("A run removes what a dead one left, and leaves alone what a living one writes", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), testPicture(400, 300, 3));
    await Deno.writeTextFile(join(folder, ".old.png.1.partial"), "left");
    await Deno.writeTextFile(join(folder, "a.partial"), "of somebody else");
    using living = new OutputFile(join(folder, "living.png"), { overwrite: false });
    const args = ["a.png", "-o", "b.png", "--model", "bicubic", "--scale", "2"];
    const { code, stderr } = await runProgram(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    const beside = `.living.png.${Deno.pid}.partial`;
    assert.deepEqual(filesIn(folder), [beside, "a.partial", "a.png", "b.png"]);
    await living.write(Uint8Array.of(1));
    await living.commit();
    assert.deepEqual(await Deno.readFile(join(folder, "living.png")), Uint8Array.of(1));
  });
});

Deno.test("Two runs that write into one folder at the same time both end well", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), testPicture(200, 100, 3));
    const runs = ["b.png", "c.png", "d.png"].map(async (output) => {
      const args = ["a.png", "-o", output, "--model", "bicubic"];
      return toOutcome(await program(args, { cwd: folder }).output());
    });
    for (const { code, stderr } of await Promise.all(runs)) assert.equal(code, 0, stderr);
    assert.deepEqual(filesIn(folder), ["a.png", "b.png", "c.png", "d.png"]);
  });
});

Deno.test("A full disk is one clear error, and nothing is left", async () => {
  await inFolder(async (folder) => {
    const full = Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
    const { write } = Deno.FsFile.prototype;
    try {
      Deno.FsFile.prototype.write = () => Promise.reject(full);
      using file = new OutputFile(join(folder, "a.png"), { overwrite: false });
      await assert.rejects(file.write(Uint8Array.of(1)), {
        name: "UsageError",
        message: /^The disk is full: nothing was kept of ".*a\.png"/,
      });
    } finally {
      Deno.FsFile.prototype.write = write;
    }
    assert.deepEqual(filesIn(folder), []);
  });
});

Deno.test("checkSpace() refuses what may not fit, where the room is known", () => {
  checkSpace(".", 5e6, 5e6);
  checkSpace(".", 1);
  assert.throws(() => checkSpace("out", 6e6, 5e6), {
    name: "UsageError",
    message: /may need 6\.0 MB but the disk of "out" has only 5\.0 MB left/,
  });
});

Deno.test("mostBytes() is what a file that cannot be compressed has, or more", async () => {
  for (const depth of [8, 16] as const) {
    const [random, next] = [testPicture(300, 200, 3, depth), randomFrom(1)];
    for (let i = 0; i < random.data.length; i++) random.data[i] = next() * 2 ** depth;
    const picture: Picture = { ...random, metadata: { xmp: new Uint8Array(1000).fill(32) } };
    for (const format of ["png", "jpeg", "webp"] as const) {
      const { length } = await encodePicture(picture, { format, quality: 100 });
      assert.ok(length <= mostBytes(picture, format), `${format}: ${length}`);
    }
  }
});

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
