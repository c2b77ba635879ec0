/**
 * Comparisons for numeric tests, with messages that show where and by how much two results differ.
 */

import assert from "node:assert/strict";

/** How many mismatches a message lists. */
const LISTED = 10;

/** What `assertClose` allows: `|actual - expected| <= atol + rtol * |expected|`. */
export interface Tolerance {
  atol: number;
  rtol?: number;
  /** Begins the message: which result this is. */
  label?: string;
  /** Row-major shape, slowest first: mismatches are then listed by coordinates. */
  shape?: number[];
}

/** Asserts that two arrays agree element by element; NaN agrees with nothing. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): void {
  const { atol, rtol = 0, label = "result", shape = [expected.length] } = tolerance;
  assert.equal(actual.length, expected.length, `${label}: number of elements`);
  const listed: string[] = [];
  let mismatches = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (difference <= atol + rtol * Math.abs(expected[i])) continue;
    mismatches++;
    if (!(difference <= largest)) largest = difference;
    if (listed.length < LISTED) {
      listed.push(`  [${coordinates(i, shape)}] is ${actual[i]}, expected ${expected[i]}`);
    }
  }
  if (mismatches === 0) return;
  assert.fail(
    `${label}: ${mismatches} of ${expected.length} elements differ by more than ` +
      `${atol} + ${rtol} * |expected|, the largest by ${largest}:\n${listed.join("\n")}`,
  );
}

/** Returns the largest `|actual - expected|`, for messages and measured tables. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
  }
  return largest;
}

/** Turns a flat index into coordinates of a row-major shape. */
function coordinates(index: number, shape: number[]): string {
  const result: number[] = [];
  for (const length of shape.toReversed()) {
    result.unshift(index % length);
    index = Math.floor(index / length);
  }
  return result.join(", ");
}
