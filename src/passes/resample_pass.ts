/** The pass that resamples to any size, in bands of rows that fit the memory budget. */

import { commandOf, createChecked } from "../engine/band_buffers.ts";
import { PARAMS_BYTES, planResample, type ResamplePlan } from "../engine/resample_plan.ts";
import type { Gpu, OutOfGpuMemoryError } from "../gpu/device.ts";
import { Readback } from "../gpu/readback.ts";
import type { Command, Submitter } from "../gpu/submission.ts";
import { type RowRange, rowsOf } from "../kernels/back_projection.ts";
import { resampleColumns, resampleRows } from "../kernels/resample.ts";
import { type ResampleKernel, sourceRange } from "../kernels/taps.ts";
import { wordsPerPixel } from "../pictures/gpu_pixels.ts";
import type { Band } from "../raster/bands.ts";
import { type Computation, type Machine, planOr, runInBands, type Schedule } from "./in_bands.ts";
import {
  bandCut,
  describePass,
  type Pass,
  type PassCut,
  type PassRun,
  type PlannedPass,
} from "./pass.ts";
import { type PassShape, sizeIn, sizeOut } from "./route.ts";

/** A resampling that is planned for pictures of one size; all four samples of a pixel are alike to it. */
export class ResamplePass implements Pass {
  readonly shape: PassShape;
  readonly #gpu: Gpu;
  readonly #submitter: Submitter;
  readonly #kernel: ResampleKernel;
  readonly #plan: ResamplePlan;

  /**
   * Plans the bands.
   *
   * @param memory Bytes of GPU memory.
   * @throws {UsageError} If not even one row fits the memory.
   */
  constructor(
    gpu: Gpu,
    submitter: Submitter,
    shape: PassShape,
    kernel: ResampleKernel,
    memory: number,
  ) {
    this.shape = shape;
    this.#gpu = gpu;
    this.#submitter = submitter;
    this.#kernel = kernel;
    this.#plan = planResample(sizeIn(shape), sizeOut(shape), kernel, memory, gpu.maxBinding);
  }

