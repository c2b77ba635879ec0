/**
 * What share of published and of made files is read, and how far the pixels are from those of another
 * program. Slow: `TESSERA_TEST=all`; each part is skipped by name where its tools or files are absent.
 *
 * Published suites are read from the folder that `TESSERA_SUITES` names, one folder for each: `png` (PngSuite
 * and the test pictures of libpng, from its source package), `tiff` (of libtiff, likewise), `gif` (giflib),
 * `jpeg` (libjpeg-turbo), `bmp` (`test/` of npm's bmp-js). Others are made by the formats' own tools.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { convertDepth, decodePicture, toSrgb } from "../../src/pictures/mod.ts";
import { hasSharedImages, SHARED_IMAGES } from "./fixtures.ts";
import {
  type Call,
  callProgram,
  compareFile,
  hasProgram,
  type Reading,
} from "./suites/elsewhere.ts";

const SLOW = Deno.env.get("TESSERA_TEST") === "all" && hasProgram("convert");

/** One suite, and how far its pixels may be from those of the other program. */
interface Suite {
  name: string;
  /** Levels of 255. */
  levels: number;
  /** The format's own decoder, and what ImageMagick is to do first. */
  reading?: (path: string) => Reading;
  /** Files that ImageMagick does not read as their formats say: what reads them so. */
  otherwise?: Readonly<Record<string, (path: string) => Reading>>;
  /** Files that are refused, with what is said. */
  refused?: Readonly<Record<string, RegExp>>;
}

const OLD_JPEG = /JPEG in the old style/;
/** libvips has samples of up to 32 bits. */
const WIDE = /has 64 bits per float/;

/** The fourth byte, or mask, is 0 everywhere, and such files are opaque. */
const opaque = () => ({ first: ["-alpha", "off"] });

/** The same of 4 bits, of which ImageMagick makes 240 where the most is meant, 15 of 15. */
const fourBits = () => ({ first: ["-alpha", "off", "-evaluate", "multiply", `${17 / 16}`] });

const PUBLISHED: Suite[] = [
  {
    name: "png",
    levels: 0,
    // ImageMagick converts linear grey to sRGB otherwise.
    reading: () => ({ first: ["-set", "colorspace", "sRGB"] }),
    otherwise: {
      // Its EXIF chunk turns it, and ImageMagick 6 does not look there.
      "pngtest.png": () => ({ first: ["-orient", "LeftTop"] }),
    },
  },
  {
    name: "tiff",
    // CMYK, YCbCr and premultiplied alpha become whole levels of 8 bits here, and not there.
    levels: 1,
    otherwise: {
      // Premultiplied alpha in a plane of its own, which ImageMagick takes for another colour.
      "minisblack-2c-8b-alpha.tiff": (path) => ({
        own: ["sh", "-c", 'tiff2rgba "$1" "$2" && cat "$2"', "sh", path, Deno.makeTempFileSync()],
      }),
    },
    refused: {
      "ojpeg_chewey_subsamp21_multi_strip.tiff": OLD_JPEG,
      "ojpeg_single_strip_no_rowsperstrip.tiff": OLD_JPEG,
      "ojpeg_zackthecat_subsamp22_single_strip.tiff": OLD_JPEG,
      "test_float64_predictor2_be_lzw.tif": WIDE,
      "test_float64_predictor2_le_lzw.tif": WIDE,
    },
  },
  { name: "gif", levels: 0 },
  { name: "jpeg", levels: 0 },
  {
    name: "bmp",
    // ImageMagick rounds 5 bits down.
    levels: 1,
    otherwise: {
      "bit16_a444.bmp": fourBits,
      "bit16_x444.bmp": fourBits,
      "bit16_a555.bmp": opaque,
      "bit32_alpha.bmp": opaque,
    },
  },
];

/** Files that each format's own tools make of a photograph, `IN` (PNG) and `PPM`. */
const MADE: Record<
  string,
  { levels: number; files: Record<string, Call[]>; own?: (path: string) => Call }
