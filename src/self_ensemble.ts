/**
 * The mean of a network's results for the eight flips and turns of a picture (geometric
 * self-ensemble; Timofte, Rothe and Van Gool, "Seven ways to improve example-based single image
 * super resolution", CVPR 2016).
 */

import { applyOrientation, type Orientation } from "./pictures/metadata/orientation.ts";
import { allocateSamples, type Picture } from "./pictures/picture.ts";

/** The flips and turns, and what undoes each. */
const INVERSES: readonly (readonly [Orientation, Orientation])[] = [
  [1, 1],
  [2, 2],
  [3, 3],
  [4, 4],
  [5, 5],
  [6, 8],
  [7, 7],
  [8, 6],
];

/** How many results are averaged. */
export const ENSEMBLE_SIZE: number = INVERSES.length;

/**
 * Averages what is made of the flips and turns of a picture.
 *
 * @param make Makes the result of a picture; its size is the same for all but for the turn. `turned`
 * says whether width and height have changed places.
 */
export async function selfEnsemble(
  picture: Picture,
  make: (picture: Picture, index: number, turned: boolean) => Promise<Picture>,
): Promise<Picture> {
  let sum: Float32Array | undefined;
  let last: Picture | undefined;
  for (const [index, [orientation, inverse]] of INVERSES.entries()) {
    const result = await make(applyOrientation(picture, orientation), index, orientation >= 5);
    last = applyOrientation(result, inverse);
    sum ??= new Float32Array(last.data.length);
    for (let i = 0; i < sum.length; i++) sum[i] += last.data[i];
  }
  const data = allocateSamples(last!.depth, sum!.length);
  const rounding = last!.depth === 32 ? 0 : 0.5;
  for (let i = 0; i < data.length; i++) data[i] = sum![i] / ENSEMBLE_SIZE + rounding;
  return { ...last!, data };
}
