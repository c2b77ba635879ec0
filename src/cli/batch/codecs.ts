/**
 * Decoding and encoding, here or in threads of their own. Codecs keep their thread busy until a picture
 * is done; in other threads they work while this one serves the GPU with another picture.
 */

import { type Encoder, encodeRows, type RowEncoder } from "../../enhance/encoding.ts";
import { InputError, type Remedy, UsageError } from "../../errors.ts";
import {
  type DecodeOptions,
  decodePicture,
  type EncodeOptions,
  encodePicture,
  type Picture,
  type PictureHeader,
} from "../../pictures/mod.ts";
import { sendRows } from "./row_channel.ts";

/** What makes pictures of files and files of pictures, with the errors of `src/pictures`. */
export interface Codecs extends Encoder {
  decode(bytes: Uint8Array, options: DecodeOptions): Promise<Picture>;
}

/** Decodes and encodes in this thread. */
export const CODECS_HERE: Codecs = {
  decode: decodePicture,
  encode: encodePicture,
  rowEncoderFor: () => encodeRows,
};

/** What a thread is asked to do. */
export type CodecRequest =
  & { id: number }
  & (
    | { decode: Uint8Array; options: DecodeOptions }
    | { encode: Picture; options: EncodeOptions }
    | { encodeRows: PictureHeader; options: EncodeOptions; port: MessagePort }
  );

/** What it answers; classes of errors do not survive the way, but their names do. */
export type CodecAnswer =
  & { id: number }
  & (
    | { picture: Picture }
    | { bytes: Uint8Array }
    | { rowsDone: true }
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

/** Pixels of a single result that are worth a thread: to start one takes as long as to encode so many. */
const PIXELS_FOR_A_THREAD = 2 ** 21;

/** For a single picture: a large result is encoded in a thread, all else is done here. */
export class CodecsForOne implements Codecs, Disposable {
  readonly decode = CODECS_HERE.decode;
  readonly encode = CODECS_HERE.encode;
  readonly #encoder = new CodecThread();

  rowEncoderFor({ width, height }: PictureHeader): RowEncoder {
    if (width * height < PIXELS_FOR_A_THREAD) return encodeRows;
    return (...work) => this.#encoder.encodeRows(...work);
  }

  [Symbol.dispose](): void {
    this.#encoder.stop();
  }
}

/** For a batch: one thread for decoding and one for encoding, until it is disposed. */
export class CodecThreads implements Codecs, Disposable {
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

  rowEncoderFor(): RowEncoder {
    return (...work) => this.#encoder.encodeRows(...work);
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

  /** As {@linkcode encodeRows}, which does the work there. */
  encodeRows(...[header, rows, options]: Parameters<RowEncoder>): AsyncGenerator<Uint8Array> {
    const { port1, port2: port } = new MessageChannel();
    const { width, height, channels, depth, metadata } = header;
    const plain = { width, height, channels, depth, metadata };
    const done = this.ask((id) => ({ id, encodeRows: plain, options, port }), [port]);
    return sendRows(port1, rows, done);
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
