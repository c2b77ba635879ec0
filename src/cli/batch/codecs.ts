/**
 * Decoding and encoding, here or in threads of their own. Codecs keep their thread busy until a picture
 * is done; in other threads they work while this one serves the GPU with another picture.
 */

import type { Encoder } from "../../enhance/encoding.ts";
import { InputError, type Remedy, UsageError } from "../../errors.ts";
import {
  type DecodeOptions,
  decodePicture,
  type EncodeOptions,
  encodePicture,
  type Picture,
} from "../../pictures/mod.ts";

/** What makes pictures of files and files of pictures, with the errors of `src/pictures`. */
export interface Codecs extends Encoder {
  decode(bytes: Uint8Array, options: DecodeOptions): Promise<Picture>;
}

/** Decodes and encodes in this thread. */
export const CODECS_HERE: Codecs = { decode: decodePicture, encode: encodePicture, wholePixels: 0 };

/** What a thread is asked to do. */
export type CodecRequest =
  & { id: number }
  & (
    | { decode: Uint8Array; options: DecodeOptions }
    | { encode: Picture; options: EncodeOptions }
  );

/** What it answers; classes of errors do not survive the way, but their names do. */
export type CodecAnswer =
  & { id: number }
  & (
    | { picture: Picture }
    | { bytes: Uint8Array }
    | { error: PlainError }
  );

/** An error without its class. */
export interface PlainError {
  name: string;
  message: string;
  stack: string | undefined;
  remedies: readonly Remedy[];
}

const ERRORS = [UsageError, InputError];

/** One thread for decoding and one for encoding, until it is disposed. */
export class CodecThreads implements Codecs, Disposable {
  /** A picture of 8K: two of them at a time are what a batch is allowed. */
  readonly wholePixels = 2 ** 25;
  readonly #decoder = new CodecThread();
  readonly #encoder = new CodecThread();

  async decode(bytes: Uint8Array, options: DecodeOptions): Promise<Picture> {
    const answer = await this.#decoder.ask((id) => ({ id, decode: bytes, options }), []);
    return (answer as { picture: Picture }).picture;
  }

  async encode(picture: Picture, options: EncodeOptions): Promise<Uint8Array> {
    const transfer = [picture.data.buffer as ArrayBuffer];
    const answer = await this.#encoder.ask((id) => ({ id, encode: picture, options }), transfer);
    return (answer as { bytes: Uint8Array }).bytes;
  }

  [Symbol.dispose](): void {
    this.#decoder.stop();
    this.#encoder.stop();
  }
}

/** A thread that answers in any order. */
class CodecThread {
  #worker: Worker | undefined;
  #asked = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<CodecAnswer>>();

  async ask(
    requestFor: (id: number) => CodecRequest,
    transfer: Transferable[],
  ): Promise<CodecAnswer> {
    this.#worker ??= this.#start();
    const id = this.#asked++;
    const waiting = Promise.withResolvers<CodecAnswer>();
    this.#waiting.set(id, waiting);
    this.#worker.postMessage(requestFor(id), transfer);
    const answer = await waiting.promise;
    if ("error" in answer) throw toError(answer.error);
    return answer;
  }

  stop(): void {
    this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL("./codec_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<CodecAnswer>) => {
      this.#waiting.get(data.id)?.resolve(data);
      this.#waiting.delete(data.id);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`The thread for codecs ended: ${event.message}`);
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
      this.#worker = undefined;
    };
    return worker;
  }
}

/** Returns what of an error can be sent. */
export function plainError(error: unknown): PlainError {
  const known = error instanceof Error ? error : new Error(String(error));
  const { name, message, stack } = known;
  return { name, message, stack, remedies: (known as { remedies?: Remedy[] }).remedies ?? [] };
}

function toError({ name, message, stack, remedies }: PlainError): Error {
  const known = ERRORS.find((known) => known.name === name);
  const error = known === undefined ? new Error(message) : new known(message, { remedies });
  if (stack !== undefined) error.stack = stack;
  return error;
}
