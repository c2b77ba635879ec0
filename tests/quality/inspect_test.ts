/**
 * The measures of `src/inspect` on pictures damaged by known amounts. Calibration on a hundred
 * photographs takes minutes: `TESSERA_TEST=all`.
 */

import assert from "node:assert/strict";
import {
  adviseDenoise,
  describeDamage,
  expectationOf,
  inspectPicture,
} from "../../src/inspect/mod.ts";
import { findBlocks } from "../../src/inspect/blocks.ts";
import { estimateBlur } from "../../src/inspect/blur.ts";
import { eigenvalues } from "../../src/inspect/eigenvalues.ts";
import { readJpegSettings, scaledTable } from "../../src/inspect/jpeg_tables.ts";
import { estimateNoise } from "../../src/inspect/noise.ts";
import { regionsOf } from "../../src/inspect/regions.ts";
import {
  convertDepth,
  decodePicture,
  encodePicture,
  type Picture,
} from "../../src/pictures/mod.ts";
import {
  crop,
  lineDrawing,
  photographs,
  readShrunk,
  textPage,
  withBlur,
  withNoise,
} from "./inspect_fixtures.ts";
import { inFolder } from "../cli/program.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { assertClose } from "../reference/compare.ts";
import { Random, withRandom } from "../reference/random.ts";

const SLOW = Deno.env.get("TESSERA_TEST") === "all";
const ALL = photographs();
const SOME = ALL.filter((_, i) => i % 29 === 3);
const WITHOUT = SOME.length === 0;

/** A blue sky whose red is cut off at 0 nearly everywhere: its brightness fits no table of a JPEG. */
const WITHOUT_RED = "photos/train/ng-32703.jpg";

/** What noise and quality may be off by. */
const NOISE_ERROR = 0.2;
const QUALITY_ERROR = 3;

Deno.test("eigenvalues() finds those of a matrix made from them", async () => {
  await withRandom((random) => {
    const size = random.integer(2, 12);
    const expected = random.values(size, 0, 9).sort();
    let matrix = Float64Array.from({ length: size * size }, (_, i) => {
      return i % (size + 1) === 0 ? expected[i / (size + 1)] : 0;
    });
    for (let turn = 0; turn < 3; turn++) matrix = mirrored(matrix, random.values(size));
    assertClose(eigenvalues(matrix, size), expected, { atol: 1e-5 });
  });
});

/** `H M H` with the reflection `H = 1 - 2 v v' / v'v`, which keeps the eigenvalues. */
function mirrored(matrix: Float64Array, v: Float32Array): Float64Array<ArrayBuffer> {
  const size = v.length;
  const length = v.reduce((sum, x) => sum + x * x, 0);
  const h = (i: number, j: number) => (i === j ? 1 : 0) - 2 * v[i] * v[j] / length;
  return Float64Array.from({ length: size * size }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < size * size; k++) {
      const [a, b] = [Math.floor(k / size), k % size];
      sum += h(Math.floor(at / size), a) * matrix[k] * h(b, at % size);
    }
    return sum;
  });
}

Deno.test("scaledTable() at quality 50 is the standard's own table", () => {
  const table = scaledTable(50);
  assert.deepEqual(table.slice(0, 8), [16, 11, 10, 16, 24, 40, 51, 61]);
  assert.deepEqual(table.slice(56), [72, 92, 95, 98, 112, 100, 103, 99]);
  assert.equal(Math.max(...scaledTable(100)), 1);
});

Deno.test("readJpegSettings() finds every quality from 5 to 100, of two encoders", async () => {
  const picture = testPicture(24, 16, 3);
  for (const chroma of ["4:4:4", "4:2:0"] as const) {
    for (let quality = 5; quality <= 100; quality++) {
      const file = await encodePicture(picture, { format: "jpeg", quality, chroma });
      assert.deepEqual(readJpegSettings(file), { quality, chroma });
    }
  }
});

Deno.test("readJpegSettings() knows grey, and files that are no JPEG", async () => {
  const grey = await encodePicture(testPicture(24, 16, 1), { format: "jpeg", quality: 60 });
  assert.deepEqual(readJpegSettings(grey), { quality: 60, chroma: undefined });
  assert.equal(
    readJpegSettings(await encodePicture(testPicture(9, 9, 3), { format: "png" })),
    undefined,
  );
});

Deno.test("nothing is said of blocks and noise in a picture too small to tell", async () => {
  await withRandom((random) => {
    for (const [width, height] of [[12, 9], [32, 32], [90, 48], [64, 124]]) {
      const data = Uint8Array.from(random.values(width * height * 3, 0, 255));
      const picture: Picture = { width, height, channels: 3, depth: 8, data, metadata: {} };
      assert.equal(inspectPicture(picture).denoise, 0, `${width} x ${height}`);
    }
  });
});

