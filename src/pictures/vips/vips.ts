/**
 * libvips, which reads and writes most formats: the questions that its threads answer, one for each plug-in.
 * A thread starts with the first question and is kept for the next ones; one that stumbles is replaced.
 */

import { InputError } from "../../errors.ts";
import { startVipsThread, type Thread, VIPS } from "../../platform/mod.ts";
import { notLoaded } from "../codecs/wasm.ts";
import {
  PLUGINS,
  type VipsAnswer,
  type VipsHeader,
  type VipsInput,
  type VipsOutput,
  type VipsPlugin,
  type VipsRequest,
  type VipsSamples,
} from "./messages.ts";

/** What libvips says when it gives up; it says nothing about whether the file or its size is at fault. */
export class VipsError extends Error {
  override readonly name: string = "VipsError";
}

/** A file that libvips has opened. */
export interface VipsFile extends AsyncDisposable {
  header: VipsHeader;
  /**
   * Reads rows that follow those that were read before.
   *
   * @throws {VipsError} If it cannot.
   */
  read(row: number, rows: number): Promise<VipsSamples>;
}

/** Distributes over the members of a union. */
type Asked<T> = T extends unknown ? Omit<T, "id" | "plugin"> : never;
type Question = Asked<VipsRequest>;

const threads = new Map<VipsPlugin, VipsThread>();

/**
 * The thread that has what a loader or saver needs.
 *
 * @throws {UsageError} If it cannot be started.
 */
function threadFor(work: VipsInput["loader"] | VipsOutput["saver"]): VipsThread {
  const plugin = PLUGINS[work] ?? "none";
  const running = threads.get(plugin);
  if (running !== undefined) return running;
  try {
    const thread = new VipsThread(plugin);
    threads.set(plugin, thread);
    return thread;
  } catch (error) {
    throw notLoaded(VIPS, error);
  }
}

/**
 * Opens a file.
 *
 * @throws {VipsError} If libvips cannot.
 * @throws {UsageError} If libvips cannot be loaded.
 */
export async function openVips(input: VipsInput): Promise<VipsFile> {
  const thread = threadFor(input.loader);
  const { id, answer } = await thread.ask({ open: input });
  const { opened: header } = answer as { opened: VipsHeader };
  return {
    header,
    async read(row, rows) {
      const { answer } = await thread.ask({ picture: id, row, rows });
      return (answer as { samples: VipsSamples }).samples;
    },
    async [Symbol.asyncDispose]() {
      if (!thread.ended) await thread.ask({ close: id });
    },
  };
}

/**
 * Writes a file.
 *
 * @throws {InputError} If the picture is beyond what libvips has memory for.
 * @throws {UsageError} If libvips cannot be loaded.
 */
export async function writeVips(format: string, output: VipsOutput): Promise<Uint8Array> {
  try {
    const { answer } = await threadFor(output.saver).ask({ write: output });
    return (answer as { bytes: Uint8Array }).bytes;
  } catch (error) {
    if (!(error instanceof VipsError)) throw error;
    const { picture } = output;
    const what = "frames" in picture
      ? `${picture.frames.length} frames`
      : `${picture.width} x ${picture.height} pixels`;
    throw new InputError(`The ${format} encoder cannot write ${what}. Choose PNG.`, {
      cause: error,
    });
  }
}

/** One thread and the questions that it has not answered yet. */
class VipsThread {
  readonly #thread: Thread;
  readonly #waiting = new Map<number, PromiseWithResolvers<VipsAnswer>>();
  readonly #plugin: VipsPlugin;
  #asked = 0;
  /** Whether it answers no more. */
  ended = false;

  constructor(plugin: VipsPlugin) {
    this.#plugin = plugin;
    this.#thread = startVipsThread(
      (message) => this.#receive(message as VipsAnswer),
      (error) => this.#fail(error),
    );
  }

  async ask(question: Question): Promise<{ id: number; answer: VipsAnswer }> {
    const id = this.#asked++;
    const waiting = Promise.withResolvers<VipsAnswer>();
    this.#waiting.set(id, waiting);
    this.#thread.post({ ...question, id, plugin: this.#plugin }, []);
    const answer = await waiting.promise;
    if (!("failed" in answer)) return { id, answer };
    if (answer.failed === "work") throw new VipsError(answer.message);
    this.#replace();
    throw notLoaded(VIPS, answer.message);
  }

  #receive(answer: VipsAnswer): void {
    this.#waiting.get(answer.id)?.resolve(answer);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#thread.rest();
  }

  /** Answers all that wait: the thread has ended, or cannot be started. */
  #fail(error: Error): void {
    this.#replace();
    const refused = error.message.includes("Requires");
    const reason = refused ? notLoaded(VIPS, error) : new VipsError(error.message);
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  /** The next question starts another thread. */
  #replace(): void {
    this.ended = true;
    if (threads.get(this.#plugin) === this) threads.delete(this.#plugin);
    this.#thread.end();
  }
}
