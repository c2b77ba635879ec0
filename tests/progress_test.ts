/**
 * Progress over several passes: what is told grows, and ends at 1.
 */

import assert from "node:assert/strict";
import { type Progress, ProgressTracker } from "../src/progress.ts";

/** A tracker whose reports are kept, and that tells every one of them. */
function track(weights: number[]): { tracker: ProgressTracker; told: Progress[] } {
  const told: Progress[] = [];
  return { tracker: new ProgressTracker(weights, (progress) => told.push(progress)), told };
}

Deno.test("report() weighs passes by their work", () => {
  const { tracker, told } = track([1, 3]);
  tracker.report(1, { fraction: 0.5, tiles: 2, ofTiles: 4 });
  assert.deepEqual([told[0].fraction, told[0].tilesDone, told[0].tiles], [0.375, 2, 4]);
  assert.ok(told[0].secondsLeft! >= 0);
});

Deno.test("report() does not guess the time left at the beginning", () => {
  const { tracker, told } = track([1]);
  tracker.report(0, { fraction: 0.01, tiles: 0, ofTiles: 1 });
  assert.equal(told[0].secondsLeft, undefined);
});

Deno.test("report() tells the end once, however soon it comes", () => {
  const { tracker, told } = track([1, 1]);
  for (const fraction of [0.5, 0.75, 1, 1]) {
    for (const pass of [0, 1]) tracker.report(pass, { fraction, tiles: 1, ofTiles: 1 });
  }
  assert.deepEqual(told.map(({ fraction }) => fraction), [0.25, 1]);
  assert.equal(told[1].secondsLeft, 0);
});

Deno.test("report() never falls back, even if a pass does", () => {
  const { tracker, told } = track([1]);
  tracker.report(0, { fraction: 0.6, tiles: 1, ofTiles: 2 });
  const until = performance.now() + 120;
  while (performance.now() < until);
  tracker.report(0, { fraction: 0.4, tiles: 1, ofTiles: 4 });
  assert.deepEqual(told.map(({ fraction }) => fraction), [0.6, 0.6]);
});