Deno.test("a picture of one colour, of any kind and size, has no damage", () => {
  for (const [width, height] of [[1, 1], [7, 300], [120, 115]]) {
    for (const channels of [1, 2, 3, 4] as const) {
      for (const depth of [8, 16] as const) {
        const data = new (depth === 8 ? Uint8Array : Uint16Array)(width * height * channels);
        const picture: Picture = {
          width,
          height,
          channels,
          depth,
          data: data.fill(90),
          metadata: {},
        };
        const { noise, blur, denoise, quality } = inspectPicture(picture);
        assert.deepEqual([noise, blur, denoise, quality], [0, undefined, 0, undefined]);
      }
    }
  }
});

Deno.test("regionsOf() takes the same from grey, colour, alpha and 16 bits, and sees white behind", () => {
  const grey = testPicture(300, 40, 1);
  const rgb = widened(grey, 3, [0, 0, 0]);
  const rgba = widened(grey, 4, [0, 0, 0, 255]);
  for (const picture of [rgb, rgba, convertDepth(rgb, 16), convertDepth(rgba, 16)]) {
    regionsOf(picture).forEach(({ luma }, i) => {
      assertClose(luma, regionsOf(grey)[i].luma, { atol: 1e-3 });
    });
  }
  const clear = widened(grey, 4, [0, 0, 0, 0]);
  for (const { luma } of regionsOf(clear)) assertClose(luma, luma.map(() => 255), { atol: 1e-4 });
});

/** Copies grey into the first three channels and takes the others from `rest`. */
function widened(grey: Picture, channels: 3 | 4, rest: number[]): Picture {
  const data = Uint8Array.from({ length: grey.data.length * channels }, (_, i) => {
    return i % channels < 3 ? grey.data[Math.floor(i / channels)] : rest[i % channels];
  });
  return { ...grey, channels, data };
}

Deno.test({
  name: "the noise of photographs is found within 20 %, and none in clean ones",
  ignore: WITHOUT,
  fn: () =>
    withRandom(async (random) => {
      for (const path of SOME) {
        const clean = await readShrunk(path, 4);
        assert.ok(estimateNoise(regionsOf(clean)) < 1.8, path);
        // Of a small picture of the night, more noise leaves no patch between black and white.
        checkNoise(path, clean, random.uniform(2.5, 15), random);
      }
    }),
});

function checkNoise(path: string, clean: Picture, sigma: number, random: Random): void {
  const found = estimateNoise(regionsOf(withNoise(clean, sigma, random)));
  assert.ok(Math.abs(found / sigma - 1) <= NOISE_ERROR, `${path}: ${found}, expected ${sigma}`);
}

Deno.test({
  name:
    "the quality of a JPEG is found in its pixels, cropped or saved again, and none in clean ones",
  ignore: WITHOUT,
  fn: async () => {
    for (const [i, path] of SOME.entries()) {
      const clean = await readShrunk(path, 4);
      assert.equal(findBlocks(regionsOf(clean)).quality, undefined, path);
      const quality = [85, 60, 35][i % 3];
      const saved = await throughJpeg(clean, quality);
      const again = await throughJpeg(saved, 93);
      const { width, height } = saved;
      for (const picture of [saved, crop(saved, 3, 5, width - 3, height - 5), again]) {
        const found = findBlocks(regionsOf(picture)).quality;
        assert.ok(Math.abs(found! - quality) <= QUALITY_ERROR, `${path}: ${found} of ${quality}`);
      }
    }
  },
});

async function throughJpeg(picture: Picture, quality: number): Promise<Picture> {
  return await decodePicture(
    await encodePicture(picture, { format: "jpeg", quality, chroma: "4:2:0" }),
  );
}

Deno.test({
  name: "blocks stand out more the worse a JPEG is",
  ignore: WITHOUT,
  fn: async () => {
    const clean = await readShrunk(SOME[0], 4);
    const pictures = [clean, await throughJpeg(clean, 80), await throughJpeg(clean, 30)];
    const [none, some, much] = pictures.map((picture) => findBlocks(regionsOf(picture)).blockiness);
    assert.ok(none < 0.3 && none < some && some < much && much > 1, `${[none, some, much]}`);
  },
});

Deno.test({
  name: "blur adds up as variances do",
  ignore: WITHOUT,
  fn: async () => {
    for (const path of SOME) {
      const sharp = await readShrunk(path, 4);
      const own = estimateBlur(regionsOf(sharp), 0)!;
      for (const sigma of [1.5, 2.5]) {
        const found = estimateBlur(regionsOf(withBlur(sharp, sigma)), 0);
        if (found === undefined) continue;
        const expected = Math.hypot(own, sigma);
        assert.ok(Math.abs(found - expected) < 0.45, `${path}: ${found}, expected ${expected}`);
      }
    }
  },
});

