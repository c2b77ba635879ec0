/**
 * Pictures larger than memory: rows go from file to file, and neither picture is ever in memory as a
 * whole. The largest one takes minutes: `TESSERA_TEST=all`.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { sourceOfFile } from "../../src/cli/files/input_file.ts";
import { concatBytes } from "../../src/pictures/bytes.ts";
import {
  decodePicture,
  decodePngRows,
  encodeJpegRows,
  encodePngRows,
  hasAlpha,
  type Picture,
  type PictureHeader,
  type PictureRows,
  whiteOf,
} from "../../src/pictures/mod.ts";
import {
  entryOf,
  TIFF_TYPE,
  tiffHeader,
  writeTiffDirectory,
} from "../../src/pictures/tiff/tags.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { gpu } from "../gpu_harness.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, runMeasured, runProgram, writePicture } from "./program.ts";

const SLOW = Deno.env.get("TESSERA_TEST") === "all";

/** Side of a square of one colour, in pixels of the input. */
const SQUARE = 8;

/** Pixels from a square's edge that resampling mixes with its neighbours. */
const MIXED = 3;

/** GPU memory that the program is given: with a software driver it is memory of the process, too. */
const GPU_MEGABYTES = 256;

const SIZES = [
  { slow: false, channels: 3, width: 5000, height: 3400, outWidth: 6000, outHeight: 4080 },
  { slow: true, channels: 4, width: 5000, height: 3400, outWidth: 6000, outHeight: 4080 },
  { slow: true, channels: 3, width: 7500, height: 5000, outWidth: 30_000, outHeight: 20_000 },
] as const;

for (const { slow, channels, width, height, outWidth, outHeight } of SIZES) {
  const most = outWidth > 10_000 ? 1e9 : 0.75e9;
  Deno.test({
    name: `PNG to PNG, ${outWidth} x ${outHeight} x ${channels}, in less than ${most / 1e6} MB`,
    ignore: Deno.build.os !== "linux" || (slow && !SLOW),
    fn: () =>
      inFolder(async (folder) => {
        const header = { width, height, channels, depth: 8, metadata: {} } as const;
        await writeRows(join(folder, "a.png"), header, squares(header));
        const scale = String(outWidth / width);
        const args = ["a.png", "-o", "b.png", "--model", "bicubic", "--scale", scale];
        const { outcome, peak } = await runMeasured(
          [...args, "--memory", String(GPU_MEGABYTES)],
          { cwd: folder },
        );
        assert.equal(outcome.code, 0, outcome.stderr);
        const result = { ...header, width: outWidth, height: outHeight };
        await assertSquares(join(folder, "b.png"), result, outWidth / width);
        assert.ok(peak < most, `${peak / 1e6} MB`);
      }),
  });
}

/** Rows of squares, each of a colour that tells where it belongs. */
function* squares({ width, height, channels }: PictureHeader): Generator<Uint8Array<ArrayBuffer>> {
  const stride = width * channels;
  for (let y = 0; y < height; y += SQUARE) {
    const band = new Uint8Array(stride * SQUARE);
    for (let i = 0; i < stride; i++) band[i] = levelAt(Math.floor(i / channels), y, i % channels);
    for (let row = 1; row < SQUARE; row++) band.copyWithin(row * stride, 0, stride);
    yield band.subarray(0, Math.min(SQUARE, height - y) * stride);
  }
}

