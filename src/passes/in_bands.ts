/**
 * The loop that all passes share: work goes to the device piece by piece, and while one is computed the
 * result of the piece before it is put in its place, and whole bands leave from the top.
 *
 * It is also the one place where a pass meets trouble. What a schedule needs is kept until the band is
 * finished, so that after a failure the pass goes on behind the last finished band: on a device that was
 * opened again, with less memory, or in f32.
 */

import { UsageError } from "../errors.ts";
import { DeviceLostError, type Gpu, OutOfGpuMemoryError } from "../gpu/device.ts";
import { BadResultError } from "../engine/workspace.ts";
import type { Submission } from "../gpu/submission.ts";
import type { Band } from "../raster/bands.ts";
import type { RowWindow } from "../raster/row_window.ts";
import type { LossBudget } from "./loss_budget.ts";
import type { PassCut, PassLog, PassRun, Retry } from "./pass.ts";

/** One way to cut the rest of a pass. */
export interface Schedule<Row, Piece, Input> {
  /** How it is computed, for the report. */
  readonly cut: PassCut;
  /** What bands are made from, from the top. */
  readonly rows: readonly Row[];
  /** First row of the result of one of them. */
  firstRow(row: Row): number;
  /** The pieces of one, in order. */
  piecesOf(row: Row): Iterable<Piece>;
  /** Reads what a piece needs of the passes before this one. */
  fetch(piece: Piece): Promise<Input>;
  /** Gives up what only the rows above need. */
  forget(row: Row): void;
  /** Makes buffers and pipelines on the present device, to go on from `row`. */
  open(row: Row): Promise<Machine<Piece, Input>>;
  /**
   * The schedule for half the memory, from `row` on.
   *
   * @throws The shortage, if there is none.
   */
  smaller(row: Row, shortage: OutOfGpuMemoryError): Schedule<Row, Piece, Input>;
  /** The schedule with more range, from `row` on; undefined if there is none. */
  precise?(row: Row): Schedule<Row, Piece, Input> | undefined;
}

/** The buffers of a schedule. */
export interface Machine<Piece, Input> {
  /** Hands a piece to the device; resolves while it is computed. */
  start(piece: Piece, input: Input): Promise<Computation>;
  /** Takes the result of a piece, in order; returns the band that it completes. */
  finish(piece: Piece, words: Uint32Array): Band | undefined;
  destroy(): void;
}

/** A piece on the device. */
export interface Computation {
  submission: Submission;
  /** Waits for the result; asked for once, behind the end of the submission. */
  result(): Promise<Uint32Array>;
}

/** Runs a schedule, and what follows from it when something goes wrong, and yields the bands. */
export async function* runInBands<Row, Piece, Input>(
  gpu: Gpu,
  schedule: Schedule<Row, Piece, Input>,
  { source, picture, losses, signal, log }: PassRun,
): AsyncGenerator<Band> {
  try {
    for (let first = 0;;) {
      const attempt = new Attempt(gpu, schedule, first, log);
      try {
        return yield* attempt.bands(signal);
      } catch (error) {
        if (error instanceof SourceFailure) throw error.cause;
        if (signal?.aborted) throw error;
        const mended = await mend(gpu, losses, attempt, error);
        log.retry(mended.retry);
        first = mended.schedule === schedule ? attempt.finished : 0;
        schedule = mended.schedule;
      }
    }
  } finally {
    await closeAll([source, picture]);
  }
}

async function closeAll(windows: (RowWindow | undefined)[]): Promise<void> {
  for (const window of windows) await window?.close();
}

/** Finds the schedule to go on with; where there is none, the error is thrown. */
async function mend<Row, Piece, Input>(
  gpu: Gpu,
  losses: LossBudget,
  { schedule, generation, finished }: Attempt<Row, Piece, Input>,
  thrown: unknown,
): Promise<{ schedule: Schedule<Row, Piece, Input>; retry: Retry }> {
  const error = thrown instanceof DOMException ? await gpu.explain(thrown) : thrown;
  const row = schedule.rows[finished];
  const because = (cause: Retry["cause"], next: Schedule<Row, Piece, Input>) => ({
    schedule: next,
    retry: { cause, row: schedule.firstRow(row), message: (error as Error).message },
  });
  if (gpu.lost || gpu.generation !== generation) {
    await losses.reopen(error);
    return because("lost device", schedule);
  }
  if (error instanceof OutOfGpuMemoryError) return because("memory", schedule.smaller(row, error));
  if (error instanceof BadResultError) {
    const precise = schedule.precise?.(row);
    if (precise !== undefined) return because("range", precise);
  }
  throw error;
}

/** What a pass before this one failed with: not for this one to mend. */
class SourceFailure extends Error {}

/** One attempt with one schedule on one device. */
class Attempt<Row, Piece, Input> {
  readonly schedule: Schedule<Row, Piece, Input>;
  /** The device's. */
  readonly generation: number;
  /** Rows of the schedule that are finished. */
  finished: number;
  readonly #gpu: Gpu;
  readonly #log: PassLog;

  constructor(gpu: Gpu, schedule: Schedule<Row, Piece, Input>, first: number, log: PassLog) {
    this.#gpu = gpu;
    this.#log = log;
    this.schedule = schedule;
    this.generation = gpu.generation;
    this.finished = first;
  }

  /** @param signal Heard behind each piece. */
  async *bands(signal: AbortSignal | undefined): AsyncGenerator<Band> {
    const { schedule } = this;
    const machine = await schedule.open(schedule.rows[this.finished]);
    let pending: Computation & { piece: Piece } | undefined;
    try {
      for (const piece of this.#pieces()) {
        const input = piece && await this.#fetch(piece);
        const earlier = pending;
        await earlier?.submission.settle();
        signal?.throwIfAborted();
        const words = earlier?.result();
        // Its failure is met when it is awaited, which is after the next piece.
        words?.catch(() => {});
        pending = piece && { piece, ...await this.#start(machine, piece, input!) };
        const band = earlier && machine.finish(earlier.piece, await words!);
        if (band === undefined) continue;
        // Only what leaves counts.
        this.#log.cut(schedule.cut);
        this.finished++;
        if (this.finished < schedule.rows.length) schedule.forget(schedule.rows[this.finished]);
        yield band;
      }
    } finally {
      machine.destroy();
    }
  }

  /** The pieces that are left, and behind them none: the last result is met there. */
  *#pieces(): Generator<Piece | undefined> {
    const { rows } = this.schedule;
    for (let i = this.finished; i < rows.length; i++) yield* this.schedule.piecesOf(rows[i]);
    yield undefined;
  }

  async #fetch(piece: Piece): Promise<Input> {
    return await this.schedule.fetch(piece).catch((cause) => {
      throw new SourceFailure("A pass before this one failed", { cause });
    });
  }

  async #start(
    machine: Machine<Piece, Input>,
    piece: Piece,
    input: Input,
  ): Promise<Computation> {
    // The passes before this one may have met a loss, and opened the device again.
    if (this.#gpu.generation !== this.generation) {
      throw new DeviceLostError("The device was lost while a pass before this one used it");
    }
    return await machine.start(piece, input);
  }
}

/**
 * Returns what `plan` makes of less memory.
 *
 * @throws {OutOfGpuMemoryError} `shortage`, which is why there is less, if nothing fits that.
 */
export function planOr<Plan>(shortage: OutOfGpuMemoryError, plan: () => Plan): Plan {
  try {
    return plan();
  } catch (error) {
    throw error instanceof UsageError ? shortage : error;
  }
}
