/**
 * Which rows a band of a back-projected result needs at every step, from the last step to the first.
 *
 * Each step reads around what it makes, so that the rows grow toward the first step. A band computes
 * all that it needs itself: bands then change nothing in the result. Pure.
 */

import { LIMITS_REACH, type RowRange } from "../kernels/back_projection.ts";
import { sourceRange, type Taps } from "../kernels/taps.ts";

/** The filters along columns. */
export interface ColumnTaps {
  /** From the large to the small picture. */
  shrink: Taps;
  /** From the small to the large picture. */
  enlarge: Taps;
  /** Enlarged, then shrunk. */
  both: Taps;
  /** The low frequencies, where the others are given up in part. */
  low: Taps | undefined;
}

/** One round: what is missing is found, reduced, and added. Rows in the order of the steps. */
export interface RoundRows {
  /** Large rows of the result so far that are read. */
  from: RowRange;
  missing: RowRange;
  free: RowRange | undefined;
  deduct: RowRange[];
  /** Large rows to which the correction is added. */
  add: RowRange;
}

/** All rows of a band. */
export interface BandRows {
  /** Large rows that the band gives. */
  output: RowRange;
  /** Small rows whose consistency the band measures; undefined if the middle of none lies in it. */
  own: RowRange | undefined;
  /** Small rows for which limits are computed. */
  limits: RowRange;
  /** All small rows that are held. */
  small: RowRange;
  rounds: RoundRows[];
}

/** Rounds of the whole, and how often each deducts at the small size what the correction will bring. */
const ROUNDS = 2;
const DEDUCTIONS = 2;

/**
 * Returns the rows of a band.
 *
 * @param output The rows that it gives.
 * @param heights Rows of both pictures.
 */
export function rowsOfBand(
  output: RowRange,
  heights: { small: number; large: number },
  taps: ColumnTaps,
): BandRows {
  const own = ownRows(output, heights);
  let needed = own === undefined ? output : union(output, rowsRead(taps.shrink, own));
  const rounds: RoundRows[] = [];
  for (let round = ROUNDS; round > 1; round--) {
    rounds.unshift(roundRows(needed, undefined, taps));
    needed = rounds[0].from;
  }
  const limits = limitRows(needed, heights);
  const around = widened(limits, LIMITS_REACH, heights.small);
  const wanted = own === undefined ? around : union(around, own);
  rounds.unshift(roundRows(needed, wanted, taps));
  const small = rounds.map(({ missing }) => missing).reduce(union, wanted);
  return { output, own, limits, small, rounds };
}

/** @param wanted Small rows that are needed as they are wanted, beside those of the correction. */
function roundRows(add: RowRange, wanted: RowRange | undefined, taps: ColumnTaps): RoundRows {
  const deduct: RowRange[] = [];
  let needed = rowsRead(taps.enlarge, add);
  for (let i = 0; i < DEDUCTIONS; i++) {
    deduct.unshift(needed);
    needed = union(needed, rowsRead(taps.both, needed));
  }
  if (wanted !== undefined) needed = union(needed, wanted);
  const free = wanted && taps.low && needed;
  const missing = free && taps.low ? union(free, rowsRead(taps.low, free)) : needed;
  return { from: union(add, rowsRead(taps.shrink, missing)), missing, free, deduct, add };
}

/** The small rows whose middle lies in these large rows. */
function ownRows(
  { first, last }: RowRange,
  { small, large }: { small: number; large: number },
): RowRange | undefined {
  const before = (row: number) => Math.ceil(row * small / large - 0.5);
  const own = { first: before(first), last: before(last + 1) - 1 };
  return own.last < own.first ? undefined : own;
}

/** The small rows in which large rows lie, and one more at each end: the shader's f32 may round. */
function limitRows({ first, last }: RowRange, heights: { small: number; large: number }): RowRange {
  const rowOf = (row: number) => Math.floor((row + 0.5) * heights.small / heights.large);
  return widened({ first: rowOf(first), last: rowOf(last) }, 1, heights.small);
}

function widened({ first, last }: RowRange, by: number, rows: number): RowRange {
  return { first: Math.max(0, first - by), last: Math.min(rows - 1, last + by) };
}

/** The source rows that taps read for these rows. */
export function rowsRead(taps: Taps, { first, last }: RowRange): RowRange {
  return sourceRange(taps, first, last + 1);
}

/** The range from the first to the last row of both. */
function union(a: RowRange, b: RowRange): RowRange {
  return { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}
