/**
 * How much of the restoring network serves which damage. The shares come from
 * `python3 -m training.blend` on the validation photographs shrunk by 4; docs/inspect.md has its table.
 */

/** The damage that a restorer takes away. */
export interface Damage {
  /** Quality of the JPEG that left its traces, 1 to 100; `undefined` if there are none. */
  quality: number | undefined;
  /** How much larger steps between blocks are than within, in levels of 255. */
  blockiness: number;
  /** Standard deviation of the noise in levels of 255. */
  noise: number;
}

/** The share for a JPEG of at most this quality. */
const BY_QUALITY: readonly [most: number, share: number][] = [[85, 1], [91, 0.75], [95, 0.25]];

/** The share for blocks that show at least so much, where no table is found in them. */
const BY_BLOCKINESS: readonly [least: number, share: number][] = [[1.5, 1], [1, 0.75]];

/** The share for at least so much noise; texture alone was taken for up to 2.4. */
const BY_NOISE: readonly [least: number, share: number][] = [[2.8, 1], [2.4, 0.5]];

/**
 * Returns the share of the restorer in the weights, in quarters so that many pictures need few
 * networks: 0 for a clean picture, 1 for a badly damaged one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(adviseDenoise({ quality: 50, blockiness: 1.5, noise: 0.4 }), 1);
 * assert.equal(adviseDenoise({ quality: undefined, blockiness: 0, noise: 0.4 }), 0);
 * ```
 */
export function adviseDenoise({ quality, blockiness, noise }: Damage): number {
  const ofJpeg = quality === undefined
    ? BY_BLOCKINESS.find(([least]) => blockiness >= least)
    : BY_QUALITY.find(([most]) => quality <= most);
  const ofNoise = BY_NOISE.find(([least]) => noise >= least);
  return Math.max(ofJpeg?.[1] ?? 0, ofNoise?.[1] ?? 0);
}

/** Puts the damage into words, as far as it counts: "JPEG of quality 42, noise of sigma 6.1". */
export function describeDamage(damage: Damage): string {
  const { quality, noise } = damage;
  const undamaged: Damage = { quality: undefined, blockiness: 0, noise: 0 };
  const parts: string[] = [];
  if (adviseDenoise({ ...damage, noise: 0 }) > 0) {
    parts.push(quality === undefined ? "blocks of a JPEG" : `JPEG of quality ${quality}`);
  }
  if (adviseDenoise({ ...undamaged, noise }) > 0) parts.push(`noise of sigma ${noise.toFixed(1)}`);
  return parts.join(", ") || "no damage";
}
