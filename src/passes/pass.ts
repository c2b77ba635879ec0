/**
 * What the kinds of passes have in common: each is a plan that can be described, and that runs.
 */

import type { Band } from "../raster/bands.ts";
import type { RowWindow } from "../raster/row_window.ts";
import type { LossBudget } from "./loss_budget.ts";
import type { PassShape } from "./route.ts";

/** One pass of a plan. */
export interface PlannedPass {
  kind: PassShape["kind"];
  /** What people call the network; undefined for the other kinds. */
  network: string | undefined;
  /** Size of what the pass reads. */
  width: number;
  height: number;
  /** Size of what it makes. */
  outputWidth: number;
  outputHeight: number;
  /** Tiles of a network, bands of the other kinds. */
  tiles: number;
  /** Size of a tile's window in pixels, halo included. */
  tileWidth: number;
  tileHeight: number;
  /** Pixels around a tile's core; 0 for one tile, and where bands see all that they need. */
  halo: number;
  /** Whether the result is what it would be without tiles, bit for bit. */
  exact: boolean;
  /** How activations are stored. */
  precision: "f32" | "f16";
  gpuBytes: number;
  /** Of all runs. */
  flop: number;
  /** How often the pass is run: 8 times for the flips and turns of `tta`, else once. */
  runs: number;
}

/** What a pass is cut into, and how it is computed: what may change while it runs. */
export type PassCut = Pick<
  PlannedPass,
  "tiles" | "tileWidth" | "tileHeight" | "halo" | "exact" | "precision" | "gpuBytes"
>;

/** Something that a pass had to do once more. */
export interface Retry {
  /**
   * `lost device`: it was opened again. `memory`: there was less than planned with, and tiles became
   * smaller. `range`: values left the range of their storage, and were computed in f32.
   */
  cause: "lost device" | "memory" | "range";
  /** Row of the pass's result from which it went on. */
  row: number;
  /** What the device reported. */
  message: string;
}

/**
 * What a pass did. Where its parts were computed differently, `exact` holds for all of them,
 * `precision` is the least, `gpuBytes` the most, and the rest that of the last.
 */
export interface PassReport extends PlannedPass {
  retries: Retry[];
}

/** Share of a pass's work that is done, and tiles of a network. */
export interface PassProgress {
  fraction: number;
  tiles: number;
  ofTiles: number;
}

/** Where a pass reads, and whom it tells. */
export interface PassRun {
  source: RowWindow;
  /** The picture once more, for back-projection. */
  picture?: RowWindow | undefined;
  /** Counts the device's losses, for all passes of a picture together. */
  losses: LossBudget;
  signal?: AbortSignal | undefined;
  onProgress?: ((done: PassProgress) => void) | undefined;
  /** Where it is noted what is done. */
  log: PassLog;
}

/** A pass that is planned and can be run, any number of times. */
export interface Pass {
  readonly shape: PassShape;
  describe(): PlannedPass;
  /** Yields the result from the top; the sources are closed at the end. */
  run(run: PassRun): AsyncGenerator<Band>;
}

/** Keeps what the runs of a pass did. */
export class PassLog {
  readonly #planned: PlannedPass;
  readonly #onRetry: ((retry: Retry) => void) | undefined;
  readonly #cuts: PassCut[] = [];
  readonly #retries: Retry[] = [];

  constructor(planned: PlannedPass, onRetry?: (retry: Retry) => void) {
    this.#planned = planned;
    this.#onRetry = onRetry;
  }

  /** A band was computed like this. */
  cut(cut: PassCut): void {
    if (this.#cuts.at(-1) !== cut) this.#cuts.push(cut);
  }

  retry(retry: Retry): void {
    this.#retries.push(retry);
    this.#onRetry?.(retry);
  }

  /** What was done so far; what is planned, if nothing was. */
  get report(): PassReport {
    const cuts = this.#cuts;
    const least = cuts.some(({ precision }) => precision === "f16") ? "f16" : "f32";
    return {
      ...this.#planned,
      ...cuts.at(-1),
      ...cuts.length > 0 && {
        exact: cuts.every(({ exact }) => exact),
        precision: least,
        gpuBytes: Math.max(...cuts.map(({ gpuBytes }) => gpuBytes)),
      },
      retries: [...this.#retries],
    };
  }
}

/** What describes a pass that runs once. */
export function describePass(
  { kind, width, height, outputWidth, outputHeight }: PassShape,
  cut: PassCut,
  flop: number,
  network?: string,
): PlannedPass {
  return { kind, network, width, height, outputWidth, outputHeight, ...cut, flop, runs: 1 };
}

/** What describes a pass that goes by bands of whole rows, which change nothing in the result. */
export function bandCut(
  { width }: PassShape,
  bands: { count: number; rows: number; gpuBytes: number },
): PassCut {
  return {
    tiles: bands.count,
    tileWidth: width,
    tileHeight: bands.rows,
    halo: 0,
    exact: true,
    precision: "f32",
    gpuBytes: bands.gpuBytes,
  };
}
