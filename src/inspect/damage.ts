/**
 * Scratches, creases, hairs, dust and specks of scanned prints and films: thin or small outliers, brighter
 * or darker than all that is beside them.
 *
 * What a square of 7 x 7 pixels cannot hold stands out from the picture opened (bright) or closed (dark)
 * by it (the top-hat of F. Meyer, "Iterative image transformations for an automatic screening of cervical
 * smears", Journal of Histochemistry and Cytochemistry 27(1), 1979). Pixels that stand out more than what is
 * around them are joined to shapes, and of each shape a small trained network says whether it is damage:
 * from its form, how far and how evenly it stands out, its colour, and what is around it.
 */

import type { Mask } from "../pictures/mask.ts";
import { type Picture, whiteOf } from "../pictures/picture.ts";
import { damageScore } from "./damage_score.ts";

/** Pixels from the middle of the square to its edge: damage is at most 6 pixels wide. */
const SQUARE_REACH = 3;

/** Pixels around one over which is averaged how much stands out there. */
const AROUND_REACH = 12;

/** What a shape stands out by at its strongest pixel, and at all: levels, and multiples of what is around. */
const STRONG = { levels: 14, ratio: 3 };
const WEAK = { levels: 7, ratio: 1.5 };

/** What always stands out, in levels. */
const LEAST_AROUND = 1.5;

/** Shapes of fewer pixels are noise. */
const LEAST_PIXELS = 4;

/** From this score on a shape is damage; chosen on twenty photographs, see docs/inspect.md. */
const DAMAGE_SCORE = 3.75;

/** Pixels around damage that are taken with it: its rim is half damaged. */
const RIM = 1;

/** What is known of each pixel. */
interface Planes {
  width: number;
  height: number;
  luma: Float32Array;
  /** Levels above the picture opened, or below it closed. */
  bright: Float32Array;
  dark: Float32Array;
  /** How far pixels around one stand out on average, in levels. */
  around: Float32Array;
  /** Largest less least of red, green and blue. */
  chroma: Float32Array;
}

/** Connected pixels that stand out, and what the score is made from. */
export interface Shape {
  pixels: number[];
  features: number[];
}

/**
 * Finds damage, and returns its marks.
 *
 * @param least From which score on a shape counts.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const data = new Uint8Array(100 * 100).fill(90);
 * for (let y = 10; y < 80; y++) data[100 * y + 40] = 250; // a scratch
 * const { data: marks } = findDamage({
 *   width: 100, height: 100, channels: 1, depth: 8, data, metadata: {},
 * });
 * assert.deepEqual([marks[100 * 30 + 40], marks[100 * 30 + 60]], [1, 0]);
 * ```
 */
export function findDamage(picture: Picture, least: number = DAMAGE_SCORE): Mask {
  const { width, height } = picture;
  const marks = new Uint8Array(width * height);
  for (const { pixels, features } of shapesOf(picture)) {
    if (damageScore(features) < least) continue;
    for (const at of pixels) mark(marks, width, height, at);
  }
  return { width, height, data: marks };
}

/** All that may be damage. */
export function* shapesOf(picture: Picture): Generator<Shape> {
  const planes = planesOf(picture);
  const ranks = ranksOf(planes.luma);
  for (const side of ["bright", "dark"] as const) {
    const candidates = candidatesIn(planes, planes[side]);
    const crowd = averaged(candidates, planes.width, planes.height);
    for (const pixels of joinedIn(planes, side)) {
      if (pixels.length < LEAST_PIXELS) continue;
      yield { pixels, features: featuresOf(pixels, planes, side, { ranks, crowd }) };
    }
  }
}

/** Marks a pixel and its rim. */
function mark(marks: Uint8Array, width: number, height: number, at: number): void {
  const [x, y] = [at % width, Math.floor(at / width)];
  for (let row = Math.max(0, y - RIM); row <= Math.min(height - 1, y + RIM); row++) {
    const from = Math.max(0, x - RIM);
    marks.fill(1, row * width + from, row * width + Math.min(width, x + RIM + 1));
  }
}

