/**
 * Picture in, picture out: the one conductor of decoded pictures, networks, tiles and resampling.
 */

import { UsageError } from "./errors.ts";
import { unshuffleOf } from "./engine/memory.ts";
import { planResample, resample, type ResampleRequest } from "./engine/resampler.ts";
import { Program } from "./engine/program.ts";
import { Gpu } from "./gpu/device.ts";
import { Submitter } from "./gpu/submission.ts";
import type { ResampleKernel } from "./kernels/resample.ts";
import type { Network } from "./networks/network.ts";
import { type AlphaSplit, fillTransparent, joinAlpha, splitAlpha } from "./pictures/alpha.ts";
import { fromGpuPixels } from "./pictures/gpu_pixels.ts";
import {
  allocateSamples,
  type Depth,
  hasAlpha,
  type Picture,
  type PictureHeader,
  type Samples,
} from "./pictures/picture.ts";
import { type Pass, passesTo, type Size } from "./tiles/passes.ts";
import { ProgressTracker } from "./progress.ts";
import {
  type Band,
  pictureBands,
  type RasterSize,
  rowBands,
  RowWindow,
} from "./tiles/row_window.ts";
import { choiceFor, type TileOptions, walk, type WalkProgress } from "./tiles/walk.ts";
import {
  checkOptions,
  DEFAULT_MEMORY,
  outputSize,
  type UpscaleOptions,
  type UpscalerOptions,
} from "./upscale_options.ts";
import { defaultModel, loadModel } from "./weights/library.ts";

/** Side of the sample from which the speed of a device is learnt. */
const SAMPLE_SIDE = { software: 96, hardware: 384 } as const;

/** Most of it that a resampling beside a network gets, in bytes. */
const RESAMPLING_MEMORY = 128e6;

/** One pass of a plan. */
export interface PlannedPass {
  kind: "network" | "resample";
  /** Size of what the pass reads. */
  width: number;
  height: number;
  /** Size of what it makes. */
  outputWidth: number;
  outputHeight: number;
  /** Tiles of a network, bands of a resampling. */
  tiles: number;
  /** Size of a tile's window in pixels, halo included. */
  tileWidth: number;
  tileHeight: number;
  /** Pixels around a tile's core; 0 for one tile. */
  halo: number;
  /** Whether the result is what it would be without tiles, bit for bit. */
  exact: boolean;
  precision: "f32" | "f16";
  gpuBytes: number;
  flop: number;
}

/** What an upscale would do. */
export interface Plan {
  width: number;
  height: number;
  outputWidth: number;
  outputHeight: number;
  passes: PlannedPass[];
}

/**
 * A picture whose samples come in bands of whole rows, from the top; a band's memory may be used again
 * for the next one.
 */
export interface PictureRows extends PictureHeader {
  rows: AsyncIterable<Samples>;
}

/**
 * A network on a device, ready for any number of pictures, one at a time.
 *
 * @example
 * ```ts
 * import { Upscaler } from "./upscaler.ts";
 * const upscaler = await Upscaler.create({ model: "fast-x4" });
 * const grey = { width: 2, height: 2, channels: 1, depth: 8, metadata: {} } as const;
 * const large = await upscaler.upscale({ ...grey, data: Uint8Array.of(0, 64, 128, 255) });
 * console.assert(large.width === 8 && large.height === 8);
 * upscaler.destroy();
 * ```
 */
export class Upscaler {
  readonly gpu: Gpu;
  /** The model's name, for people. */
  readonly label: string;
  /** Undefined for `bicubic` and `lanczos3`. */
  readonly network: Network | undefined;
  readonly #kernel: ResampleKernel;
  readonly #options: UpscalerOptions;
  readonly #submitter: Submitter;
  readonly #programs = new Map<"f32" | "f16", Promise<Program>>();
  #busy = false;
  #destroyed = false;

  private constructor(
    gpu: Gpu,
    options: UpscalerOptions,
    label: string,
    network: Network | undefined,
    kernel: ResampleKernel,
  ) {
    this.gpu = gpu;
    this.label = label;
    this.network = network;
    this.#kernel = kernel;
    this.#options = options;
    this.#submitter = new Submitter(gpu);
  }

