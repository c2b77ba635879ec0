/**
 * Time as the bench takes it: a warm-up first, then as many runs as the budget allows, of which the
 * median and the fastest are kept.
 */

/** How long something took, in milliseconds. */
export interface Timing {
  /** Median of the runs. */
  ms: number;
  /** The fastest run: what the adapter can do when nothing else asks for it. */
  minMs: number;
  runs: number;
}

/** How long timing may go on. */
export interface TimingBudget {
  /** Seconds for each figure, warm-up left out. */
  seconds: number;
  signal?: AbortSignal | undefined;
}

/** A median of fewer runs says little; of more, nothing new. */
const RUNS = { min: 3, max: 100 } as const;

/**
 * Repeats a measurement until the budget is spent.
 *
 * @param measure Does the work once and returns the milliseconds it took.
 * @throws The signal's reason, between two runs.
 */
export async function repeatTimed(
  measure: () => Promise<number>,
  budget: TimingBudget,
): Promise<Timing> {
  const end = performance.now() + budget.seconds * 1000;
  const times: number[] = [];
  while (times.length < RUNS.min || (times.length < RUNS.max && performance.now() < end)) {
    budget.signal?.throwIfAborted();
    times.push(await measure());
  }
  return { ms: median(times), minMs: Math.min(...times), runs: times.length };
}

/** Times work from its call until its promise is fulfilled. */
export async function stopwatch(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Returns the middle of the sorted values. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
