/** Photographs as old prints have them: grey or brownish, softer than today's, with grain. */

import type { Picture } from "../../src/pictures/picture.ts";
import type { Random } from "./random.ts";

/** What red, green and blue of a grey print are multiplied by: grey, sepia, faded. */
const TINTS = [[1, 1, 1], [1, 0.9, 0.75], [1, 0.96, 0.85]] as const;

/** Half of the prints keep their colours; the others take a tint. */
const COLOUR_SHARE = 0.5;

/** Makes a print of a picture of 8 bits and three channels. */
export function printOf(picture: Picture, random: Random): Picture {
  const { width, height, data } = picture;
  const levels = Float32Array.from(data);
  if (random.uniform() >= COLOUR_SHARE) tint(levels, random.pick(TINTS));
  const weight = random.uniform(0, 0.3);
  soften(levels, width, height, weight);
  const grain = random.uniform(0, 6);
  for (let i = 0; i < levels.length; i += 3) {
    const own = grain * (random.uniform() + random.uniform() + random.uniform() - 1.5) * 2;
    for (let c = 0; c < 3; c++) levels[i + c] += own;
  }
  return { ...picture, data: new Uint8Array(Uint8ClampedArray.from(levels, Math.round)) };
}

function tint(levels: Float32Array, colours: readonly number[]): void {
  for (let i = 0; i < levels.length; i += 3) {
    const luma = 0.299 * levels[i] + 0.587 * levels[i + 1] + 0.114 * levels[i + 2];
    for (let c = 0; c < 3; c++) levels[i + c] = luma * colours[c];
  }
}

/** Averages each pixel with its neighbours, along rows and columns. */
function soften(levels: Float32Array, width: number, height: number, weight: number): void {
  const step = (lines: number, length: number, next: number, between: number) => {
    for (let line = 0; line < lines; line++) {
      for (let c = 0; c < 3; c++) {
        let before = levels[3 * line * between + c];
        for (let i = 0; i < length; i++) {
          const at = 3 * (line * between + i * next) + c;
          const own = levels[at];
          const after = i < length - 1 ? levels[at + 3 * next] : own;
          levels[at] = (1 - 2 * weight) * own + weight * (before + after);
          before = own;
        }
      }
    }
  };
  step(height, width, 1, width);
  step(width, height, width, 1);
}
