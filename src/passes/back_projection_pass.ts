/**
 * The pass of back-projection, band by band: it corrects a result until shrinking it gives the picture
 * back, and measures how well that holds.
 */

import { commandOf, createChecked } from "../engine/band_buffers.ts";
import {
  type BackProjectionPlan,
  type BackProjectionShape,
  type BufferName,
  type Faithfulness,
  PARAMS_BYTES,
  planBackProjection,
} from "../engine/back_projection_plan.ts";
import type { BandRows } from "../engine/back_projection_rows.ts";
import type { Gpu, OutOfGpuMemoryError } from "../gpu/device.ts";
import { Readback, type ResultPart } from "../gpu/readback.ts";
import type { Submitter } from "../gpu/submission.ts";
import { type RowRange, rowsOf } from "../kernels/back_projection.ts";
import { wordsPerPixel } from "../pictures/gpu_pixels.ts";
import type { Band } from "../raster/bands.ts";
import type { RowWindow } from "../raster/row_window.ts";
import type { RasterSize } from "../raster/size.ts";
import { type Computation, type Machine, planOr, runInBands, type Schedule } from "./in_bands.ts";
import {
  bandCut,
  describePass,
  type Pass,
  type PassCut,
  type PassRun,
  type PlannedPass,
} from "./pass.ts";
import { type PassShape, sizeIn } from "./route.ts";

/** Where a back-projection reads, and whom it tells. */
export interface BackProjectionRun extends PassRun {
  /** What was enlarged. */
  picture: RowWindow;
  /** Told, behind the last row, the PSNR in dB of the shrunk result against the picture. */
  onConsistency?: ((psnr: number) => void) | undefined;
}

/** A back-projection that is planned for pictures of one size. */
export class BackProjectionPass implements Pass {
  readonly shape: PassShape;
  readonly #gpu: Gpu;
  readonly #submitter: Submitter;
  readonly #projection: BackProjectionShape;
  readonly #plan: BackProjectionPlan;

