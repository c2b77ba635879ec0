/**
 * What to expect of an enlargement, in a word. The factors are the field's rule of thumb: twice is
 * excellent, three times good, four times and more depends on what the picture shows.
 */

import type { Inspection } from "./inspection.ts";

/** From the best to the worst. */
export const EXPECTATIONS = ["no enlarging", "excellent", "good", "variable", "poor"] as const;

/** What to expect. */
export type Expectation = typeof EXPECTATIONS[number];

/** The largest factor of each expectation but the worst. */
const LARGEST_FACTORS = [1, 2, 3.5, 8];

/** From this share of the restorer on, damage costs detail that does not come back. */
const DAMAGED = 0.5;

/** From this sigma on, in pixels, a picture holds less detail than its size says. */
const BLURRED = 1.5;

/**
 * Says what to expect of enlarging a picture by a factor: one step less if it is damaged or blurred.
 *
 * @param factor output pixels per input pixel
 */
export function expectationOf(
  factor: number,
  { denoise, blur = 0 }: Pick<Inspection, "denoise" | "blur">,
): Expectation {
  const index = LARGEST_FACTORS.findIndex((largest) => factor <= largest);
  const step = index < 0 ? EXPECTATIONS.length - 1 : index;
  const worse = step > 0 && (denoise >= DAMAGED || blur >= BLURRED) ? 1 : 0;
  return EXPECTATIONS[Math.min(step + worse, EXPECTATIONS.length - 1)];
}
