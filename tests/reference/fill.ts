/**
 * CPU twin of the kernels of filling, in whole numbers: the same matches and colours to the bit.
 *
 * Small and naive on purpose: a pixel is an array, and every patch is compared to its end.
 */

import { CONFIDENCE, HOLE, PATCH_REACH, type Search, SOURCE } from "../../src/kernels/fill.ts";
import type { Level } from "../../src/fill/levels.ts";

/** A match of the twin. */
export interface Match {
  x: number;
  y: number;
  weight: number;
}

/** The twin's state of a level: what the kernels read and write. */
export interface TwinLevel extends Pick<Level, "width" | "height" | "targets" | "sources"> {
  pixels: Uint32Array;
  /** Two words for each pixel. */
  matches: Uint32Array;
}

type Targets = { first: number; count: number };

/** One round of search; returns the words of the matches after it. */
export function search(
  level: TwinLevel,
  range: Targets,
  params: Search,
  output: Uint32Array,
): Uint32Array {
  const found = output.slice();
  for (const { x, y, confidence, place } of targetsIn(level, range)) {
    let best: Match | undefined;
    let bestCost = Infinity;
    const attempt = (at: { x: number; y: number } | undefined) => {
      if (at === undefined || !isSource(level, at.x, at.y)) return;
      const cost = costOf(level, { x, y }, at, params);
      if (cost < bestCost) [best, bestCost] = [{ ...at, weight: 0 }, cost];
    };
    attempt(matchAt(level, x, y));
    const { step, samples, seed } = params;
    const ways = [[-step, 0], [0, -step], [step, 0], [0, step]];
    for (const [dx, dy] of step > 0 ? ways : []) {
      const near = matchAt(level, x + dx, y + dy);
      attempt(near && { x: near.x - dx, y: near.y - dy });
    }
    let tries = step > 0 ? 5 : 1;
    for (let i = 0; i < samples; i++) {
      const source = level.sources[hash(seed, place, tries++) % level.sources.length];
      attempt({ x: source & 0xffff, y: source >>> 16 });
    }
    for (let radius = params.radius; radius > 0; radius = Math.floor(radius / 2)) {
      const random = hash(seed, place, tries++);
      const width = 2 * radius + 1;
      const from = best ?? { x: -1, y: -1 };
      attempt({
        x: from.x + (random & 0xffff) % width - radius,
        y: from.y + (random >>> 16) % width - radius,
      });
    }
    const at = 2 * (y * level.width + x);
    found.set([0, 0], at);
    if (best === undefined) continue;
    const error = Math.floor(bestCost / Math.max(1, totalOf(level, x, y)));
    const weight = Math.max(1, Math.floor(confidence * 256 / (16 + error)));
    found.set([best.x | best.y << 16, weight], at);
  }
  return found;
}

/** The votes; returns the words of the pixels after them. */
export function vote(level: TwinLevel, range: Targets): Uint32Array {
  const pixels = level.pixels.slice();
  for (const { x, y, confidence, isHole } of targetsIn(level, range)) {
    if (!isHole) continue;
    const sums = [0, 0, 0];
    let total = 0;
    for (const [dx, dy] of patch()) {
      const match = matchAt(level, x + dx, y + dy);
      if (match === undefined) continue;
      const pixel = level.pixels[(match.y - dy) * level.width + match.x - dx];
      const weight = Math.max(1, Math.floor(match.weight ** 2 / 256));
      colours(pixel).forEach((value, c) => sums[c] += value * weight);
      total += weight;
    }
    if (total === 0) continue;
    const [red, green, blue] = sums.map((sum) => Math.floor((sum + Math.floor(total / 2)) / total));
    pixels[y * level.width + x] = red | green << 8 | blue << 16 | confidence << 24;
  }
  return pixels;
}

