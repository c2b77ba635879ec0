/**
 * Picture in, picture out: the one conductor of decoded pictures, networks, tiles and resampling.
 */

import { UsageError } from "./errors.ts";
import { Gpu } from "./gpu/device.ts";
import type { Faithfulness } from "./engine/back_projection_plan.ts";
import { isResampleKernel } from "./kernels/taps.ts";
import { NetworkFamily } from "./network_family.ts";
import type { Network } from "./networks/network.ts";
import { type PassContext, PassRunner, type PlannedPass, sizeIn, sizeOut } from "./pass_runner.ts";
import { joinAlpha, splitAlpha, splitAlphaRows } from "./pictures/alpha.ts";
import { fromGpuPixels } from "./pictures/gpu_pixels.ts";
import {
  type Depth,
  hasAlpha,
  type Picture,
  type PictureHeader,
  type PictureRows,
  type Samples,
} from "./pictures/picture.ts";
import { gatherRows, samplesOf } from "./pictures/rows.ts";
import { fillTransparent, fillTransparentRows } from "./pictures/transparent_fill.ts";
import { ProgressTracker } from "./progress.ts";
import { ENSEMBLE_SIZE, selfEnsemble } from "./self_ensemble.ts";
import { type Pass, passesTo, turnedPass } from "./tiles/passes.ts";
import { type Band, pictureBands, rowBands, RowWindow, teeBands } from "./tiles/row_window.ts";
import type { Size } from "./tiles/size.ts";
import {
  checkOptions,
  checkUpscale,
  DEFAULT_CREATIVITY,
  DEFAULT_DERING,
  type Mode,
  outputSize,
  type UpscaleOptions,
  type UpscalerOptions,
} from "./upscale_options.ts";
import { defaultModel } from "./weights/library.ts";

/** Side of the sample from which the speed of a device is learnt. */
const SAMPLE_SIDE = { software: 96, hardware: 384 } as const;

/** What an upscale would do. */
export interface Plan {
  width: number;
  height: number;
  outputWidth: number;
  outputHeight: number;
  passes: PlannedPass[];
}

/** A picture taken apart for the passes. At most one of `alpha` and `constant` is set. */
interface SplitSource {
  colour: Picture | PictureRows;
  /** Grey, if it may vary. */
  alpha: Picture | PictureRows | undefined;
  /** The value of every sample of alpha, if it is the same everywhere. */
  constant: number | undefined;
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
  readonly #family: NetworkFamily | undefined;
  readonly #runner: PassRunner;
  readonly #ownsGpu: boolean;
  #busy = false;
  #destroyed = false;

