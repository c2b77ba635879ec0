/**
 * `tessera preview`: which part of a picture is tried, that scores are what they claim to be, and what
 * the sheet holds.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { around, type PreviewSample, readSample } from "../../src/cli/pages/preview_sample.ts";
import { shrinkPart, tryUpscaler } from "../../src/cli/pages/preview_trial.ts";
import { decodePicture, type Picture } from "../../src/pictures/mod.ts";
import { psnrY } from "../../src/quality/psnr.ts";
import { Upscaler } from "../../src/upscaler.ts";
import { gpu } from "../gpu_harness.ts";
import { testPicture } from "../pictures/fixtures.ts";
import { filesIn, inFolder, runProgram, writePicture } from "./program.ts";
import { toPicture, toTensor } from "../reference/pictures.ts";
import { resample } from "../reference/resample.ts";

const signal = new AbortController().signal;

Deno.test("around() stays within its frame", () => {
  const frame = { width: 100, height: 50 };
  const size = { width: 30, height: 20 };
  assert.deepEqual(around({ x: 50, y: 25 }, size, frame), { x: 35, y: 15, ...size });
  assert.deepEqual(around({ x: 3, y: 49 }, size, frame), { x: 0, y: 30, ...size });
  assert.deepEqual(around({ x: 50, y: 25 }, frame, frame), { x: 0, y: 0, ...frame });
});

/** A grey picture with noise in one square. */
function withNoise(width: number, height: number, x: number, y: number, side: number): Picture {
  const data = new Uint8Array(width * height * 3).fill(128);
  for (let row = y; row < y + side; row++) {
    crypto.getRandomValues(data.subarray((row * width + x) * 3, (row * width + x + side) * 3));
  }
  return { width, height, channels: 3, depth: 8, data, metadata: {} };
}

Deno.test("readSample() shows the most detailed part, and tries what is around it", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "a.png");
    const picture = withNoise(1300, 901, 1100, 600, 60);
    await writePicture(path, picture);
    const { whole, region, part, shown, denoise } = await readSample(path, { maxPixels: 1e9 }, 4);
    assert.deepEqual([whole.width, whole.height, denoise], [1300, 901, 0]);
    assert.deepEqual([region.width, region.height], [768, 768]);
    assert.deepEqual([part.width, part.height, part.depth], [768, 768, 8]);
    assert.deepEqual([shown.width, shown.height], [128, 128]);
    const [left, top] = [region.x + shown.x, region.y + shown.y];
    assert.ok(left <= 1100 && left + 128 >= 1160, `${left}`);
    assert.ok(top <= 600 && top + 128 >= 660, `${top}`);
    const [x, y] = [1105 - region.x, 605 - region.y];
    const pixel = part.data.subarray((y * 768 + x) * 3, (y * 768 + x) * 3 + 3);
    assert.deepEqual(pixel, picture.data.subarray((605 * 1300 + 1105) * 3).subarray(0, 3));
  });
});

Deno.test("readSample() takes small pictures, 16 bits and alpha as they are", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "a.png");
    for (const [width, height] of [[3, 2], [131, 77]]) {
      await writePicture(path, testPicture(width, height, 4, 16));
      const { part, region, shown } = await readSample(path, { maxPixels: 1e9 }, 4);
      assert.deepEqual([part.channels, part.depth], [3, 8]);
      assert.deepEqual([part.width, part.height], [region.width, region.height]);
      assert.ok(shown.width <= part.width && shown.height <= part.height);
      assert.ok(part.width === width || part.width % 4 === 0);
    }
  });
});

/** A picture of 8 bits, resampled by the CPU twin. */
function resampled(picture: Picture, width: number, height: number): Picture {
  return toPicture(resample(toTensor(picture), height, width));
}

