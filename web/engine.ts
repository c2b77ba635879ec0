/** The page's side of the engine: calls to the worker as promises. */

import type { CallName, Calls, Failure, Message, News, Reply } from "./protocol.ts";

/** How a call is followed. */
export interface CallOptions {
  /** Ends the call at once for the page, and soon for the worker. */
  signal?: AbortSignal;
  onNews?: (news: News) => void;
}

/** An error of the engine, with what it carried. */
export class EngineError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onNews: ((news: News) => void) | undefined;
}

/** The engine in its worker; where that cannot be loaded, every call fails. */
export class Engine {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #broken: EngineError | undefined;

  /** @param url The worker's module. */
  constructor(url: URL) {
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#take(data));
    this.#worker.addEventListener("error", ({ message }) => this.#fail(message));
  }

  /**
   * Calls the worker.
   *
   * @throws {EngineError} With what the worker says.
   * @throws The reason of the signal, if it is aborted.
   */
  call<Name extends CallName>(
    name: Name,
    asks: Calls[Name]["asks"],
    { signal, onNews }: CallOptions = {},
  ): Promise<Calls[Name]["gives"]> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const call = ++this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(call, { resolve, reject, onNews });
    const cancel = () => {
      this.#waiting.delete(call);
      this.#post({ cancel: call });
      reject(signal!.reason);
    };
    signal?.addEventListener("abort", cancel, { once: true });
    this.#post({ call, name, asks } as Message);
    return promise.finally(() => signal?.removeEventListener("abort", cancel)) as Promise<
      Calls[Name]["gives"]
    >;
  }

  #post(message: Message): void {
    this.#worker.postMessage(message);
  }

  #take(reply: Reply): void {
    const waiting = this.#waiting.get(reply.call);
    if (waiting === undefined) return;
    if ("news" in reply) return waiting.onNews?.(reply.news);
    this.#waiting.delete(reply.call);
    if ("failure" in reply) waiting.reject(new EngineError(reply.failure));
    else waiting.resolve(reply.gives);
  }

  #fail(message: string | undefined): void {
    this.#broken = new EngineError({
      name: "WorkerError",
      message: message || "The engine could not be loaded",
      remedies: [],
      needed: undefined,
      available: undefined,
    });
    for (const { reject } of this.#waiting.values()) reject(this.#broken);
    this.#waiting.clear();
  }
}
