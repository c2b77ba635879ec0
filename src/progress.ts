/**
 * Progress over passes that work side by side, weighted by their work, and the time left.
 */

/** How far an upscale is. */
export interface Progress {
  /** 0 to 1, by the work done. */
  fraction: number;
  /** Tiles of the pass that runs now; both 0 while resampling. */
  tilesDone: number;
  tiles: number;
  /** Undefined until enough has been done to tell. */
  secondsLeft: number | undefined;
}

/** Milliseconds between two reports. */
const INTERVAL = 100;

/** Share of the work after which the time left is worth telling. */
const ENOUGH = 0.03;

/** Adds up the progress of passes. */
export class ProgressTracker {
  readonly #weights: number[];
  readonly #fractions: number[];
  readonly #total: number;
  readonly #report: ((progress: Progress) => void) | undefined;
  readonly #start = performance.now();
  #last = -Infinity;
  #lastFraction = 0;

  /** @param weights Work of each pass, in any one unit. */
  constructor(weights: number[], report: ((progress: Progress) => void) | undefined) {
    this.#weights = weights;
    this.#fractions = weights.map(() => 0);
    this.#total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#report = report;
  }

  /** Takes the progress of one pass; told on at most ten times a second, and at the end. */
  report(pass: number, done: { fraction: number; tiles: number; ofTiles: number }): void {
    const now = performance.now();
    // After a shortage of memory a pass begins a row of tiles again; nobody wants to see that.
    this.#fractions[pass] = Math.max(this.#fractions[pass], done.fraction);
    const work = this.#weights.reduce((sum, weight, i) => sum + weight * this.#fractions[i], 0);
    const fraction = Math.min(1, work / this.#total);
    const finished = fraction === 1 && this.#lastFraction < 1;
    if (now - this.#last < INTERVAL && !finished) return;
    this.#last = now;
    this.#lastFraction = fraction;
    const seconds = (now - this.#start) / 1000;
    const secondsLeft = fraction < ENOUGH ? undefined : seconds * (1 - fraction) / fraction;
    this.#report?.({ fraction, tilesDone: done.tiles, tiles: done.ofTiles, secondsLeft });
  }
}