Deno.test("text and line drawings are told apart", async () => {
  await withRandom((random) => {
    for (let i = 0; i < 4; i++) checkDrawings(random);
  });
});

function checkDrawings(random: Random): void {
  assert.equal(inspectPicture(textPage(random)).content, "screenshot or text");
  assert.equal(inspectPicture(lineDrawing(random)).content, "line art");
}

Deno.test({
  name: "photographs are photographs, and clean ones need no denoising",
  ignore: WITHOUT,
  fn: async () => {
    for (const path of SOME) {
      const { content, denoise } = inspectPicture(await readShrunk(path, 4));
      assert.deepEqual([content, denoise], ["photo", 0], path);
    }
  },
});

Deno.test("the advice grows with the damage, in quarters, from exactly 0", () => {
  const clean = { quality: undefined, blockiness: 0.1, noise: 0.9 };
  assert.equal(adviseDenoise(clean), 0);
  assert.equal(describeDamage(clean), "no damage");
  let last = 0;
  for (let quality = 100; quality >= 1; quality--) {
    const share = adviseDenoise({ ...clean, quality });
    assert.ok(share >= last && Number.isInteger(4 * share));
    last = share;
  }
  assert.equal(last, 1);
  assert.equal(adviseDenoise({ ...clean, noise: 8 }), 1);
  assert.equal(
    describeDamage({ quality: 42, blockiness: 2, noise: 8.04 }),
    "JPEG of quality 42, noise of sigma 8.0",
  );
  assert.equal(describeDamage({ ...clean, blockiness: 2 }), "blocks of a JPEG");
});

Deno.test("what to expect falls with the factor, and by one step with damage or blur", () => {
  const sound = { denoise: 0, blur: 0.4 };
  const words = [1, 2, 3, 4, 9].map((factor) => expectationOf(factor, sound));
  assert.deepEqual(words, ["no enlarging", "excellent", "good", "variable", "poor"]);
  assert.equal(expectationOf(2, { denoise: 1, blur: 0.4 }), "good");
  assert.equal(expectationOf(2, { denoise: 0, blur: 3 }), "good");
  assert.equal(expectationOf(9, { denoise: 1, blur: 3 }), "poor");
});

Deno.test({
  name: "on photographs: noise within 20 %, quality in the pixels within 3, nothing where clean",
  ignore: WITHOUT || !SLOW,
  fn: async () => {
    const random = new Random(2013);
    let faint = 0;
    let clean = 0;
    for (const path of ALL) {
      const picture = await readShrunk(path, 2);
      checkNoise(path, picture, random.uniform(8, 25), random);
      // Faint noise drowns in the texture of a few: the sea, stars, sand.
      const sigma = random.uniform(2.5, 8);
      const found = estimateNoise(regionsOf(withNoise(picture, sigma, random)));
      if (Math.abs(found / sigma - 1) <= NOISE_ERROR) faint++;
      if (inspectPicture(picture).denoise === 0) clean++;
      assert.equal(findBlocks(regionsOf(picture)).quality, undefined, path);
      const asked = random.integer(10, 95);
      const { quality } = findBlocks(regionsOf(await throughJpeg(picture, asked)));
      if (path === WITHOUT_RED) continue;
      assert.ok(Math.abs(quality! - asked) <= QUALITY_ERROR, `${path}: ${quality} of ${asked}`);
    }
    assert.ok(faint >= 0.93 * ALL.length, `${faint} of ${ALL.length} with faint noise`);
    assert.ok(clean >= 0.97 * ALL.length, `${clean} of ${ALL.length} clean ones`);
  },
});

Deno.test({
  name: "fifty of each kind are told apart",
  ignore: !SLOW,
  fn: async () => {
    await withRandom((random) => {
      for (let i = 0; i < 50; i++) checkDrawings(random);
    });
    for (const path of ALL.slice(0, 50)) {
      assert.equal(inspectPicture(await readShrunk(path, 2)).content, "photo", path);
    }
  },
});

Deno.test({
  name: "the quality that ImageMagick was asked for is found within 3",
  ignore: !SLOW || Deno.build.os === "windows" || !hasImageMagick(),
  fn: () =>
    inFolder(async (folder) => {
      await Deno.writeFile(
        `${folder}/a.png`,
        await encodePicture(testPicture(64, 48, 3), { format: "png" }),
      );
      for (let quality = 5; quality <= 100; quality += 5) {
        const args = ["a.png", "-quality", String(quality), "a.jpg"];
        await new Deno.Command("convert", { args, cwd: folder }).output();
        const found = readJpegSettings(await Deno.readFile(`${folder}/a.jpg`))!.quality;
        assert.ok(Math.abs(found - quality) <= QUALITY_ERROR, `${found} of ${quality}`);
      }
    }),
});

function hasImageMagick(): boolean {
  try {
    return new Deno.Command("convert", { args: ["-version"] }).outputSync().success;
  } catch {
    return false;
  }
}