function planesOf(picture: Picture): Planes {
  const { width, height } = picture;
  const luma = lumaOf(picture);
  const opened = dilate(erode(luma, width, height), width, height);
  const closed = erode(dilate(luma, width, height), width, height);
  const bright = luma.map((value, i) => value - opened[i]);
  const dark = luma.map((value, i) => closed[i] - value);
  const outlying = bright.map((value, i) => Math.min(40, Math.max(value, dark[i])));
  const around = averaged(averaged(outlying, width, height), width, height);
  return { width, height, luma, bright, dark, around, chroma: chromaOf(picture) };
}

function stands(
  levels: Float32Array,
  around: Float32Array,
  at: number,
  least: { levels: number; ratio: number },
): boolean {
  return levels[at] >= least.levels && levels[at] >= least.ratio * (around[at] + LEAST_AROUND);
}

/** 1 where a pixel belongs to what stands out. */
function candidatesIn({ around }: Planes, levels: Float32Array): Float32Array {
  return levels.map((_, at) => stands(levels, around, at, WEAK) ? 1 : 0);
}

/** Connected pixels that stand out, one at least strongly. */
function* joinedIn(planes: Planes, side: "bright" | "dark"): Generator<number[]> {
  const { width, height, around } = planes;
  const levels = planes[side];
  const seen = new Uint8Array(levels.length);
  for (let start = 0; start < levels.length; start++) {
    if (seen[start] === 1 || !stands(levels, around, start, STRONG)) continue;
    const pixels = [start];
    seen[start] = 1;
    for (let i = 0; i < pixels.length; i++) {
      const [x, y] = [pixels[i] % width, Math.floor(pixels[i] / width)];
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
          const next = row * width + column;
          if (seen[next] === 1 || !stands(levels, around, next, WEAK)) continue;
          seen[next] = 1;
          pixels.push(next);
        }
      }
    }
    yield pixels;
  }
}

/** What says whether a shape is damage. */
function featuresOf(
  pixels: readonly number[],
  planes: Planes,
  side: "bright" | "dark",
  { ranks, crowd }: { ranks: Float32Array; crowd: Float32Array },
): number[] {
  const { width, luma, around, chroma } = planes;
  const levels = planes[side];
  const of = (value: (at: number) => number) => momentsOf(pixels, value);
  const x = of((at) => at % width);
  const y = of((at) => Math.floor(at / width));
  const mixed = of((at) => (at % width - x.mean) * (Math.floor(at / width) - y.mean)).mean;
  const spread = Math.hypot((x.variance - y.variance) / 2, mixed);
  const middle = (x.variance + y.variance) / 2 + 1 / 12;
  const length = Math.sqrt(12 * (middle + spread));
  const breadth = Math.sqrt(12 * Math.max(1 / 12, middle - spread));
  const standing = of((at) => levels[at]);
  const ratio = of((at) => levels[at] / (around[at] + LEAST_AROUND));
  const sign = side === "bright" ? 1 : -1;
  const background = of((at) => luma[at] - sign * levels[at]);
  const tone = of((at) => luma[at]);
  const rank = ranks[Math.round(tone.mean)];
  return [
    Math.log(length),
    Math.log(breadth),
    Math.log(pixels.length),
    Math.log(pixels.length / length),
    Math.log(standing.mean),
    Math.log(ratio.mean),
    Math.log(ratio.largest),
    Math.sqrt(standing.variance) / standing.mean,
    (side === "bright" ? tone.mean : 255 - tone.mean) / 64,
    Math.log(0.001 + (side === "bright" ? 1 - rank : rank)),
    Math.log(1 + Math.sqrt(tone.variance)),
    Math.log(1 + Math.sqrt(background.variance)),
    Math.log(1 + of((at) => chroma[at]).mean),
    Math.log(0.5 + of((at) => around[at]).mean),
    Math.log(0.001 + of((at) => crowd[at]).mean),
    sign,
  ];
}

