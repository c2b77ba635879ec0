/**
 * Ctrl-C and SIGTERM: the first one lets the current tile finish and then stops the work, the
 * second one ends the program at once. Neither leaves a half-written file.
 */

import { EXIT } from "./exit_codes.ts";
import { discardAll } from "../files/output_file.ts";
import { printNote } from "./print.ts";

/** The work was stopped by a signal. */
export class Interrupted extends Error {
  override readonly name: string = "Interrupted";
}

const SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Listens until it is disposed; its signal is what stops the work. */
export class InterruptListener implements Disposable {
  readonly #controller = new AbortController();
  readonly #announcement: string;
  readonly #reason: string;

  /**
   * @param announcement What is said when the first signal comes.
   * @param reason What is said when the work has stopped.
   */
  constructor(
    announcement = "Stopping after the current tile",
    reason = "nothing was written for this picture",
  ) {
    this.#announcement = announcement;
    this.#reason = reason;
    for (const name of SIGNALS) Deno.addSignalListener(name, this.#stop);
  }

  /** Aborted, with `Interrupted` as the reason, by the first Ctrl-C or SIGTERM. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const name of SIGNALS) Deno.removeSignalListener(name, this.#stop);
  }

  readonly #stop = (): void => {
    if (this.signal.aborted) {
      discardAll();
      Deno.exit(EXIT.interrupted);
    }
    printNote(`${this.#announcement}; once more to stop at once`);
    this.#controller.abort(new Interrupted(`Interrupted: ${this.#reason}`));
  };
}
