/**
 * Letters for the signs, as strokes on a grid of 4x6: no font is needed.
 */

import type { Contour, Shape } from "./canvas.ts";
import { stroke } from "./shapes.ts";

/** Strokes of each letter: points "x,y" joined by spaces, strokes parted by "|". */
const LETTERS: Record<string, string> = {
  A: "0,6 2,0 4,6|0.8,3.8 3.2,3.8",
  B: "0,0 0,6 2.8,6 3.7,5.4 3.7,3.8 2.8,3 0,3|0,0 2.5,0 3.3,0.6 3.3,2.3 2.5,3",
  C: "3.8,1 3,0.2 1.2,0.2 0.2,1.2 0.2,4.8 1.2,5.8 3,5.8 3.8,5",
  D: "0,0 0,6 2.4,6 3.8,4.6 3.8,1.4 2.4,0 0,0",
  E: "3.6,0 0,0 0,6 3.6,6|0,3 2.8,3",
  F: "3.6,0 0,0 0,6|0,3 2.8,3",
  G: "3.8,1 3,0.2 1.2,0.2 0.2,1.2 0.2,4.8 1.2,5.8 3,5.8 3.8,5 3.8,3.3 2.2,3.3",
  H: "0,0 0,6|4,0 4,6|0,3 4,3",
  I: "1,0 1,6",
  K: "0,0 0,6|3.7,0 0,3.4|1.4,2.2 4,6",
  L: "0,0 0,6 3.5,6",
  M: "0,6 0,0 2.2,3.6 4.4,0 4.4,6",
  N: "0,6 0,0 4,6 4,0",
  O: "1.3,0.2 0.2,1.4 0.2,4.6 1.3,5.8 2.8,5.8 3.9,4.6 3.9,1.4 2.8,0.2 1.3,0.2",
  P: "0,6 0,0 2.8,0 3.7,0.8 3.7,2.4 2.8,3.2 0,3.2",
  R: "0,6 0,0 2.8,0 3.7,0.8 3.7,2.4 2.8,3.2 0,3.2|1.9,3.2 3.9,6",
  S: "3.7,1 2.9,0.2 1.1,0.2 0.2,1 0.2,2.1 1,2.8 3,3.2 3.8,4 3.8,5 2.9,5.8 1,5.8 0.1,5",
  T: "0,0 4,0|2,0 2,6",
  U: "0,0 0,4.8 1,5.8 3,5.8 4,4.8 4,0",
  V: "0,0 2,6 4,0",
  W: "0,0 1.2,6 2.5,1.5 3.8,6 5,0",
  X: "0,0 4,6|4,0 0,6",
  Y: "0,0 2,3 4,0|2,3 2,6",
  Z: "0,0 4,0 0,6 4,6",
  "1": "0.6,1.2 1.8,0 1.8,6",
  "2": "0.2,1.2 1.2,0.2 2.8,0.2 3.7,1.1 3.7,2.2 0,6 3.9,6",
  "3": "0.2,0.2 3.6,0.2 1.8,2.5 3,2.8 3.8,3.8 3.8,4.9 2.9,5.8 1,5.8 0.1,5",
  "7": "0,0 3.8,0 1.4,6",
  "8":
    "1.2,2.8 0.4,2 0.4,1 1.2,0.2 2.8,0.2 3.6,1 3.6,2 2.8,2.8 1.2,2.8 0.2,3.8 0.2,4.9 1,5.8 3,5.8 3.8,4.9 3.8,3.8 2.8,2.8",
  "&": "4,6 0.8,1.8 0.8,0.8 1.5,0.2 2.4,0.2 3,0.9 2.8,1.9 0.2,3.9 0.2,5 1,5.8 2.3,5.8 4,3.8",
  ".": "0.8,5.4 0.8,6",
  "-": "0.4,3.2 2.6,3.2",
};

/** Width of the space between words, and between letters, in units of the grid. */
const WORD_SPACE = 3;
const LETTER_SPACE = 1.7;

/** Returns a line of text, centred on `cx`, with its top at `y`. */
export function lettering(
  text: string,
  cx: number,
  y: number,
  height: number,
  weight = 0.8,
): Shape {
  const unit = height / 6;
  const shape: Contour[] = [];
  let x = cx - textWidth(text) * unit / 2;
  for (const letter of text) {
    for (const points of strokesOf(letter)) {
      const placed = points.map((value, i) => i % 2 === 0 ? x + value * unit : y + value * unit);
      shape.push(...stroke(placed, weight * unit));
    }
    x += (letterWidth(letter) + LETTER_SPACE) * unit;
  }
  return shape;
}

/** Returns the width of a text in units of the grid. */
function textWidth(text: string): number {
  return [...text].reduce((sum, letter) => sum + letterWidth(letter) + LETTER_SPACE, -LETTER_SPACE);
}

/** Returns the width of one letter in units of the grid. */
function letterWidth(letter: string): number {
  const xs = strokesOf(letter).flatMap((points) => points.filter((_, i) => i % 2 === 0));
  return xs.length === 0 ? WORD_SPACE - LETTER_SPACE : Math.max(...xs);
}

/** Returns the strokes of one letter as points x0, y0, x1, y1, ... */
function strokesOf(letter: string): number[][] {
  if (letter === " ") return [];
  return LETTERS[letter].split("|").map((points) => points.split(/[ ,]/).map(Number));
}
