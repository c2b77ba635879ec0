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
import { hasSharedImages, SHARED_IMAGES } from "./fixtures.ts";
import { type Call, callProgram, compareFile, hasProgram } from "./suites/elsewhere.ts";

const SLOW = Deno.env.get("TESSERA_TEST") === "all" && hasProgram("convert");

/** One suite: how many of its files may be refused that the other program reads, and how far pixels may be. */
interface Suite {
  name: string;
  /** Levels of 255. */
  levels: number;
  /** Files that are read otherwise on purpose, or wrongly by the other program, with the reason. */
  apart: Readonly<Record<string, string>>;
  own?: (path: string) => Call;
}

const PUBLISHED: Suite[] = [
  {
    name: "png",
    levels: 0.01,
    apart: { "pngtest.png": "turned by its EXIF chunk" },
    // The samples as they are stored: ImageMagick applies gAMA.
    own: (path) => ["pngtopam", "-alphapam", path],
  },
  {
    name: "tiff",
    levels: 2,
    apart: {
      "minisblack-2c-8b-alpha.tiff": "alpha in a plane of its own, which ImageMagick does not read",
      "ojpeg_chewey_subsamp21_multi_strip.tiff": "JPEG in the old style",
      "ojpeg_zackthecat_subsamp22_single_strip.tiff": "JPEG in the old style",
      "test_float64_predictor2_be_lzw.tif": "differences of 64-bit floats",
      "test_float64_predictor2_le_lzw.tif": "differences of 64-bit floats",
    },
  },
  { name: "gif", levels: 0, apart: {} },
  { name: "jpeg", levels: 0, apart: {} },
  {
    name: "bmp",
    levels: 0,
    apart: {
      "bit16_a444.bmp": "alpha of 0 everywhere",
      "bit16_a555.bmp": "alpha of 0 everywhere",
      "bit16_x444.bmp": "ImageMagick makes of 15 of 15 no white",
      "bit32_alpha.bmp": "a fourth byte that is not said to be alpha",
    },
  },
];

/** Files that each format's own tools make of a photograph, `IN` (PNG) and `PPM`. */
const MADE: Record<string, { levels: number; files: Record<string, Call[]>; own?: Suite["own"] }> =
  {
    "JPEG by cjpeg and jpegtran": {
      levels: 0,
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
      own: (path) => ["djxl", path, `${path}.ppm`, "--quiet"],
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
async function compareAll(
  paths: string[],
  { name, levels, apart, own }: Suite,
): Promise<void> {
  const count = { read: 0, broken: 0, apart: 0 };
  const wrong: string[] = [];
  let largest = 0;
  for (const path of paths) {
    const file = path.slice(path.lastIndexOf("/") + 1);
    const { refused, unreadElsewhere, sizes, most } = await compareFile(path, own?.(path));
    if (file in apart) count.apart++;
    else if (refused !== undefined) {
      if (unreadElsewhere) count.broken++;
      else wrong.push(`${file}: ${refused}`);
    } else {
      count.read++;
      largest = Math.max(largest, most);
      if (sizes !== undefined || most > levels) wrong.push(`${file}: ${sizes ?? most}`);
    }
  }
  console.info(
    `${name}: ${paths.length} files, ${count.read} read, ${count.broken} read by neither, ` +
      `${count.apart} apart, largest difference ${largest}`,
  );
  assert.deepEqual(wrong, []);
  assert.ok(count.read > 0);
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
      await compareAll(paths, { name, levels, apart: {}, ...own && { own } });
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
