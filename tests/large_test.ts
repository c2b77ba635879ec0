/**
 * Pictures larger than memory: rows go from file to file, and neither picture is ever in memory as a
 * whole. The largest one takes minutes: `TESSERA_TEST=all`.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { sourceOfFile } from "../src/cli/input_file.ts";
import { UsageError } from "../src/errors.ts";
import {
  decodePicture,
  decodePngRows,
  encodePngRows,
  type Picture,
  type PictureHeader,
} from "../src/pictures/mod.ts";
import { type PictureRows, Upscaler } from "../src/upscaler.ts";
import { gpu } from "./gpu_harness.ts";
import { testPicture } from "./pictures_fixtures.ts";
import { filesIn, inFolder, program, runProgram, toOutcome, writePicture } from "./program.ts";

const SLOW = Deno.env.get("TESSERA_TEST") === "all";

/** Side of a square of one colour, in pixels of the input. */
const SQUARE = 8;

/** Pixels from a square's edge that resampling mixes with its neighbours. */
const MIXED = 3;

/** GPU memory that the program is given: with a software driver it is memory of the process, too. */
const GPU_MEGABYTES = 256;

const SIZES = [
  { slow: false, width: 5000, height: 3400, outWidth: 6000, outHeight: 4080, most: 0.75e9 },
  { slow: true, width: 7500, height: 5000, outWidth: 30_000, outHeight: 20_000, most: 1e9 },
];

for (const { slow, width, height, outWidth, outHeight, most } of SIZES) {
  Deno.test({
    name: `PNG to PNG, ${outWidth} x ${outHeight}, in less than ${most / 1e6} MB`,
    ignore: Deno.build.os !== "linux" || (slow && !SLOW),
    fn: () =>
      inFolder(async (folder) => {
        const header = { width, height, channels: 3, depth: 8, metadata: {} } as const;
        await writeRows(join(folder, "a.png"), header, squares(header));
        const scale = String(outWidth / width);
        const args = ["a.png", "-o", "b.png", "--model", "bicubic", "--scale", scale];
        const peak = await peakMemory(folder, [...args, "--memory", String(GPU_MEGABYTES)]);
        await assertSquares(join(folder, "b.png"), outWidth, outHeight, outWidth / width);
        assert.ok(peak < most, `${peak / 1e6} MB`);
      }),
  });
}

/** Rows of squares, each of a colour that tells where it belongs. */
function* squares({ width, height }: PictureHeader): Generator<Uint8Array<ArrayBuffer>> {
  for (let y = 0; y < height; y += SQUARE) {
    const band = new Uint8Array(width * 3 * SQUARE);
    for (let i = 0; i < width * 3; i++) band[i] = levelAt(Math.floor(i / 3), y, i % 3);
    for (let row = 1; row < SQUARE; row++) band.copyWithin(row * width * 3, 0, width * 3);
    yield band.subarray(0, Math.min(SQUARE, height - y) * width * 3);
  }
}

function levelAt(x: number, y: number, channel: number): number {
  const [column, row] = [Math.floor(x / SQUARE), Math.floor(y / SQUARE)];
  return [column, row, column ^ (row >> 8 | row << 3)][channel] & 0xff;
}

async function writeRows(
  path: string,
  header: PictureHeader,
  rows: Iterable<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  for await (const bytes of encodePngRows(header, rows)) {
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  }
}

/** Runs the program and returns the most memory that it had, in bytes. */
async function peakMemory(folder: string, args: string[]): Promise<number> {
  const child = program(args, { cwd: folder }).spawn();
  const watch = `while grep VmHWM /proc/${child.pid}/status 2>/dev/null; do sleep 0.1; done`;
  const watcher = new Deno.Command("sh", { args: ["-c", watch], stdout: "piped" }).output();
  const { code, stderr } = toOutcome(await child.output());
  assert.equal(code, 0, stderr);
  const lines = new TextDecoder().decode((await watcher).stdout).trim().split("\n");
  return 1024 * Number(/\d+/.exec(lines.at(-1)!)![0]);
}

/** Checks the inside of every square of the result in its middle row. */
async function assertSquares(
  path: string,
  width: number,
  height: number,
  scale: number,
): Promise<void> {
  using file = await Deno.open(path);
  const { rows, ...header } =
    (await decodePngRows(sourceOfFile(file, file.statSync().size), { maxPixels: 1e9 }))!;
  assert.deepEqual([header.width, header.height, header.channels], [width, height, 3]);
  let y = 0;
  for await (const data of rows) {
    for (let at = 0; at < data.length; at += width * 3, y++) {
      const sourceY = (y + 0.5) / scale;
      if (!isInside(sourceY)) continue;
      for (let x = 0; x < width; x++) {
        const sourceX = (x + 0.5) / scale;
        if (!isInside(sourceX)) continue;
        for (let c = 0; c < 3; c++) {
          const expected = levelAt(sourceX, sourceY, c);
          if (data[at + x * 3 + c] !== expected) {
            assert.fail(`(${x}, ${y}) has ${data[at + x * 3 + c]}, not ${expected}`);
          }
        }
      }
    }
  }
  assert.equal(y, height);
}

