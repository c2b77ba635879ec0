/**
 * Brightness that meets what is known. Where a hole borders on what is known, votes are compared with the
 * truth; what they lack there is spread over the hole like a membrane that is held at its rim, and added
 * (P. Perez, M. Gangnet, A. Blake, "Poisson image editing", ACM Transactions on Graphics 22(3), 2003).
 */

import { PATCH_REACH } from "../kernels/fill.ts";
import { countMarks, type Mask } from "../pictures/mask.ts";
import type { Synthesis } from "./synthesis.ts";

/** The most that is added, in levels: more is no brightness but another thing. */
const MOST = 48;

/** Sweeps over the hole, to and fro, and how far each goes beyond the mean (over-relaxation). */
const SWEEPS = 40;
const RELAXATION = 1.85;

/** Returns what is added to a channel of the votes: `[height][width]` in levels, 0 outside the hole. */
export function membraneOf(synthesis: Synthesis, hole: Mask, channel: number): Float32Array {
  const { width, height } = synthesis;
  const values = new Float32Array(width * height);
  const cells = new Uint32Array(countMarks(hole));
  for (let i = 0, next = 0; i < hole.data.length; i++) {
    if (hole.data[i] === 1) cells[next++] = i;
    else if (touches(hole, i)) values[i] = lackAt(synthesis, i, channel);
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let k = 0; k < cells.length; k++) {
      const at = cells[sweep % 2 === 0 ? k : cells.length - 1 - k];
      const x = at % width;
      let sum = 0;
      let count = 4;
      if (x > 0) sum += values[at - 1];
      else count--;
      if (x < width - 1) sum += values[at + 1];
      else count--;
      if (at >= width) sum += values[at - width];
      else count--;
      if (at + width < values.length) sum += values[at + width];
      else count--;
      values[at] += RELAXATION * (sum / count - values[at]);
    }
  }
  return values.map((value, i) => hole.data[i] === 1 ? value : 0);
}

/** Says whether one of the four neighbours is in the hole. */
function touches({ width, data }: Mask, at: number): boolean {
  const x = at % width;
  return (x > 0 && data[at - 1] === 1) || (x < width - 1 && data[at + 1] === 1) ||
    data[at - width] === 1 || data[at + width] === 1;
}

/** What the votes for a pixel lack to what it is. */
function lackAt(
  { width, height, matches, pixels }: Synthesis,
  at: number,
  channel: number,
): number {
  const [x, y] = [at % width, Math.floor(at / width)];
  const level = (i: number) => (pixels[i] >>> (8 * channel)) & 255;
  let [sum, total] = [0, 0];
  for (let dy = -PATCH_REACH; dy <= PATCH_REACH; dy++) {
    for (let dx = -PATCH_REACH; dx <= PATCH_REACH; dx++) {
      const [column, row] = [x + dx, y + dy];
      if (column < 0 || row < 0 || column >= width || row >= height) continue;
      const weight = matches[2 * (row * width + column) + 1];
      if (weight === 0) continue;
      const place = matches[2 * (row * width + column)];
      sum += weight * level(((place >>> 16) - dy) * width + (place & 0xffff) - dx);
      total += weight;
    }
  }
  return total === 0 ? 0 : Math.min(MOST, Math.max(-MOST, level(at) - sum / total));
}
