/**
 * What photographs carry, from file to file through the program: profiles, EXIF, orientation, 16 bits
 * and soft alpha, and the options that change them.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { numbersOf, readTiffDirectory } from "../../src/pictures/tiff/tags.ts";
import { decodePicture, type Picture, readOrientation } from "../../src/pictures/mod.ts";
import { testExif, testPicture } from "../pictures/fixtures.ts";
import { hasShared, shared } from "../reference/shared.ts";
import { filesIn, inFolder, runProgram, writePicture } from "./program.ts";

const QUICK = ["--model", "bicubic", "--scale", "1.5"];
const GPS_TAG = 0x8825;

/** A picture as it is in memory, and the bytes of its file. */
interface Result {
  bytes: Uint8Array;
  picture: Picture;
  stderr: string;
}

/** Upscales a file of the shared pictures, or one in the folder. */
async function upscale(folder: string, input: string, output: string, ...args: string[]) {
  const source = input.includes("/") ? shared(`images/${input}`) : join(folder, input);
  if (input.includes("/")) await Deno.copyFile(source, join(folder, nameOf(input)));
  const all = [nameOf(input), "-o", output, "--overwrite", ...QUICK, ...args];
  const { code, stderr } = await runProgram(all, { cwd: folder });
  assert.equal(code, 0, stderr);
  const bytes = await Deno.readFile(join(folder, output));
  return { bytes, picture: await decodePicture(bytes), stderr } satisfies Result;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

async function original(input: string): Promise<Picture> {
  return await decodePicture(await Deno.readFile(shared(`images/${input}`)));
}

/** A test that needs one of the shared pictures. */
function sharedTest(name: string, input: string, work: (folder: string) => Promise<void>): void {
  Deno.test({ name, ignore: !hasShared(`images/${input}`), fn: () => inFolder(work) });
}

for (const input of ["formats/display-p3.jpg", "formats/adobe-rgb.jpg"]) {
  sharedTest(`${input}: the profile is the same in every format that can hold it`, input, async (
    folder,
  ) => {
    const { icc } = (await original(input)).metadata;
    assert.ok(icc !== undefined);
    for (const output of ["out.jpg", "out.png", "out.webp", "out.avif"]) {
      const { bytes, picture } = await upscale(folder, input, output);
      assert.deepEqual([picture.width, picture.height], [960, 540]);
      assert.deepEqual(picture.metadata.icc, icc);
      assert.ok(output === "out.png" || Buffer.from(bytes).includes(Buffer.from(icc)), output);
    }
  });

  sharedTest(`${input}: --to-srgb changes the colours and leaves the profile out`, input, async (
    folder,
  ) => {
    const kept = await upscale(folder, input, "kept.png");
    const { picture } = await upscale(folder, input, "out.png", "--to-srgb");
    assert.equal(picture.metadata.icc, undefined);
    assert.ok(spread(picture) > spread(kept.picture), "sRGB needs larger numbers for a colour");
  });
}

/** The mean distance between the largest and the smallest sample of a pixel. */
function spread({ data }: Picture): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) {
    sum += Math.max(data[i], data[i + 1], data[i + 2]) -
      Math.min(data[i], data[i + 1], data[i + 2]);
  }
  return sum / (data.length / 3);
}

const TURNED: [input: string, outputs: string[]][] = [
  ["formats/orientation-6.jpg", ["out.jpg", "out.png", "out.webp", "out.avif", "out.jxl"]],
  ["formats/portrait-orientation-6.jpg", ["out.jpg", "out.png"]],
];

for (const [input, outputs] of TURNED) {
  sharedTest(`${input}: is upright, says so, and has no GPS that it had not`, input, async (
    folder,
  ) => {
    const { width, height } = await original(input);
    for (const output of outputs) {
      const { picture } = await upscale(folder, input, output);
      const size = [Math.round(width * 1.5), Math.round(height * 1.5)];
      assert.deepEqual([picture.width, picture.height], size);
      const { exif } = picture.metadata;
      assert.ok(exif !== undefined, output);
      assert.equal(readOrientation(exif), 1);
      assert.equal(hasGps(exif), false);
    }
  });
}

