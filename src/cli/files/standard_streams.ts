/**
 * Pictures through pipes: what a name means that is no file's, and reading one that does not end before
 * its writer does.
 */

import { InputError } from "../../errors.ts";
import { concatBytes } from "../../pictures/bytes.ts";

/** How the command line names stdin, and stdout as an output. */
export const STDIN = "-";

const STDIN_NAMES = [STDIN, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];
const STDOUT_NAMES = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/** The most bytes that are read from a pipe, which may be one without an end. */
const MAX_BYTES = 2 ** 29;

/** Bytes that are read at a time. */
const BLOCK_BYTES = 2 ** 16;

/** Returns {@linkcode STDIN} for each of its names, and other names as they are. */
export function plainStdin(name: string): string {
  return STDIN_NAMES.includes(name) ? STDIN : name;
}

/** Says whether `--output` means stdout. */
export function isStdout(output: string | undefined): boolean {
  return output !== undefined && STDOUT_NAMES.includes(output);
}

/**
 * Says whether a path leads to what a shell or the system made, such as the pipe of `<(...)`: not all of
 * these may be looked at, and nobody looks there for a result.
 */
export function isLoosePipe(path: string): boolean {
  return /^\/(dev|proc|sys)(\/|$)/.test(path);
}

/** Reads a list of names or another small text from stdin to its end. */
export function readStdinSync(): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = new Uint8Array(BLOCK_BYTES);
    const count = Deno.stdin.readSync(chunk);
    if (count === null) return concatBytes(chunks);
    chunks.push(chunk.subarray(0, count));
  }
}

/**
 * Reads stdin, a FIFO or another pipe to its end.
 *
 * @param signal Ends the waiting, for which there is no other end.
 * @throws {InputError} If there is more than can be a picture.
 */
export async function readPipe(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  const opened = path === STDIN ? Promise.resolve(Deno.stdin) : Deno.open(path);
  const pipe = await untilAborted(opened, signal);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const chunk = new Uint8Array(BLOCK_BYTES);
      const count = await untilAborted(pipe.read(chunk), signal);
      if (count === null) return concatBytes(chunks);
      chunks.push(chunk.subarray(0, count));
      length += count;
      if (length > MAX_BYTES) {
        throw new InputError(`More than ${MAX_BYTES} bytes came, and no picture has as many`);
      }
    }
  } finally {
    if (path !== STDIN) pipe.close();
  }
}

/** Gives up waiting when the signal comes: a read that nobody answers cannot be stopped. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