  /**
   * Loads a model and opens a device.
   *
   * @throws {UsageError} If an option is out of range.
   * @throws {ModelError} If the model cannot be used.
   * @throws {NoGpuError} If there is no adapter.
   */
  static async create(options: UpscalerOptions = {}): Promise<Upscaler> {
    checkOptions(options);
    const { model, denoise = 0 } = options;
    const resampling = model === "bicubic" || model === "lanczos3";
    if (resampling && denoise > 0) throw new UsageError(`Denoising needs a network, not ${model}`);
    const name = model ?? defaultModel().name;
    const loaded = resampling ? undefined : await loadModel(name, { denoise });
    const gpu = options.device ?? await Gpu.open();
    const label = loaded?.label ?? String(model);
    return new Upscaler(gpu, options, label, loaded?.network, resampling ? model : "bicubic");
  }

  /**
   * Returns what {@linkcode upscale} would do, without doing it.
   *
   * @throws {UsageError} If an option is out of range, or memory too small for any tile.
   */
  async plan(
    picture: Size & { depth?: Depth; channels?: Picture["channels"] },
    options: UpscaleOptions = {},
  ): Promise<Plan> {
    this.#checkAlive();
    const passes = this.#passes(picture, options);
    const together = withAlphaPass(picture, passes);
    const planned = await Promise.all(passes.map((pass) => this.#planPass(pass, together)));
    const { width, height } = sizeAfter(picture, passes);
    return {
      width: picture.width,
      height: picture.height,
      outputWidth: width,
      outputHeight: height,
      passes: planned,
    };
  }

  /**
   * Upscales a picture.
   *
   * @param picture Any size, depth and number of channels; it is not changed. Its rows may come one
   * after the other if it has no alpha.
   * @returns A picture of the same depth, channels and metadata. Alpha is resampled apart from the
   * colours.
   * @throws {UsageError} If an option is out of range, memory is too small, or a call is under way.
   * @throws {GpuError} If the device fails.
   */
  async upscale(picture: Picture | PictureRows, options: UpscaleOptions = {}): Promise<Picture> {
    const { rows, ...header } = this.upscaleRows(picture, options);
    const data = allocateSamples(header.depth, header.width * header.height * header.channels);
    let at = 0;
    for await (const samples of rows) {
      data.set(samples, at);
      at += samples.length;
    }
    return { ...header, data };
  }

  /**
   * Upscales a picture and yields the result as it is made, so that it never has to be in memory as
   * a whole. Neither has the picture, if it has no alpha: its rows are taken as they are needed.
   *
   * @returns The result's header, and its samples from the top, whole rows at a time. The work is done
   * as they are taken; it stops, and gives everything back, when they are not taken any more.
   * @throws As {@linkcode upscale}; what the device reports comes from `rows`.
   */
  upscaleRows(picture: Picture | PictureRows, options: UpscaleOptions = {}): PictureRows {
    if ("rows" in picture && hasAlpha(picture)) {
      throw new UsageError("A picture with alpha cannot come in rows: give all of its samples");
    }
    const passes = this.#passes(picture, options);
    const { width, height } = sizeAfter(picture, passes);
    const { channels, depth, metadata } = picture;
    const samples = "rows" in picture ? picture.rows : [picture.data];
    const rows = passes.length === 0 ? samples : this.#rows(picture, passes, options);
    return { width, height, channels, depth, metadata, rows: this.#alone(rows, options.signal) };
  }

  /**
   * Returns how long the passes of a plan would take, in seconds. A small sample is upscaled to learn
   * the speed of the device.
   *
   * @throws {GpuError} If the device fails.
   */
  async estimateSeconds(plan: Plan): Promise<number> {
    const side = this.gpu.adapter.software ? SAMPLE_SIDE.software : SAMPLE_SIDE.hardware;
    const sample: Picture = {
      width: side,
      height: side,
      channels: 3,
      depth: 8,
      data: new Uint8Array(3 * side * side),
      metadata: {},
    };
    const flopOf = ({ passes }: Plan) => passes.reduce((sum, { flop }) => sum + flop, 0);
    await this.upscale(sample);
    const start = performance.now();
    await this.upscale(sample);
    const seconds = (performance.now() - start) / 1000;
    return seconds * flopOf(plan) / flopOf(await this.plan(sample));
  }

  /** Gives the weights back, and the device if it was not brought along. */
  destroy(): void {
    this.#destroyed = true;
    for (const program of this.#programs.values()) program.then((p) => p.destroy(), () => {});
    this.#programs.clear();
    if (this.#options.device === undefined) this.gpu.destroy();
  }

  /** Lets only one picture through at a time. */
  async *#alone(
    rows: Iterable<Samples> | AsyncIterable<Samples>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Samples> {
    this.#checkAlive();
    if (this.#busy) {
      throw new UsageError("This upscaler is at work: await it, or create another one");
    }
    this.#busy = true;
    try {
      signal?.throwIfAborted();
      yield* rows;
    } finally {
      this.#busy = false;
    }
  }

  #checkAlive(): void {
    if (this.#destroyed) {
      throw new UsageError("This upscaler has been destroyed: create another one");
    }
  }

  get #memory(): number {
    return this.#options.memory ?? DEFAULT_MEMORY;
  }

  /** Yields the result's samples in bands of whole rows. */
  async *#rows(
    picture: Picture | PictureRows,
    passes: Pass[],
    options: UpscaleOptions,
  ): AsyncGenerator<Samples> {
    const { colour, alpha, constant } = splitSource(picture);
    const { outputWidth: width, depthOut: depth } = passes.at(-1)!;
    const together = withAlphaPass(picture, passes);
    const alphaRows = alpha && this.#alphaRows(alpha, together, options.signal);
    try {
      for await (const { y, rows, words } of this.#bands(colour, passes, together, options)) {
        const data = fromGpuPixels(words, width, rows, colour.channels, depth);
        const band = { ...colour, width, height: rows, data };
        if (alphaRows !== undefined) {
          const region = { x: 0, y, width, height: rows };
          const values = fromGpuPixels(await alphaRows.cut(region), width, rows, 1, depth);
          alphaRows.forget(y + rows);
          yield joinAlpha(band, { ...band, channels: 1, data: values }).data;
        } else yield constant === undefined ? data : joinAlpha(band, constant).data;
      }
    } finally {
      await alphaRows?.close();
    }
  }

  /** Alpha, resampled to the size of the result in one pass. */
  #alphaRows(alpha: Picture, together: Pass[], signal: AbortSignal | undefined): RowWindow {
    const pass = together.at(-1)!;
    const source = new RowWindow(sizeIn(pass), pictureBands(alpha));
    const request = { ...this.#resampleRequest(pass, together), signal };
    const bands = resample(this.gpu, source, this.#submitter, request);
    const { outputWidth: width, outputHeight: height, depthOut: depth } = pass;
    return new RowWindow({ width, height, depth }, bands);
  }

  /** The passes, each pulling rows from the one before it. */
  async *#bands(
    picture: Picture | PictureRows,
    passes: Pass[],
    together: Pass[],
    options: UpscaleOptions,
  ): AsyncGenerator<Band> {
    const planned = await Promise.all(passes.map((pass) => this.#planPass(pass, together)));
    const tracker = new ProgressTracker(planned.map((pass) => pass.flop), options.onProgress);
    const { width, height, depth } = picture;
    let bands = "rows" in picture ? rowBands(picture, picture.rows) : pictureBands(picture);
    let size: RasterSize = { width, height, depth };
    for (const [index, pass] of passes.entries()) {
      const report = (done: WalkProgress) => tracker.report(index, done);
      const source = new RowWindow(size, bands);
      bands = await this.#runPass(pass, together, source, options.signal, report);
      size = { width: pass.outputWidth, height: pass.outputHeight, depth: pass.depthOut };
    }
    yield* bands;
  }

  async #runPass(
    pass: Pass,
    together: Pass[],
    source: RowWindow,
    signal: AbortSignal | undefined,
    report: (done: WalkProgress) => void,
  ): Promise<AsyncGenerator<Band>> {
    if (pass.kind === "network") {
      const program = await this.#programFor(pass, together);
      const options = { ...this.#tileOptions(pass, together), signal, onProgress: report };
      return walk(program, source, this.#submitter, options);
    }
    return resample(this.gpu, source, this.#submitter, {
      ...this.#resampleRequest(pass, together),
      signal,
      onProgress: (fraction) => report({ fraction, tiles: 0, ofTiles: 0 }),
    });
  }

  #passes(
    picture: Size & { depth?: Depth },
    options: UpscaleOptions,
  ): Pass[] {
    const size = outputSize(picture, options, this.network?.scale);
    return passesTo(picture, size, picture.depth ?? 8, this.network?.scale);
  }

  async #planPass(pass: Pass, together: Pass[]): Promise<PlannedPass> {
    const { kind, width, height, outputWidth, outputHeight } = pass;
    const sizes = { kind, width, height, outputWidth, outputHeight };
    if (kind === "resample") {
      const plan = planResample(
        sizeIn(pass),
        this.#resampleRequest(pass, together),
        this.#maxBinding,
      );
      return {
        ...sizes,
        tiles: plan.bands,
        tileWidth: width,
        tileHeight: plan.sourceRows,
        halo: 0,
        exact: true,
        precision: "f32",
        gpuBytes: plan.gpuBytes,
        flop: plan.flop,
      };
    }
    const program = await this.#programFor(pass, together);
    const choice = choiceFor(program, sizeIn(pass), this.#tileOptions(pass, together));
    const unshuffle = unshuffleOf(program.network);
    return {
      ...sizes,
      tiles: Math.ceil(choice.cells.width / choice.core.width) *
        Math.ceil(choice.cells.height / choice.core.height),
      tileWidth: choice.memory.trunkWindow.width * unshuffle,
      tileHeight: choice.memory.trunkWindow.height * unshuffle,
      halo: choice.halo * unshuffle,
      exact: choice.exact,
      precision: program.storage,
      gpuBytes: choice.gpuBytes,
      flop: choice.flop,
    };
  }

  get #maxBinding(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.gpu.device.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  /**
   * The share of the budget of one of several passes that are in memory together: resampling goes by
   * bands and needs little, networks share the rest.
   */
  #memoryFor(pass: Pass, together: Pass[]): number {
    const networks = together.filter((other) => other.kind === "network").length;
    if (networks === 0) return this.#memory / together.length;
    const resampling = Math.min(this.#memory / 8, RESAMPLING_MEMORY);
    if (pass.kind === "resample") return resampling;
    return (this.#memory - resampling * (together.length - networks)) / networks;
  }

  #resampleRequest(pass: Pass, together: Pass[]): ResampleRequest {
    return {
      width: pass.outputWidth,
      height: pass.outputHeight,
      kernel: this.#kernel,
      depth: pass.depthOut,
      memory: this.#memoryFor(pass, together),
    };
  }

  #tileOptions(pass: Pass, together: Pass[]): TileOptions {
    const { tile = "auto", halo = "auto" } = this.#options;
    return { memory: this.#memoryFor(pass, together), tile, halo, depth: pass.depthOut };
  }

  /** The program in the precision asked for, or in f16 if only that fits, or only that exactly. */
  async #programFor(pass: Pass, together: Pass[]): Promise<Program> {
    const { precision = "auto", tile = "auto", halo = "auto" } = this.#options;
    if (precision !== "auto") return await this.#program(precision);
    const options = this.#tileOptions(pass, together);
    const fit = (program: Program) => fitOf(program, pass, options);
    const program = await this.#program("f32");
    const asked = tile !== "auto" || halo !== "auto";
    if (fit(program) === "exact" || (asked && fit(program) !== "none")) return program;
    const smaller = await this.#program("f16");
    return fit(smaller) === "exact" || fit(program) === "none" ? smaller : program;
  }

  #program(storage: "f32" | "f16"): Promise<Program> {
    let program = this.#programs.get(storage);
    if (program === undefined) {
      const [other] = this.#programs.values();
      program = other?.then((known) => known.withStorage(storage)) ??
        Program.create(this.gpu, this.network!, storage);
      this.#programs.set(storage, program);
      program.catch(() => this.#programs.delete(storage));
    }
    return program;
  }
}

/** Whether a program fits the memory, and without traces of tiles. */
function fitOf(program: Program, pass: Pass, options: TileOptions): "exact" | "inexact" | "none" {
  try {
    return choiceFor(program, sizeIn(pass), options).exact ? "exact" : "inexact";
  } catch (error) {
    if (error instanceof UsageError) return "none";
    throw error;
  }
}

/** Takes a picture apart into colours for the network, and alpha. */
function splitSource(
  picture: Picture | PictureRows,
): Omit<AlphaSplit, "colour"> & { colour: Picture | PictureRows } {
  if ("rows" in picture) return { colour: picture, alpha: undefined, constant: undefined };
  const { alpha, constant } = splitAlpha(picture);
  const { colour } = splitAlpha(alpha === undefined ? picture : fillTransparent(picture));
  return { colour, alpha, constant };
}

function sizeAfter(picture: Size, passes: Pass[]): Size {
  const last = passes.at(-1);
  return last === undefined ? picture : { width: last.outputWidth, height: last.outputHeight };
}

/** All passes that are in memory together: those of the colours, and the one of alpha. */
function withAlphaPass(
  picture: Size & { depth?: Depth; channels?: Picture["channels"] },
  passes: Pass[],
): Pass[] {
  const { width, height, depth = 8, channels = 3 } = picture;
  const last = passes.at(-1);
  if (last === undefined || !hasAlpha({ channels })) return passes;
  const { outputWidth, outputHeight } = last;
  const size = { width, height, outputWidth, outputHeight };
  return [...passes, { kind: "resample", ...size, depthIn: depth, depthOut: depth }];
}

function sizeIn(pass: Pass): RasterSize {
  return { width: pass.width, height: pass.height, depth: pass.depthIn };
}