Deno.test("a score is that of the picture, shrunk and enlarged again", async () => {
  const part = testPicture(60, 48, 3);
  const shown = { x: 10, y: 8, width: 20, height: 16 };
  const sample: PreviewSample = {
    whole: { width: 600, height: 480, channels: 3, depth: 8, metadata: {} },
    region: { x: 0, y: 0, width: 60, height: 48 },
    part,
    shown,
    denoise: 0,
  };
  const bicubic = await Upscaler.create({ model: "bicubic", device: gpu });
  try {
    const shrunk = await shrinkPart(sample, bicubic, { scale: 3, signal });
    assert.deepEqual([shrunk.width, shrunk.height], [20, 16]);
    const trial = await tryUpscaler(bicubic, sample, { scale: 3, shrunk, style: {}, signal });
    const expected = resampled(resampled(part, 20, 16), 60, 48);
    assert.ok(Math.abs(trial.psnrY! - psnrY(expected, part, 3)) < 0.05);
    assert.ok(trial.ssimY! > 0 && trial.ssimY! < 1 && trial.seconds > 0);
    const whole = await bicubic.upscale(part, { scale: 3 });
    const middle = (whole.width * (24 + 24) + 30 + 30) * 3;
    const same = (60 * 24 + 30) * 3;
    assert.deepEqual([trial.crop.width, trial.crop.height], [60, 48]);
    const [a, b] = [trial.crop.data.subarray(same), whole.data.subarray(middle)];
    assert.deepEqual(a.subarray(0, 30), b.subarray(0, 30));
    const small = { ...sample, part: testPicture(12, 12, 3), shown: { ...shown, x: 0, y: 0 } };
    assert.deepEqual(
      (await tryUpscaler(bicubic, small, { scale: 3, shrunk, style: {}, signal })).psnrY,
      null,
    );
  } finally {
    bicubic.destroy();
  }
});

Deno.test("tessera preview makes a sheet of all networks, with times and scores", async () => {
  await inFolder(async (folder) => {
    const name = "a&b.png";
    await writePicture(join(folder, name), testPicture(64, 48, 3));
    const args = ["preview", name, "--scale", "2", "--mode", "faithful", "--json"];
    const { code, stdout, stderr } = await runProgram(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.deepEqual(filesIn(folder), ["a&b-preview.html", name]);
    const { scale, region, results } = JSON.parse(stdout);
    assert.deepEqual([scale, region], [2, { x: 0, y: 0, width: 64, height: 48 }]);
    const labels = results.map(({ label }: { label: string }) => label);
    assert.deepEqual(labels.slice(0, 3), ["bicubic", "photo-x2, faithful", "fast-x2, faithful"]);
    for (const { seconds, psnrY, ssimY } of results) {
      assert.ok(seconds > 0 && psnrY > 10 && psnrY < 99 && ssimY > 0 && ssimY < 1);
    }
    const page = await Deno.readTextFile(join(folder, "a&b-preview.html"));
    assert.ok(page.includes("<h1>a&amp;b.png</h1>") && page.includes("128 x 96"));
    assert.doesNotMatch(page, /https?:|<script|\{\{/);
    const crops = [...page.matchAll(/src="data:image\/png;base64,([^"]*)"/g)];
    assert.equal(crops.length, results.length);
    for (const [i, [, text]] of crops.entries()) {
      const { width, height } = await decodePicture(new Uint8Array(Buffer.from(text, "base64")));
      assert.deepEqual([width, height], [128, 96]);
      assert.ok(page.includes(`<strong>${results[i].label}</strong>`));
      assert.ok(page.includes(`PSNR ${results[i].psnrY.toFixed(2)} dB`));
    }
    const best = /class="best"[^]*?<strong>([^<]*)/.exec(page)![1];
    const highest = Math.max(...results.map(({ psnrY }: { psnrY: number }) => psnrY));
    assert.equal(results.find(({ label }: { label: string }) => label === best).psnrY, highest);
  });
});

const REFUSED: [args: string[], code: number, message: RegExp][] = [
  [[], 2, /Expected one picture but received 0/],
  [["none.png"], 3, /none\.png: There is no such file/],
  [["a.png", "-o", "taken.html"], 2, /"taken\.html" exists: --overwrite replaces it/],
  [["a.png", "-o", "b.png"], 2, /ends in \.html/],
  [["a.png", "--scale", "17"], 2, /from 1 to 16/],
];

Deno.test("tessera preview refuses what it cannot do, and writes nothing", async () => {
  await inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"));
    await Deno.writeTextFile(join(folder, "taken.html"), "mine");
    for (const [args, code, message] of REFUSED) {
      const outcome = await runProgram(["preview", ...args], { cwd: folder });
      assert.match(outcome.stderr, message);
      assert.equal(outcome.code, code);
    }
    assert.deepEqual(filesIn(folder), ["a.png", "taken.html"]);
  });
});
