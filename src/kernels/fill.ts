/** Filling by patches: host side of `wgsl/fill_*.wgsl`. */

import { specialise } from "../gpu/specialise.ts";
import { fillHead, fillRefine, fillSearch, fillVote } from "../wgsl/fill_sources.ts";
import { type Dispatch, paramWords, shaderOf } from "./dispatch.ts";

/** Pixels from the middle of a patch to its edge; as the shaders have it. */
export const PATCH_REACH = 3;

/** The largest confidence, that of what is known. */
export const CONFIDENCE = 127;

/** A pixel whose patch may be copied; a target whose middle is to be filled. */
export const SOURCE = 0x80000000;
export const HOLE = 0x80000000;

/** The longest side of a level: rows and columns share a word. */
const MOST_SIDE = 65535;

/** The most targets of a level: workgroups of 64 along one side of a grid. */
const MOST_TARGETS = 65535 * 64;

/** One size of a picture that is being filled. */
export interface FillLevel {
  width: number;
  height: number;
  /** How many sources there are, at least one. */
  sources: number;
}

/** Some of its targets. */
export interface TargetRange {
  first: number;
  count: number;
}

/** How far a match may be away: see {@linkcode searchStep}. */
export interface Lean {
  /** What it costs to be in another column, and in another row; 0: nothing. */
  x: number;
  y: number;
  /**
   * The part of the level that is known, in its pixels, without the last column and row. Targets beyond it
   * count as being at their mirror images. Default: the whole level.
   */
  known?: { left: number; right: number; top: number; bottom: number };
}

/** What is tried for each target, beside the match that it has. */
export interface Search {
  seed: number;
  /** How far away the neighbours are whose matches are tried; 0: none. */
  step: number;
  /** How far around the best match others are tried, then half as far, and so on; 0: none. */
  radius: number;
  /** How many sources are tried anywhere. */
  samples: number;
  lean: Lean;
}

/**
 * Plans a round of search; bindings: pixels, targets, sources, matches before, matches after.
 *
 * A lean of 1 makes a match that is the whole picture away cost as much as a squared difference of 256
 * in every pixel, over all channels together; half of the way costs a quarter.
 *
 * @throws {RangeError} If the level is too large, has no source, or has too many targets.
 */
export function searchStep(level: FillLevel, range: TargetRange, search: Search): Dispatch {
  const { step, radius, samples } = search;
  const tries = 1 + 4 * Math.sign(step) + samples + Math.ceil(Math.log2(radius + 1));
  return dispatchOf("fill_search", fillSearch, level, range, search, 8 * tries);
}

/** Plans the votes; bindings: targets, matches, pixels. */
export function voteStep(level: FillLevel, range: TargetRange): Dispatch {
  return dispatchOf("fill_vote", fillVote, level, range, {}, 8);
}

/** Plans first matches by those of half the size; bindings: pixels, targets, sources, coarse, matches. */
export function refineStep(
  level: FillLevel,
  range: TargetRange,
  coarse: { width: number },
  seed: number,
): Dispatch {
  const params = { seed, coarseWidth: coarse.width };
  return dispatchOf("fill_refine", fillRefine, level, range, params, 0);
}

function dispatchOf(
  label: string,
  body: string,
  level: FillLevel,
  range: TargetRange,
  params: Partial<Search> & { coarseWidth?: number },
  flopPerPixel: number,
): Dispatch {
  check(level, range);
  const { seed = 0, step = 0, radius = 0, samples = 0, lean = { x: 0, y: 0 } } = params;
  const { coarseWidth = 0 } = params;
  const { left, right, top, bottom } = lean.known ??
    { left: 0, right: level.width, top: 0, bottom: level.height };
  const searching = [seed, step, radius, samples, level.sources, lean.x, lean.y, coarseWidth];
  return {
    shader: shaderOf(label, () => specialise(fillHead + body)),
    params: paramWords([
      level.width,
      level.height,
      range.first,
      range.count,
      ...searching,
      left,
      right,
      top,
      bottom,
    ]),
    workgroups: [Math.ceil(range.count / 64), 1, 1],
    flop: flopPerPixel * (2 * PATCH_REACH + 1) ** 2 * range.count,
  };
}

function check({ width, height, sources }: FillLevel, { count }: TargetRange): void {
  if (Math.max(width, height) > MOST_SIDE) {
    throw new RangeError(`Cannot fill ${width}x${height} pixels: ${MOST_SIDE} a side at most`);
  }
  if (count > MOST_TARGETS) {
    throw new RangeError(`Cannot fill ${count} pixels at once: ${MOST_TARGETS} at most`);
  }
  if (sources < 1) throw new RangeError("Cannot fill without anything to copy");
}