  private constructor(gpu: Gpu, family: NetworkFamily | undefined, options: UpscalerOptions) {
    const kernel = isResampleKernel(options.model) ? options.model : "bicubic";
    this.gpu = gpu;
    this.label = family?.main.label ?? kernel;
    this.network = family?.main.network;
    this.#family = family;
    this.#runner = new PassRunner(gpu, family, kernel, options);
    this.#ownsGpu = options.device === undefined;
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
    const { model = defaultModel().name, denoise = 0, blend } = options;
    const resampling = isResampleKernel(model);
    if (resampling && denoise > 0) throw new UsageError(`Denoising needs a network, not ${model}`);
    if (resampling && blend) throw new UsageError(`Blending needs a network, not ${model}`);
    const family = resampling ? undefined : await NetworkFamily.load(model, denoise, blend);
    return new Upscaler(options.device ?? await Gpu.open(), family, options);
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
    const context = this.#contextOf(picture, passes, options);
    const planned = await this.#planAll(passes, context, options);
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
   * @param picture Any size, depth and number of channels; it is not changed.
   * @returns A picture of the same depth, channels and metadata. Alpha is resampled apart from the
   * colours.
   * @throws {UsageError} If an option is out of range, memory is too small, or a call is under way.
   * @throws {GpuError} If the device fails.
   */
  async upscale(picture: Picture | PictureRows, options: UpscaleOptions = {}): Promise<Picture> {
    return await gatherRows(this.upscaleRows(picture, options));
  }

  /**
   * Upscales a picture and yields the result as it is made, so that it never has to be in memory as
   * a whole. Neither has the picture: rows of one that has them are taken as they are needed.
   *
   * @returns The result's header, and its samples from the top, whole rows at a time. The work is done
   * as they are taken; it stops, and gives everything back, when they are not taken any more.
   * @throws As {@linkcode upscale}; what the device reports comes from `rows`.
   */
  upscaleRows(picture: Picture | PictureRows, options: UpscaleOptions = {}): PictureRows {
    const passes = this.#passes(picture, options);
    const { width, height } = sizeAfter(picture, passes);
    const { channels, depth, metadata } = picture;
    const rows = passes.length === 0 ? samplesOf(picture) : this.#rows(picture, passes, options);
    return { width, height, channels, depth, metadata, rows: this.#alone(rows, options.signal) };
  }

  /**
   * Returns how long the passes of a plan would take, in seconds. A small sample is upscaled, and made
   * faithful if the plan says so, to learn the speed of the device.
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
    const corrected = plan.passes.some(({ kind }) => kind === "back-projection");
    const options: UpscaleOptions = this.network
      ? { mode: corrected ? "faithful" : "network" }
      : {};
    await this.upscale(sample, options);
    const start = performance.now();
    await this.upscale(sample, options);
    const seconds = (performance.now() - start) / 1000;
    return seconds * flopOf(plan) / flopOf(await this.plan(sample, options));
  }

  /** Gives the weights back, and the device if it was not brought along. */
  destroy(): void {
    this.#destroyed = true;
    this.#family?.destroy();
    if (this.#ownsGpu) this.gpu.destroy();
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

  /** Yields the result's samples in bands of whole rows. */
  async *#rows(
    picture: Picture | PictureRows,
    passes: Pass[],
    options: UpscaleOptions,
  ): AsyncGenerator<Samples> {
    const { colour, alpha, constant } = splitSource(picture);
    const { outputWidth: width, depthOut: depth } = passes.at(-1)!;
    const context = this.#contextOf(picture, passes, options);
    const alphaRows = alpha && this.#alphaRows(alpha, context, options.signal);
    try {
      for await (const { y, rows, words } of this.#bands(colour, passes, context, options)) {
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
  #alphaRows(
    alpha: Picture | PictureRows,
    context: PassContext,
    signal: AbortSignal | undefined,
  ): RowWindow {
    const pass = context.together.at(-1)!;
    const source = new RowWindow(sizeIn(pass), bandsOf(alpha));
    return new RowWindow(sizeOut(pass), this.#runner.resample(pass, context, source, { signal }));
  }

  /** The passes, each pulling rows from the one before it; the last may look at the picture again. */
  async *#bands(
    picture: Picture | PictureRows,
    passes: Pass[],
    context: PassContext,
    options: UpscaleOptions,
  ): AsyncGenerator<Band> {
    const planned = await this.#planAll(passes, context, options);
    const tracker = new ProgressTracker(planned.map((pass) => pass.flop), options.onProgress);
    const promise = passes.find(({ kind }) => kind === "back-projection");
    const chain = passes.filter((pass) => pass !== promise);
    const source = isEnsemble(chain, options) && "rows" in picture
      ? await gatherRows(picture)
      : picture;
    const [first, again] = promise === undefined ? [bandsOf(source)] : readTwice(source);
    const made = "rows" in source || !isEnsemble(chain, options)
      ? await this.#chain(first, chain, context, options, tracker)
      : pictureBands(await this.#ensemble(source, chain, context, options, tracker));
    if (promise === undefined) return yield* made;
    yield* await this.#runner.run(promise, context, {
      source: new RowWindow(sizeIn(promise), made),
      picture: new RowWindow(context.picture, again!),
      signal: options.signal,
      onProgress: (done) => tracker.report(passes.length - 1, done),
      onConsistency: options.onConsistency,
    });
  }

  /** Networks and resampling, once or as one of several runs. */
  async #chain(
    bands: Bands,
    chain: Pass[],
    context: PassContext,
    { signal }: UpscaleOptions,
    tracker: ProgressTracker,
    { index: run, of: runs } = { index: 0, of: 1 },
  ): Promise<Bands> {
    for (const [index, pass] of chain.entries()) {
      bands = await this.#runner.run(pass, context, {
        source: new RowWindow(sizeIn(pass), bands),
        picture: undefined,
        signal,
        onProgress: (done) => {
          tracker.report(index, { ...done, fraction: (run + done.fraction) / runs });
        },
        onConsistency: undefined,
      });
    }
    return bands;
  }

  /** The mean over the flips and turns of a picture. */
  #ensemble(
    picture: Picture,
    chain: Pass[],
    context: PassContext,
    options: UpscaleOptions,
    tracker: ProgressTracker,
  ): Promise<Picture> {
    return selfEnsemble(picture, async (variant, index, turned) => {
      const passes = turned ? chain.map(turnedPass) : chain;
      const run = { index, of: ENSEMBLE_SIZE };
      const bands = await this.#chain(
        pictureBands(variant),
        passes,
        context,
        options,
        tracker,
        run,
      );
      const { width, height, depth } = sizeOut(passes.at(-1)!);
      const header = { ...variant, width, height, depth };
      return await gatherRows({ ...header, rows: unpack(bands, header) });
    });
  }

  async #planAll(
    passes: Pass[],
    context: PassContext,
    options: UpscaleOptions,
  ): Promise<PlannedPass[]> {
    const repeated = isEnsemble(passes, options) ? ENSEMBLE_SIZE : 1;
    const planned: PlannedPass[] = [];
    for (const pass of passes) {
      const runs = pass.kind === "back-projection" ? 1 : repeated;
      planned.push(await this.#runner.plan(pass, context, runs));
    }
    return planned;
  }

  #passes(picture: Size & { depth?: Depth }, options: UpscaleOptions): Pass[] {
    const mode = this.#modeOf(options);
    checkUpscale(options, mode);
    return passesTo(
      picture,
      outputSize(picture, options, this.network?.scale),
      picture.depth ?? 8,
      {
        factors: this.#family?.factors ?? [],
        passes: options.passes ?? 1,
        faithful: mode !== "network",
        always: mode === "network" || this.#freedomOf(options) > 0,
      },
    );
  }

  #contextOf(
    picture: Size & { depth?: Depth; channels?: Picture["channels"] },
    passes: Pass[],
    options: UpscaleOptions,
  ): PassContext {
    const { width, height, depth = 8 } = picture;
    return {
      together: withAlphaPass(picture, passes),
      picture: { width, height, depth },
      faithfulness: this.#faithfulnessOf(options),
    };
  }

  #modeOf({ mode }: UpscaleOptions): Mode {
    return mode ?? (this.#family?.embedded ? "faithful" : "network");
  }

  /** What was taken for damage need not come back, nor what creativity replaces. */
  #freedomOf(options: UpscaleOptions): number {
    const { creativity = DEFAULT_CREATIVITY } = options;
    const cleaning = this.#family?.cleaning ?? 0;
    return this.#modeOf(options) === "creative" ? Math.max(cleaning, creativity) : cleaning;
  }

  #faithfulnessOf(options: UpscaleOptions): Faithfulness {
    const { dering = DEFAULT_DERING } = options;
    return {
      freedom: this.#freedomOf(options),
      overshoot: dering === 0 ? undefined : 1 - dering,
    };
  }
}

