/**
 * A few dispatches over buffers of their own, to be run, read back and timed.
 */

import { UsageError } from "../src/errors.ts";
import type { Gpu } from "../src/gpu/device.ts";
import { Readback } from "../src/gpu/readback.ts";
import type { Dispatch } from "../src/kernels/dispatch.ts";
import { repeatTimed, type Timing, type TimingBudget } from "./timing.ts";

/** One dispatch and the buffers it binds. */
export interface Pass {
  /** A shader without parameters has empty `params`; its bindings then begin at 0. */
  dispatch: Dispatch;
  /** Indices into the buffers, in the order of the shader's bindings. */
  buffers: number[];
}

/** Everything that is run: what the buffers hold at first, and the dispatches over them. */
export interface Work {
  label: string;
  buffers: Uint32Array[];
  passes: Pass[];
}

/** One submission should take this long: far above what submitting costs, far below a watchdog. */
const SUBMISSION_MS = 30;

/** Most times that the work is recorded into one submission. */
const MAX_REPEATS = 1000;

interface BoundPass {
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  workgroups: Dispatch["workgroups"];
}

/** Work on a device. */
export class DispatchRun {
  readonly #gpu: Gpu;
  readonly #buffers: GPUBuffer[] = [];
  readonly #params: GPUBuffer[] = [];
  readonly #passes: BoundPass[] = [];

  private constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /**
   * Uploads the buffers and compiles the shaders.
   *
   * @throws {UsageError} If a buffer is larger than the adapter binds.
   * @throws {GpuError} If the device refuses something.
   */
  static async create(gpu: Gpu, work: Work): Promise<DispatchRun> {
    checkSizes(gpu, work);
    const run = new DispatchRun(gpu);
    try {
      await gpu.checked(work.label, () => run.#upload(work));
      for (const pass of work.passes) await run.#bind(pass);
      return run;
    } catch (error) {
      run.destroy();
      throw error;
    }
  }

  /**
   * Runs the work.
   *
   * @param repeats How many times, in one submission.
   * @returns Milliseconds for all of it together.
   * @throws {GpuError} If the device failed.
   */
  async run(repeats = 1): Promise<number> {
    const { device } = this.#gpu;
    const encoder = device.createCommandEncoder();
    const recording = encoder.beginComputePass();
    for (let i = 0; i < repeats; i++) {
      for (const { pipeline, bindGroup, workgroups } of this.#passes) {
        recording.setPipeline(pipeline);
        recording.setBindGroup(0, bindGroup);
        recording.dispatchWorkgroups(...workgroups);
      }
    }
    recording.end();
    const commands = encoder.finish();
    const start = performance.now();
    device.queue.submit([commands]);
    // Deno waits inside this call, and then 10 ms more before the promise is fulfilled.
    const done = device.queue.onSubmittedWorkDone();
    const elapsed = performance.now() - start;
    await done;
    this.#gpu.check();
    return elapsed;
  }

  /** Times the work; it must have run once, so that everything is compiled. */
  async time(budget: TimingBudget): Promise<Timing> {
    const once = await this.run();
    const repeats = Math.min(MAX_REPEATS, Math.max(1, Math.round(SUBMISSION_MS / once)));
    return await repeatTimed(async () => await this.run(repeats) / repeats, budget);
  }

  /** Reads a buffer back. */
  async read(index: number): Promise<Uint32Array> {
    const buffer = this.#buffers[index];
    const readback = new Readback(this.#gpu, buffer.size);
    try {
      return await readback.read({ buffer, bytes: buffer.size });
    } finally {
      readback.destroy();
    }
  }

  /** Gives the buffers back. */
  destroy(): void {
    for (const buffer of [...this.#buffers, ...this.#params]) this.#gpu.destroyBuffer(buffer);
  }

  #upload({ label, buffers }: Work): void {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    for (const words of buffers) {
      const buffer = this.#gpu.createBuffer(label, words.byteLength, usage);
      this.#buffers.push(buffer);
      this.#gpu.writeBuffer(buffer, words);
    }
  }

  async #bind({ dispatch, buffers }: Pass): Promise<void> {
    const { shader, params, workgroups } = dispatch;
    const pipeline = await this.#gpu.pipeline(shader.label, shader.code);
    const bound = buffers.map((index) => this.#buffers[index]);
    if (params.length > 0) bound.unshift(this.#uniform(params));
    const bindGroup = await this.#gpu.checked(`the bind group of ${shader.label}`, () => {
      return this.#gpu.bindGroup(pipeline, bound.map((buffer) => ({ buffer })));
    });
    this.#passes.push({ pipeline, bindGroup, workgroups });
  }

  #uniform(params: Uint32Array): GPUBuffer {
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    const buffer = this.#gpu.createBuffer("params", params.byteLength, usage);
    this.#params.push(buffer);
    this.#gpu.writeBuffer(buffer, params);
    return buffer;
  }
}

function checkSizes(gpu: Gpu, { label, buffers }: Work): void {
  const largest = Math.max(...buffers.map((words) => words.byteLength));
  if (largest > gpu.maxBinding) {
    throw new UsageError(
      `${label} needs a buffer of ${(largest / 1e6).toFixed(0)} MB but the adapter binds ` +
        `${(gpu.maxBinding / 1e6).toFixed(0)} MB: give a smaller --size`,
    );
  }
}
