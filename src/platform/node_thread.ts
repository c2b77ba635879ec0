/** Threads and turns of the event loop by Node's modules, which Deno has as well. */

import { BUILTIN } from "./node_builtin.ts";
import type { Thread } from "./contract.ts";

/**
 * Starts a thread. Node's kind of worker, unlike the web's, can leave the decision when to end to the rest of
 * the process.
 *
 * @param onMessage Receives what the thread posts.
 * @param onError Told when it ended by itself.
 */
export function startNodeThread(
  code: URL,
  onMessage: (message: unknown) => void,
  onError: (error: Error) => void,
): Thread {
  const worker = new BUILTIN.threads.Worker(code);
  worker.on("message", onMessage);
  worker.on("error", (error) => onError(error as Error));
  return {
    post(message, transfer) {
      worker.ref();
      worker.postMessage(message, transfer as ArrayBuffer[]);
    },
    rest: () => worker.unref(),
    end: () => void worker.terminate(),
  };
}

/** Lets everything happen that is due; a timer would take a millisecond for it, even one of 0. */
export function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => BUILTIN.timers.setImmediate(() => resolve()));
}
