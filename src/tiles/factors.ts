/**
 * The choice of networks: which of those at hand run, in which order, and at which sizes, so that a
 * picture reaches a size with the least work at the best quality.
 *
 * Networks that differ only in their factor (photo-x2 and photo-x4) do nearly the same work for a pixel
 * of their input, so that it is the number of networks in a chain that costs, and the size of what the
 * second one reads. Measured on photographs (docs/targets.md): the smallest factor that suffices is the
 * best; what lacks up to a quarter is stretched by resampling as well as by another network; and of a
 * chain each network should read no more pixels than the size asked for needs.
 */

import type { Size } from "../raster/size.ts";

/** Stretching by resampling up to this factor is as good as another network, for much less work. */
export const MOST_STRETCH = 1.25;

/** One step from a picture's size to another: a network of a factor, or resampling. */
export type Step =
  & ({ kind: "network"; factor: number } | { kind: "resample" })
  & {
    /** Size after the step. */
    width: number;
    height: number;
  };

/**
 * Returns the factors of the networks to run, first to last; none where nothing is to be enlarged.
 *
 * As many of the largest factor as are needed, up to {@linkcode MOST_STRETCH}; then the smallest factor
 * that suffices stands for the first of them: without stretching if it is the only one, as a larger
 * factor costs nothing more then, and with it if others follow, which would read more. Networks of
 * factor 1, which clean, are run once whatever the size, if there are no others.
 *
 * @param from The picture's size.
 * @param to The size asked for, larger or smaller, in these proportions or others.
 * @param available Factors of the networks at hand, whole numbers from 1, in any order; not none.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const from = { width: 800, height: 450 };
 * const times = (scale: number) => ({ width: 800 * scale, height: 450 * scale });
 * assert.deepEqual(chooseFactors(from, times(1.5), [2, 4]), [2]);
 * assert.deepEqual(chooseFactors(from, times(4.8), [2, 4]), [4]);
 * assert.deepEqual(chooseFactors(from, times(6), [2, 4]), [2, 4]);
 * assert.deepEqual(chooseFactors(from, times(0.5), [2, 4]), []);
 * ```
 */
export function chooseFactors(from: Size, to: Size, available: readonly number[]): number[] {
  const factor = factorOf(from, to);
  const largest = Math.max(...available);
  if (largest === 1) return [1];
  if (factor <= 1) return [];
  let others: number[] = [];
  for (let reached = largest; reached * MOST_STRETCH < factor; reached *= largest) {
    others = [...others, largest];
  }
  const rest = factor / largest ** others.length;
  const needed = others.length === 0 ? rest : rest / MOST_STRETCH;
  const sufficient = available.filter((each) => each > 1 && each >= needed);
  return [sufficient.length === 0 ? largest : Math.min(...sufficient), ...others];
}

/**
 * Returns the steps from a size to another: the networks of {@linkcode chooseFactors}; before each but
 * the first, the picture is shrunk to what the rest of the chain needs to reach the size asked for, if
 * it is larger than that; and after the last it is resampled to that size. Never is it shrunk below the
 * size it came with, nor stretched but at the end.
 *
 * @param passes How often the whole is run: each run enlarges by the root of that degree, and none of
 * them is left out. Default: once.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(planSteps({ width: 10, height: 5 }, { width: 60, height: 30 }, [4]), [
 *   { kind: "network", factor: 4, width: 40, height: 20 },
 *   { kind: "resample", width: 15, height: 8 },
 *   { kind: "network", factor: 4, width: 60, height: 32 },
 *   { kind: "resample", width: 60, height: 30 },
 * ]);
 * ```
 */
export function planSteps(
  from: Size,
  to: Size,
  available: readonly number[],
  passes = 1,
): Step[] {
  const steps: Step[] = [];
  let before = from;
  for (let pass = 1; pass <= passes; pass++) {
    const after = pass === passes ? to : sizeBetween(from, to, pass / passes);
    steps.push(...stepsThrough(before, after, chooseFactors(before, after, available)));
    before = after;
  }
  return steps;
}

function stepsThrough(from: Size, to: Size, factors: readonly number[]): Step[] {
  const steps: Step[] = [];
  let size = from;
  const resampleTo = (wanted: Size) => {
    if (wanted.width === size.width && wanted.height === size.height) return;
    steps.push({ kind: "resample", ...wanted });
    size = wanted;
  };
  factors.forEach((factor, index) => {
    const rest = factors.slice(index).reduce((product, each) => product * each);
    if (index > 0) resampleTo(sizeNeeded(from, size, to, rest));
    size = { width: size.width * factor, height: size.height * factor };
    steps.push({ kind: "network", factor, ...size });
  });
  resampleTo({ width: to.width, height: to.height });
  return steps;
}

/** The least that the rest of a chain reaches a size from, between the original size and the one now. */
function sizeNeeded(original: Size, now: Size, to: Size, rest: number): Size {
  const side = (name: "width" | "height") =>
    Math.min(now[name], Math.max(original[name], Math.ceil(to[name] / rest)));
  return { width: side("width"), height: side("height") };
}

/** A size on the way, at a fraction of it: sides grow by equal factors in equal steps. */
function sizeBetween(from: Size, to: Size, fraction: number): Size {
  const side = (name: "width" | "height") =>
    Math.max(1, Math.round(from[name] * (to[name] / from[name]) ** fraction));
  return { width: side("width"), height: side("height") };
}

function factorOf(from: Size, to: Size): number {
  return Math.max(to.width / from.width, to.height / from.height);
}
