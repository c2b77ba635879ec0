/**
 * Results on their way back: two staging buffers in turn, so that one is read while the device fills
 * the other.
 *
 * Deno's `mapAsync` waits for everything that was submitted before it, then sleeps 10 ms. So the order
 * is: start the read of A, submit the work for B, and only then await A.
 */

import type { Gpu } from "./device.ts";

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
  }

  /**
   * Copies results, one behind the other, once the work submitted so far is done.
   *
   * At most one earlier read may still be awaited.
   *
   * @param sources Parts of buffers; `offset` and `bytes` are multiples of 4.
   * @returns The words, in memory of their own. Whoever awaits them later need not have caught their
   *   failure before.
   * @throws {DeviceLostError} If the device was lost meanwhile.
   * @throws {GpuError} If it fails otherwise.
   */
  read(...sources: { buffer: GPUBuffer; offset?: number; bytes: number }[]): Promise<Uint32Array> {
    const words = this.#read(sources);
    words.catch(() => {});
    return words;
  }

  async #read(
    sources: { buffer: GPUBuffer; offset?: number; bytes: number }[],
  ): Promise<Uint32Array> {
    const staging = this.#staging[this.#next];
    this.#next = 1 - this.#next;
    try {
      const encoder = this.#gpu.device.createCommandEncoder();
      let total = 0;
      for (const { buffer, offset = 0, bytes } of sources) {
        encoder.copyBufferToBuffer(buffer, offset, staging, total, bytes);
        total += bytes;
      }
      this.#gpu.device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ, 0, total);
      const words = new Uint32Array(staging.getMappedRange(0, total).slice(0));
      // Of a lost device a buffer may still be mapped, whatever it holds; this then fails.
      staging.unmap();
      return words;
    } catch (error) {
      throw await this.#gpu.explain(error);
    }
  }

  /** Gives the buffers back. */
  destroy(): void {
    for (const buffer of this.#staging) this.#gpu.destroyBuffer(buffer);
  }
}