Deno.test("GPS stays where it was, and goes with --strip; density goes, too", async () => {
  await inFolder(async (folder) => {
    const metadata = { exif: gpsExif(), density: { x: 11811, y: 11811 } };
    await writePicture(join(folder, "a.jpg"), testPicture(12, 9, 3, 8, metadata));
    for (const output of ["out.jpg", "out.png"]) {
      const kept = (await upscale(folder, "a.jpg", output)).picture.metadata;
      assert.ok(hasGps(kept.exif!));
      assert.equal(Math.round(kept.density!.x), 11811);
      assert.deepEqual((await upscale(folder, "a.jpg", output, "--strip")).picture.metadata, {});
    }
  });
});

/** The block of `testExif` with a GPS directory in place of the maker. */
function gpsExif(): Uint8Array {
  const exif = testExif(1);
  const view = new DataView(exif.buffer);
  view.setUint16(10, 0x0112, true);
  view.setUint16(12, 3, true);
  view.setUint32(14, 1, true);
  view.setUint32(18, 1, true);
  view.setUint16(22, 0x8769, true);
  view.setUint16(24, 4, true);
  view.setUint32(30, 64, true);
  view.setUint16(34, GPS_TAG, true);
  view.setUint32(42, 64, true);
  return exif;
}

function hasGps(exif: Uint8Array): boolean {
  return numbersOf(readTiffDirectory(exif)!, GPS_TAG).length > 0;
}

sharedTest("--strip keeps the profile", "formats/display-p3.jpg", async (folder) => {
  const { metadata } = (await upscale(folder, "formats/display-p3.jpg", "out.jpg", "--strip"))
    .picture;
  assert.deepEqual(Object.keys(metadata), ["icc"]);
});

sharedTest("cmyk.jpg becomes RGB in every format", "formats/cmyk.jpg", async (folder) => {
  const { width, height } = await original("formats/cmyk.jpg");
  for (const output of ["out.jpg", "out.png"]) {
    const { picture } = await upscale(folder, "formats/cmyk.jpg", output);
    const size = [Math.round(width * 1.5), Math.round(height * 1.5), 3];
    assert.deepEqual([picture.width, picture.height, picture.channels], size);
  }
});

const SOFT = "RealESRGAN_inputs/children-alpha.png";
const DEEP = "RealESRGAN_inputs/tree_alpha_16bit.png";

sharedTest("children-alpha.png: soft edges stay soft, through a network, too", SOFT, async (
  folder,
) => {
  for (const args of [[], ["--model", "fast-x4"]]) {
    const { picture } = await upscale(folder, SOFT, "out.png", ...args);
    assert.equal(picture.channels, 4);
    assert.ok(levels(picture, 3) > 100, `${levels(picture, 3)} levels of alpha`);
  }
});

sharedTest("tree_alpha_16bit.png stays in 16 bits, alpha too", DEEP, async (folder) => {
  const { bytes, picture } = await upscale(folder, DEEP, "out.png");
  assert.deepEqual([bytes[24], bytes[25]], [16, 6]);
  for (const channel of [0, 1, 2]) assert.ok(levels(picture, channel) > 256);
});

/** How many different values a channel has. */
function levels({ data, channels }: Picture, channel: number): number {
  return new Set(data.filter((_, i) => i % channels === channel)).size;
}

Deno.test("--background shows through, in JPEG and in PNG", async () => {
  await inFolder(async (folder) => {
    const clear = testPicture(12, 9, 4);
    for (let i = 3; i < clear.data.length; i += 4) clear.data[i] = 0;
    await writePicture(join(folder, "a.png"), clear);
    const colours = [["#f80", 255, 136, 0], ["#102030", 16, 32, 48], ["white", 255, 255, 255]];
    for (const [text, ...rgb] of colours) {
      for (const output of ["out.png", "out.jpg"]) {
        const { picture } = await upscale(folder, "a.png", output, "--background", String(text));
        assert.equal(picture.channels, 3);
        const close = rgb.every((value, c) => Math.abs(Number(value) - picture.data[c]) <= 3);
        assert.ok(close, `${text}: ${picture.data.subarray(0, 3)}`);
      }
    }
  });
});

