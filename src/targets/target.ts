/**
 * What a picture is wanted for, read from a word: a screen, a print, a size, one side of it, or a number
 * of megapixels.
 */

import { UsageError } from "../errors.ts";
import type { Size } from "../raster/size.ts";

/**
 * What was asked for. All but `size` and `print` keep the picture's proportions; a print turns with it:
 * its longer side is the picture's.
 */
export type Target =
  | { kind: "size"; width: number; height: number }
  | { kind: "print"; width: number; height: number; perMetre: number }
  | { kind: "width"; width: number }
  | { kind: "height"; height: number }
  | { kind: "pixels"; pixels: number }
  | { kind: "factor"; factor: number };

/**
 * Screens by name. They do not turn with the picture, as screens do not: all are landscape but
 * `phone`, which is portrait.
 */
export const SCREENS: Readonly<Record<string, Size>> = {
  fhd: { width: 1920, height: 1080 },
  qhd: { width: 2560, height: 1440 },
  "4k": { width: 3840, height: 2160 },
  "5k": { width: 5120, height: 2880 },
  "8k": { width: 7680, height: 4320 },
  ultrawide: { width: 3440, height: 1440 },
  phone: { width: 1440, height: 3200 },
};

/** Other names of screens. */
const SAME_SCREENS: Readonly<Record<string, string>> = {
  "1080p": "fhd",
  "1440p": "qhd",
  "2k": "qhd",
  "2160p": "4k",
  uhd: "4k",
  "4320p": "8k",
};

/** Metres in each unit of length that a print may have. */
const METRES: Readonly<Record<string, number>> = { mm: 0.001, cm: 0.01, in: 0.0254 };

/** Dots per inch of a print that does not say: what photographs are printed with. */
const PRINT_DPI = 300;

/** The longest side that can be asked for, in pixels. */
const MAX_SIDE = 2 ** 20;

const PIXELS_PER_MEGAPIXEL = 1e6;

/**
 * Reads a target: the name of a screen, `3840x2160`, `3840x`, `x2160`, `50mp` or `print:13x18cm@300dpi`,
 * in capitals or not.
 *
 * @throws {UsageError} If it is none of these, or a side is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(parseTarget("4k"), { kind: "size", width: 3840, height: 2160 });
 * assert.deepEqual(parseTarget("x2160"), { kind: "height", height: 2160 });
 * ```
 */
export function parseTarget(text: string): Target {
  const word = text.toLowerCase();
  const name = Object.hasOwn(SAME_SCREENS, word) ? SAME_SCREENS[word] : word;
  const screen = Object.hasOwn(SCREENS, name) ? SCREENS[name] : undefined;
  if (screen !== undefined) return { kind: "size", ...screen };
  if (word.startsWith("print:")) return printOf(word, text);
  const megapixels = /^(\d+(?:\.\d+)?)mp$/.exec(word)?.[1];
  if (megapixels !== undefined) return { kind: "pixels", pixels: pixelsOf(megapixels, text) };
  const [, left = "", right = ""] = /^(\d*)x(\d*)$/.exec(word) ?? [];
  if (left === "" && right === "") {
    const names = Object.keys(SCREENS).join(", ");
    throw new UsageError(
      `Expected a target such as ${names}, 3840x2160, 3840x, x2160, 50mp or print:13x18cm but ` +
        `received "${text}"`,
    );
  }
  if (right === "") return { kind: "width", width: sideOf(left, text) };
  if (left === "") return { kind: "height", height: sideOf(right, text) };
  return { kind: "size", width: sideOf(left, text), height: sideOf(right, text) };
}

/** Rows for `--help`: what a target may be, and what it means. */
export function describeTargets(): [form: string, meaning: string][] {
  const screens = Object.entries(SCREENS).map(([name, { width, height }]): [string, string] => {
    const others = Object.keys(SAME_SCREENS).filter((other) => SAME_SCREENS[other] === name);
    const portrait = height > width ? ", portrait" : "";
    return [[name, ...others].join(", "), `${width} x ${height}${portrait}`];
  });
  return [
    ...screens,
    ["320x180", "that size in pixels"],
    ["320x, x180", "that width, that height, in the picture's proportions"],
    ["50mp", "that many megapixels, in the picture's proportions"],
    [
      "print:13x18cm@300dpi",
      `a print in cm, mm or in, turned as the picture is (${PRINT_DPI} dpi)`,
    ],
  ];
}

function printOf(word: string, text: string): Target {
  const number = String.raw`(\d+(?:\.\d+)?)`;
  const form = new RegExp(`^print:${number}x${number}(mm|cm|in)(?:@(\\d+)(?:dpi)?)?$`);
  const [, across, down, unit, dpi = `${PRINT_DPI}`] = form.exec(word) ?? [];
  if (unit === undefined || Number(dpi) < 1) {
    throw new UsageError(
      `Expected a print such as print:13x18cm, print:8x10in@240dpi but received "${text}"`,
    );
  }
  const perMetre = Number(dpi) / METRES.in;
  const [width, height] = [across, down].map((length) =>
    sideOf(String(Math.round(Number(length) * METRES[unit] * perMetre)), text)
  );
  return { kind: "print", width, height, perMetre };
}

function sideOf(digits: string, text: string): number {
  const side = Number(digits);
  if (side >= 1 && side <= MAX_SIDE) return side;
  throw new UsageError(
    `Expected sides from 1 to ${MAX_SIDE} pixels for a target but received "${text}"`,
  );
}

function pixelsOf(megapixels: string, text: string): number {
  const pixels = Math.round(Number(megapixels) * PIXELS_PER_MEGAPIXEL);
  if (pixels >= 1 && pixels <= MAX_SIDE ** 2) return pixels;
  throw new UsageError(
    `Expected a target of 0.000001 to ${MAX_SIDE ** 2 / PIXELS_PER_MEGAPIXEL} megapixels but ` +
      `received "${text}"`,
  );
}
