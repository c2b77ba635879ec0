/**
 * Results on their way back: two staging buffers in turn, so that one is read while the device fills
 * the other.
 */

import { prepareMapping, readMapped } from "../platform/mod.ts";
import type { Gpu } from "./device.ts";

/** A part of a buffer, in bytes. */
export interface ResultPart {
  buffer: GPUBuffer;
  offset?: number;
  bytes: number;
}

/** Two staging buffers of one size. */
export class Readback {
  readonly #gpu: Gpu;
  readonly #staging: GPUBuffer[];
  #next = 0;

  /** @param bytes Size of the largest result. */
  constructor(gpu: Gpu, bytes: number) {
    this.#gpu = gpu;
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    this.#staging = [0, 1].map((i) => gpu.createBuffer(`staging ${i}`, bytes, usage));
    this.#staging.forEach(prepareMapping);
  }

  /**
   * Copies results, one behind the other, once the work submitted so far is done, and waits for them.
   *
   * @param sources As for {@linkcode start}.
   * @throws As what `start` returns.
   */
  read(...sources: ResultPart[]): Promise<Uint32Array> {
    const words = this.start(...sources)();
    words.catch(() => {});
    return words;
  }

  /**
   * Has results copied, one behind the other, once the work submitted so far is done.
   *
   * At most one earlier result may still be on its way.
   *
   * @param sources Parts of buffers; `offset` and `bytes` are multiples of 4.
   * @returns What waits for the words, which are in memory of their own. A runtime may wait inside that
   *   call, for all that was submitted until then.
   * @throws {DeviceLostError} From there, if the device was lost meanwhile.
   * @throws {GpuError} From there, if it fails otherwise.
   */
  start(...sources: ResultPart[]): () => Promise<Uint32Array> {
    const staging = this.#staging[this.#next];
    this.#next = 1 - this.#next;
    let total = 0;
    let failure: { error: unknown } | undefined;
    try {
      const encoder = this.#gpu.device.createCommandEncoder();
      for (const { buffer, offset = 0, bytes } of sources) {
        encoder.copyBufferToBuffer(buffer, offset, staging, total, bytes);
        total += bytes;
      }
      this.#gpu.device.queue.submit([encoder.finish()]);
    } catch (error) {
      failure = { error };
    }
    return async () => {
      try {
        if (failure !== undefined) throw failure.error;
        return new Uint32Array(await readMapped(staging, total));
      } catch (error) {
        throw await this.#gpu.explain(error);
      }
    };
  }

  /** Gives the buffers back. */
  destroy(): void {
    for (const buffer of this.#staging) this.#gpu.destroyBuffer(buffer);
  }
}
