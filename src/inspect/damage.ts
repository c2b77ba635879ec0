/**
 * Scratches, creases, dust and specks of scanned prints and films: thin or small outliers in calm
 * surroundings, brighter or darker than all that is beside them.
 *
 * What a square of 7 x 7 pixels cannot hold stands out from the picture opened (bright) or closed (dark)
 * by it (the top-hat of F. Meyer, "Iterative image transformations for an automatic screening of cervical
 * smears", Journal of Histochemistry and Cytochemistry 27(1), 1979). It counts as damage where it stands
 * out far more than anything around it, and has the shape of a line or a speck.
 */

import { type Mask } from "../pictures/mask.ts";
import { type Picture, whiteOf } from "../pictures/picture.ts";

/** Pixels from the middle of the square to its edge: damage is at most 6 pixels wide. */
const SQUARE_REACH = 3;

/** Pixels around one whose texture counts, on each side. */
const AROUND_REACH = 9;

/** What may be damage stands out by so many levels of 255, and has no say in the texture around it. */
const CANDIDATE = 14;

/** What damage stands out by, in levels, and in multiples of the texture around it. */
const STRONG = { levels: 34, texture: 7 };
const WEAK = { levels: 18, texture: 4 };

/** Texture that is always there, in levels. */
const LEAST_TEXTURE = 1.5;

/** Paint is missing, or something covers it: damage is about as bright or dark as anything in the picture. */
const EXTREME = { share: 0.03, bright: 200, dark: 50 };

/** The least share of the pixels around one that must not look damaged. */
const LEAST_CALM = 0.4;

/** How much the brightness of damage varies along it, at most: what is photographed varies with its light. */
const UNEVEN = 22;

/** A line is at least so long, and so many times longer than wide. */
const LINE = { length: 24, slender: 7 };

/** A speck has so many pixels, fills so much of its box, and stands out so many times more than a line. */
const SPECK = { least: 4, most: 80, filled: 0.5, side: 11, texture: 1.6 };

/** Pixels around damage that are taken with it: its rim is half damaged. */
const RIM = 1;

/** Brightness, and how far it stands out. */
interface Outliers {
  width: number;
  height: number;
  /** Levels above the picture opened, or below it closed. */
  bright: Float32Array;
  dark: Float32Array;
  /** Deviation of the brightness around each pixel, without what may be damage. */
  texture: Float32Array;
  luma: Float32Array;
  /** Brightness from which on, and below which, it is extreme. */
  ends: { bright: number; dark: number };
}

/**
 * Finds damage, and returns its marks.
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
export function findDamage(picture: Picture): Mask {
  const { width, height } = picture;
  const outliers = outliersIn(picture);
  const marks = new Uint8Array(width * height);
  for (const side of ["bright", "dark"] as const) {
    for (const shape of shapesIn(outliers[side], outliers)) {
      if (!isDamage(shape) || !isExtreme(shape, outliers.ends, side)) continue;
      for (const at of shape.pixels) mark(marks, width, height, at);
    }
  }
  return { width, height, data: marks };
}

/** Marks a pixel and its rim. */
function mark(marks: Uint8Array, width: number, height: number, at: number): void {
  const [x, y] = [at % width, Math.floor(at / width)];
  for (let row = Math.max(0, y - RIM); row <= Math.min(height - 1, y + RIM); row++) {
    const from = Math.max(0, x - RIM);
    marks.fill(1, row * width + from, row * width + Math.min(width, x + RIM + 1));
  }
}

function outliersIn(picture: Picture): Outliers {
  const { width, height } = picture;
  const luma = lumaOf(picture);
  const opened = dilate(erode(luma, width, height), width, height);
  const closed = erode(dilate(luma, width, height), width, height);
  const bright = luma.map((value, i) => value - opened[i]);
  const dark = luma.map((value, i) => closed[i] - value);
  const calm = bright.map((value, i) => Math.max(value, dark[i]) < CANDIDATE ? 1 : 0);
  const sums = [calm, luma.map((v, i) => v * calm[i]), luma.map((v, i) => v * v * calm[i])];
  const [count, mean, square] = sums.map((plane) => averaged(plane, width, height));
  const texture = count.map((share, i) =>
    share < LEAST_CALM
      ? Infinity
      : Math.sqrt(Math.max(0, square[i] / share - (mean[i] / share) ** 2))
  );
  return { width, height, bright, dark, texture, luma, ends: endsOf(luma) };
}

/** The brightness that a small share of the pixels exceeds, and that as many stay below. */
function endsOf(luma: Float32Array): Outliers["ends"] {
  const sorted = luma.toSorted();
  const beyond = Math.floor(EXTREME.share * (luma.length - 1));
  return {
    bright: Math.max(EXTREME.bright, sorted[luma.length - 1 - beyond]),
    dark: Math.min(EXTREME.dark, sorted[beyond]),
  };
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

/** Connected pixels that stand out, of which one at least does so strongly. */
interface Shape {
  pixels: number[];
  /** Along the longer side of its box, and across. */
  length: number;
  breadth: number;
  /** How much it stands out at most, in multiples of the texture around it. */
  peak: number;
  /** Mean brightness of its strong pixels, and its deviation. */
  tone: number;
  uneven: number;
}

function* shapesIn(
  levels: Float32Array,
  { width, height, texture, luma }: Outliers,
): Generator<Shape> {
  const reaches = (at: number, least: { levels: number; texture: number }) =>
    levels[at] >= least.levels && levels[at] >= least.texture * (texture[at] + LEAST_TEXTURE);
  const seen = new Uint8Array(levels.length);
  for (let start = 0; start < levels.length; start++) {
    if (seen[start] === 1 || !reaches(start, STRONG)) continue;
    const pixels = [start];
    seen[start] = 1;
    let [left, right, top, bottom] = [width, 0, height, 0];
    let peak = 0;
    let [sum, squares, strong] = [0, 0, 0];
    for (let i = 0; i < pixels.length; i++) {
      const at = pixels[i];
      const [x, y] = [at % width, Math.floor(at / width)];
      [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
      peak = Math.max(peak, levels[at] / (texture[at] + LEAST_TEXTURE));
      if (levels[at] >= STRONG.levels) {
        [sum, squares, strong] = [sum + luma[at], squares + luma[at] ** 2, strong + 1];
      }
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
          const next = row * width + column;
          if (seen[next] === 1 || !reaches(next, WEAK)) continue;
          seen[next] = 1;
          pixels.push(next);
        }
      }
    }
    const sides = [right - left, bottom - top].sort((a, b) => b - a);
    const tone = sum / strong;
    const uneven = Math.sqrt(Math.max(0, squares / strong - tone ** 2));
    yield { pixels, length: sides[0], breadth: sides[1], peak, tone, uneven };
  }
}

/** Lines are long and thin, whichever way they run; specks are small and round. */
function isDamage({ pixels, length, breadth, peak }: Shape): boolean {
  const way = Math.hypot(length, breadth);
  const isLine = length >= LINE.length && way * way >= LINE.slender * pixels.length;
  const isSpeck = length <= SPECK.side && pixels.length >= SPECK.least &&
    pixels.length <= SPECK.most && pixels.length >= SPECK.filled * length * breadth &&
    peak >= SPECK.texture * STRONG.texture;
  return isLine || isSpeck;
}

/** Says whether a shape is as bright or dark as nearly nothing else, and so all along. */
function isExtreme(
  { tone, uneven }: Shape,
  ends: Outliers["ends"],
  side: "bright" | "dark",
): boolean {
  return uneven <= UNEVEN && (side === "bright" ? tone >= ends.bright : tone <= ends.dark);
}
