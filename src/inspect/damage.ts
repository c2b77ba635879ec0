/**
 * Scratches, creases, hairs, dust and specks of scanned prints and films: thin or small outliers, brighter
 * or darker than all that is beside them. Of each shape that may be one, a small trained network says
 * whether it is.
 */

import { countMarks, emptyMask, markRegion, type Mask } from "../pictures/mask.ts";
import { allocateSamples, type Picture } from "../pictures/picture.ts";
import { type Judged, measured } from "./damage_features.ts";
import { planesOf } from "./damage_planes.ts";
import { damageScore } from "./damage_score.ts";
import { joinedIn } from "./damage_shapes.ts";

/**
 * From these scores on a shape is damage. In a picture that has so much sure damage, others are believed
 * sooner: dust and scratches seldom come alone, and a clean picture is left as it is. Chosen on forty
 * photographs, see docs/inspect.md.
 */
const SCORES = { sure: 7, likely: 2 };

/** The share of a picture that sure damage covers, with its rim, where less sure damage counts as well. */
const SURE_SHARE = 1.5e-4;

/**
 * Pictures with so long a side are searched at half the size as well, for what is sure: what is wide in a fine
 * scan is thin there.
 */
const LARGE = 1600;

/** Pixels around damage that are taken with it: its rim is half damaged. */
const RIM = 1;

/**
 * Finds damage, and returns its marks.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const data = new Uint8Array(300 * 300).fill(90);
 * for (let y = 10; y < 210; y++) data[300 * y + 40] = 250; // a scratch
 * const { data: marks } = findDamage({
 *   width: 300, height: 300, channels: 1, depth: 8, data, metadata: {},
 * });
 * assert.deepEqual([marks[300 * 30 + 40], marks[300 * 30 + 60]], [1, 0]);
 * ```
 */
export function findDamage(picture: Picture): Mask {
  const [sure, likely] = [emptyMask(picture), emptyMask(picture)];
  for (let [part, factor] = [picture, 1];; [part, factor] = [halved(part), 2 * factor]) {
    for (const { pixels, features } of shapesOf(part)) {
      const score = damageScore(features);
      if (score < (factor === 1 ? SCORES.likely : SCORES.sure)) continue;
      for (const at of rimmed(pixels, part)) {
        const [x, y] = [at % part.width * factor, Math.floor(at / part.width) * factor];
        const square = { x, y, width: factor, height: factor };
        markRegion(likely, square);
        if (score >= SCORES.sure) markRegion(sure, square);
      }
    }
    const [short, long] = [part.width, part.height].sort((a, b) => a - b);
    if (long < LARGE || short < 2) break;
  }
  return countMarks(sure) < SURE_SHARE * sure.data.length ? sure : likely;
}

/** Means of squares of 2 x 2 pixels; what is left over at the right and below is left out. */
function halved(picture: Picture): Picture {
  const { channels, depth, data } = picture;
  const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, side >> 1));
  const half = allocateSamples(depth, width * height * channels);
  const row = picture.width * channels;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        const from = (2 * y * picture.width + 2 * x) * channels + c;
        const sum = data[from] + data[from + channels] + data[from + row] +
          data[from + row + channels];
        half[to++] = depth === 32 ? sum / 4 : Math.round(sum / 4);
      }
    }
  }
  return { ...picture, width, height, data: half };
}

/** All that may be damage. */
export function* shapesOf(picture: Picture): Generator<Judged> {
  const planes = planesOf(picture);
  for (const side of ["bright", "dark"] as const) {
    yield* measured(picture, planes, side, joinedIn(planes, side));
  }
}

/** Pixels and their rim, each once. */
export function rimmed(
  pixels: readonly number[],
  { width, height }: Pick<Picture, "width" | "height">,
): number[] {
  const all = new Set<number>();
  for (const at of pixels) {
    const [x, y] = [at % width, Math.floor(at / width)];
    for (let row = Math.max(0, y - RIM); row <= Math.min(height - 1, y + RIM); row++) {
      for (let column = Math.max(0, x - RIM); column <= Math.min(width - 1, x + RIM); column++) {
        all.add(row * width + column);
      }
    }
  }
  return [...all];
}