/** Mean, variance and largest of something over pixels. */
function momentsOf(pixels: readonly number[], value: (at: number) => number) {
  let [sum, squares, largest] = [0, 0, -Infinity];
  for (const at of pixels) {
    const each = value(at);
    [sum, squares, largest] = [sum + each, squares + each ** 2, Math.max(largest, each)];
  }
  const mean = sum / pixels.length;
  return { mean, variance: Math.max(0, squares / pixels.length - mean ** 2), largest };
}

/** The share of the pixels that are darker than each level of 0 to 255, half of those of the level itself. */
function ranksOf(luma: Float32Array): Float32Array {
  const counts = new Float32Array(256);
  for (const value of luma) counts[Math.round(value)]++;
  let below = 0;
  return counts.map((count) => {
    const rank = (below + count / 2) / luma.length;
    below += count;
    return rank;
  });
}

/** Largest less least of the colours, in levels; 0 in grey. */
function chromaOf({ width, height, channels, depth, data }: Picture): Float32Array {
  const chroma = new Float32Array(width * height);
  if (channels <= 2) return chroma;
  const scale = 255 / whiteOf(depth);
  for (let i = 0, from = 0; i < chroma.length; i++, from += channels) {
    const [red, green, blue] = [data[from], data[from + 1], data[from + 2]];
    chroma[i] = scale * (Math.max(red, green, blue) - Math.min(red, green, blue));
  }
  return chroma;
}

/** Brightness as JPEG has it (BT.601), 0 to 255; what is transparent counts as it is. */
function lumaOf({ width, height, channels, depth, data }: Picture): Float32Array {
  const luma = new Float32Array(width * height);
  const scale = 255 / whiteOf(depth);
  for (let i = 0, from = 0; i < luma.length; i++, from += channels) {
    luma[i] = scale *
      (channels <= 2
        ? data[from]
        : 0.299 * data[from] + 0.587 * data[from + 1] + 0.114 * data[from + 2]);
  }
  return luma;
}

function erode(plane: Float32Array, width: number, height: number): Float32Array {
  return extremes(plane, width, height, Math.min);
}

function dilate(plane: Float32Array, width: number, height: number): Float32Array {
  return extremes(plane, width, height, Math.max);
}

/** The least or the largest value of the square around each pixel, as far as it lies in the picture. */
function extremes(
  plane: Float32Array,
  width: number,
  height: number,
  pick: (a: number, b: number) => number,
): Float32Array {
  const along = (from: Float32Array, lines: number, length: number, step: number, next: number) => {
    const to = new Float32Array(from.length);
    for (let line = 0; line < lines; line++) {
      const begin = line * next;
      for (let i = 0; i < length; i++) {
        const last = Math.min(length - 1, i + SQUARE_REACH);
        let value = from[begin + i * step];
        for (let j = Math.max(0, i - SQUARE_REACH); j <= last; j++) {
          value = pick(value, from[begin + j * step]);
        }
        to[begin + i * step] = value;
      }
    }
    return to;
  };
  return along(along(plane, height, width, 1, width), width, height, width, 1);
}

/** The mean of the square around each pixel, as far as it lies in the picture. */
function averaged(plane: Float32Array, width: number, height: number): Float32Array {
  const along = (from: Float32Array, lines: number, length: number, step: number, next: number) => {
    const to = new Float32Array(from.length);
    for (let line = 0; line < lines; line++) {
      const begin = line * next;
      let [sum, count] = [0, 0];
      for (let i = -AROUND_REACH; i < length; i++) {
        const [enters, leaves] = [i + AROUND_REACH, i - AROUND_REACH - 1];
        if (enters < length) {
          sum += from[begin + enters * step];
          count++;
        }
        if (leaves >= 0) {
          sum -= from[begin + leaves * step];
          count--;
        }
        if (i >= 0) to[begin + i * step] = sum / count;
      }
    }
    return to;
  };
  return along(along(plane, height, width, 1, width), width, height, width, 1);
}
