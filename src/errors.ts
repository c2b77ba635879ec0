/**
 * Every failure that a caller may want to tell apart, one class per exit code of the program.
 *
 * A message says what was wrong, with the numbers: it is shown to people as it is. What can be done about
 * it, where that is a matter of options, is a remedy: the program and the page word it in their own terms.
 */

/** What mends a failure, for whoever words it. */
export type Remedy =
  | "more memory"
  | "less memory"
  | "smaller tiles"
  | "mode network"
  | "another format"
  | "a background"
  | "quality 100"
  | "baseline 4:4:4"
  | "more pixels"
  | "another adapter"
  | "the runtime's WebGPU"
  | "permissions"
  | "a driver";

/** What an error carries beside its message. */
export interface ErrorFacts extends ErrorOptions {
  /** Any of these helps, the likeliest first. */
  remedies?: readonly Remedy[];
  /** Bytes of GPU memory that were needed, and that there were. */
  needed?: number;
  available?: number;
}

/** An error with what can be done about it. */
abstract class TesseraError extends Error {
  readonly remedies: readonly Remedy[];
  readonly needed: number | undefined;
  readonly available: number | undefined;

  constructor(message: string, { remedies = [], needed, available, ...options }: ErrorFacts = {}) {
    super(message, options);
    this.remedies = remedies;
    this.needed = needed;
    this.available = available;
  }
}

/** The request itself is wrong: an unknown option, a scale out of range, an output that exists. */
export class UsageError extends TesseraError {
  override readonly name: string = "UsageError";
}

/** A picture or a weights file cannot be used: damaged, of an unknown kind, or too large. */
export class InputError extends TesseraError {
  override readonly name: string = "InputError";
}

/** The weights do not describe a network that Tessera knows, or do not fit the one they resemble. */
export class ModelError extends InputError {
  override readonly name: string = "ModelError";
}

/** No adapter was found, or the one found cannot run the kernels. */
export class NoGpuError extends TesseraError {
  override readonly name: string = "NoGpuError";
}

/** The device failed while it worked: lost, out of memory at the smallest tile, or a wrong result. */
export class GpuError extends TesseraError {
  override readonly name: string = "GpuError";
}
