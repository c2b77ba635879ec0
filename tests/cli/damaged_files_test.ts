/**
 * Damaged files of all kinds, as the program meets them in a batch: of each comes a picture or one clear error,
 * within 1 GB and 10 seconds of the processors, and nothing else is written. Slow: `TESSERA_TEST=all`; alone, with a
 * table of what came of 2,000 files:
 *
 * `TESSERA_TEST=all deno task test tests/cli/damaged_files_test.ts`
 */

import assert from "node:assert/strict";
import { extname, join } from "node:path";
import { encodeAnimation, encodePicture, packFrame } from "../../src/pictures/mod.ts";
import { damage } from "../pictures/damage.ts";
import { randomFrom, testDng, testExif, testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, runMeasured } from "./program.ts";

const FILES = 2000;

/** Files of one kind that a process is given; it does not end between them. */
const GROUP = 20;

const MOST_BYTES = 1e9;
const MOST_SECONDS = 10;

/** Pictures and errors, which may stand in the result's line. */
interface Line {
  input?: string;
  output?: string;
  error?: { kind: string; message: string };
}

/** What came of some files. */
interface Tally {
  pictures: number;
  errors: number;
  peak: number;
  seconds: number;
}

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="48" height="32" viewBox="0 0 48 32">
  <rect width="48" height="32" fill="#c84"/><circle cx="20" cy="16" r="9" fill="#28c"/></svg>`;

/** Sound files by name: those of people in `cases`, and others that are made here. */
async function soundFiles(): Promise<Map<string, Uint8Array>> {
  const cases = new URL("../pictures/cases/", import.meta.url);
  const files = new Map<string, Uint8Array>();
  for (const name of filesIn(cases.pathname)) {
    files.set(name, Deno.readFileSync(new URL(name, cases)));
  }
  const metadata = { exif: testExif(6), density: { x: 3000, y: 3000 } };
  const picture = testPicture(61, 47, 3, 8, metadata);
  for (const format of ["png", "jpeg", "webp", "avif", "jxl", "tiff"] as const) {
    files.set(`made.${format}`, await encodePicture(picture, { format, progressive: true }));
  }
  for (const format of ["png", "jxl", "tiff"] as const) {
    const deep = testPicture(40, 30, 4, 16);
    files.set(`deep.${format}`, await encodePicture(deep, { format, lossless: true }));
  }
  const frames = [1, 2, 3].map((i) => {
    const frame = testPicture(40, 30, 4);
    return { ...frame, data: frame.data.map((value) => value * i / 3) };
  });
  const packed = await Promise.all(frames.map(packFrame));
  const timing = { delays: [50, 0, 900], loops: 0 };
  for (const format of ["png", "webp", "gif"] as const) {
    const options = { quality: 80, lossless: false };
    files.set(
      `moving.${format}`,
      await encodeAnimation(format, frames[0], packed, timing, options),
    );
  }
  files.set("drawn.svg", new TextEncoder().encode(SVG));
  files.set("camera.dng", testDng(6));
  return files;
}

/** Gives the files of a folder to the program, and checks what came of them. */
async function tryFolder(folder: string): Promise<Tally> {
  const names = filesIn(join(folder, "in"));
  const { outcome, peak, seconds } = await runMeasured(
    ["in", "-o", "out", "--model", "bicubic", "--scale", "1", "--json", "--quiet"],
    { cwd: folder },
  );
  const context = `${names.join(" ")}\n${outcome.stderr}`;
  assert.ok(outcome.code === 0 || outcome.code === 1, `exit code ${outcome.code} of ${context}`);
  assert.doesNotMatch(outcome.stderr, /^\s+at |Uncaught|panicked/m, context);
  const lines: Line[] = outcome.stdout.trim().split("\n").map((line) => JSON.parse(line));
  const results = lines.filter(({ input }) => input !== undefined);
  assert.deepEqual(results.map(({ input }) => input!.slice(3)).sort(), names, context);
  const errors = results.filter(({ error }) => error !== undefined);
  for (const { input, error } of errors) {
    assert.equal(error!.kind, "input", `${input}: ${error!.message}`);
    assert.ok(error!.message.length > 20, `${input}: ${error!.message}`);
  }
  const written = results.flatMap(({ output }) => output === undefined ? [] : [output.slice(4)]);
  const there = filesIn(join(folder, "out")).filter((name) => !name.startsWith(".tessera"));
  assert.deepEqual(there, written.sort(), context);
  return { pictures: written.length, errors: errors.length, peak, seconds };
}

/** Lays files out, and tries them; again one by one if all together took more than one may take. */
async function tryGroup(files: [name: string, bytes: Uint8Array][]): Promise<Tally> {
  let all: Tally = { pictures: 0, errors: 0, peak: 0, seconds: 0 };
  await inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "in"));
    await Deno.mkdir(join(folder, "out"));
    for (const [name, bytes] of files) await Deno.writeFile(join(folder, "in", name), bytes);
    all = await tryFolder(folder);
  });
  const isOver = all.peak > MOST_BYTES || all.seconds > MOST_SECONDS;
  if (!isOver) return all;
  if (files.length > 1) return (await tryEach(files)).reduce(joined);
  throw new Error(`${files[0][0]} took ${all.peak / 1e6} MB and ${all.seconds} s`);
}

async function tryEach(files: [name: string, bytes: Uint8Array][]): Promise<Tally[]> {
  const tallies: Tally[] = [];
  for (const file of files) tallies.push(await tryGroup([file]));
  return tallies;
}

function joined(a: Tally, b: Tally): Tally {
  return {
    pictures: a.pictures + b.pictures,
    errors: a.errors + b.errors,
    peak: Math.max(a.peak, b.peak),
    seconds: Math.max(a.seconds, b.seconds),
  };
}

Deno.test({
  name: `${FILES} damaged files of all kinds, each a picture or one clear error (TESSERA_TEST=all)`,
  ignore: Deno.build.os !== "linux" || Deno.env.get("TESSERA_TEST") !== "all",
  async fn() {
    const sound = [...await soundFiles()];
    const random = randomFrom(8);
    const kinds = Map.groupBy(sound, ([name]) => extname(name));
    const total: Tally[] = [];
    for (const [kind, files] of kinds) {
      const count = Math.round(FILES * files.length / sound.length);
      const damaged = Array.from({ length: count }, (_, i): [string, Uint8Array] => {
        const [name, bytes] = files[i % files.length];
        return [`${String(i).padStart(4, "0")}-${name}`, damage(bytes, random)];
      });
      const tallies: Tally[] = [];
      for (let at = 0; at < damaged.length; at += GROUP) {
        tallies.push(await tryGroup(damaged.slice(at, at + GROUP)));
      }
      const tally = tallies.reduce(joined);
      total.push(tally);
      say(`${kind.slice(1)}: ${count} files`, tally);
    }
    const all = total.reduce(joined);
    say(`all: ${all.pictures + all.errors} files`, all);
    assert.ok(Math.abs(all.pictures + all.errors - FILES) < 20);
  },
});

function say(what: string, { pictures, errors, peak, seconds }: Tally): void {
  // deno-lint-ignore no-console
  console.info(
    `${what}, ${pictures} pictures, ${errors} errors; of ${GROUP} files together the most: ` +
      `${(peak / 1e6).toFixed(0)} MB, ${seconds.toFixed(1)} s of the processors`,
  );
}