  describe(): PlannedPass {
    return describePass(this.shape, cutOf(this.shape, this.#plan), this.#plan.flop);
  }

  /**
   * Runs it.
   *
   * @throws {GpuError} If the device fails.
   */
  run(run: PassRun): AsyncGenerator<Band> {
    const shared = { gpu: this.#gpu, submitter: this.#submitter, shape: this.shape, run };
    const schedule = new ResampleSchedule({ ...shared, kernel: this.#kernel }, this.#plan);
    return runInBands(this.#gpu, schedule, run);
  }
}

function cutOf(shape: PassShape, { bands, sourceRows, gpuBytes }: ResamplePlan): PassCut {
  return bandCut(shape, { count: bands.length, rows: sourceRows, gpuBytes });
}

/** What all schedules of a run have in common. */
interface ResampleRun {
  gpu: Gpu;
  submitter: Submitter;
  shape: PassShape;
  kernel: ResampleKernel;
  run: PassRun;
}

/** Source rows, and which they are. */
interface SourceRows {
  range: RowRange;
  words: Uint32Array;
}

/** The rest of a picture in bands of one height. */
class ResampleSchedule implements Schedule<RowRange, RowRange, SourceRows> {
  readonly cut: PassCut;
  readonly #shared: ResampleRun;
  readonly #plan: ResamplePlan;

  constructor(shared: ResampleRun, plan: ResamplePlan) {
    this.#shared = shared;
    this.#plan = plan;
    this.cut = cutOf(shared.shape, plan);
  }

  get rows(): readonly RowRange[] {
    return this.#plan.bands;
  }

  firstRow({ first }: RowRange): number {
    return first;
  }

  piecesOf(band: RowRange): RowRange[] {
    return [band];
  }

  async fetch(band: RowRange): Promise<SourceRows> {
    const range = this.#rangeOf(band);
    const { width } = this.#shared.shape;
    const region = { x: 0, y: range.first, width, height: rowsOf(range) };
    return { range, words: await this.#shared.run.source.cut(region) };
  }

  forget(band: RowRange): void {
    this.#shared.run.source.forget(this.#rangeOf(band).first);
  }

  async open(): Promise<ResampleMachine> {
    const { gpu } = this.#shared;
    return await createChecked(
      gpu,
      "resampling",
      () => new ResampleMachine(this.#shared, this.#plan),
    );
  }

  smaller({ first }: RowRange, shortage: OutOfGpuMemoryError): ResampleSchedule {
    if (this.#plan.bandRows === 1) throw shortage;
    const { gpu, shape, kernel } = this.#shared;
    const memory = this.#plan.gpuBytes / 2;
    const from = { row: first, plan: this.#plan };
    const sizes = [sizeIn(shape), sizeOut(shape)] as const;
    const plan = planOr(shortage, () => {
      return planResample(...sizes, kernel, memory, gpu.maxBinding, from);
    });
    return new ResampleSchedule(this.#shared, plan);
  }

  #rangeOf({ first, last }: RowRange): RowRange {
    return sourceRange(this.#plan.rows, first, last + 1);
  }
}

/** The buffers of a band. */
class ResampleMachine implements Machine<RowRange, SourceRows> {
  readonly #shared: ResampleRun;
  readonly #plan: ResamplePlan;
  readonly #pixels: GPUBuffer;
  readonly #columnTaps: GPUBuffer;
  readonly #rowTaps: GPUBuffer;
  readonly #between: GPUBuffer;
  readonly #result: GPUBuffer;
  readonly #params: GPUBuffer[];
  readonly #readback: Readback;

  constructor(shared: ResampleRun, plan: ResamplePlan) {
    this.#shared = shared;
    this.#plan = plan;
    const { gpu } = shared;
    const { bytes, columns, rows } = plan;
    const { STORAGE, COPY_DST, COPY_SRC, UNIFORM } = GPUBufferUsage;
    this.#pixels = gpu.createBuffer("pixels", bytes.pixels, STORAGE | COPY_DST);
    this.#columnTaps = gpu.createBuffer("column taps", bytes.columnTaps, STORAGE | COPY_DST);
    this.#rowTaps = gpu.createBuffer("row taps", bytes.rowTaps, STORAGE | COPY_DST);
    this.#between = gpu.createBuffer("between", bytes.between, STORAGE);
    this.#result = gpu.createBuffer("result", bytes.result, STORAGE | COPY_SRC);
    this.#params = [0, 1].map(() => gpu.createBuffer("params", PARAMS_BYTES, UNIFORM | COPY_DST));
    this.#readback = new Readback(gpu, bytes.result);
    gpu.writeBuffer(this.#columnTaps, columns.words);
    gpu.writeBuffer(this.#rowTaps, rows.words);
  }

  async start(band: RowRange, source: SourceRows): Promise<Computation> {
    const { gpu, submitter, shape, run } = this.#shared;
    gpu.writeBuffer(this.#pixels, source.words);
    const submission = await submitter.start(await this.#commands(band, source.range), run.signal);
    const bytes = rowsOf(band) * shape.outputWidth * wordsPerPixel(shape.depthOut) * 4;
    const result = this.#readback.start({ buffer: this.#result, bytes });
    run.onProgress?.({ fraction: (band.last + 1) / shape.outputHeight, tiles: 0, ofTiles: 0 });
    return { submission, result };
  }

  finish(band: RowRange, words: Uint32Array): Band {
    return { y: band.first, rows: rowsOf(band), words };
  }

  destroy(): void {
    const { gpu } = this.#shared;
    const buffers = [this.#pixels, this.#columnTaps, this.#rowTaps, this.#between, this.#result];
    for (const buffer of [...buffers, ...this.#params]) gpu.destroyBuffer(buffer);
    this.#readback.destroy();
  }

  /** The two steps over a band: along rows, then along columns. */
  async #commands(band: RowRange, range: RowRange): Promise<Command[]> {
    const { gpu, shape } = this.#shared;
    const source = { width: shape.width, rows: rowsOf(range), depth: shape.depthIn };
    const alongRows = resampleRows(source, this.#plan.columns, shape.outputWidth);
    const alongColumns = resampleColumns({
      width: shape.outputWidth,
      firstRow: band.first,
      rows: rowsOf(band),
      firstSourceRow: range.first,
      depth: shape.depthOut,
    }, this.#plan.rows);
    const inRows = [this.#pixels, this.#columnTaps, this.#between];
    const inColumns = [this.#between, this.#rowTaps, this.#result];
    return [
      await commandOf(gpu, alongRows, this.#params[0], inRows),
      await commandOf(gpu, alongColumns, this.#params[1], inColumns),
    ];
  }
}
