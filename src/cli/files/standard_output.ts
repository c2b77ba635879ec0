/** Stdout as the place of a result: bytes go out as they come, and what fails later leaves a torn file. */

import { UsageError } from "../../errors.ts";
import type { Output } from "./output_file.ts";

/** A result on its way to stdout. */
export class StandardOutput implements Output {
  readonly folder = undefined;
  #bytes = 0;

  /** @throws {UsageError} If stdout is a terminal, which shows no picture. */
  constructor() {
    if (!Deno.stdout.isTerminal()) return;
    throw new UsageError(
      "The picture would go to this terminal: name a file with --output, or send it on as in " +
        "tessera - > large.png",
    );
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws {UsageError} If nobody reads it any more. */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await Deno.stdout.write(rest));
      this.#bytes += bytes.length;
    } catch (error) {
      throw new UsageError(`Cannot write to stdout: ${(error as Error).message}`);
    }
  }

  commit(): Promise<void> {
    return Promise.resolve();
  }

  discard(): void {}

  [Symbol.dispose](): void {}
}
