/**
 * The buffers in which a program works on windows of one size, and the running of its steps.
 */

import { GpuError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { Readback } from "../gpu/readback.ts";
import type { Command, Submission, Submitter } from "../gpu/submission.ts";
import type { Program } from "./program.ts";
import {
  type Binding,
  COUNT_BYTES,
  paramBytes,
  PARAMS_STRIDE,
  pixelBytes,
  resultBytes,
  type Step,
  type StepContext,
  tailSteps,
  type TailTile,
  trunkSteps,
} from "./steps.ts";

/** A result that cannot be right; arithmetic with more range may do better. */
export class BadResultError extends GpuError {
  override readonly name = "BadResultError";
}

/** Buffers for windows of one size. */
export class Workspace {
  readonly #program: Program;
  readonly #gpu: Gpu;
  readonly #context: StepContext;
  readonly #slots: GPUBuffer[] = [];
  readonly #pixels: GPUBuffer;
  readonly #result: GPUBuffer;
  readonly #notFinite: GPUBuffer;
  readonly #params: GPUBuffer;
  readonly #readback: Readback;
  readonly #tailParams: number;
  #trunk: Command[] = [];
  #tailBindGroups: { pipeline: GPUComputePipeline; bindGroup: GPUBindGroup }[] = [];

  private constructor(program: Program, context: StepContext, tailTile: TailTile) {
    this.#program = program;
    this.#gpu = program.gpu;
    this.#context = context;
    const { STORAGE, COPY_DST, COPY_SRC, UNIFORM } = GPUBufferUsage;
    const create = (label: string, bytes: number, usage: GPUBufferUsageFlags) =>
      this.#gpu.createBuffer(label, bytes, usage);
    context.memory.slots.forEach((bytes, i) =>
      this.#slots.push(create(`slot ${i}`, bytes, STORAGE))
    );
    this.#pixels = create("pixels", pixelBytes(context), STORAGE | COPY_DST);
    const largestResult = resultBytes(context, tailTile);
    this.#result = create("result", largestResult, STORAGE | COPY_SRC);
    this.#notFinite = create("not finite", COUNT_BYTES, STORAGE | COPY_DST | COPY_SRC);
    this.#readback = new Readback(this.#gpu, largestResult + COUNT_BYTES);
    this.#tailParams = trunkSteps(context).length;
    this.#params = create("params", paramBytes(context.network), UNIFORM | COPY_DST);
  }

  /**
   * Creates the buffers and compiles what is not compiled yet.
   *
   * @param tailTile The largest tile that {@linkcode tail} will be asked for.
   * @throws {OutOfGpuMemoryError} If the buffers do not fit; nothing is left allocated then.
   */
  static async create(
    program: Program,
    context: StepContext,
    tailTile: TailTile,
  ): Promise<Workspace> {
    let workspace: Workspace | undefined;
    try {
      await program.ready();
      await program.gpu.checked("the buffers of a tile", () => {
        workspace = new Workspace(program, context, tailTile);
      });
      await workspace!.#prepare(tailTile);
      return workspace!;
    } catch (error) {
      workspace?.destroy();
      throw error;
    }
  }

  /** Uploads the pixels of a window and hands the trunk over them to the device. */
  async trunk(
    pixels: Uint32Array,
    submitter: Submitter,
    signal?: AbortSignal,
    onDone?: (flop: number) => void,
  ): Promise<Submission> {
    this.#gpu.writeBuffer(this.#pixels, pixels);
    return await submitter.start(this.#trunk, signal, onDone);
  }

  /**
   * Hands the tail over one tile of the window to the device.
   *
   * @returns The submission, and what waits for its result, as `Readback.start` does.
   * @throws {BadResultError} From `result`, if there are values that are no finite numbers.
   */
  async tail(
    tile: TailTile,
    submitter: Submitter,
    signal?: AbortSignal,
    onDone?: (flop: number) => void,
  ): Promise<{ submission: Submission; result: () => Promise<Uint32Array> }> {
    const steps = tailSteps(this.#context, tile);
    this.#writeParams(steps, this.#tailParams);
    this.#gpu.writeBuffer(this.#notFinite, new Uint32Array(1));
    const commands = steps.map((step, i) => ({
      ...this.#tailBindGroups[i],
      workgroups: step.dispatch.workgroups,
      flop: step.dispatch.flop,
    }));
    const submission = await submitter.start(commands, signal, onDone);
    const bytes = resultBytes(this.#context, tile);
    const words = this.#readback.start(
      { buffer: this.#result, bytes },
      { buffer: this.#notFinite, bytes: COUNT_BYTES },
    );
    return { submission, result: async () => this.#checked(await words(), bytes) };
  }

  #checked(words: Uint32Array, bytes: number): Uint32Array {
    const bad = words[bytes / 4];
    if (bad === 0) return words.subarray(0, bytes / 4);
    throw new BadResultError(
      `The GPU "${this.#gpu.adapter.description}" gave ${bad} pixels of a tile that are no finite ` +
        `numbers, with activations stored as ${this.#program.storage}; nothing of it was kept`,
    );
  }

  /** Gives the buffers back. */
  destroy(): void {
    const shared = [this.#pixels, this.#result, this.#notFinite, this.#params];
    for (const buffer of [...this.#slots, ...shared]) this.#gpu.destroyBuffer(buffer);
    this.#readback.destroy();
  }

  async #prepare(tailTile: TailTile): Promise<void> {
    const trunk = trunkSteps(this.#context);
    const tail = tailSteps(this.#context, tailTile);
    this.#writeParams(trunk, 0);
    const pipelines = new Map<Step, GPUComputePipeline>();
    for (const step of [...trunk, ...tail]) {
      const { label, code } = step.dispatch.shader;
      pipelines.set(step, await this.#gpu.pipeline(label, code));
    }
    await this.#gpu.checked("the bind groups of a tile", () => {
      this.#trunk = trunk.map((step, i) => {
        const { workgroups, flop } = step.dispatch;
        return { ...this.#bind(step, i, pipelines.get(step)!), workgroups, flop };
      });
      this.#tailBindGroups = tail.map((step, i) =>
        this.#bind(step, this.#tailParams + i, pipelines.get(step)!)
      );
    });
  }

  #bind(
    step: Step,
    paramsIndex: number,
    pipeline: GPUComputePipeline,
  ): { pipeline: GPUComputePipeline; bindGroup: GPUBindGroup } {
    const params = {
      buffer: this.#params,
      offset: paramsIndex * PARAMS_STRIDE,
      size: step.dispatch.params.byteLength,
    };
    const parts = [
      params,
      ...step.bindings.map((binding) => ({ buffer: this.#buffer(binding) })),
    ];
    return { pipeline, bindGroup: this.#gpu.bindGroup(pipeline, parts) };
  }

  #buffer(binding: Binding): GPUBuffer {
    if (binding.kind === "slot") return this.#slots[binding.slot];
    if (binding.kind === "weights") return this.#program.weights(binding.key);
    if (binding.kind === "notFinite") return this.#notFinite;
    return binding.kind === "pixels" ? this.#pixels : this.#result;
  }

  #writeParams(steps: Step[], first: number): void {
    const words = new Uint32Array(steps.length * PARAMS_STRIDE / 4);
    steps.forEach((step, i) => words.set(step.dispatch.params, i * PARAMS_STRIDE / 4));
    this.#gpu.writeBuffer(this.#params, words, first * PARAMS_STRIDE);
  }
}