> = {
  "JPEG by cjpeg": {
    // 1x2: libjpeg-turbo smooths colour of half the rows otherwise than mozjpeg.
    levels: 2,
    own: (path) => ["djpeg", path],
    files: {
      ...Object.fromEntries(
        ["1x1", "2x1", "1x2", "2x2", "4x1", "4x2", "1x4"].map((sampling) => [
          `${sampling}.jpg`,
          [["cjpeg", "-quality", "90", "-sample", sampling, "-outfile", "OUT", "PPM"]] as Call[],
        ]),
      ),
      "progressive.jpg": [["cjpeg", "-progressive", "-outfile", "OUT", "PPM"]],
      "arithmetic.jpg": [["cjpeg", "-arithmetic", "-outfile", "OUT", "PPM"]],
      "arithmetic-progressive.jpg": [
        ["cjpeg", "-arithmetic", "-progressive", "-outfile", "OUT", "PPM"],
      ],
      "restart.jpg": [["cjpeg", "-restart", "3B", "-outfile", "OUT", "PPM"]],
      "grey.jpg": [["cjpeg", "-grayscale", "-outfile", "OUT", "PPM"]],
      "rgb.jpg": [["cjpeg", "-rgb", "-outfile", "OUT", "PPM"]],
      "optimised.jpg": [["cjpeg", "-optimize", "-dct", "int", "-outfile", "OUT", "PPM"]],
    },
  },
  "TIFF by tiffcp": {
    levels: 0,
    files: Object.fromEntries(
      [
        ["-c", "none"],
        ["-c", "lzw:2"],
        ["-c", "zip:2"],
        ["-c", "packbits"],
        ["-B", "-c", "lzw"],
        ["-8", "-c", "zip"],
        ["-p", "separate", "-c", "lzw"],
        ["-f", "lsb2msb", "-c", "none"],
        ["-t", "-w", "64", "-l", "48", "-c", "zip:2"],
        ["-t", "-w", "512", "-l", "512", "-c", "lzw:2"],
        ["-r", "1", "-c", "lzw"],
      ].map((options) => [
        `${options.join("_")}.tif`,
        [["convert", "IN", "-compress", "None", "OUT.tif"], [
          "tiffcp",
          ...options,
          "OUT.tif",
          "OUT",
        ]] as Call[],
      ]),
    ),
  },
  "WebP by cwebp": {
    levels: 0,
    own: (path) => ["dwebp", path, "-pam", "-o", "-"],
    files: {
      "lossless.webp": [["cwebp", "-lossless", "IN", "-o", "OUT"]],
      "near-lossless.webp": [["cwebp", "-near_lossless", "60", "IN", "-o", "OUT"]],
      "lossy.webp": [["cwebp", "-q", "80", "IN", "-o", "OUT"]],
      "sharp.webp": [["cwebp", "-sharp_yuv", "-m", "6", "-q", "30", "IN", "-o", "OUT"]],
    },
  },
  "JPEG XL by cjxl": {
    levels: 1,
    // It writes to named files alone.
    own: (path) => ["sh", "-c", 'djxl "$1" "$1.ppm" --quiet && cat "$1.ppm"', "sh", path],
    files: {
      "lossless.jxl": [["cjxl", "IN", "OUT", "-d", "0", "-e", "3"]],
      "lossy.jxl": [["cjxl", "IN", "OUT", "-d", "1.5", "-e", "4"]],
      "progressive.jxl": [["cjxl", "-p", "IN", "OUT", "-d", "1", "-e", "3"]],
    },
  },
  "GIF by gifsicle": {
    levels: 0,
    files: {
      "plain.gif": [["convert", "IN", "OUT"]],
      "interlaced.gif": [["convert", "IN", "OUT.gif"], [
        "gifsicle",
        "-i",
        "OUT.gif",
        "-o",
        "OUT",
      ]],
      "cropped.gif": [
        ["convert", "IN", "OUT.gif"],
        ["gifsicle", "--crop", "10,10+31x17", "OUT.gif", "-o", "OUT"],
      ],
      "16-colours.gif": [
        ["convert", "IN", "OUT.gif"],
        ["gifsicle", "-k", "16", "-O3", "OUT.gif", "-o", "OUT"],
      ],
    },
  },
};

/** Compares files, says how it went, and asserts that it went as well as before. */
async function compareAll(paths: string[], suite: Suite): Promise<void> {
  const { name, levels, reading, otherwise = {}, refused = {} } = suite;
  const count = { compared: 0, alone: 0, broken: 0, refused: 0 };
  const wrong: string[] = [];
  let largest = 0;
  for (const path of paths) {
    const file = path.slice(path.lastIndexOf("/") + 1);
    const result = await compareFile(path, (otherwise[file] ?? reading)?.(path));
    if (result.refused !== undefined) {
      if (refused[file]?.test(result.refused)) count.refused++;
      else if (result.unreadElsewhere) count.broken++;
      else wrong.push(`${file}: ${result.refused}`);
    } else if (result.unreadElsewhere) count.alone++;
    else {
      count.compared++;
      largest = Math.max(largest, result.most);
      const { sizes, most } = result;
      if (sizes !== undefined || most > levels) wrong.push(`${file}: ${sizes ?? most}`);
    }
  }
  // deno-lint-ignore no-console
  console.info(
    `${name}: ${paths.length} files, ${count.compared} compared, ${count.alone} read only here, ` +
      `${count.broken} by neither, ${count.refused} refused by name, largest difference ${largest}`,
  );
  assert.deepEqual(wrong, []);
  assert.ok(count.compared > 0);
}

