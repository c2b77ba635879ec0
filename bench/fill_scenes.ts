/** Ten scenes painted by code, 640 x 360 pixels each: what pictures are mostly extended with. */

import type { Picture } from "../src/pictures/picture.ts";

const SIZE = { width: 640, height: 360 };

/** A colour from 0 to 255, and what is added to all three channels. */
type Paint = (x: number, y: number) => readonly [red: number, green: number, blue: number];

/** A number from 0 to 1 that looks random, the same one for the same place. */
function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ h >>> 15, 0x85ebca6b);
  return ((h ^ h >>> 13) >>> 0) / 2 ** 32;
}

/** Smooth noise from 0 to 1. */
function noise(x: number, y: number, seed: number): number {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const ease = (t: number) => t * t * (3 - 2 * t);
  const [u, v] = [ease(x - column), ease(y - row)];
  const at = (dx: number, dy: number) => hash(column + dx, row + dy, seed);
  return (at(0, 0) * (1 - u) + at(1, 0) * u) * (1 - v) + (at(0, 1) * (1 - u) + at(1, 1) * u) * v;
}

/** Noise of several sizes, from 0 to 1. */
function clouds(x: number, y: number, seed: number, octaves = 5): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < octaves; i++) {
    sum += noise(x * 2 ** i, y * 2 ** i, seed + i) / 2 ** i;
    total += 1 / 2 ** i;
  }
  return sum / total;
}

const tint = (level: number, [r, g, b]: readonly [number, number, number]) =>
  [level * r, level * g, level * b] as const;

/** The scenes by name. */
const PAINTS: Record<string, Paint> = {
  sky: (x, y) => {
    const grain = 4 * hash(x, y, 10);
    return [88 + y / 4 + grain, 138 + y / 5 + grain, 213 + y / 12 + grain];
  },
  clouds: (x, y) => {
    const share = Math.max(0, clouds(x / 120, y / 60, 1) - 0.4) * 2;
    return [100 + 140 * share, 150 + 95 * share, 220 + 30 * share];
  },
  sea: (x, y) => {
    if (y < 150) return [150 + y / 3, 185 + y / 4, 225];
    const depth = (y - 140) / 40;
    const wave = clouds(x / (12 * depth), y / (3 * depth), 2, 3);
    return tint(60 + 90 * wave, [0.5, 0.9, 1.1]);
  },
  dunes: (x, y) => {
    const crest = 160 + 60 * clouds(x / 260, 3, 3, 2);
    if (y < crest) return [170 + y / 4, 195 + y / 8, 230];
    return tint(150 + 40 * clouds(x / 30, y / 5, 4, 3) - (y - crest) / 5, [1.1, 0.9, 0.65]);
  },
  grass: (x, y) => tint(50 + 120 * clouds(x / 3, y / 14, 5, 3) + y / 8, [0.55, 0.95, 0.35]),
  foliage: (x, y) => tint(20 + 190 * clouds(x / 26, y / 26, 6, 6) ** 1.6, [0.6, 0.9, 0.4]),
  bricks: (x, y) => {
    const row = Math.floor(y / 20);
    const across = (x + 24 * (row % 2)) / 48;
    const joint = y % 20 < 3 || across % 1 < 0.06;
    const own = hash(Math.floor(across), row, 7);
    const grain = 20 * noise(x / 2, y / 2, 8);
    return joint
      ? tint(165 + grain, [1, 0.98, 0.94])
      : tint(95 + 50 * own + grain, [1.2, 0.7, 0.55]);
  },
  planks: (x, y) => {
    const board = Math.floor(y / 45);
    if (y % 45 < 3) return [35, 25, 18];
    const grain = clouds(x / 90, y / 3, 9 + board, 4);
    return tint(90 + 90 * grain + 25 * hash(board, 0, 9), [1.05, 0.8, 0.55]);
  },
  stones: (x, y) => {
    let [least, own] = [Infinity, 0];
    for (let i = -1; i <= 1; i++) {
      for (let j = -1; j <= 1; j++) {
        const [column, row] = [Math.floor(x / 34) + i, Math.floor(y / 34) + j];
        const dx = (column + 0.2 + 0.6 * hash(column, row, 20)) * 34 - x;
        const dy = (row + 0.2 + 0.6 * hash(column, row, 21)) * 34 - y;
        const distance = Math.hypot(dx, dy);
        if (distance < least) [least, own] = [distance, hash(column, row, 22)];
      }
    }
    return tint(60 + 110 * own - 2.2 * least + 20 * noise(x / 3, y / 3, 23), [1, 0.98, 0.93]);
  },
  hills: (x, y) => {
    for (const [i, base] of [230, 170, 120].entries()) {
      const crest = base + 70 * (clouds(x / 150, 7 * i, 30 + i, 3) - 0.5);
      if (y < crest) continue;
      return tint(70 + 35 * i + 40 * clouds(x / 8, y / 8, 40 + i, 3), [0.6, 0.8, 0.6 + 0.2 * i]);
    }
    return [200 - y / 4, 205 - y / 8, 225];
  },
};

/** Paints all scenes. */
export function paintScenes(): { name: string; picture: Picture }[] {
  const { width, height } = SIZE;
  return Object.entries(PAINTS).map(([name, paint]) => {
    const data = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const colour = paint(x, y).map((value) => Math.min(255, Math.max(0, Math.round(value))));
        data.set(colour, 3 * (y * width + x));
      }
    }
    return { name, picture: { ...SIZE, channels: 3, depth: 8, data, metadata: {} } };
  });
}
