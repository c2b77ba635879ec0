/**
 * The passes from a size to another: networks, whose factor is fixed, and resampling for the rest.
 *
 * A network is never asked for more pixels than needed: it runs last, on a picture that is just large
 * enough for it, so that 6x with a 4x network is 4x, resampled to 1.5x, then 4x again. A result that
 * is smaller than the network's is shrunk with antialiasing.
 */

import type { Depth } from "../pictures/picture.ts";

/** One pass: what it reads and what it makes. */
export interface Pass {
  kind: "network" | "resample";
  width: number;
  height: number;
  outputWidth: number;
  outputHeight: number;
  depthIn: Depth;
  depthOut: Depth;
}

/** Size of a picture in pixels. */
export interface Size {
  width: number;
  height: number;
}

/**
 * Returns the passes from one size to another; none when the sizes are equal and there is no network.
 *
 * Between two passes pixels have at least 16 bits, so that rounding happens once.
 *
 * @param scale The network's factor; undefined for resampling alone.
 */
export function passesTo(from: Size, to: Size, depth: Depth, scale: number | undefined): Pass[] {
  const sizes = scale === undefined ? resampling(from, to) : chain(from, to, scale);
  const between = Math.max(depth, 16) as Depth;
  return sizes.map((pass, index) => ({
    ...pass,
    depthIn: index === 0 ? depth : between,
    depthOut: index === sizes.length - 1 ? depth : between,
  }));
}

type SizedPass = Omit<Pass, "depthIn" | "depthOut">;

function chain(from: Size, to: Size, scale: number): SizedPass[] {
  const enlarged = { width: from.width * scale, height: from.height * scale };
  const first: SizedPass = passOf("network", from, enlarged);
  if (scale === 1 || (to.width <= enlarged.width && to.height <= enlarged.height)) {
    return [first, ...resampling(enlarged, to)];
  }
  // The last network pass makes the size that it can make just above the one asked for.
  const before = { width: Math.ceil(to.width / scale), height: Math.ceil(to.height / scale) };
  const after = { width: before.width * scale, height: before.height * scale };
  return [
    ...chain(from, before, scale),
    passOf("network", before, after),
    ...resampling(after, to),
  ];
}

function resampling(from: Size, to: Size): SizedPass[] {
  const same = from.width === to.width && from.height === to.height;
  return same ? [] : [passOf("resample", from, to)];
}

function passOf(kind: Pass["kind"], from: Size, to: Size): SizedPass {
  return {
    kind,
    width: from.width,
    height: from.height,
    outputWidth: to.width,
    outputHeight: to.height,
  };
}
