/**
 * The plan of a back-projection: filters, bands of rows that fit the memory, the size of every buffer
 * and the steps of every band. Pure.
 *
 * The correction of a round is a filter of what is missing, at the small size, where it costs little:
 * with S for shrinking, E for enlarging and d for what is missing, two deductions give
 * d + (1 - SE) d + (1 - SE)^2 d, which is then enlarged and added once.
 */

import { UsageError } from "../errors.ts";
import {
  addStep,
  limitsStep,
  residualStep,
  type RowRange,
  rowsOf,
} from "../kernels/back_projection.ts";
import { type Dispatch, MOST_GRID_ROWS } from "../kernels/dispatch.ts";
import { resampleRows } from "../kernels/resample.ts";
import {
  composedTaps,
  gaussianTaps,
  identityTaps,
  resampleTaps,
  type Taps,
} from "../kernels/taps.ts";
import { wordsPerPixel } from "../pictures/gpu_pixels.ts";
import type { Depth } from "../pictures/picture.ts";
import type { RasterSize } from "../raster/size.ts";
import {
  type BandRows,
  type ColumnTaps,
  type RoundRows,
  rowsOfBand,
  rowsRead,
} from "./back_projection_rows.ts";

/** How faithful a result is made. */
export interface Faithfulness {
  /**
   * The share of the picture's high frequencies that the result need not keep, 0 to 1: of what was
   * taken for damage, or left to invention. The low ones are always kept.
   */
  freedom: number;
  /**
   * How far a value may go beyond the range of the 5x5 pixels of the picture around it, as a share of
   * that range; undefined does not limit it.
   */
  overshoot: number | undefined;
}

/** What is planned: the picture, the result so far, and what is made of it. */
export interface BackProjectionShape extends Faithfulness {
  small: RasterSize;
  /** Its size is nowhere below the small one's. */
  large: RasterSize;
  /** Depth of what is made. */
  depth: Depth;
}

/** Filters along one axis. */
type AxisTaps = ColumnTaps & {
  /** Takes pixels as they are. */
  copy: Taps;
};

/** Both axes' filters, which are most of what a plan takes: those along rows (`x`) and those along columns (`y`). */
export interface Filters {
  x: AxisTaps;
  y: AxisTaps;
}

type FilterName = `${keyof Filters} ${keyof AxisTaps}`;

/** The buffers whose size depends on the bands. */
const BAND_BUFFERS = [
  "reference",
  "wanted",
  "residual",
  "correction",
  "limits",
  "filtered",
  "wide",
  "result so far 0",
  "result so far 1",
  "result",
] as const;

/** A buffer of a band, or of a filter's taps. */
export type BufferName = typeof BAND_BUFFERS[number] | FilterName;

/** One dispatch and what it binds behind its parameters. */
export interface BackProjectionStep {
  dispatch: Dispatch;
  buffers: BufferName[];
}

/** Filters, bands and buffers. */
export interface BackProjectionPlan {
  filters: Filters;
  /** Rows of the result per band; the last one may have fewer. */
  bandRows: number;
  bands: BandRows[];
  taps: Map<BufferName, Uint32Array>;
  /** Bytes of every buffer, those of the taps among them. */
  bytes: Map<BufferName, number>;
  /** Bytes of each of the two staging buffers. */
  stagingBytes: number;
  gpuBytes: number;
  flop: number;
  /** The steps of a band, in order. */
  stepsOf: (band: BandRows) => BackProjectionStep[];
}

/**
 * Standard deviation of the low frequencies' filter, in pixels of the picture: as wide as a JPEG's
 * blocks, so that differences between them do not come back.
 */
const LOW_SIGMA = 8;

const VEC4_BYTES = 16;

/** Bytes of one dispatch's parameters. */
export const PARAMS_BYTES = 64;

/**
 * Plans the bands.
 *
 * @param memory Bytes of GPU memory.
 * @param maxBinding Bytes of the largest buffer that the device binds.
 * @param from The first row that is wanted, and the filters if there are some already.
 * @throws {UsageError} If not even one row fits.
 */
export function planBackProjection(
  shape: BackProjectionShape,
  memory: number,
  maxBinding: number,
  from: { row: number; filters?: Filters } = { row: 0 },
): BackProjectionPlan {
  const { small, large, freedom } = shape;
  const filters = from.filters ?? {
    x: axisTaps(small.width, large.width, freedom),
    y: axisTaps(small.height, large.height, freedom),
  };
  const height = large.height - from.row;
  const stepsOf = (band: BandRows) => bandSteps(shape, filters, band);
  const sizedWith = (rows: number) => {
    const bands = bandsOf(shape, filters.y, from.row, rows);
    return { ...sizedPlan(shape, filters, bands, stepsOf(bands[0]).length), bands };
  };
  const accepts = (rows: number) => {
    const bands = bandsOf(shape, filters.y, from.row, rows);
    if (bands.some((band) => mostRows(band) > MOST_GRID_ROWS)) return false;
    const { bytes, gpuBytes } = sizedWith(rows);
    return gpuBytes <= memory && Math.max(...bytes.values()) <= maxBinding;
  };
  const most = largestThat(accepts, height);
  // As few bands as possible, all of about the same size.
  const bandRows = most === 0 ? 1 : Math.ceil(height / Math.ceil(height / most));
  const sized = sizedWith(bandRows);
  if (most > 0) {
    const flop = flopOf(sized.bands.flatMap(stepsOf));
    return { ...sized, filters, bandRows, stepsOf, flop };
  }
  throw new UsageError(
    `Making a result of ${large.width}x${large.height} faithful needs ` +
      `${megabytes(sized.gpuBytes)} MB of GPU memory for one row but has ${megabytes(memory)} MB`,
    { remedies: ["more memory", "mode network"], needed: sized.gpuBytes, available: memory },
  );
}

