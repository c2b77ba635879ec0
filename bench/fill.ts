// deno-lint-ignore-file no-console -- a program of its own prints its table
/**
 * Extending beside mirroring and blurring: scenes and photographs are cut to the middle 75 % of their width
 * and brought back. Measured are the PSNR in a band along the old edges, and how far the spectrum of what is
 * new is from the truth's.
 *
 * deno run --allow-read --allow-write --allow-ffi bench/fill.ts [--sheets FOLDER] PHOTO...
 */

import { extend } from "../src/fill/extend.ts";
import { Gpu } from "../src/gpu/device.ts";
import { findText } from "../src/inspect/mod.ts";
import {
  convertDepth,
  decodePicture,
  encodePicture,
  gatherRows,
  type Picture,
} from "../src/pictures/mod.ts";
import { psnrRgb } from "../src/quality/psnr.ts";
import { spectrumDistanceY } from "../src/quality/spectrum.ts";
import { BACKDROP_SIDE } from "../src/targets/backdrop.ts";
import { cropPicture } from "../src/targets/crop.ts";
import { type Padding, padRows } from "../src/targets/padding.ts";
import { thumbnailOf } from "../src/targets/thumbnail.ts";
import { paintScenes } from "./fill_scenes.ts";

/** The longer side of photographs, in pixels. */
const SIDE = 640;

/** How wide the band along an old edge is, as a share of the width. */
const BAND = 1 / 40;

/** What was measured of one way. */
interface Score {
  band: number;
  distance: number;
}

const gpu = await Gpu.open();
const sheets = Deno.args[0] === "--sheets" ? Deno.args[1] : undefined;
const photos = await Promise.all(
  Deno.args.slice(sheets === undefined ? 0 : 2).map(async (path) => {
    const photo = await decodePicture(await Deno.readFile(path));
    const small = await thumbnailOf(photo, [photo.data], SIDE);
    return { name: path.split("/").at(-1)!, picture: convertDepth(small, 8) };
  }),
);
for (const group of [paintScenes(), photos]) {
  const all: Score[][] = [];
  for (const { name, picture } of group) {
    const { ways, seconds } = await tryAll(picture);
    const scores = ways.map((way) => scoreOf(way, picture));
    all.push(scores);
    console.log([name, ...scores.map(textOf), `${seconds.toFixed(1)} s`].join("  "));
    if (sheets !== undefined) await writeSheet(`${sheets}/${name}.png`, [picture, ...ways]);
  }
  if (group.length === 0) continue;
  const means = [0, 1, 2].map((way) => {
    const mean = (key: keyof Score) =>
      all.reduce((sum, scores) => sum + scores[way][key], 0) / all.length;
    return textOf({ band: mean("band"), distance: mean("distance") });
  });
  console.log(["mean", ...means].join("  "));
}
gpu.destroy();

/** Cuts a picture, and brings it back: extended, mirrored, blurred. */
async function tryAll(picture: Picture): Promise<{ ways: Picture[]; seconds: number }> {
  const { width, height } = picture;
  const x = Math.round(width / 8);
  const part = cropPicture(picture, { x, y: 0, width: width - 2 * x, height });
  const canvas = { x, y: 0, width, height };
  const start = performance.now();
  const extended = await extend(gpu, part, canvas, { text: findText(part) });
  const seconds = (performance.now() - start) / 1000;
  const pad = (padding: Padding) => gatherRows(padRows(part, [part.data], canvas, padding));
  const copy = await thumbnailOf(part, [part.data], BACKDROP_SIDE);
  return {
    ways: [extended, await pad({ kind: "mirror" }), await pad({ kind: "blur", copy })],
    seconds,
  };
}

function scoreOf(result: Picture, truth: Picture): Score {
  const { width, height } = truth;
  const x = Math.round(width / 8);
  const band = Math.round(width * BAND);
  const parts = (begin: number, wide: number, end: number) =>
    [begin, end].map((left) => {
      const region = { x: left, y: 0, width: wide, height };
      return [cropPicture(result, region), cropPicture(truth, region)] as const;
    });
  const bands = parts(x - band, band, width - x).map(([a, b]) => 10 ** (-psnrRgb(a, b) / 10));
  const ends = parts(0, x, width - x).map(([a, b]) => spectrumDistanceY(a, b).distance);
  return {
    band: -10 * Math.log10((bands[0] + bands[1]) / 2),
    distance: (ends[0] + ends[1]) / 2,
  };
}

function textOf({ band, distance }: Score): string {
  return `${band.toFixed(2)} dB, ${distance.toFixed(1)} dB`;
}

/** Pictures side by side. */
async function writeSheet(path: string, pictures: readonly Picture[]): Promise<void> {
  const [{ width, height }] = pictures;
  const data = new Uint8Array(pictures.length * width * height * 3);
  pictures.forEach((picture, i) => {
    for (let y = 0; y < height; y++) {
      const row = picture.data.subarray(y * width * 3, (y + 1) * width * 3);
      data.set(row, (y * pictures.length + i) * width * 3);
    }
  });
  const sheet: Picture = { ...pictures[0], width: pictures.length * width, data };
  await Deno.writeFile(path, await encodePicture(sheet, { format: "png" }));
}