function levelAt(x: number, y: number, channel: number): number {
  const [column, row] = [Math.floor(x / SQUARE), Math.floor(y / SQUARE)];
  return [column, row, column ^ (row >> 8 | row << 3), 128 | column][channel] & 0xff;
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

/** Checks the inside of every square of the result in its middle row. */
async function assertSquares(
  path: string,
  { width, height, channels }: PictureHeader,
  scale: number,
): Promise<void> {
  using file = await Deno.open(path);
  const { rows, ...header } =
    (await decodePngRows(sourceOfFile(file, file.statSync().size), { maxPixels: 1e9 }))!;
  assert.deepEqual([header.width, header.height, header.channels], [width, height, channels]);
  let y = 0;
  for await (const data of rows) {
    for (let at = 0; at < data.length; at += width * channels, y++) {
      const sourceY = (y + 0.5) / scale;
      if (!isInside(sourceY)) continue;
      for (let x = 0; x < width; x++) {
        const sourceX = (x + 0.5) / scale;
        if (!isInside(sourceX)) continue;
        for (let c = 0; c < channels; c++) {
          const expected = levelAt(sourceX, sourceY, c);
          const value = data[at + x * channels + c];
          if (value !== expected) assert.fail(`(${x}, ${y}) has ${value}, not ${expected}`);
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
    for (const [channels, depth] of [[3, 8], [1, 16], [4, 8], [2, 16]] as const) {
      const picture = testPicture(37, 90, channels, depth);
      if (hasAlpha(picture)) hide(picture);
      for (const scale of [1, 1.5, 4]) {
        const whole = await upscaler.upscale(picture, { scale });
        assert.deepEqual(await upscaler.upscale(inRows(picture, 7), { scale }), whole);
      }
    }
    upscaler.destroy();
  }
});

/** Makes what is faint invisible, and a part in the middle wholly visible. */
function hide({ channels, depth, data }: Picture): void {
  for (let i = channels - 1; i < data.length; i += channels) {
    if (data[i] < whiteOf(depth) / 3) data[i] = 0;
    else if (data[i] < whiteOf(depth) / 2) data[i] = whiteOf(depth);
  }
}

Deno.test("upscale() makes the same of even alpha in rows as of a whole picture", async () => {
  const upscaler = await Upscaler.create({ model: "bicubic", device: gpu });
  for (const [depth, value] of [[8, 0], [8, 77], [8, 255], [16, 0], [16, 12345]] as const) {
    const picture = testPicture(37, 150, 4, depth);
    for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = value;
    const whole = await upscaler.upscale(picture, { scale: 1.7 });
    assert.deepEqual(await upscaler.upscale(inRows(picture, 40), { scale: 1.7 }), whole);
  }
  upscaler.destroy();
});

Deno.test("upscale() ends the rows of a picture when it fails, with alpha, too", async () => {
  const upscaler = await Upscaler.create({ model: "bicubic", device: gpu });
  const header = { width: 30, height: 400, depth: 8, metadata: {} } as const;
  for (const channels of [3, 4] as const) {
    let ended = 0;
    const rows = async function* (fails: boolean) {
      try {
        for (let i = 0; i < 20; i++) {
          if (fails && i > 0) throw new Error("no more");
          yield await Promise.resolve(new Uint8Array(30 * 20 * channels));
        }
      } finally {
        ended++;
      }
    };
    const failing = { ...header, channels, rows: rows(true) };
    await assert.rejects(upscaler.upscale(failing, { scale: 2 }), /no more/);
    assert.equal(ended, 1);
    const source = { ...header, channels, rows: rows(false) };
    for await (const _ of upscaler.upscaleRows(source, { scale: 2 }).rows) break;
    assert.equal(ended, 2);
  }
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
        const { outcome, peak } = await runMeasured(
          [...args, "--memory", String(GPU_MEGABYTES)],
          { cwd: folder },
        );
        assert.equal(outcome.code, 0, outcome.stderr);
        const { width, height } = await decodePicture(await Deno.readFile(join(folder, "b.jpg")));
        assert.deepEqual([width, height], [9600, 8000]);
        assert.ok(peak < 1e9, `${peak / 1e6} MB`);
      }
    }),
});

/** Width, height and rows of a strip of a picture of 100 megapixels, of which all strips are alike. */
const HUGE = { width: 11_600, height: 8_640, rows: 16 } as const;

/** Smooth colours. */
function hugeStrip(): Uint8Array<ArrayBuffer> {
  const { width, rows } = HUGE;
  return Uint8Array.from({ length: width * rows * 3 }, (_, i) => {
    const x = Math.floor(i / 3) % width;
    return [x >> 6, 255 - (x >> 7), 100][i % 3] & 255;
  });
}

const WRITE_HUGE: Record<string, (path: string) => Promise<void>> = {
  async "a.jpg"(path) {
    const { width, height, rows } = HUGE;
    const header = { width, height, channels: 3, depth: 8, metadata: {} } as const;
    const strips = Array(height / rows).fill(hugeStrip());
    const parts = encodeJpegRows(header, strips, 90);
    await Deno.writeFile(path, ReadableStream.from(parts));
  },
  async "a.tif"(path) {
    const { width, height, rows } = HUGE;
    const strip = deflateSync(hugeStrip());
    const strips = Array<Uint8Array>(height / rows).fill(strip);
    const numbers: Record<number, number[]> = {
      0x100: [width],
      0x101: [height],
      0x102: [8, 8, 8],
      0x103: [8],
      0x106: [2],
      0x111: strips.map((_, i) => 8 + i * strip.length),
      0x115: [3],
      0x116: [rows],
      0x117: strips.map(() => strip.length),
    };
    const entries = Object.entries(numbers).map(([tag, values]) =>
      entryOf(Number(tag), TIFF_TYPE.long, values, true)
    );
    const at = 8 + strips.length * strip.length;
    const directory = writeTiffDirectory(entries, at, 0, true);
    await Deno.writeFile(path, concatBytes([tiffHeader(at, true), ...strips, directory]));
  },
};

for (const [name, write] of Object.entries(WRITE_HUGE)) {
  Deno.test({
    name: `100 megapixels are read from ${name} and written in less than 750 MB (TESSERA_TEST=all)`,
    ignore: Deno.build.os !== "linux" || !SLOW,
    fn: () =>
      inFolder(async (folder) => {
        await write(join(folder, name));
        const output = name.replace(".tif", ".png").replace("a.", "b.");
        const args = [name, "-o", output, "--model", "bicubic", "--scale", "1", "--quiet"];
        const { outcome, peak } = await runMeasured(args, { cwd: folder });
        assert.equal(outcome.code, 0, outcome.stderr);
        // deno-lint-ignore no-console
        console.info(`${name}: ${(peak / 1e6).toFixed(0)} MB`);
        assert.ok(peak < 0.75e9, `${peak / 1e6} MB`);
        assert.deepEqual(filesIn(folder), [name, output].sort());
      }),
  });
}

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
