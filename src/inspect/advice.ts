/**
 * How much of the restoring network a picture needs.
 */

/** The damage that a restorer takes away. */
export interface Damage {
  /** Quality of the JPEG that the picture went through, 1 to 100; `undefined` if it went through none. */
  quality: number | undefined;
  /** Standard deviation of its noise, in levels of 255. */
  noise: number;
}

/** Noise below this is not worth a word. */
const NOTED_NOISE = 2;

/** The share for a JPEG of at most this quality; above all of them it is 0. */
const BY_QUALITY: readonly [quality: number, share: number][] = [[40, 1], [60, 0.75], [75, 0.5]];

/**
 * Returns the share of the restorer in the weights, in steps of a quarter so that many pictures need
 * few networks: 0 for a clean picture, 1 for a badly damaged one.
 */
export function adviseDenoise({ quality = 100 }: Damage): number {
  return BY_QUALITY.find(([limit]) => quality <= limit)?.[1] ?? 0;
}

/** Puts the damage into words: "JPEG of quality 42", "noise of sigma 6", both, or "no damage". */
export function describeDamage({ quality, noise }: Damage): string {
  const parts = [
    ...quality === undefined ? [] : [`JPEG of quality ${quality}`],
    ...noise < NOTED_NOISE ? [] : [`noise of sigma ${noise.toFixed(0)}`],
  ];
  return parts.join(", ") || "no damage";
}
