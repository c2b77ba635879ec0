/**
 * All that may be damage: connected pixels that stand out more than what is around them, at several
 * thresholds, so that a scratch that runs through leaves is also found without the leaves.
 */

import type { Planes, Side } from "./damage_planes.ts";

/** What a shape stands out by at its strongest pixel, in levels and in multiples of what is around. */
const STRONG = { levels: 14, ratio: 3 };

/** What all of its pixels stand out by, at each threshold. */
const THRESHOLDS = [
  { levels: 7, ratio: 1.5 },
  { levels: 14, ratio: 2.5 },
  { levels: 26, ratio: 4 },
] as const;

/** What always stands out, in levels. */
export const LEAST_AROUND = 1.5;

/** Shapes of fewer pixels are noise. */
const LEAST_PIXELS = 4;

/** A shape of so large a share of the one at the threshold below is that one. */
const SAME = 0.8;

/** Connected pixels that stand out. */
export interface Shape {
  pixels: number[];
  /** Which threshold they stand out by, from 0. */
  threshold: number;
  /** Which shape it is a part of, if any. */
  parent?: number;
}

/** Finds the shapes of one side, those of the least threshold first. */
export function joinedIn(planes: Planes, side: Side): Shape[] {
  const shapes: Shape[] = [];
  /** The latest shape that a pixel belongs to, counted from 1. */
  const owners = new Uint32Array(planes.luma.length);
  for (const threshold of THRESHOLDS.keys()) {
    for (const pixels of joinedAt(planes, side, threshold)) {
      const owner = owners[pixels[0]];
      if (pixels.length < LEAST_PIXELS) continue;
      if (owner > 0 && pixels.length >= SAME * shapes[owner - 1].pixels.length) continue;
      shapes.push({ pixels, threshold, ...owner > 0 && { parent: owner - 1 } });
      for (const at of pixels) owners[at] = shapes.length;
    }
  }
  return shapes;
}

/** Connected pixels above a threshold, one at least strongly. */
function* joinedAt(planes: Planes, side: Side, threshold: number): Generator<number[]> {
  const { width, height, around } = planes;
  const levels = planes[side];
  const weak = THRESHOLDS[threshold];
  const strong = {
    levels: Math.max(weak.levels, STRONG.levels),
    ratio: Math.max(weak.ratio, STRONG.ratio),
  };
  const stands = (at: number, least: { levels: number; ratio: number }) =>
    levels[at] >= least.levels && levels[at] >= least.ratio * (around[at] + LEAST_AROUND);
  const seen = new Uint8Array(levels.length);
  for (let start = 0; start < levels.length; start++) {
    if (seen[start] === 1 || !stands(start, strong)) continue;
    const pixels = [start];
    seen[start] = 1;
    for (let i = 0; i < pixels.length; i++) {
      const [x, y] = [pixels[i] % width, Math.floor(pixels[i] / width)];
      for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
        for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
          const next = row * width + column;
          if (seen[next] === 1 || !stands(next, weak)) continue;
          seen[next] = 1;
          pixels.push(next);
        }
      }
    }
    yield pixels;
  }
}
