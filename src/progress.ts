/**
 * Progress over several passes, weighted by their work, and the time left.
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

/** Adds up the progress of passes that run one after another. */
export class ProgressTracker {
  readonly #weights: number[];
  readonly #total: number;
  readonly #report: ((progress: Progress) => void) | undefined;
  readonly #start = performance.now();
  #last = -Infinity;

  /** @param weights Work of each pass, in any one unit. */
  constructor(weights: number[], report: ((progress: Progress) => void) | undefined) {
    this.#weights = weights;
    this.#total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#report = report;
  }

  /** Takes the progress of one pass; told on at most ten times a second, and at the end. */
  report(pass: number, done: { fraction: number; tiles: number; ofTiles: number }): void {
    const now = performance.now();
    const before = this.#weights.slice(0, pass).reduce((sum, weight) => sum + weight, 0);
    const fraction = (before + done.fraction * this.#weights[pass]) / this.#total;
    if (now - this.#last < INTERVAL && fraction < 1) return;
    this.#last = now;
    const seconds = (now - this.#start) / 1000;
    const secondsLeft = fraction < ENOUGH ? undefined : seconds * (1 - fraction) / fraction;
    this.#report?.({ fraction, tilesDone: done.tiles, tiles: done.ofTiles, secondsLeft });
  }
}