function isInside(position: number): boolean {
  const within = position % SQUARE;
  return within >= MIXED && within <= SQUARE - MIXED;
}

/** A picture whose rows come some at a time, each time in the same memory. */
function inRows({ data, ...header }: Picture, rowsAtOnce: number): PictureRows {
  const perBand = rowsAtOnce * header.width * header.channels;
  async function* rows() {
    const band = data.slice(0, perBand);
    for (let at = 0; at < data.length; at += perBand) {
      const part = data.subarray(at, at + perBand);
      band.set(part);
      yield await Promise.resolve(band.subarray(0, part.length));
    }
  }
  return { ...header, rows: rows() };
}

Deno.test("upscale() makes the same of a picture in rows as of a whole one", async () => {
  for (const model of ["fast-x4", "bicubic"]) {
    const upscaler = await Upscaler.create({ model, device: gpu, tile: 32 });
    for (const [channels, depth] of [[3, 8], [1, 16]] as const) {
      const picture = testPicture(37, 50, channels, depth);
      for (const scale of [1, 1.5, 4]) {
        const whole = await upscaler.upscale(picture, { scale });
        assert.deepEqual(await upscaler.upscale(inRows(picture, 7), { scale }), whole);
      }
    }
    upscaler.destroy();
  }
});

Deno.test("upscale() ends the rows of a picture when it fails, and refuses alpha in rows", async () => {
  const upscaler = await Upscaler.create({ model: "bicubic", device: gpu });
  let ended = false;
  async function* rows() {
    try {
      yield await Promise.resolve(new Uint8Array(30 * 20 * 3));
      throw new Error("no more");
    } finally {
      ended = true;
    }
  }
  const header = { width: 30, height: 40, channels: 3, depth: 8, metadata: {} } as const;
  await assert.rejects(upscaler.upscale({ ...header, rows: rows() }, { scale: 2 }), /no more/);
  assert.ok(ended);
  const soft = inRows(testPicture(8, 8, 4), 8);
  assert.throws(() => upscaler.upscaleRows(soft, { scale: 2 }), UsageError);
  upscaler.destroy();
});

const TOO_LARGE: [output: string, scale: string, args: string[], message: RegExp][] = [
  [
    "b.jpg",
    "16",
    ["--chroma", "420"],
    /67 megapixels\): choose --chroma 444 without --progressive/,
  ],
  ["b.jpg", "16", ["--progressive"], /67 megapixels\): choose --chroma 444 without --progressive/],
  [
    "b.webp",
    "16",
    [],
    /this kind of WebP can be written with \(67 megapixels\): choose --format png/,
  ],
  ["b.jxl", "9", [], /this kind of JPEG XL can be written with/],
];

Deno.test("tessera refuses what an encoder cannot be trusted with, before any work", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), testPicture(600, 500, 3));
    for (const [output, scale, args, message] of TOO_LARGE) {
      const all = ["a.png", "-o", output, "--model", "bicubic", "--scale", scale, ...args];
      const { code, stderr } = await runProgram(all, { cwd: folder });
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
    assert.deepEqual(filesIn(folder), ["a.png"]);
  });
});

Deno.test({
  name: "A JPEG of 9600 x 8000 is written in rows, of 16 bits, too",
  ignore: !SLOW,
  fn: () =>
    inFolder(async (folder) => {
      for (const depth of [8, 16] as const) {
        await writePicture(join(folder, "a.png"), testPicture(600, 500, 3, depth));
        const args = ["a.png", "-o", "b.jpg", "--model", "bicubic", "--scale", "16", "--overwrite"];
        const peak = await peakMemory(folder, [...args, "--memory", String(GPU_MEGABYTES)]);
        const { width, height } = await decodePicture(await Deno.readFile(join(folder, "b.jpg")));
        assert.deepEqual([width, height], [9600, 8000]);
        assert.ok(peak < 1e9, `${peak / 1e6} MB`);
      }
    }),
});

Deno.test("tessera finds damage in a large picture, and leaves nothing", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "a.png");
    const header = { width: 6000, height: 3000, channels: 1, depth: 8, metadata: {} } as const;
    const grey = Uint8Array.from({ length: 6000 * 3000 }, (_, i) => i % 251);
    await writePicture(path, { ...header, data: grey });
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 40] ^= 1;
    await Deno.writeFile(path, bytes);
    const { code, stderr } = await runProgram(
      ["a.png", "-o", "b.png", "--model", "bicubic", "--scale", "1.1"],
      { cwd: folder },
    );
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^tessera: a\.png: This PNG file is damaged: .* wrong checksum/);
    assert.deepEqual(filesIn(folder), ["a.png"]);
  });
});
