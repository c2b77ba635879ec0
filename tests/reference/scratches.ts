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

/** A picture of 8 bits and three channels with damage, and the marks of what was changed. */
export function damagePicture(
  picture: Picture,
  amount: DamageAmount,
  random: Random,
): { damaged: Picture; mask: Mask } {
  const { width, height } = picture;
  const damaged = { ...picture, data: picture.data.slice() };
  const side = Math.min(width, height);
  const anywhere = (): [number, number] => [random.uniform(0, width), random.uniform(0, height)];
  const drawn = (line: Line) => {
    const cover = emptyCover(picture);
    drawLine(cover, line, anywhere(), random);
    lay(cover, damaged, random);
  };
  for (let i = 0; i < amount.scratches; i++) {
    const length = random.uniform(side / 8, side / 2);
    drawn({ length, width: random.uniform(1, 4), bend: 0.02 });
  }
  for (let i = 0; i < amount.hairs; i++) {
    drawn({ length: random.uniform(20, 110), width: random.uniform(1, 2.5), bend: 0.15 });
  }
  for (let i = 0; i < amount.creases; i++) {
    drawn({ length: 0.75 * side, width: random.uniform(3, 5), bend: 0.005 });
  }
  for (let i = 0; i < amount.specks; i++) {
    const cover = emptyCover(picture);
    addDisc(cover, anywhere(), random.uniform(0.8, 2.8));
    lay(cover, damaged, random);
  }
  return { damaged, mask: seenIn(damaged, picture) };
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
function lay({ shares }: Cover, { channels, data }: Picture, random: Random): void {
  const level = random.uniform() < 0.7 ? random.uniform(205, 255) : random.uniform(0, 40);
  const opacity = random.uniform(0.5, 1);
  for (const [at, share] of shares) {
    for (let i = at * channels; i < (at + 1) * channels; i++) {
      data[i] = Math.round(data[i] + share * opacity * (level - data[i]));
    }
  }
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
