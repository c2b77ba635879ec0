/**
 * What a picture shows: a photograph, line art, or a screenshot or text. Drawn pictures are flat or
 * have strong edges, and few levels of brightness; in text and screenshots, edges belong to small
 * shapes or run along the rows and columns.
 */

import type { Region } from "./regions.ts";

/** What a picture shows. */
export type Content = "photo" | "line art" | "screenshot or text";

/** Side of the squares whose range of brightness is taken. */
const SQUARE = 4;

/** A square is of one level up to the first range and flat up to the second; from the third on, it has an edge. */
const LEVEL_RANGE = 0.5;
const FLAT_RANGE = 3;
const EDGE_RANGE = 40;

/** Levels of brightness in a bin, and bins that a peak takes up. */
const BIN = 4;
const PEAK_BINS = 3;
const PEAKS = 3;

/**
 * A drawn picture has at most this share of squares between flat and edges, of all and of those that are
 * not flat; at least this share of one level among the flat ones; and this share of pixels in the
 * highest peaks of brightness. Clean drawings have up to 0.10, 0.43 and down to 0.99, 0.71; saved as
 * JPEGs of quality 40, 0.23, 0.60, 0.68 and 0.67.
 */
const DRAWN = { between: 0.25, betweenOfRest: 0.62, level: 0.6, inPeaks: 0.66 };

/** The two differences at an edge, together, in levels. */
const EDGE = 60;

/** An edge runs along rows or columns if the smaller difference is at most this share of the larger. */
const UPRIGHT = 0.06;

/** Rows that a letter takes up, at most. */
const LETTER_ROWS = 40;

/** Share of edges in small shapes or upright: 0.9 and more in text, up to 0.63 in line art. */
const WRITTEN = 0.76;

/** Says what a picture shows. A drawing under noise, as of a scanner, counts as a photograph of it. */
export function classify(regions: readonly Region[]): Content {
  if (!isDrawn(regions)) return "photo";
  return shareWritten(regions) >= WRITTEN ? "screenshot or text" : "line art";
}

function isDrawn(regions: readonly Region[]): boolean {
  const ranges = regions.flatMap(rangesIn);
  const count = (from: number, to: number) => ranges.filter((r) => r >= from && r < to).length;
  const [level, flat] = [count(0, LEVEL_RANGE), count(0, FLAT_RANGE)];
  const [between, edges] = [count(FLAT_RANGE, EDGE_RANGE), count(EDGE_RANGE, Infinity)];
  return edges > 0 &&
    between <= DRAWN.between * ranges.length &&
    between <= DRAWN.betweenOfRest * (between + edges) &&
    level >= DRAWN.level * flat &&
    shareInPeaks(regions) >= DRAWN.inPeaks;
}

/** The range of brightness in each square. */
function rangesIn({ width, height, luma }: Region): number[] {
  const ranges: number[] = [];
  for (let y = 0; y + SQUARE <= height; y += SQUARE) {
    for (let x = 0; x + SQUARE <= width; x += SQUARE) {
      let [low, high] = [Infinity, -Infinity];
      for (let i = 0; i < SQUARE * SQUARE; i++) {
        const value = luma[(y + (i >> 2)) * width + x + (i & 3)];
        if (value < low) low = value;
        if (value > high) high = value;
      }
      ranges.push(high - low);
    }
  }
  return ranges;
}

function shareInPeaks(regions: readonly Region[]): number {
  const bins = new Float64Array(256 / BIN + 2);
  let pixels = 0;
  for (const { luma } of regions) {
    for (const value of luma) bins[1 + Math.floor(value / BIN)]++;
    pixels += luma.length;
  }
  let inPeaks = 0;
  for (let peak = 0; peak < PEAKS; peak++) {
    let [first, most] = [0, -1];
    for (let i = 0; i + PEAK_BINS <= bins.length; i++) {
      const sum = bins[i] + bins[i + 1] + bins[i + 2];
      if (sum > most) [first, most] = [i, sum];
    }
    inPeaks += most;
    bins.fill(0, first, first + PEAK_BINS);
  }
  return inPeaks / pixels;
}

/** The share of edge pixels that belong to small shapes, or run along rows or columns. */
function shareWritten(regions: readonly Region[]): number {
  let edges = 0;
  let written = 0;
  for (const region of regions) {
    const { marks, upright } = edgesOf(region);
    for (const shape of shapesOf(marks, region.width)) {
      const small = rowsOf(shape, region.width) <= LETTER_ROWS;
      edges += shape.length;
      written += small ? shape.length : shape.filter((at) => upright[at] === 1).length;
    }
  }
  return edges === 0 ? 0 : written / edges;
}

/** The rows that a shape takes up. */
function rowsOf(shape: readonly number[], width: number): number {
  let last = 0;
  for (const at of shape) last = Math.max(last, at);
  // Its first pixel is its topmost one.
  return Math.floor(last / width) - Math.floor(shape[0] / width) + 1;
}

/** Marks of edges, and of those that run along rows or columns: `[height][width]`, 1 where there is one. */
function edgesOf({ width, height, luma }: Region): { marks: Uint8Array; upright: Uint8Array } {
  const marks = new Uint8Array(width * height);
  const upright = new Uint8Array(width * height);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const across = Math.abs(luma[at + 1] - luma[at - 1]);
      const down = Math.abs(luma[at + width] - luma[at - width]);
      if (across + down < EDGE) continue;
      marks[at] = 1;
      if (Math.min(across, down) <= UPRIGHT * Math.max(across, down)) upright[at] = 1;
    }
  }
  return { marks, upright };
}

/** Yields the pixels of each connected shape, and clears its marks; the picture's rim has no marks. */
function* shapesOf(marks: Uint8Array, width: number): Generator<number[]> {
  const neighbours = [-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1];
  for (let start = marks.indexOf(1); start >= 0; start = marks.indexOf(1, start)) {
    const shape = [start];
    marks[start] = 0;
    for (let i = 0; i < shape.length; i++) {
      for (const step of neighbours) {
        const at = shape[i] + step;
        if (marks[at] !== 1) continue;
        marks[at] = 0;
        shape.push(at);
      }
    }
    yield shape;
  }
}
