/**
 * Resampling of a whole picture on the device, in bands of rows that fit the memory budget.
 *
 * A band reads exactly the source rows that its taps name, so that bands change nothing in the
 * result.
 */

import { UsageError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { Readback } from "../gpu/readback.ts";
import type { Command, Submitter } from "../gpu/submission.ts";
import { resampleColumns, resampleRows } from "../kernels/resample.ts";
import { type ResampleKernel, resampleTaps, sourceRange, type Taps } from "../kernels/taps.ts";
import { wordsPerPixel } from "../pictures/gpu_pixels.ts";
import type { Depth } from "../pictures/picture.ts";
import type { Band, RasterSize, RowWindow } from "../tiles/row_window.ts";
import { allocateBands, commandOf } from "./bands.ts";

/** What a picture is resampled to, and with what. */
export interface ResampleRequest {
  width: number;
  height: number;
  kernel: ResampleKernel;
  /** Depth of the result. */
  depth: Depth;
  /** Bytes of GPU memory. */
  memory: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((fraction: number) => void) | undefined;
}

/** Bytes of the parameters of one of the two passes. */
const PARAMS_BYTES = 32;

/** Taps of both axes and the rows of a band. */
export interface ResamplePlan {
  columns: Taps;
  rows: Taps;
  /** Output rows per band, and the most source rows that a band reads. */
  bandRows: number;
  sourceRows: number;
  bands: number;
  gpuBytes: number;
  flop: number;
}

/**
 * Plans the bands. Pure.
 *
 * @throws {UsageError} If not even one row fits the memory.
 */
export function planResample(
  source: RasterSize,
  request: Omit<ResampleRequest, "signal" | "onProgress">,
  maxBinding: number,
): ResamplePlan {
  const columns = resampleTaps(source.width, request.width, request.kernel);
  const rows = resampleTaps(source.height, request.height, request.kernel);
  for (let bandRows = request.height;; bandRows = Math.ceil(bandRows / 2)) {
    const sourceRows = mostSourceRows(rows, request.height, bandRows);
    const buffers = [
      sourceRows * source.width * wordsPerPixel(source.depth) * 4,
      sourceRows * request.width * 16,
      bandRows * request.width * wordsPerPixel(request.depth) * 4,
      columns.words.byteLength,
      rows.words.byteLength,
    ];
    const gpuBytes = buffers.reduce((sum, bytes) => sum + bytes) + 2 * buffers[2] +
      2 * PARAMS_BYTES;
    if (gpuBytes <= request.memory && Math.max(...buffers) <= maxBinding) {
      const bands = Math.ceil(request.height / bandRows);
      const flop = 8 * request.width *
        (columns.count * sourceRows * bands + rows.count * request.height);
      return { columns, rows, bandRows, sourceRows, bands, gpuBytes, flop };
    }
    if (bandRows === 1) {
      throw new UsageError(
        `Resampling to ${request.width}x${request.height} needs ${megabytes(gpuBytes)} MB of GPU ` +
          `memory for one row but has ${megabytes(request.memory)} MB; give more with --memory`,
      );
    }
  }
}

/**
 * Resamples a picture, all four samples of a pixel alike, and yields the result in bands.
 *
 * @throws {UsageError} If not even one row fits the memory.
 * @throws {GpuError} If the device fails.
 */
export async function* resample(
  gpu: Gpu,
  source: RowWindow,
  submitter: Submitter,
  request: ResampleRequest,
): AsyncGenerator<Band> {
  const { plan, buffers } = await allocateBands(
    gpu,
    "resampling",
    request.memory,
    (memory) => planResample(source.size, { ...request, memory }, gpu.maxBinding),
    (plan) => new Buffers(gpu, source.size, request, plan),
  );
  let pending: { y: number; rows: number; words: Promise<Uint32Array> } | undefined;
  try {
    for (let y = 0; y < request.height; y += plan.bandRows) {
      const rows = Math.min(plan.bandRows, request.height - y);
      await submitter.run(await buffers.commands(source, y, rows), request.signal);
      const earlier = pending;
      pending = { y, rows, words: buffers.read(rows) };
      if (earlier !== undefined) yield { ...earlier, words: await earlier.words };
      request.onProgress?.((y + rows) / request.height);
    }
    yield { ...pending!, words: await pending!.words };
  } finally {
    await pending?.words.catch(() => {});
    buffers.destroy();
    await source.close();
  }
}

class Buffers {
  readonly #gpu: Gpu;
  readonly #size: RasterSize;
  readonly #request: ResampleRequest;
  readonly #plan: ResamplePlan;
  readonly #pixels: GPUBuffer;
  readonly #columnTaps: GPUBuffer;
  readonly #rowTaps: GPUBuffer;
  readonly #between: GPUBuffer;
  readonly #result: GPUBuffer;
  readonly #params: GPUBuffer[];
  readonly #readback: Readback;

  constructor(gpu: Gpu, source: RasterSize, request: ResampleRequest, plan: ResamplePlan) {
    this.#gpu = gpu;
    this.#size = source;
    this.#request = request;
    this.#plan = plan;
    const { STORAGE, COPY_DST, COPY_SRC, UNIFORM } = GPUBufferUsage;
    const pixelBytes = plan.sourceRows * source.width * wordsPerPixel(source.depth) * 4;
    const resultBytes = plan.bandRows * request.width * wordsPerPixel(request.depth) * 4;
    this.#pixels = gpu.createBuffer("pixels", pixelBytes, STORAGE | COPY_DST);
    this.#columnTaps = gpu.createBuffer(
      "column taps",
      plan.columns.words.byteLength,
      STORAGE | COPY_DST,
    );
    this.#rowTaps = gpu.createBuffer("row taps", plan.rows.words.byteLength, STORAGE | COPY_DST);
    this.#between = gpu.createBuffer("between", plan.sourceRows * request.width * 16, STORAGE);
    this.#result = gpu.createBuffer("result", resultBytes, STORAGE | COPY_SRC);
    this.#params = [0, 1].map(() => gpu.createBuffer("params", PARAMS_BYTES, UNIFORM | COPY_DST));
    this.#readback = new Readback(gpu, resultBytes);
    gpu.writeBuffer(this.#columnTaps, plan.columns.words);
    gpu.writeBuffer(this.#rowTaps, plan.rows.words);
  }

  /** Uploads the source rows of a band and returns the two passes over it. */
  async commands(window: RowWindow, firstRow: number, rows: number): Promise<Command[]> {
    const { width, depth } = this.#request;
    const range = sourceRange(this.#plan.rows, firstRow, firstRow + rows);
    const source = { ...this.#size, rows: range.last + 1 - range.first };
    window.forget(range.first);
    const region = { x: 0, y: range.first, width: source.width, height: source.rows };
    this.#gpu.writeBuffer(this.#pixels, await window.cut(region));
    const band = { width, firstRow, rows, firstSourceRow: range.first, depth };
    const alongRows = resampleRows(source, this.#plan.columns, width);
    const alongColumns = resampleColumns(band, this.#plan.rows);
    const inRows = [this.#pixels, this.#columnTaps, this.#between];
    const inColumns = [this.#between, this.#rowTaps, this.#result];
    return [
      await commandOf(this.#gpu, alongRows, this.#params[0], inRows),
      await commandOf(this.#gpu, alongColumns, this.#params[1], inColumns),
    ];
  }

  /** Reads a band back. */
  read(rows: number): Promise<Uint32Array> {
    const bytes = rows * this.#request.width * wordsPerPixel(this.#request.depth) * 4;
    return this.#readback.read({ buffer: this.#result, bytes });
  }

  destroy(): void {
    const buffers = [this.#pixels, this.#columnTaps, this.#rowTaps, this.#between, this.#result];
    for (const buffer of [...buffers, ...this.#params]) this.#gpu.destroyBuffer(buffer);
    this.#readback.destroy();
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function mostSourceRows(taps: Taps, height: number, bandRows: number): number {
  let most = 0;
  for (let y = 0; y < height; y += bandRows) {
    const { first, last } = sourceRange(taps, y, Math.min(height, y + bandRows));
    most = Math.max(most, last + 1 - first);
  }
  return most;
}
