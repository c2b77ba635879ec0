/** What was done with a picture and how long it took: the line of `--json`. */

import type { Enhancement } from "../../enhance/enhance.ts";
import type { PlannedPass, Retry } from "../../passes/pass.ts";

/** What was done. */
export interface JobReport {
  input: string;
  output: string;
  width: number;
  height: number;
  outputWidth: number;
  outputHeight: number;
  model: string;
  scale: number;
  /** The least that any part was stored in between layers. */
  precision: "f32" | "f16";
  /** Whether the result is what it would be without tiles. */
  exact: boolean;
  /** Share of the restorer in the weights. */
  denoise: number;
  /**
   * PSNR in dB of the result, shrunk, against the picture as it was wanted; 100 at most, and null
   * where nothing was promised.
   */
  consistency: number | null;
  tiles: number;
  /** What had to be done once more. */
  retries: (Pick<Retry, "cause" | "row"> & { pass: PlannedPass["kind"] })[];
  /** Most GPU memory that a pass takes. */
  gpuBytes: number;
  adapter: string;
  /**
   * Of a comic archive or a TIFF of several pages, of whose first page all else tells: pages, and those that
   * stayed as they were.
   */
  pages?: { enhanced: number; kept: number };
  seconds: Record<Exclude<Phase, "wait"> | "total", number>;
}

/**
 * Describes what is done.
 *
 * @param passes What ran, or will.
 */
export function describeJob(
  input: string,
  output: string,
  { choice: { upscaler }, plan, result, scale }: Enhancement,
  passes: readonly PlannedPass[],
): Omit<JobReport, "denoise" | "consistency" | "retries" | "pages" | "seconds"> {
  return {
    input,
    output,
    width: plan.width,
    height: plan.height,
    outputWidth: result.width,
    outputHeight: result.height,
    model: upscaler.label,
    scale,
    precision: passes.find(({ kind }) => kind === "network")?.precision ?? "f32",
    exact: passes.every(({ exact }) => exact),
    tiles: passes.reduce((sum, { tiles }) => sum + tiles, 0),
    gpuBytes: Math.max(0, ...passes.map(({ gpuBytes }) => gpuBytes)),
    adapter: upscaler.gpu.adapter.description,
  };
}

/**
 * What time is spent on. Of a picture that is read in rows, reading counts as upscaling; waiting for the
 * device, while it has another picture, counts as nothing.
 */
export type Phase = "decode" | "wait" | "upscale" | "encode";

/** Seconds spent in each phase. */
export class PhaseClock {
  #phase: Phase = "decode";
  #since = performance.now();
  readonly #seconds = { decode: 0, wait: 0, upscale: 0, encode: 0 };

  /** Ends the phase that is on and goes on with another, or one from before. */
  enter(phase: Phase): void {
    const now = performance.now();
    this.#seconds[this.#phase] += (now - this.#since) / 1000;
    this.#since = now;
    this.#phase = phase;
  }

  /** Ends the phase that is on. */
  stop(): JobReport["seconds"] {
    this.enter(this.#phase);
    const { decode, upscale, encode } = this.#seconds;
    return {
      decode: toMilliseconds(decode),
      upscale: toMilliseconds(upscale),
      encode: toMilliseconds(encode),
      total: toMilliseconds(decode + upscale + encode),
    };
  }
}

/** A PSNR for people and for JSON, which knows no infinity. */
export function reportedDecibels(psnr: number): number {
  return Math.min(100, Number(psnr.toFixed(1)));
}

/** Drops the digits that no clock knows. */
export function toMilliseconds(seconds: number): number {
  return Number(seconds.toFixed(3));
}
