/** Damage of known amounts: scratches, creases and dust as scans of prints and films have them. */

import type { Picture } from "../../src/pictures/picture.ts";
import { emptyMask, type Mask } from "../../src/pictures/mask.ts";
import type { Random } from "./random.ts";

/** How much damage there is. */
export interface DamageAmount {
  scratches: number;
  creases: number;
  specks: number;
}

/** A picture of 8 bits and three channels with damage, and the marks of what was changed. */
export function damagePicture(
  picture: Picture,
  amount: DamageAmount,
  random: Random,
): { damaged: Picture; mask: Mask } {
  const damaged = { ...picture, data: picture.data.slice() };
  const mask = emptyMask(picture);
  const { width, height, channels } = picture;
  const stain = (x: number, y: number, level: number, opacity: number) => {
    const [column, row] = [Math.round(x), Math.round(y)];
    if (column < 0 || row < 0 || column >= width || row >= height) return;
    const at = row * width + column;
    if (mask.data[at] === 1) return;
    mask.data[at] = 1;
    for (let c = 0; c < channels; c++) {
      const i = at * channels + c;
      damaged.data[i] = Math.round(damaged.data[i] + opacity * (level - damaged.data[i]));
    }
  };
  const level = () => random.uniform() < 0.7 ? random.uniform(225, 255) : random.uniform(0, 25);
  const line = (length: number, thickness: number, bend: number) => {
    let angle = random.uniform(0, Math.PI);
    let [x, y] = [random.uniform(0, width), random.uniform(0, height)];
    const [tone, opacity] = [level(), random.uniform(0.75, 1)];
    for (let i = 0; i < 2 * length; i++) {
      [x, y] = [x + Math.cos(angle) / 2, y + Math.sin(angle) / 2];
      angle += random.uniform(-bend, bend);
      for (let j = 0; j < 2 * thickness; j++) {
        const across = j / 2 - thickness / 2 + 0.25;
        stain(x - Math.sin(angle) * across, y + Math.cos(angle) * across, tone, opacity);
      }
    }
  };
  const [short, long] = [Math.min(width, height) / 8, Math.min(width, height) / 2];
  for (let i = 0; i < amount.scratches; i++) {
    line(random.uniform(short, long), random.integer(1, 3), 0.02);
  }
  for (let i = 0; i < amount.creases; i++) line(1.5 * long, random.integer(3, 5), 0.005);
  for (let i = 0; i < amount.specks; i++) {
    const [x, y] = [random.uniform(0, width), random.uniform(0, height)];
    const [tone, radius] = [level(), random.uniform(0.8, 2.6)];
    for (let dy = -3; dy <= 3; dy++) {
      for (let dx = -3; dx <= 3; dx++) {
        if (Math.hypot(dx, dy) <= radius) stain(x + dx, y + dy, tone, 0.95);
      }
    }
  }
  return { damaged, mask };
}
