/**
 * Rows on their way to a thread that encodes them, and the bytes of the file on their way back. Neither
 * side waits for the other as long as little is under way: a slow codec does not keep the device waiting.
 */

import { encodeRows, type RowParts } from "../../enhance/encoding.ts";
import type { EncodeOptions, PictureHeader, Samples } from "../../pictures/mod.ts";

/** Whole rows: see {@linkcode RowParts}. */
type Rows = Samples | Uint32Array;

/** Bytes of rows and of the file that may be under way: nearly two pictures of 4K, or one of 8K in parts. */
const MOST_UNDER_WAY = 2 ** 26;

/** What the thread is sent. */
type ToEncoder = { rows: Rows } | { end: "all" | "given up" };

/** What it sends: how many bytes of rows it has taken, or a part of the file, or that it is whole. */
type FromEncoder = { taken: number } | { bytes: Uint8Array } | { end: "all" };

/** Something that may have changed. */
class Change {
  #next: PromiseWithResolvers<void> = Promise.withResolvers();

  /** Fulfilled when something changes. */
  get next(): Promise<void> {
    return this.#next.promise;
  }

  tell(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }
}

/**
 * Sends rows as they come, and yields the bytes of the file as they arrive.
 *
 * @param finished Rejected with what the thread failed with; fulfilled behind its last message.
 */
export async function* sendRows(
  port: MessagePort,
  rows: RowParts,
  finished: Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  const arrived: Uint8Array[] = [];
  const change = new Change();
  let underWay = 0;
  const state = { whole: false, givenUp: false };
  let failure: { error: unknown } | undefined;
  port.onmessage = ({ data }: MessageEvent<FromEncoder>) => {
    if ("end" in data) state.whole = true;
    else if ("taken" in data) underWay -= data.taken;
    else {
      underWay += data.bytes.length;
      arrived.push(data.bytes);
    }
    change.tell();
  };
  const fail = (error: unknown) => {
    failure ??= { error };
    change.tell();
  };
  const isOver = () => failure !== undefined || state.whole || state.givenUp;
  const send = async () => {
    for await (const part of rows) {
      const own = part instanceof Uint32Array ? part : part.slice();
      underWay += own.byteLength;
      post(port, { rows: own }, own);
      while (underWay > MOST_UNDER_WAY && !isOver()) await change.next;
      if (isOver()) return;
    }
    post(port, { end: "all" });
  };
  const ended = finished.catch(fail);
  const sent = send().catch(fail);
  try {
    for (;;) {
      for (let bytes = arrived.shift(); bytes !== undefined; bytes = arrived.shift()) {
        underWay -= bytes.length;
        change.tell();
        yield bytes;
      }
      if (failure !== undefined) throw failure.error;
      if (state.whole) return;
      await change.next;
    }
  } finally {
    if (!state.whole) {
      state.givenUp = true;
      change.tell();
      post(port, { end: "given up" });
    }
    await sent;
    await ended;
    port.close();
  }
}

/** The thread's side: encodes what {@linkcode sendRows} sends. */
export async function encodeReceivedRows(
  port: MessagePort,
  header: PictureHeader,
  options: EncodeOptions,
): Promise<void> {
  const received: ToEncoder[] = [];
  const change = new Change();
  port.onmessage = ({ data }: MessageEvent<ToEncoder>) => {
    received.push(data);
    change.tell();
  };
  const rows = async function* (): AsyncGenerator<Rows> {
    for (;;) {
      while (received.length === 0) await change.next;
      const message = received.shift()!;
      if ("end" in message) {
        if (message.end === "all") return;
        throw new Error("The rows of a picture were given up");
      }
      post(port, { taken: message.rows.byteLength });
      yield message.rows;
    }
  };
  try {
    for await (const bytes of encodeRows(header, rows(), options)) {
      const own = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
      post(port, { bytes: own }, own);
    }
    post(port, { end: "all" });
  } finally {
    port.onmessage = null;
  }
}

/** @param moved What of the message is handed over and not copied. */
function post(port: MessagePort, message: ToEncoder | FromEncoder, moved?: Rows): void {
  port.postMessage(message, moved === undefined ? [] : [moved.buffer as ArrayBuffer]);
}
