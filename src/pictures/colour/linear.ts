/**
 * Linear pictures, whose numbers are light: networks are made for numbers as screens take them, so these are
 * given the curve of sRGB before the work, and lose it afterwards. Their profile holds all the time: it
 * describes what is read and what is written.
 */

import { changeRows } from "../rows.ts";
import {
  allocateSamples,
  type Depth,
  hasAlpha,
  type Picture,
  type PictureHeader,
  type PictureRows,
  type Samples,
  whiteOf,
} from "../picture.ts";
import { isLinear } from "./profile.ts";

/** Says whether a picture is linear by its profile. */
export function isLinearPicture({ metadata: { icc } }: PictureHeader): boolean {
  return icc !== undefined && isLinear(icc);
}

/** Returns a linear picture with the curve of sRGB, in 16 bits or floats: 8 would not hold the dark. */
export function toDisplay(picture: Picture | PictureRows): Picture | PictureRows {
  const depth: Depth = picture.depth === 32 ? 32 : 16;
  const change = (part: Picture) => curved(part, depth, encodeLight);
  if (!("rows" in picture)) return change(picture);
  const rows = { [Symbol.asyncIterator]: () => changeRows(picture, change) };
  return { ...picture, depth, rows };
}

/** Takes the curve away from rows, and gives them a depth. */
export function fromDisplay(
  header: PictureHeader & { rows: AsyncIterable<Samples> | Iterable<Samples> },
  depth: Depth,
): AsyncGenerator<Samples> {
  return changeRows(header, (part) => curved(part, depth, decode));
}

/** Sends all samples but alpha through a curve. */
function curved(picture: Picture, depth: Depth, curve: (value: number) => number): Picture {
  const { channels, data } = picture;
  const colours = hasAlpha(picture) ? channels - 1 : channels;
  const [from, to] = [whiteOf(picture.depth), whiteOf(depth)];
  const table = from === 1
    ? undefined
    : Float64Array.from({ length: from + 1 }, (_, i) => curve(i / from));
  const out = allocateSamples(depth, data.length);
  const rounding = depth === 32 ? 0 : 0.5;
  for (let i = 0; i < data.length; i++) {
    const isAlpha = i % channels >= colours;
    const value = isAlpha ? data[i] / from : table?.[data[i]] ?? curve(data[i]);
    out[i] = value * to + rounding;
  }
  return { ...picture, depth, data: out };
}

/** From light to what screens take: IEC 61966-2-1. */
export function encodeLight(light: number): number {
  return light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
}

/** And back. */
function decode(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}
