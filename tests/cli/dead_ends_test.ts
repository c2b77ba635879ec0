/**
 * No dead ends: what people type and pipe works, or gets one sentence; and one picture's trouble is its
 * own.
 */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { decodePicture, encodePicture, type PictureFormat } from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";
import {
  filesIn,
  inFolder,
  type Outcome,
  program,
  programArgs,
  runProgram,
  toOutcome,
  writePicture,
} from "./program.ts";

const FAST = ["--model", "bicubic", "--scale", "2"];

/** A command that is refused, and the one sentence that says why. */
type Refusal = [line: string, code: number, message: RegExp];

/** Runs a line of a shell in which `tessera` is the program; what it prints stays bytes. */
async function shell(line: string, cwd: string): Promise<Outcome & { bytes: Uint8Array }> {
  const output = await new Deno.Command("bash", {
    args: ["-c", `run=("$@"); tessera() { "${"$"}{run[@]}" "$@"; }; ${line}`, "bash"].concat(
      Deno.execPath(),
      programArgs(FAST),
    ),
    cwd,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  return { ...toOutcome(output), bytes: output.stdout };
}

async function sizeOfFile(bytes: Uint8Array): Promise<[number, number]> {
  const { width, height } = await decodePicture(bytes);
  return [width, height];
}

async function fileOf(format: PictureFormat, channels: 3 | 4 = 3): Promise<Uint8Array> {
  return await encodePicture(testPicture(12, 9, channels), { format });
}

async function assertRefused(folder: string, refusals: readonly Refusal[]): Promise<void> {
  const before = filesIn(folder);
  for (const [line, code, message] of refusals) {
    const { code: found, stderr } = await shell(line, folder);
    assert.equal(found, code, `${line}: ${stderr}`);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /Unexpected error|\n\s+at /, line);
  }
  assert.deepEqual(filesIn(folder), before);
}

Deno.test("pictures come through stdin and pipes, and go to stdout", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(join(folder, "a.jpg"), await fileOf("jpeg"));
    const files: [line: string, result: string][] = [
      ["cat a.jpg | tessera - -o out/", "out/stdin-x2.jpg"],
      ["tessera /dev/stdin -o b.png < a.jpg", "b.png"],
      ["tessera <(cat a.jpg) -o c.webp", "c.webp"],
      ["mkfifo pipe.png; cat a.jpg > pipe.png & tessera pipe.png", "pipe-x2.png"],
      ["tessera --files-from <(echo a.jpg) -o list/", "list/a-x2.jpg"],
      ["cp a.jpg noending; tessera noending", "noending-x2.jpg"],
      ["cp a.jpg .jpg; tessera .jpg", ".jpg-x2.jpg"],
    ];
    for (const [line, result] of files) {
      const { code, stderr } = await shell(line, folder);
      assert.equal(code, 0, `${line}: ${stderr}`);
      assert.deepEqual(await sizeOfFile(await Deno.readFile(join(folder, result))), [24, 18]);
    }
    const streams: [line: string, signature: number[]][] = [
      ["tessera - < a.jpg", [0xff, 0xd8]],
      ["tessera a.jpg -o - --format png", [0x89, 0x50]],
      ["tessera a.jpg -o /dev/stdout", [0xff, 0xd8]],
    ];
    for (const [line, signature] of streams) {
      const { code, stderr, bytes } = await shell(line, folder);
      assert.equal(code, 0, `${line}: ${stderr}`);
      assert.deepEqual([...bytes.subarray(0, 2)], signature);
      assert.deepEqual(await sizeOfFile(bytes), [24, 18]);
    }
  });
});

Deno.test("what cannot work gets one sentence and no stack trace", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.jpg"));
    await writePicture(join(folder, "b.png"));
    await writePicture(join(folder, "-old.jpg"));
    await assertRefused(folder, [
      ["tessera a.jpg -o b.png/c.png", 2, /Cannot write into "b.png": it is no folder/],
      ["tessera a.jpg -o b.png/c/", 2, /Cannot make the folder "b.png\/c": a file is in the way/],
      ["tessera a.jpg/c.jpg -o c.jpg", 3, /There is no such file: a part of its path is a file/],
      ["tessera <(cat a.jpg)", 2, /A pipe has no folder to put the result into/],
      ["tessera a.jpg b.png -o -", 2, /Several pictures do not fit into stdout/],
      ["tessera a.jpg -o - --json", 2, /cannot both go to stdout/],
      ["echo a.jpg | tessera -", 3, /It is text, not a picture: .* --files-from -/],
      ["tessera - -o c.png < /dev/null", 3, /an empty file/],
      ["tessera - --files-from - -o out < a.jpg", 2, /Stdin cannot be a picture and a list/],
      ["tessera a.jpg -o /dev/null --format png", 2, /it exists and is no file/],
      [`tessera a.jpg -o ${"w".repeat(252)}.png`, 2, /has 256 bytes: file name too long/],
      ["tessera '' -o c.png", 3, /cannot be read/],
      ["tessera -old.jpg", 2, /begins with a dash, as options do: write \.\/-old.jpg, or --/],
    ]);
  });
});

Deno.test("names of up to 255 bytes in any script are written", async () => {
  await inFolder(async (folder) => {
    for (const name of ["\u5199".repeat(80), "n".repeat(245), "\u5199".repeat(82) + "ab"]) {
      const path = join(folder, `${name}.jpg`);
      await writePicture(path);
      const { code, stderr } = await runProgram([...FAST, path]);
      assert.equal(code, 0, stderr);
      assert.ok(filesIn(folder).includes(`${name}-x2.jpg`));
    }
    assert.equal(filesIn(folder).length, 6, "nothing unfinished is left");
  });
});

