/// <reference lib="webworker" />
/** The engine in a dedicated worker: takes calls, one at a time on the device, and answers them. */

import type { CallName, Calls, Failure, Message, News, Reply } from "./protocol.ts";
import { HANDLERS } from "./worker/handlers.ts";

/** What a handler may use beside what it is given. */
export interface CallContext {
  signal: AbortSignal;
  tell(news: News): void;
}

/** Calls that need no device, and so need not wait for it. */
const FREE: readonly CallName[] = ["encode", "drop"];

const calls = new Map<number, AbortController>();
let last: Promise<unknown> = Promise.resolve();

self.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  if ("cancel" in data) return calls.get(data.cancel)?.abort();
  const abort = new AbortController();
  calls.set(data.call, abort);
  const work = () => answer(data.call, data.name, data.asks, abort.signal);
  if (FREE.includes(data.name)) work();
  else last = last.then(work);
});

async function answer<Name extends CallName>(
  call: number,
  name: Name,
  asks: Calls[Name]["asks"],
  signal: AbortSignal,
): Promise<void> {
  try {
    signal.throwIfAborted();
    const tell = (news: News) => post({ call, news });
    tell({ kind: "begun" });
    post({ call, gives: await HANDLERS[name](asks, { signal, tell }) });
  } catch (error) {
    post({ call, failure: failureOf(error) });
  } finally {
    calls.delete(call);
  }
}

/** Pixels are handed over, not copied. */
function post(reply: Reply): void {
  self.postMessage(reply, { transfer: buffersIn(reply) });
}

function buffersIn(value: unknown): ArrayBuffer[] {
  if (value instanceof Uint8ClampedArray) return [value.buffer as ArrayBuffer];
  if (typeof value !== "object" || value === null || value instanceof Blob) return [];
  return Object.values(value).flatMap(buffersIn);
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) {
    return {
      name: "Error",
      message: String(error),
      remedies: [],
      needed: undefined,
      available: undefined,
    };
  }
  const { remedies = [], needed, available } = error as Error & Partial<Failure>;
  return { name: error.name, message: error.message, remedies, needed, available };
}