Deno.test("--dither gives a gradient of 16 bits noise instead of steps", async () => {
  await inFolder(async (folder) => {
    const data = Uint16Array.from({ length: 256 * 64 }, (_, i) => 32768 + i % 256);
    const ramp = { width: 256, height: 64, channels: 1, depth: 16, data, metadata: {} } as const;
    await writePicture(join(folder, "a.png"), ramp);
    const plain = await upscale(folder, "a.png", "out.jpg", "--quality", "100");
    const dithered = await upscale(folder, "a.png", "out.jpg", "--quality", "100", "--dither");
    assert.match(plain.stderr, /JPEG holds 8 bits per sample, not 16/);
    assert.ok(levels(plain.picture, 0) <= 2);
    assert.ok(levels(dithered.picture, 0) > 2);
  });
});

/** The sampling of a JPEG's first component, and whether the file is progressive. */
function frameOf(bytes: Uint8Array): { sampling: number; progressive: boolean } {
  let at = 2;
  while (![0xc0, 0xc2].includes(bytes[at + 1])) at += 2 + (bytes[at + 2] << 8 | bytes[at + 3]);
  return { sampling: bytes[at + 11], progressive: bytes[at + 1] === 0xc2 };
}

const FRAMES: [args: string[], sampling: number, progressive: boolean][] = [
  [[], 0x11, false],
  [["--quality", "80"], 0x22, false],
  [["--quality", "80", "--chroma", "444"], 0x11, false],
  [["--chroma", "420"], 0x22, false],
  [["--chroma", "auto", "--progressive"], 0x11, true],
  [["--chroma", "420", "--progressive"], 0x22, true],
];

Deno.test("--chroma and --progressive choose the kind of JPEG", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), testPicture(40, 30, 3));
    for (const [args, sampling, progressive] of FRAMES) {
      const { bytes } = await upscale(folder, "a.png", "out.jpg", ...args);
      assert.deepEqual(frameOf(bytes), { sampling, progressive }, args.join(" "));
    }
  });
});

Deno.test("--lossless keeps every sample, and is refused where the format cannot", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), testPicture(40, 30, 3));
    const { picture } = await upscale(folder, "a.png", "out.png", "--lossless");
    for (const output of ["out.webp", "out.avif", "out.jxl"]) {
      const lossless = await upscale(folder, "a.png", output, "--lossless");
      assert.deepEqual(lossless.picture.data, picture.data, output);
      const lossy = await upscale(folder, "a.png", output);
      assert.notDeepEqual(lossy.picture.data, picture.data, output);
    }
    const args = ["a.png", "-o", "b.jpg", "--model", "bicubic", "--lossless"];
    const { code, stderr } = await runProgram(args, { cwd: folder });
    assert.equal(code, 2);
    assert.match(stderr, /JPEG is never lossless: choose --format png/);
    assert.ok(!filesIn(folder).includes("b.jpg"));
  });
});

Deno.test("--max-pixels refuses what claims more, before anything is decoded", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), testPicture(100, 80, 3));
    for (const command of [[], ["plan"]]) {
      const args = [...command, "a.png", "--model", "bicubic", "--max-pixels", "0.007"];
      const { code, stderr } = await runProgram(args, { cwd: folder });
      assert.equal(code, 3);
      assert.match(
        stderr,
        /claims 100 x 80 pixels \(8000\), more than the limit of 7000: raise --max-/,
      );
    }
    assert.deepEqual(filesIn(folder), ["a.png"]);
    await upscale(folder, "a.png", "out.png", "--max-pixels", "0.008");
  });
});

const REFUSED: [args: string[], message: RegExp][] = [
  [["--background", "mauve"], /Expected black, white, #rgb or #rrggbb for --background/],
  [["--background", "#ff"], /Expected black, white, #rgb or #rrggbb/],
  [["--chroma", "422"], /Expected auto, 444 or 420 for --chroma/],
  [["--max-pixels", "0"], /Expected a number from .* for --max-pixels/],
];

Deno.test("options of pictures refuse what they do not know", async () => {
  for (const [args, message] of REFUSED) {
    const { code, stderr } = await runProgram(["a.png", ...args]);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
});
