/** How often a device may be lost before the work is given up. */

import type { Gpu } from "../gpu/device.ts";

/** How often a device that is lost is opened again, for one picture. */
const MOST_LOSSES = 3;

/** Counts the losses of a device during the work on one picture. */
export class LossBudget {
  readonly #gpu: Gpu;
  readonly #first: number;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
    this.#first = gpu.generation;
  }

  /**
   * Opens the device again, unless another pass has done so.
   *
   * @throws The loss, if it is one too many.
   */
  async reopen(loss: unknown): Promise<void> {
    if (!this.#gpu.lost) return;
    if (this.#gpu.generation - this.#first >= MOST_LOSSES) throw await this.#gpu.explain(loss);
    await this.#gpu.reopen();
  }
}
