/**
 * The sizes of a picture at which it is filled, from the largest to the smallest, as the kernels read
 * them: see `wgsl/shared/fill_head.wgsl`.
 */

import { CONFIDENCE, HOLE, PATCH_REACH, SOURCE, type TargetRange } from "../kernels/fill.ts";
import type { Size } from "../raster/size.ts";
import { dilated, type Mask, shrunkMask } from "../pictures/mask.ts";

/** A picture as it is worked on: 8 bits, three channels. */
export interface WorkPicture extends Size {
  /** `[height][width]` of packed red, green and blue. */
  colours: Uint32Array;
  /** What is to be filled. */
  hole: Mask;
  /** What may not be copied beside that. */
  barred: Mask;
}

/** One size, ready for the device. */
export interface Level extends Size {
  /** `[height][width]`: colours, confidence and marks of sources. */
  pixels: Uint32Array;
  /** Place and confidence of each target. */
  targets: Uint32Array;
  /** Targets of one distance from what is known, the nearest first. */
  layers: TargetRange[];
  /** Places of the sources. */
  sources: Uint32Array;
}

/** What confidence loses from one layer to the next, and what is left of it at least. */
const CONFIDENCE_LOSS = 0.85;
const LEAST_CONFIDENCE = 8;

/** The smallest level has holes of at most so many layers, unless a side would fall below the least. */
const MOST_LAYERS = 6;
const LEAST_SIDE = 48;

/** Sources that a level has at least, as a share of its pixels and in number. */
const LEAST_SOURCES = { share: 1 / 50, count: 64 };

/**
 * Makes the levels, each half the size of the one before it. They end where the holes are small, or too
 * little of the picture would be left to copy from.
 *
 * @returns None if not even the largest has a source.
 */
export function levelsOf(picture: WorkPicture): Level[] {
  const levels: Level[] = [];
  for (let at = picture;; at = halved(at)) {
    const level = levelOf(at);
    if (!hasEnough(level, levels.length === 0)) break;
    levels.push(level);
    const next = Math.min(at.width, at.height) / 2;
    if (level.layers.length <= MOST_LAYERS || next < LEAST_SIDE) break;
  }
  return levels;
}

function hasEnough({ width, height, sources }: Level, isLargest: boolean): boolean {
  if (isLargest) return sources.length > 0;
  return sources.length >= Math.max(LEAST_SOURCES.count, LEAST_SOURCES.share * width * height);
}

/** Averages 2 x 2 pixels; one of which one is in the hole is in it as a whole. */
function halved({ width, height, colours, hole, barred }: WorkPicture): WorkPicture {
  const size = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const small = new Uint32Array(size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    const rows = [2 * y, Math.min(2 * y + 1, height - 1)];
    for (let x = 0; x < size.width; x++) {
      const columns = [2 * x, Math.min(2 * x + 1, width - 1)];
      const four = rows.flatMap((row) => columns.map((column) => colours[row * width + column]));
      small[y * size.width + x] = meanOf(four);
    }
  }
  return { ...size, colours: small, hole: shrunkMask(hole, 2), barred: shrunkMask(barred, 2) };
}

function meanOf([a, b, c, d]: number[]): number {
  let mean = 0;
  for (let shift = 0; shift < 24; shift += 8) {
    const sum = ((a >> shift) & 255) + ((b >> shift) & 255) + ((c >> shift) & 255) +
      ((d >> shift) & 255);
    mean |= ((sum + 2) >> 2) << shift;
  }
  return mean;
}

function levelOf({ width, height, colours, hole, barred }: WorkPicture): Level {
  const size = { width, height };
  const distances = distancesIn(hole);
  const confidences = Uint32Array.from(
    distances,
    (distance) => Math.max(LEAST_CONFIDENCE, Math.round(CONFIDENCE * CONFIDENCE_LOSS ** distance)),
  );
  const sourceMarks = sourcesOf(hole, barred);
  const pixels = new Uint32Array(width * height);
  for (let i = 0; i < pixels.length; i++) {
    const known = distances[i] === 0 ? colours[i] | CONFIDENCE << 24 : 0;
    pixels[i] = sourceMarks[i] === 1 ? known | SOURCE : known;
  }
  const order = targetOrder(hole, distances);
  const targets = new Uint32Array(2 * order.length);
  order.forEach((i, at) => {
    targets[2 * at] = placeOf(i, width);
    targets[2 * at + 1] = distances[i] === 0 ? CONFIDENCE : confidences[i] | HOLE;
  });
  const sources = Uint32Array.from(marked(sourceMarks), (i) => placeOf(i, width));
  return { ...size, pixels, targets, layers: layersOf(order, distances), sources };
}

function placeOf(index: number, width: number): number {
  return index % width | Math.floor(index / width) << 16;
}

function marked(marks: Uint8Array): number[] {
  const found: number[] = [];
  for (let i = marks.indexOf(1); i >= 0; i = marks.indexOf(1, i + 1)) found.push(i);
  return found;
}

/** The middles of patches that lie in the picture and touch neither the hole nor what is barred. */
function sourcesOf(hole: Mask, barred: Mask): Uint8Array {
  const { width, height } = hole;
  const taken = hole.data.map((mark, i) => mark | barred.data[i]);
  const touching = dilated({ width, height, data: taken }, PATCH_REACH).data;
  const marks = new Uint8Array(width * height);
  for (let y = PATCH_REACH; y < height - PATCH_REACH; y++) {
    for (let x = PATCH_REACH; x < width - PATCH_REACH; x++) {
      if (touching[y * width + x] === 0) marks[y * width + x] = 1;
    }
  }
  return marks;
}

/**
 * How far pixels of the hole are from what is known, in steps to the eight neighbours; 0 outside it, and
 * everywhere if nothing is known.
 */
function distancesIn({ width, height, data }: Mask): Uint16Array {
  const distances = new Uint16Array(width * height);
  let front: number[] = [];
  const visit = (from: number, distance: number, next: number[]) => {
    const [x, y] = [from % width, Math.floor(from / width)];
    for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
        const at = row * width + column;
        if (data[at] === 0 || distances[at] > 0) continue;
        distances[at] = distance;
        next.push(at);
      }
    }
  };
  for (let i = 0; i < data.length; i++) if (data[i] === 0) visit(i, 1, front);
  for (let distance = 2; front.length > 0; distance++) {
    const next: number[] = [];
    for (const at of front) visit(at, distance, next);
    front = next;
  }
  return distances;
}

/** Pixels whose patch touches the hole, by their distance from what is known, then row by row. */
function targetOrder(hole: Mask, distances: Uint16Array): number[] {
  const order = marked(dilated(hole, PATCH_REACH).data);
  return order.sort((a, b) => distances[a] - distances[b] || a - b);
}

/** Those outside the hole go with the first layer. */
function layersOf(order: readonly number[], distances: Uint16Array): TargetRange[] {
  const layers: TargetRange[] = [];
  let first = 0;
  for (let i = 1; i <= order.length; i++) {
    const distance = Math.max(1, distances[order[i - 1]]);
    if (i < order.length && Math.max(1, distances[order[i]]) === distance) continue;
    layers.push({ first, count: i - first });
    first = i;
  }
  return layers;
}
