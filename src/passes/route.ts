/**
 * The passes from a size to another: networks, whose factors are fixed, resampling for the rest, and
 * the back-projection that keeps the result faithful to the picture.
 */

import type { Depth } from "../pictures/picture.ts";
import type { RasterSize, Size } from "../raster/size.ts";
import { planSteps } from "../tiles/factors.ts";

/** What a pass is for: what it reads and what it makes. */
export interface PassShape {
  kind: "network" | "resample" | "back-projection";
  width: number;
  height: number;
  outputWidth: number;
  outputHeight: number;
  depthIn: Depth;
  depthOut: Depth;
}

/** What may be between two sizes. */
export interface RouteOptions {
  /** Factors of the networks at hand; none for resampling alone. */
  factors: readonly number[];
  /** How often the whole is run; see {@linkcode planSteps}. */
  passes: number;
  /** Whether a larger result is to be back-projected. */
  faithful: boolean;
  /** Whether a network is run even if the size is to stay, for what else it does. */
  always: boolean;
}

/**
 * Returns the passes from one size to another; none when nothing is to be done.
 *
 * Between two passes pixels have at least 16 bits, so that rounding happens once.
 */
export function passesTo(from: Size, to: Size, depth: Depth, options: RouteOptions): PassShape[] {
  const sizes = sizedPasses(from, to, options);
  const between = Math.max(depth, 16) as Depth;
  return sizes.map((pass, index) => ({
    ...pass,
    depthIn: index === 0 ? depth : between,
    depthOut: index === sizes.length - 1 ? depth : between,
  }));
}

/** What a pass is for a picture that is turned by 90 degrees. */
export function turnedShape(shape: PassShape): PassShape {
  const { width, height, outputWidth, outputHeight } = shape;
  return {
    ...shape,
    width: height,
    height: width,
    outputWidth: outputHeight,
    outputHeight: outputWidth,
  };
}

/** Size and depth of what a pass reads. */
export function sizeIn({ width, height, depthIn }: PassShape): RasterSize {
  return { width, height, depth: depthIn };
}

/** Size and depth of what a pass makes. */
export function sizeOut({ outputWidth, outputHeight, depthOut }: PassShape): RasterSize {
  return { width: outputWidth, height: outputHeight, depth: depthOut };
}

type SizedPass = Omit<PassShape, "depthIn" | "depthOut">;

function sizedPasses(
  from: Size,
  to: Size,
  { factors, passes, faithful, always }: RouteOptions,
): SizedPass[] {
  if (factors.length === 0) {
    return [...resampling(from, to), ...faithful ? correction(from, to) : []];
  }
  if (always && sameSize(from, to) && !factors.includes(1)) {
    return cleaning(from, Math.min(...factors));
  }
  let before = from;
  const chain = planSteps(from, to, factors, passes).map((step) => {
    const pass = passOf(step.kind, before, step);
    before = step;
    return pass;
  });
  return [...chain, ...faithful ? correction(from, to) : []];
}

/** A network, and back to the size before it. */
function cleaning(size: Size, factor: number): SizedPass[] {
  const enlarged = { width: size.width * factor, height: size.height * factor };
  return [passOf("network", size, enlarged), ...resampling(enlarged, size)];
}

/** A result that is smaller on a side cannot be corrected: shrinking it says nothing. */
function correction(from: Size, to: Size): SizedPass[] {
  const larger = !sameSize(from, to) && to.width >= from.width && to.height >= from.height;
  return larger ? [passOf("back-projection", to, to)] : [];
}

function resampling(from: Size, to: Size): SizedPass[] {
  return sameSize(from, to) ? [] : [passOf("resample", from, to)];
}

function sameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

function passOf(kind: PassShape["kind"], from: Size, to: Size): SizedPass {
  return {
    kind,
    width: from.width,
    height: from.height,
    outputWidth: to.width,
    outputHeight: to.height,
  };
}
