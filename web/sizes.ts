/** The sizes that can be chosen, and what each asks for. */

import type { Size } from "../src/raster/size.ts";
import type { Wish } from "./protocol.ts";

/** In the order of the page. */
export const SIZES = ["screen", "4k", "x2", "x4", "phone", "custom"] as const;

/** The name of a size. */
export type SizeName = typeof SIZES[number];

const FIXED: Readonly<Partial<Record<SizeName, Size>>> = {
  "4k": { width: 3840, height: 2160 },
  "phone": { width: 1440, height: 3200 },
};
const FACTORS: Readonly<Partial<Record<SizeName, number>>> = { x2: 2, x4: 4 };

/** Returns the pixels of the person's own screen. */
export function screenSize(): Size {
  const side = (cssPixels: number) => Math.max(1, Math.round(cssPixels * devicePixelRatio));
  return { width: side(screen.width), height: side(screen.height) };
}

/** Returns the size that a name stands for, or what it makes of a picture. */
export function sizeFor(name: SizeName, custom: Size, picture: Size): Size {
  const factor = FACTORS[name];
  if (factor !== undefined) {
    return { width: picture.width * factor, height: picture.height * factor };
  }
  if (name === "custom") return custom;
  return FIXED[name] ?? screenSize();
}

/** Returns what a name asks of the engine. */
export function asksFor(name: SizeName, custom: Size): Wish["size"] {
  const scale = FACTORS[name];
  if (scale !== undefined) return { scale };
  const { width, height } = sizeFor(name, custom, custom);
  return { to: `${width}x${height}` };
}

/** What a result's name says of its size: `4k`, `x2`, `2560x1440`. */
export function suffixOf(name: SizeName, custom: Size): string {
  if (name in FACTORS || name === "4k") return name;
  const { width, height } = sizeFor(name, custom, custom);
  return `${width}x${height}`;
}

/** Returns a size as people read it: `2×`, `3840 × 2160`. */
export function sizeText(name: SizeName, custom: Size): string {
  const factor = FACTORS[name];
  if (factor !== undefined) return `${factor}×`;
  const { width, height } = sizeFor(name, custom, custom);
  return `${width} × ${height}`;
}
