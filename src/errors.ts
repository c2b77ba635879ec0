/**
 * Every failure that a caller may want to tell apart, one class per exit code of the program.
 *
 * A message says what was wrong, with the numbers, and what to do: it is shown to people as it is.
 */

/** The request itself is wrong: an unknown option, a scale out of range, an output that exists. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** A picture or a weights file cannot be used: damaged, of an unknown kind, or too large. */
export class InputError extends Error {
  override readonly name: string = "InputError";
}

/** The weights do not describe a network that Tessera knows, or do not fit the one they resemble. */
export class ModelError extends InputError {
  override readonly name: string = "ModelError";
}

/** No adapter was found, or the one found cannot run the kernels. */
export class NoGpuError extends Error {
  override readonly name: string = "NoGpuError";
}

/** The device failed while it worked: lost, out of memory at the smallest tile, or a wrong result. */
export class GpuError extends Error {
  override readonly name: string = "GpuError";
}