Deno.test("a pipe among the files of a folder is passed over, and a waiting one can be left", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "in"));
    await writePicture(join(folder, "in", "a.png"));
    await shell("mkfifo in/b.png", folder);
    const { code, stderr } = await runProgram([...FAST, "in", "-o", "out"], { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.deepEqual(filesIn(join(folder, "out")), [".tessera", "a-x2.png"]);
    const waiting = program([...FAST, "in/b.png"], { cwd: folder }).spawn();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    waiting.kill("SIGINT");
    const outcome = toOutcome(await waiting.output());
    assert.equal(outcome.code, 130, outcome.stderr);
    assert.match(outcome.stderr, /Interrupted/);
    assert.deepEqual(filesIn(join(folder, "in")), ["a.png", "b.png"]);
  });
});

Deno.test("a clash of names costs one picture, whenever it is noticed", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "in"));
    const png = await fileOf("png");
    for (const name of ["other.png", "scan.png", "scan.x.png"]) {
      await Deno.writeFile(join(folder, "in", name), png);
    }
    await Deno.writeFile(join(folder, "in", "scan.bmp"), png);
    // A name that is known before the work is that of the picture whose ending stays; one that waits for
    // the picture's size is that of the picture which comes first.
    const losers: [name: string, loser: string][] = [
      ["{name}-x{scale}.{ext}", "scan.bmp"],
      ["{width}-{name}.{ext}", "scan.png"],
    ];
    for (const [i, [name, expected]] of losers.entries()) {
      const args = ["in", "-o", `out${i}`, "--name", name, "--json", "--overwrite"];
      const { code, stdout } = await runProgram([...FAST, ...args], { cwd: folder });
      assert.equal(code, 1);
      const { summary } = JSON.parse(stdout.trim().split("\n").at(-1)!);
      assert.deepEqual([summary.done, summary.failed], [3, 1]);
      const [{ input, kind, message }] = summary.failures;
      assert.equal(kind, "usage");
      assert.equal(basename(input), expected, name);
      assert.match(message, /Two pictures would be written to/);
    }
  });
});

Deno.test("a format that cannot hold the result gives way to one that can, unless it was asked for", async () => {
  await inFolder(async (folder) => {
    const files: [name: string, bytes: Uint8Array][] = [
      ["png.jpg", await fileOf("png", 4)],
      ["webp.jpg", await fileOf("webp", 4)],
      ["wide.webp", await encodePicture(testPicture(8200, 2, 3), { format: "webp" })],
      ["deep.avif", await encodePicture(testPicture(8200, 2, 4, 16), { format: "avif" })],
      ["plain.jpg", await fileOf("jpeg")],
    ];
    for (const [name, bytes] of files) await Deno.writeFile(join(folder, name), bytes);
    const cases: [args: string[], result: string | undefined, message: RegExp][] = [
      [
        ["png.jpg"],
        "png-x2.png",
        /JPEG cannot hold the picture's transparency: it is written as PNG/,
      ],
      [["webp.jpg"], "webp-x2.webp", /transparency: it is written as WebP/],
      [["wide.webp"], "wide-x2.jpg", /at most 16383 pixels a side, .*: it is written as JPEG/],
      [["plain.jpg", "--lossless"], "plain-x2.png", /JPEG is never lossless: it is written as/],
      [["png.jpg", "--background", "white"], "png-x2.jpg", /-> png-x2.jpg/],
      [["png.jpg", "-o", "b.jpg"], undefined, /choose --format png/],
      [["wide.webp", "--format", "webp"], undefined, /choose --format png/],
    ];
    for (const [args, result, message] of cases) {
      const { code, stderr } = await runProgram([...FAST, ...args], { cwd: folder });
      assert.equal(code, result === undefined ? 2 : 0, stderr);
      assert.match(stderr, message);
      if (result !== undefined) await Deno.stat(join(folder, result));
    }
    assert.equal(filesIn(folder).length, files.length + 5);
  });
});

Deno.test("a JPEG that is cut off is upscaled with a note, and refused by --strict", async () => {
  await inFolder(async (folder) => {
    const name = "jpeg_cut_in_half.jpg";
    await Deno.copyFile(new URL(`../pictures/cases/${name}`, import.meta.url), join(folder, name));
    const refused = await runProgram([...FAST, name, "--strict"], { cwd: folder });
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /52 % of the picture is missing/);
    assert.deepEqual(filesIn(folder), [name]);
    const { code, stderr } = await runProgram([...FAST, name], { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /x2.jpg: it is cut off: 52 % of the picture is missing/);
    const again = await runProgram(["inspect", name], { cwd: folder });
    assert.equal(again.code, 0, again.stderr);
  });
});

Deno.test("the default command works for an AVIF of a camera's size", async () => {
  await inFolder(async (folder) => {
    const name = "avif_2mp_default_x4.avif";
    await Deno.copyFile(new URL(`../pictures/cases/${name}`, import.meta.url), join(folder, name));
    const { code, stderr } = await runProgram([name, "--model", "bicubic", "--dry-run"], {
      cwd: folder,
    });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /-> avif_2mp_default_x4-x4.png \(6800 x 5100/);
  });
});