  /**
   * Plans the bands.
   *
   * @param shape What it reads is nowhere smaller than the picture, and has 16 or 32 bits.
   * @param picture What was enlarged.
   * @param memory Bytes of GPU memory.
   * @throws {UsageError} If not even one row fits the memory.
   */
  constructor(
    gpu: Gpu,
    submitter: Submitter,
    shape: PassShape,
    picture: RasterSize,
    faithfulness: Faithfulness,
    memory: number,
  ) {
    this.shape = shape;
    this.#gpu = gpu;
    this.#submitter = submitter;
    this.#projection = {
      ...faithfulness,
      small: picture,
      large: sizeIn(shape),
      depth: shape.depthOut,
    };
    this.#plan = planBackProjection(this.#projection, memory, gpu.maxBinding);
  }

  /** The picture that it compares with. */
  get small(): RasterSize {
    return this.#projection.small;
  }

  describe(): PlannedPass {
    return describePass(this.shape, cutOf(this.shape, this.#plan), this.#plan.flop);
  }

  /**
   * Runs it.
   *
   * @throws {GpuError} If the device fails.
   */
  async *run(run: BackProjectionRun): AsyncGenerator<Band> {
    const error = new SquaredError();
    const shared = {
      gpu: this.#gpu,
      submitter: this.#submitter,
      shape: this.shape,
      projection: this.#projection,
      run,
      error,
    };
    yield* runInBands(this.#gpu, new RowSchedule(shared, this.#plan), run);
    run.onConsistency?.(error.psnr);
  }
}

function cutOf(shape: PassShape, { bands, gpuBytes }: BackProjectionPlan): PassCut {
  const rows = Math.max(...bands.map(({ rounds }) => rowsOf(rounds[0].from)));
  return bandCut(shape, { count: bands.length, rows, gpuBytes });
}

/** What all schedules of a run have in common. */
interface ProjectionRun {
  gpu: Gpu;
  submitter: Submitter;
  shape: PassShape;
  projection: BackProjectionShape;
  run: BackProjectionRun;
  error: SquaredError;
}

/** What a band reads: rows of the picture, and of the result so far. */
interface BothRows {
  picture: Uint32Array;
  result: Uint32Array;
}

/** The rest of a result in bands of one height. */
class RowSchedule implements Schedule<BandRows, BandRows, BothRows> {
  readonly cut: PassCut;
  readonly #shared: ProjectionRun;
  readonly #plan: BackProjectionPlan;

  constructor(shared: ProjectionRun, plan: BackProjectionPlan) {
    this.#shared = shared;
    this.#plan = plan;
    this.cut = cutOf(shared.shape, plan);
  }

  get rows(): readonly BandRows[] {
    return this.#plan.bands;
  }

  firstRow({ output }: BandRows): number {
    return output.first;
  }

  piecesOf(band: BandRows): BandRows[] {
    return [band];
  }

  async fetch({ small, rounds }: BandRows): Promise<BothRows> {
    const { picture, source } = this.#shared.run;
    return {
      picture: await rowsFrom(picture, small),
      result: await rowsFrom(source, rounds[0].from),
    };
  }

  forget({ small, rounds }: BandRows): void {
    const { picture, source } = this.#shared.run;
    picture.forget(small.first);
    source.forget(rounds[0].from.first);
  }

  async open(): Promise<ProjectionMachine> {
    const { gpu } = this.#shared;
    return await createChecked(
      gpu,
      "back-projection",
      () => new ProjectionMachine(this.#shared, this.#plan),
    );
  }

  smaller({ output }: BandRows, shortage: OutOfGpuMemoryError): RowSchedule {
    if (this.#plan.bandRows === 1) throw shortage;
    const { gpu, projection } = this.#shared;
    const from = { row: output.first, filters: this.#plan.filters };
    const memory = this.#plan.gpuBytes / 2;
    const plan = planOr(shortage, () => {
      return planBackProjection(projection, memory, gpu.maxBinding, from);
    });
    return new RowSchedule(this.#shared, plan);
  }
}

async function rowsFrom(window: RowWindow, rows: RowRange): Promise<Uint32Array> {
  return await window.cut({
    x: 0,
    y: rows.first,
    width: window.size.width,
    height: rowsOf(rows),
  });
}

/** The buffers of a band. */
class ProjectionMachine implements Machine<BandRows, BothRows> {
  readonly #shared: ProjectionRun;
  readonly #plan: BackProjectionPlan;
  readonly #named = new Map<BufferName, GPUBuffer>();
  readonly #params: GPUBuffer[];
  readonly #readback: Readback;

  constructor(shared: ProjectionRun, plan: BackProjectionPlan) {
    this.#shared = shared;
    this.#plan = plan;
    const { gpu } = shared;
    const { STORAGE, COPY_DST, COPY_SRC, UNIFORM } = GPUBufferUsage;
    for (const [name, bytes] of plan.bytes) {
      this.#named.set(name, gpu.createBuffer(name, bytes, STORAGE | COPY_DST | COPY_SRC));
    }
    for (const [name, words] of plan.taps) gpu.writeBuffer(this.#buffer(name), words);
    const most = Math.max(...plan.bands.map((band) => plan.stepsOf(band).length));
    this.#params = Array.from(
      { length: most },
      () => gpu.createBuffer("params", PARAMS_BYTES, UNIFORM | COPY_DST),
    );
    this.#readback = new Readback(gpu, plan.stagingBytes);
  }

  async start(band: BandRows, rows: BothRows): Promise<Computation> {
    const { gpu, submitter, shape, run } = this.#shared;
    gpu.writeBuffer(this.#buffer("reference"), rows.picture);
    gpu.writeBuffer(this.#buffer("result so far 0"), rows.result);
    const commands = await Promise.all(
      this.#plan.stepsOf(band).map(({ dispatch, buffers }, index) => {
        const bound = buffers.map((name) => this.#buffer(name));
        return commandOf(gpu, dispatch, this.#params[index], bound);
      }),
    );
    const submission = await submitter.start(commands, run.signal);
    const result = this.#read(band);
    const fraction = (band.output.last + 1) / shape.outputHeight;
    run.onProgress?.({ fraction, tiles: 0, ofTiles: 0 });
    return { submission, result };
  }

  finish(band: BandRows, words: Uint32Array): Band {
    return this.#shared.error.take(this.#shared.projection, band, words);
  }

  destroy(): void {
    const { gpu } = this.#shared;
    for (const buffer of this.#named.values()) gpu.destroyBuffer(buffer);
    for (const buffer of this.#params) gpu.destroyBuffer(buffer);
    this.#readback.destroy();
  }

  /** Reads back the rows of a band, and behind them the residual of its small rows. */
  #read({ output, own, small, rounds }: BandRows): () => Promise<Uint32Array> {
    const { depth, large, small: { width } } = this.#shared.projection;
    const perRow = large.width * wordsPerPixel(depth) * 4;
    const rows = { first: rounds.at(-1)!.add.first, perRow };
    const parts = [this.#part("result", output, rows)];
    if (own !== undefined) {
      const smallRows = { first: small.first, perRow: width * 16 };
      parts.push(this.#part("residual", own, smallRows));
    }
    return this.#readback.start(...parts);
  }

  #part(
    name: BufferName,
    range: RowRange,
    held: { first: number; perRow: number },
  ): ResultPart {
    return {
      buffer: this.#buffer(name),
      offset: (range.first - held.first) * held.perRow,
      bytes: rowsOf(range) * held.perRow,
    };
  }

  #buffer(name: BufferName): GPUBuffer {
    return this.#named.get(name)!;
  }
}

/** The residual of all bands, row by row: its sum does not depend on the bands. */
class SquaredError {
  #sum = 0;
  #samples = 0;

  /** Takes the residual off the words of a band and returns its rows. */
  take(shape: BackProjectionShape, { output, own }: BandRows, words: Uint32Array): Band {
    const rows = rowsOf(output);
    const pixelWords = rows * shape.large.width * wordsPerPixel(shape.depth);
    const residual = new Float32Array(words.buffer, pixelWords * 4);
    const perRow = shape.small.width * 4;
    for (let row = 0; own !== undefined && row < rowsOf(own); row++) {
      this.#sum += squaredColours(residual.subarray(row * perRow, (row + 1) * perRow));
      this.#samples += shape.small.width * 3;
    }
    return { y: output.first, rows, words: words.subarray(0, pixelWords) };
  }

  /** In dB; infinite where there is no error. */
  get psnr(): number {
    return -10 * Math.log10(this.#sum / this.#samples);
  }
}

/** Sum of the squares of red, green and blue; alpha is left out. */
function squaredColours(rgba: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < rgba.length; i += 4) {
    sum += rgba[i] ** 2 + rgba[i + 1] ** 2 + rgba[i + 2] ** 2;
  }
  return sum;
}
