/** Damage of known amounts: scratches, hairs, creases and dust as scans of prints and films have them. */

import type { Picture } from "../../src/pictures/picture.ts";
import { emptyMask, type Mask } from "../../src/pictures/mask.ts";
import type { Random } from "./random.ts";

/** How many there are of each. */
export interface DamageAmount {
  scratches: number;
  hairs: number;
  creases: number;
  specks: number;
}

/** Ten scratches, six hairs, sixty specks on half a megapixel, as many more or fewer on others, and a crease. */
export function damageFor({ width, height }: Picture): DamageAmount {
  const share = width * height / 2 ** 19;
  const [scratches, hairs, specks] = [10, 6, 60].map((count) => Math.ceil(count * share));
  return { scratches, hairs, creases: 1, specks };
}

/** A change of so many levels in one channel, at least, counts as damage: less is hardly seen. */
const SEEN = 10;

/** How a line is drawn: its length and width in pixels, and how much its direction changes. */
interface Line {
  length: number;
  width: number;
  bend: number;
}

/** The kinds of damage. */
export type DamageKind = "scratch" | "hair" | "crease" | "speck";

/** One of them, as it was drawn. */
export interface Stroke {
  kind: DamageKind;
  /** The pixels that it changed visibly. */
  pixels: number[];
  /** By how many levels it changed their brightness, on average. */
  contrast: number;
}

/** A picture with damage. */
export interface Damaged {
  damaged: Picture;
  /** What was changed visibly. */
  mask: Mask;
  strokes: Stroke[];
}

/** Draws damage on a picture of 8 bits and three channels. */
export function damagePicture(picture: Picture, amount: DamageAmount, random: Random): Damaged {
  const { width, height } = picture;
  const damaged = { ...picture, data: picture.data.slice() };
  const side = Math.min(width, height);
  const anywhere = (): [number, number] => [random.uniform(0, width), random.uniform(0, height)];
  const strokes: Stroke[] = [];
  const drawn = (kind: DamageKind, line: Line) => {
    const cover = emptyCover(picture);
    drawLine(cover, line, anywhere(), random);
    strokes.push(lay(kind, cover, damaged, random));
  };
  for (let i = 0; i < amount.scratches; i++) {
    const length = random.uniform(side / 8, side / 2);
    drawn("scratch", { length, width: random.uniform(1, 4), bend: 0.02 });
  }
  for (let i = 0; i < amount.hairs; i++) {
    const length = random.uniform(20, 110);
    drawn("hair", { length, width: random.uniform(1, 2.5), bend: 0.15 });
  }
  for (let i = 0; i < amount.creases; i++) {
    drawn("crease", { length: 0.75 * side, width: random.uniform(3, 5), bend: 0.005 });
  }
  for (let i = 0; i < amount.specks; i++) {
    const cover = emptyCover(picture);
    addDisc(cover, anywhere(), random.uniform(0.8, 2.8));
    strokes.push(lay("speck", cover, damaged, random));
  }
  return { damaged, mask: seenIn(damaged, picture), strokes };
}

/** How much of each pixel something covers, 0 to 1; only pixels that it touches are there. */
interface Cover {
  width: number;
  height: number;
  shares: Map<number, number>;
}

function emptyCover({ width, height }: Picture): Cover {
  return { width, height, shares: new Map() };
}

function drawLine(
  cover: Cover,
  { length, width, bend }: Line,
  [x, y]: [number, number],
  random: Random,
): void {
  let angle = random.uniform(0, 2 * Math.PI);
  for (let i = 0; i < 2 * length; i++) {
    [x, y] = [x + Math.cos(angle) / 2, y + Math.sin(angle) / 2];
    angle += random.uniform(-bend, bend);
    addDisc(cover, [x, y], width / 2);
  }
}

/** Covers a disc, whose edge is one pixel wide. */
function addDisc(cover: Cover, [x, y]: [number, number], radius: number): void {
  const reach = Math.ceil(radius + 1);
  for (let row = Math.floor(y) - reach; row <= y + reach; row++) {
    for (let column = Math.floor(x) - reach; column <= x + reach; column++) {
      if (row < 0 || column < 0 || row >= cover.height || column >= cover.width) continue;
      const way = Math.hypot(column + 0.5 - x, row + 0.5 - y);
      const share = Math.min(1, Math.max(0, radius + 0.5 - way));
      const at = row * cover.width + column;
      if (share > (cover.shares.get(at) ?? 0)) cover.shares.set(at, share);
    }
  }
}

/** Lays something nearly white or nearly black on a picture, more or less opaque. */
function lay(
  kind: DamageKind,
  { shares }: Cover,
  { channels, data }: Picture,
  random: Random,
): Stroke {
  const level = random.uniform() < 0.7 ? random.uniform(205, 255) : random.uniform(0, 40);
  const opacity = random.uniform(0.5, 1);
  const pixels: number[] = [];
  let contrast = 0;
  for (const [at, share] of shares) {
    let [most, sum] = [0, 0];
    for (let i = at * channels; i < (at + 1) * channels; i++) {
      const before = data[i];
      data[i] = Math.round(before + share * opacity * (level - before));
      most = Math.max(most, Math.abs(data[i] - before));
      sum += data[i] - before;
    }
    if (most < SEEN) continue;
    pixels.push(at);
    contrast += Math.abs(sum) / channels;
  }
  return { kind, pixels, contrast: contrast / Math.max(1, pixels.length) };
}

function seenIn(damaged: Picture, picture: Picture): Mask {
  const mask = emptyMask(picture);
  damaged.data.forEach((level, i) => {
    if (Math.abs(level - picture.data[i]) >= SEEN) {
      mask.data[Math.floor(i / picture.channels)] = 1;
    }
  });
  return mask;
}
