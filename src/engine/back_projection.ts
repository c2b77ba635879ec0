/**
 * Back-projection of a whole picture on the device, band by band: the promise that shrinking a result
 * gives the picture back.
 */

import type { Gpu } from "../gpu/device.ts";
import { Readback } from "../gpu/readback.ts";
import type { Command, Submitter } from "../gpu/submission.ts";
import { type RowRange, rowsOf } from "../kernels/back_projection.ts";
import { wordsPerPixel } from "../pictures/gpu_pixels.ts";
import type { Depth } from "../pictures/picture.ts";
import type { Band, RowWindow } from "../tiles/row_window.ts";
import {
  type BackProjectionPlan,
  type BackProjectionShape,
  type BufferName,
  type Faithfulness,
  PARAMS_BYTES,
  planBackProjection,
} from "./back_projection_plan.ts";
import type { BandRows } from "./back_projection_rows.ts";
import { allocateBands, commandOf } from "./bands.ts";

/** What is done to a result. */
export interface BackProjectionRequest extends Faithfulness {
  /** Depth of what is made. */
  depth: Depth;
  /** Bytes of GPU memory. */
  memory: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((fraction: number) => void) | undefined;
  /** Told, behind the last row, the PSNR in dB of the shrunk result against the picture. */
  onConsistency?: ((psnr: number) => void) | undefined;
}

/**
 * Makes a result faithful to its picture and yields it in bands.
 *
 * @param picture What was enlarged.
 * @param result What came of it, nowhere smaller; 16 or 32 bits.
 * @throws {UsageError} If not even one row fits the memory.
 * @throws {GpuError} If the device fails.
 */
export async function* backProject(
  gpu: Gpu,
  picture: RowWindow,
  result: RowWindow,
  submitter: Submitter,
  request: BackProjectionRequest,
): AsyncGenerator<Band> {
  const shape = { ...request, small: picture.size, large: result.size };
  const { plan, buffers } = await allocateBands(
    gpu,
    "back-projection",
    request.memory,
    (memory) => planBackProjection(shape, memory, gpu.maxBinding),
    (plan) => new Buffers(gpu, shape, plan),
  );
  const error = new SquaredError();
  let pending: { rows: BandRows; words: Promise<Uint32Array> } | undefined;
  try {
    for (const rows of plan.bands) {
      await submitter.run(await buffers.commands(picture, result, rows), request.signal);
      const earlier = pending;
      pending = { rows, words: buffers.read(rows) };
      if (earlier !== undefined) yield error.take(shape, earlier.rows, await earlier.words);
      request.onProgress?.((rows.output.last + 1) / shape.large.height);
    }
    yield error.take(shape, pending!.rows, await pending!.words);
    request.onConsistency?.(error.psnr);
  } finally {
    await pending?.words.catch(() => {});
    buffers.destroy();
    await picture.close();
    await result.close();
  }
}

class Buffers {
  readonly #gpu: Gpu;
  readonly #shape: BackProjectionShape;
  readonly #plan: BackProjectionPlan;
  readonly #named = new Map<BufferName, GPUBuffer>();
  readonly #params: GPUBuffer[];
  readonly #readback: Readback;

  constructor(gpu: Gpu, shape: BackProjectionShape, plan: BackProjectionPlan) {
    this.#gpu = gpu;
    this.#shape = shape;
    this.#plan = plan;
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

  /** Uploads the rows that a band reads and returns its steps. */
  async commands(picture: RowWindow, result: RowWindow, band: BandRows): Promise<Command[]> {
    await this.#upload("reference", picture, band.small);
    await this.#upload("result so far 0", result, band.rounds[0].from);
    return await Promise.all(
      this.#plan.stepsOf(band).map(({ dispatch, buffers }, index) => {
        const bound = buffers.map((name) => this.#buffer(name));
        return commandOf(this.#gpu, dispatch, this.#params[index], bound);
      }),
    );
  }

  /** Reads back the rows of a band, and behind them the residual of its small rows. */
  read({ output, own, small, rounds }: BandRows): Promise<Uint32Array> {
    const { depth, large } = this.#shape;
    const perRow = large.width * wordsPerPixel(depth) * 4;
    const rows = { first: rounds.at(-1)!.add.first, perRow };
    const parts = [this.#part("result", output, rows)];
    if (own !== undefined) {
      const smallRows = { first: small.first, perRow: this.#shape.small.width * 16 };
      parts.push(this.#part("residual", own, smallRows));
    }
    return this.#readback.read(...parts);
  }

  destroy(): void {
    for (const buffer of this.#named.values()) this.#gpu.destroyBuffer(buffer);
    for (const buffer of this.#params) this.#gpu.destroyBuffer(buffer);
    this.#readback.destroy();
  }

  #part(
    name: BufferName,
    range: RowRange,
    held: { first: number; perRow: number },
  ): { buffer: GPUBuffer; offset: number; bytes: number } {
    return {
      buffer: this.#buffer(name),
      offset: (range.first - held.first) * held.perRow,
      bytes: rowsOf(range) * held.perRow,
    };
  }

  async #upload(name: BufferName, window: RowWindow, rows: RowRange): Promise<void> {
    window.forget(rows.first);
    const region = { x: 0, y: rows.first, width: window.size.width, height: rowsOf(rows) };
    this.#gpu.writeBuffer(this.#buffer(name), await window.cut(region));
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