for (const suite of PUBLISHED) {
  const folder = join(Deno.env.get("TESSERA_SUITES") ?? "", suite.name);
  const isThere = Deno.env.has("TESSERA_SUITES") && hasFolder(folder);
  Deno.test({
    name: `suites: published files, ${suite.name} (TESSERA_SUITES, TESSERA_TEST=all)`,
    ignore: !SLOW || !isThere,
    fn: () =>
      compareAll([...Deno.readDirSync(folder)].map(({ name }) => join(folder, name)), suite),
  });
}

/** What a PNG says of its colours, by a plain walk over its chunks. */
function labelsOf(bytes: Uint8Array): Record<string, DataView> {
  const view = new DataView(bytes.buffer);
  const labels: Record<string, DataView> = {};
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (["gAMA", "cHRM", "sRGB", "iCCP", "cICP"].includes(type)) {
      labels[type] = new DataView(bytes.buffer, at + 8, view.getUint32(at));
    }
  }
  return labels;
}

/** From a sample that was stored by a power to one by the curve of sRGB (IEC 61966-2-1); 0 to 1. */
function fromPower(value: number, gamma: number): number {
  const light = value ** (1 / gamma);
  return light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
}

const PNG_SUITE = join(Deno.env.get("TESSERA_SUITES") ?? "", "png");

Deno.test({
  name: "suites: what gAMA says of published PNG files (TESSERA_SUITES, TESSERA_TEST=all)",
  ignore: !SLOW || !hasFolder(PNG_SUITE),
  async fn() {
    const largest = { 8: 0, 16: 0 };
    let labelled = 0;
    for (const { name } of Deno.readDirSync(PNG_SUITE)) {
      const bytes = await Deno.readFile(join(PNG_SUITE, name));
      const picture = await decodePicture(bytes).catch(() => undefined);
      if (picture === undefined) continue;
      const { gAMA, sRGB, iCCP } = labelsOf(bytes);
      const gamma = gAMA?.byteLength === 4 ? gAMA.getUint32(0) / 100_000 : 1 / 2.2;
      // 1 / 2.2 is what programs write for sRGB.
      const isScreen = sRGB !== undefined || Math.abs(gamma - 1 / 2.2) < 0.001;
      if (iCCP !== undefined) continue;
      const { icc } = picture.metadata;
      assert.equal(icc === undefined, isScreen, name);
      if (isScreen) continue;
      labelled++;
      for (const depth of [8, 16] as const) {
        if (depth < picture.depth) continue;
        const stored = convertDepth(picture, depth);
        const { data } = await toSrgb(stored);
        const { channels } = picture;
        for (let i = 0; i < data.length; i++) {
          const isAlpha = channels % 2 === 0 && i % channels === channels - 1;
          const white = depth === 8 ? 255 : 65535;
          const value = stored.data[i] / white;
          const wanted = 255 * (isAlpha ? value : fromPower(value, gamma));
          largest[depth] = Math.max(largest[depth], Math.abs(data[i] / white * 255 - wanted));
        }
      }
    }
    // deno-lint-ignore no-console
    console.info(`${labelled} files with another gAMA, largest difference in sRGB:`, largest);
    assert.ok(labelled > 0);
    // Half a level is rounding. The rest: a profile has whole steps of 1 / 65536, and the curve of sRGB makes
    // of one such step of light, where it is darkest, 0.05 levels.
    assert.ok(largest[8] <= 0.65 && largest[16] <= 0.15, JSON.stringify(largest));
  },
});

for (const [name, { levels, files, own }] of Object.entries(MADE)) {
  const programs = new Set(Object.values(files).flat().map(([program]) => program));
  const input = hasSharedImages() ? new URL("formats/photo.bmp", SHARED_IMAGES).pathname : "";
  Deno.test({
    name: `suites: ${name} (../shared/images, TESSERA_TEST=all)`,
    ignore: !SLOW || input === "" || ![...programs].every(hasProgram),
    async fn() {
      const folder = await Deno.makeTempDir();
      await callProgram(["convert", input, "-resize", "301x", `${folder}/in.png`]);
      await callProgram(["convert", `${folder}/in.png`, `${folder}/in.ppm`]);
      const paths: string[] = [];
      for (const [file, calls] of Object.entries(files)) {
        const out = join(folder, file);
        for (const [program, ...args] of calls) {
          const named = args.map((arg) =>
            arg.replace(/^OUT/, out).replace(/^IN$/, `${folder}/in.png`).replace(
              /^PPM$/,
              `${folder}/in.ppm`,
            )
          );
          assert.ok(await callProgram([program, ...named]), `${program} ${named.join(" ")}`);
        }
        paths.push(out);
      }
      const reading = own && ((path: string) => ({ own: own(path) }));
      await compareAll(paths, { name, levels, ...reading && { reading } });
      await Deno.remove(folder, { recursive: true });
    },
  });
}

function hasFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
