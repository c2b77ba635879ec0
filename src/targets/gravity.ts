/** Which part of a picture matters: an edge, a corner or the middle, as fractions of the room left. */

/** Where the part that is kept lies, and where a picture lies on a larger canvas. */
export const GRAVITIES = [
  "centre",
  "top",
  "bottom",
  "left",
  "right",
  "top-left",
  "top-right",
  "bottom-left",
  "bottom-right",
] as const;

/** One of {@linkcode GRAVITIES}. */
export type Gravity = typeof GRAVITIES[number];

/** A place in the room that is left: 0 is the left or upper end, 1 the other. */
export interface Anchor {
  x: number;
  y: number;
}

/** Returns the place that a word stands for. */
export function anchorOf(gravity: Gravity): Anchor {
  return {
    x: gravity.endsWith("left") ? 0 : gravity.endsWith("right") ? 1 : 0.5,
    y: gravity.startsWith("top") ? 0 : gravity.startsWith("bottom") ? 1 : 0.5,
  };
}