/** The largest whole number up to `most` that is accepted, if all below it are too; 0 if none is. */
function largestThat(accepts: (value: number) => boolean, most: number): number {
  if (accepts(most)) return most;
  let [good, bad] = [0, most];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (accepts(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

function axisTaps(small: number, large: number, freedom: number): AxisTaps {
  const shrink = resampleTaps(large, small, "bicubic");
  const enlarge = resampleTaps(small, large, "bicubic");
  return {
    copy: identityTaps(small),
    shrink,
    enlarge,
    both: composedTaps(enlarge, shrink, small),
    low: freedom > 0 ? gaussianTaps(small, LOW_SIGMA) : undefined,
  };
}

function bandsOf(
  { small, large }: BackProjectionShape,
  taps: AxisTaps,
  firstRow: number,
  rows: number,
): BandRows[] {
  const heights = { small: small.height, large: large.height };
  const bands: BandRows[] = [];
  for (let first = firstRow; first < large.height; first += rows) {
    const last = Math.min(large.height, first + rows) - 1;
    bands.push(rowsOfBand({ first, last }, heights, taps));
  }
  return bands;
}

/** The most rows that a step of a band computes. */
function mostRows({ small, rounds }: BandRows): number {
  return Math.max(rowsOf(small), ...rounds.map(({ from }) => rowsOf(from)));
}

function sizedPlan(
  shape: BackProjectionShape,
  { x, y }: Filters,
  bands: BandRows[],
  dispatches: number,
): Pick<BackProjectionPlan, "taps" | "bytes" | "stagingBytes" | "gpuBytes"> {
  const taps = new Map<BufferName, Uint32Array>();
  for (const [axis, filters] of [["x", x], ["y", y]] as const) {
    for (const name of ["copy", "shrink", "enlarge", "both", "low"] as const) {
      const words = filters[name]?.words;
      if (words !== undefined) taps.set(`${axis} ${name}`, words);
    }
  }
  const bytes = new Map<BufferName, number>();
  for (const name of BAND_BUFFERS) {
    bytes.set(name, Math.max(...bands.map((band) => bandBytes(shape, band)[name])));
  }
  for (const [name, words] of taps) bytes.set(name, words.byteLength);
  const stagingBytes = Math.max(...bands.map((band) => readBytes(shape, band)));
  const gpuBytes = [...bytes.values()].reduce((sum, size) => sum + size) + 2 * stagingBytes +
    dispatches * PARAMS_BYTES;
  return { taps, bytes, stagingBytes, gpuBytes };
}

function bandBytes(
  { small, large, depth }: BackProjectionShape,
  { small: smallRows, rounds }: BandRows,
): Record<typeof BAND_BUFFERS[number], number> {
  const pixels = small.width * rowsOf(smallRows);
  const rowsSoFar = rounds.map(({ from }) => rowsOf(from));
  const bytesSoFar = large.width * wordsPerPixel(large.depth) * 4;
  return {
    reference: pixels * wordsPerPixel(small.depth) * 4,
    wanted: pixels * VEC4_BYTES,
    residual: pixels * VEC4_BYTES,
    correction: pixels * VEC4_BYTES,
    limits: pixels * VEC4_BYTES,
    filtered: small.width * Math.max(rowsOf(smallRows), ...rowsSoFar) * VEC4_BYTES,
    wide: large.width * rowsOf(smallRows) * VEC4_BYTES,
    "result so far 0": rowsSoFar[0] * bytesSoFar,
    "result so far 1": rowsSoFar[1] * bytesSoFar,
    result: large.width * rowsOf(rounds.at(-1)!.add) * wordsPerPixel(depth) * 4,
  };
}

/** Bytes that are read back of a band: its rows, and the residual of its small rows. */
function readBytes(
  { small, large, depth }: BackProjectionShape,
  { output, own }: BandRows,
): number {
  const result = large.width * rowsOf(output) * wordsPerPixel(depth) * 4;
  return result + (own === undefined ? 0 : small.width * rowsOf(own) * VEC4_BYTES);
}

function bandSteps(
  shape: BackProjectionShape,
  filters: Filters,
  band: BandRows,
): BackProjectionStep[] {
  const steps = new BandSteps(shape, filters, band);
  steps.copyReference();
  band.rounds.forEach((round, index) => {
    const from = index === 0 ? "result so far 0" : "result so far 1";
    const to = index + 1 === band.rounds.length ? "result" : "result so far 1";
    steps.missing(from, round.from, shape.large.depth, round.missing);
    if (round.free !== undefined) steps.free(round.missing, round.free);
    if (index === 0) steps.limits();
    let known = round.free ?? round.missing;
    for (const rows of round.deduct) {
      steps.deduct(known, rows);
      known = rows;
    }
    steps.add(from, round, to, band.rounds[index + 1]?.from ?? round.add);
  });
  const made = band.rounds.at(-1)!.add;
  if (band.own !== undefined) steps.missing("result", made, shape.depth, band.own);
  return steps.list;
}

/** Collects the steps of a band. */
class BandSteps {
  readonly list: BackProjectionStep[] = [];
  readonly #shape: BackProjectionShape;
  readonly #filters: Filters;
  readonly #band: BandRows;

  constructor(shape: BackProjectionShape, filters: Filters, band: BandRows) {
    this.#shape = shape;
    this.#filters = filters;
    this.#band = band;
  }

  /** The picture becomes what is wanted. */
  copyReference(): void {
    const { width, depth } = this.#shape.small;
    const source = { width, rows: rowsOf(this.#band.small), depth };
    this.#push(resampleRows(source, this.#filters.x.copy, width), "reference", "x copy", "wanted");
  }

  /** Shrinks rows `from` of a result and notes what it lacks in the small rows `missing`. */
  missing(result: BufferName, from: RowRange, depth: Depth, missing: RowRange): void {
    const { small, large } = this.#shape;
    const { x, y } = this.#filters;
    const source = { width: large.width, rows: rowsOf(from), depth };
    this.#push(resampleRows(source, x.shrink, small.width), result, "x shrink", "filtered");
    this.#residual("missing", missing, from.first, "y shrink", y.shrink);
  }

  /** Gives up a share of the high frequencies of what is missing. */
  free(known: RowRange, rows: RowRange): void {
    this.#filterResidual(known, "x low", this.#filters.x.low!);
    this.#residual("free", rows, this.#band.small.first, "y low", this.#filters.y.low!);
  }

  /** What is missing, less what the correction so far brings. */
  deduct(known: RowRange, rows: RowRange): void {
    this.#filterResidual(known, "x both", this.#filters.x.both);
    this.#residual("deduct", rows, this.#band.small.first, "y both", this.#filters.y.both);
  }

  limits(): void {
    const { small: { width, height }, overshoot } = this.#shape;
    if (overshoot === undefined) return;
    const picture = { width, height, firstRow: this.#band.small.first };
    this.#push(limitsStep(this.#band.limits, picture, overshoot), "wanted", "limits");
  }

  /** Adds the enlarged correction to a result, and writes rows from `firstRow` of the next one. */
  add(from: BufferName, round: RoundRows, to: BufferName, { first }: RowRange): void {
    const { small, large, depth, overshoot } = this.#shape;
    const { x, y } = this.#filters;
    const rows = rowsRead(y.enlarge, round.add);
    this.#push(
      resampleRows(this.#smallRows(rows), x.enlarge, large.width),
      "correction",
      "x enlarge",
      "wide",
    );
    const shape = {
      width: large.width,
      height: large.height,
      smallWidth: small.width,
      smallHeight: small.height,
      firstSmallRow: this.#band.small.first,
      firstPixelRow: round.from.first,
      firstOutputRow: first,
      depthIn: large.depth,
      depthOut: to === "result" ? depth : large.depth,
      limited: overshoot !== undefined,
    };
    this.#push(addStep(round.add, shape, y.enlarge), "wide", "y enlarge", "limits", from, to);
  }

  #filterResidual(rows: RowRange, name: FilterName, taps: Taps): void {
    const { width } = this.#shape.small;
    this.#push(resampleRows(this.#smallRows(rows), taps, width), "residual", name, "filtered");
  }

  #residual(
    step: "missing" | "free" | "deduct",
    rows: RowRange,
    firstSourceRow: number,
    name: FilterName,
    taps: Taps,
  ): void {
    const { small: { width }, freedom } = this.#shape;
    const buffers = { width, firstRow: this.#band.small.first, firstSourceRow };
    const dispatch = residualStep(step, rows, buffers, taps, freedom);
    this.#push(dispatch, "filtered", name, "wanted", "residual", "correction");
  }

  /** Rows of a buffer at the small size, whose values are vec4f. */
  #smallRows(rows: RowRange): { width: number; rows: number; firstRow: number; depth: Depth } {
    const firstRow = rows.first - this.#band.small.first;
    return { width: this.#shape.small.width, rows: rowsOf(rows), firstRow, depth: 32 };
  }

  #push(dispatch: Dispatch, ...buffers: BufferName[]): void {
    this.list.push({ dispatch, buffers });
  }
}

function flopOf(steps: BackProjectionStep[]): number {
  return steps.reduce((sum, { dispatch }) => sum + dispatch.flop, 0);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