/** First matches by those of a level half as large; returns the words of the matches. */
export function refine(
  level: TwinLevel,
  range: Targets,
  coarse: { width: number; matches: Uint32Array },
  seed: number,
  output: Uint32Array,
): Uint32Array {
  const found = output.slice();
  for (const { x, y, place } of targetsIn(level, range)) {
    const above = 2 * (Math.floor(y / 2) * coarse.width + Math.floor(x / 2));
    const [source, weight] = coarse.matches.subarray(above, above + 2);
    const at = { x: 2 * (source & 0xffff) + x % 2, y: 2 * (source >>> 16) + y % 2 };
    const isKept = weight > 0 && isSource(level, at.x, at.y);
    const other = level.sources[hash(seed, place, 0) % level.sources.length];
    found.set(isKept ? [at.x | at.y << 16, weight] : [other, 1], 2 * (y * level.width + x));
  }
  return found;
}

function* targetsIn(level: TwinLevel, { first, count }: Targets) {
  for (let i = first; i < first + count; i++) {
    const [place, marks] = level.targets.subarray(2 * i, 2 * i + 2);
    yield {
      place,
      x: place & 0xffff,
      y: place >>> 16,
      confidence: marks & CONFIDENCE,
      isHole: marks >= HOLE,
    };
  }
}

function isInside({ width, height }: TwinLevel, x: number, y: number): boolean {
  return x >= 0 && y >= 0 && x < width && y < height;
}

function isSource(level: TwinLevel, x: number, y: number): boolean {
  return isInside(level, x, y) && level.pixels[y * level.width + x] >= SOURCE;
}

function matchAt(level: TwinLevel, x: number, y: number): Match | undefined {
  if (!isInside(level, x, y)) return undefined;
  const at = 2 * (y * level.width + x);
  const [place, weight] = level.matches.subarray(at, at + 2);
  return weight === 0 ? undefined : { x: place & 0xffff, y: place >>> 16, weight };
}

/** The offsets of a patch. */
function* patch(): Generator<[number, number]> {
  for (let y = -PATCH_REACH; y <= PATCH_REACH; y++) {
    for (let x = -PATCH_REACH; x <= PATCH_REACH; x++) yield [x, y];
  }
}

function colours(pixel: number): number[] {
  return [pixel & 255, pixel >>> 8 & 255, pixel >>> 16 & 255];
}

/** The confidence of a pixel; of one outside the picture none. */
function confidenceAt(level: TwinLevel, x: number, y: number): number {
  return isInside(level, x, y) ? level.pixels[y * level.width + x] >>> 24 & CONFIDENCE : 0;
}

function totalOf(level: TwinLevel, x: number, y: number): number {
  return [...patch()].reduce((sum, [dx, dy]) => sum + confidenceAt(level, x + dx, y + dy), 0);
}

function costOf(
  level: TwinLevel,
  target: { x: number; y: number },
  source: { x: number; y: number },
  { lean }: Search,
): number {
  const fine = (way: number, side: number, lean: number) => {
    const share = Math.floor(Math.abs(way) * 256 / side);
    return Math.floor(lean * share * share / 256);
  };
  const { left, right, top, bottom } = lean.known ??
    { left: 0, right: level.width, top: 0, bottom: level.height };
  const fines = fine(source.x - mirrored(target.x, left, right), level.width, lean.x) +
    fine(source.y - mirrored(target.y, top, bottom), level.height, lean.y);
  let cost = totalOf(level, target.x, target.y) * Math.min(fines, 4095);
  for (const [dx, dy] of patch()) {
    const confidence = confidenceAt(level, target.x + dx, target.y + dy);
    if (confidence === 0) continue;
    const own = colours(level.pixels[(target.y + dy) * level.width + target.x + dx]);
    const other = colours(level.pixels[(source.y + dy) * level.width + source.x + dx]);
    own.forEach((value, c) => cost += confidence * (value - other[c]) ** 2);
  }
  return cost;
}

function mirrored(at: number, first: number, end: number): number {
  if (at < first) return Math.min(2 * first - 1 - at, end - 1);
  return at >= end ? Math.max(2 * end - 1 - at, first) : at;
}

/** A number that looks random, the same one for the same three. */
function hash(a: number, b: number, c: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(c, 0xc2b2ae3d);
  h = Math.imul(h ^ h >>> 15, 0x2c1b3c6d);
  h = Math.imul(h ^ h >>> 12, 0x297a2d39);
  return (h ^ h >>> 15) >>> 0;
}
