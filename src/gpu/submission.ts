/**
 * Work handed to the device in pieces short enough for a driver's watchdog, and short enough that a
 * stop is heard and progress is seen.
 *
 * A driver resets a device whose submission takes seconds. The time of a piece is predicted from the
 * speed of those before it.
 */

import { turnOfEventLoop } from "../platform/mod.ts";
import type { Gpu } from "./device.ts";

/** One dispatch, ready to be recorded. */
export interface Command {
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  workgroups: [x: number, y: number, z: number];
  flop: number;
}

/** Seconds that one submission should take. */
const TARGET_SECONDS = 0.1;

/** FLOP per second assumed before anything was measured: slow, so that the first piece is short. */
const FIRST_GUESS = { software: 2e10, hardware: 3e11 };

/** What a dispatch costs beside its arithmetic, in seconds. */
const DISPATCH_SECONDS = 2e-5;

/** Work that the device was handed. */
export class Submission {
  readonly #wait: () => Promise<void>;
  #settled: Promise<void> | undefined;

  constructor(wait: () => Promise<void>) {
    this.#wait = wait;
  }

  /**
   * Waits until it is done; asked once more, it says the same.
   *
   * @throws {DeviceLostError} If the device was lost.
   * @throws {GpuError} If it failed otherwise.
   */
  settle(): Promise<void> {
    return this.#settled ??= this.#wait();
  }
}

/** Hands commands to one device and learns how fast it is. At most one submission is under way. */
export class Submitter {
  readonly #gpu: Gpu;
  #flopPerSecond: number;
  #last: Submission | undefined;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#flopPerSecond = gpu.adapter.software ? FIRST_GUESS.software : FIRST_GUESS.hardware;
  }

  /** Speed of what ran so far, in FLOP per second. */
  get flopPerSecond(): number {
    return this.#flopPerSecond;
  }

  /**
   * Runs commands in order, in as many submissions as their cost asks for.
   *
   * @param onDone Told the FLOP of each submission once it has run.
   * @throws {DeviceLostError} If the device was lost.
   * @throws {GpuError} If it failed otherwise.
   * @throws The signal's reason, between two submissions.
   */
  async run(
    commands: Command[],
    signal?: AbortSignal,
    onDone?: (flop: number) => void,
  ): Promise<void> {
    const last = await this.start(commands, signal, onDone);
    await last.settle();
    signal?.throwIfAborted();
  }

  /**
   * The same, but for the last submission, which is not waited for: what the host does next, it does
   * while the device works.
   *
   * @returns The last submission.
   * @throws As {@linkcode run}.
   */
  async start(
    commands: Command[],
    signal?: AbortSignal,
    onDone: (flop: number) => void = () => {},
  ): Promise<Submission> {
    // What goes wrong with it is for those who handed it over.
    await this.#last?.settle().catch(() => {});
    let last = new Submission(() => Promise.resolve());
    for (let from = 0; from < commands.length;) {
      await last.settle();
      signal?.throwIfAborted();
      const to = this.#endOfPiece(commands, from);
      last = this.#last = await this.#submit(commands.slice(from, to), onDone);
      from = to;
    }
    return last;
  }

  #endOfPiece(commands: Command[], from: number): number {
    let seconds = 0;
    let to = from;
    do {
      seconds += commands[to++].flop / this.#flopPerSecond + DISPATCH_SECONDS;
    } while (to < commands.length && seconds < TARGET_SECONDS);
    return to;
  }

  async #submit(piece: Command[], onDone: (flop: number) => void): Promise<Submission> {
    const flop = piece.reduce((sum, command) => sum + command.flop, 0);
    const submittedAt = performance.now();
    try {
      this.#record(piece);
    } catch (error) {
      throw await this.#gpu.explain(error);
    }
    return new Submission(async () => {
      const waitsFrom = performance.now();
      try {
        await finished(this.#gpu);
      } catch (error) {
        throw await this.#gpu.explain(error);
      }
      this.#gpu.check();
      const now = performance.now();
      this.#learn(flop, (now - submittedAt) / 1000, (now - waitsFrom) / 1000);
      onDone(flop);
    });
  }

  #record(piece: Command[]): void {
    const encoder = this.#gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const command of piece) {
      pass.setPipeline(command.pipeline);
      pass.setBindGroup(0, command.bindGroup);
      pass.dispatchWorkgroups(...command.workgroups);
    }
    pass.end();
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  /**
   * @param seconds From the submission until its end was seen.
   * @param waited Of these, what was spent on nothing else: if little, the end came earlier.
   */
  #learn(flop: number, seconds: number, waited: number): void {
    const shortest = TARGET_SECONDS / 10;
    if (flop === 0) return;
    if (seconds < shortest || waited < shortest) {
      // Its own speed cannot be told; it is at least this, and far more where a guess was far too low.
      this.#flopPerSecond = Math.max(this.#flopPerSecond, flop / Math.max(seconds, shortest));
    } else this.#flopPerSecond = 0.5 * this.#flopPerSecond + 0.5 * flop / seconds;
  }
}

/**
 * Waits until all submitted work is done.
 *
 * Deno does the waiting inside the call and then sleeps 10 ms before the promise resolves; there, a
 * turn of the event loop is enough and costs nothing. Elsewhere the promise is what tells.
 */
export async function finished(gpu: Gpu): Promise<void> {
  const done = gpu.device.queue.onSubmittedWorkDone();
  if (!gpu.queueWaitsInCall) return void await done;
  done.catch(() => {});
  await turnOfEventLoop();
}