/** Bands as they are passed on. */
type Bands = Generator<Band> | AsyncGenerator<Band>;

function isEnsemble(chain: Pass[], { tta = false }: UpscaleOptions): boolean {
  return tta && chain.some(({ kind }) => kind === "network");
}

function bandsOf(picture: Picture | PictureRows): Bands {
  return "rows" in picture ? rowBands(picture, picture.rows) : pictureBands(picture);
}

function readTwice(picture: Picture | PictureRows): [Bands, Bands] {
  if ("rows" in picture) return teeBands(rowBands(picture, picture.rows));
  return [pictureBands(picture), pictureBands(picture)];
}

/** Yields bands as samples. */
async function* unpack(
  bands: Bands,
  { width, channels, depth }: PictureHeader,
): AsyncGenerator<Samples> {
  for await (const { rows, words } of bands) {
    yield fromGpuPixels(words, width, rows, channels, depth);
  }
}

/** Takes a picture apart into colours for the network, and alpha. */
function splitSource(picture: Picture | PictureRows): SplitSource {
  if (!hasAlpha(picture)) return { colour: picture, alpha: undefined, constant: undefined };
  if ("rows" in picture) {
    const rows = fillTransparentRows(picture, picture.rows);
    return { ...splitAlphaRows({ ...picture, rows }), constant: undefined };
  }
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
