/**
 * Picture in, picture out: the one conductor of decoded pictures, networks, tiles and resampling.
 */

import type { Faithfulness } from "./engine/back_projection_plan.ts";
import { UsageError } from "./errors.ts";
import { Gpu } from "./gpu/device.ts";
import { isResampleKernel } from "./kernels/taps.ts";
import { NetworkFamily } from "./network_family.ts";
import type { Network } from "./networks/network.ts";
import { LossBudget } from "./passes/loss_budget.ts";
import { type PassContext, PassPlanner } from "./passes/planner.ts";
import { passesTo, type PassShape, turnedShape } from "./passes/route.ts";
import type { Depth, Picture, PictureRows, Samples } from "./pictures/picture.ts";
import { gatherRows } from "./pictures/rows.ts";
import type { Size } from "./raster/size.ts";
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
import { type Chain, type Gate, Plan, type PlanPasses, shapesTogether } from "./upscale_plan.ts";
import { defaultModel } from "./weights/library.ts";

/** Side of the sample from which the speed of a device is learnt. */
const SAMPLE_SIDE = { software: 96, hardware: 384 } as const;

/** What can be said of a picture before it is there. */
type Planned = Size & { depth?: Depth; channels?: Picture["channels"] };

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
  readonly #planner: PassPlanner;
  readonly #ownsGpu: boolean;
  #busy = false;
  #destroyed = false;

  private constructor(gpu: Gpu, family: NetworkFamily | undefined, options: UpscalerOptions) {
    const kernel = isResampleKernel(options.model) ? options.model : "bicubic";
    this.gpu = gpu;
    this.label = family?.main.label ?? kernel;
    this.network = family?.main.network;
    this.#family = family;
    this.#planner = new PassPlanner(gpu, family, kernel, options);
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
    const { model = defaultModel().name, denoise = 0, detail = 0, blend, before = [] } = options;
    const resampling = isResampleKernel(model);
    if (resampling && denoise > 0) throw new UsageError(`Denoising needs a network, not ${model}`);
    if (resampling && detail > 0) throw new UsageError(`Detail needs a network, not ${model}`);
    if (resampling && blend) throw new UsageError(`Blending needs a network, not ${model}`);
    if (resampling && before.length > 0) {
      throw new UsageError(`Networks run before another one, not before ${model}`);
    }
    const family = resampling
      ? undefined
      : await NetworkFamily.load(model, { denoise, detail, blend, before });
    const { device, gpu, adapter } = options;
    const opened = device ?? await Gpu.open({ ...adapter, ...(gpu !== undefined && { gpu }) });
    return new Upscaler(opened, family, options);
  }

  /**
   * Returns what {@linkcode upscale} would do, ready to be run: any number of times, one at a time, on
   * pictures of that size, depth (default: 8) and number of channels (default: 3).
   *
   * @throws {UsageError} If an option is out of range, or memory too small for any tile.
   * @throws {GpuError} If the device fails.
   */
  async plan(picture: Planned, options: UpscaleOptions = {}): Promise<Plan> {
    return await this.#plan(picture, options, (rows, signal) => this.#alone(rows, signal));
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
    const shapes = this.#shapes(picture, options);
    const { outputWidth, outputHeight } = shapes.at(-1) ??
      { outputWidth: picture.width, outputHeight: picture.height };
    const { channels, depth, metadata } = picture;
    const rows = this.#alone(this.#planAndRun(picture, options), options.signal);
    return { width: outputWidth, height: outputHeight, channels, depth, metadata, rows };
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
  async *#alone<Rows>(
    rows: AsyncIterable<Rows>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Rows> {
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

  async #plan(picture: Planned, options: UpscaleOptions, gate: Gate): Promise<Plan> {
    this.#checkAlive();
    const { width, height, depth = 8, channels = 3 } = picture;
    const header = { width, height, depth, channels };
    const shapes = this.#shapes(header, options);
    const { together, alpha } = shapesTogether(header, shapes);
    const faithfulness = this.#faithfulnessOf(options);
    const context = { together, picture: { width, height, depth }, faithfulness };
    const passes = await this.#onDevice(() => this.#planAll(shapes, alpha, context, options));
    return new Plan(this.gpu, header, passes, gate);
  }

  async *#planAndRun(
    picture: Picture | PictureRows,
    options: UpscaleOptions,
  ): AsyncGenerator<Samples> {
    const plan = await this.#plan(picture, options, (rows) => rows);
    yield* plan.run(picture, options).rows;
  }

  async #planAll(
    shapes: PassShape[],
    alpha: PassShape | undefined,
    context: PassContext,
    { tta = false }: UpscaleOptions,
  ): Promise<PlanPasses> {
    const planner = this.#planner;
    const chain = shapes.filter(({ kind }) => kind !== "back-projection");
    const correction = shapes.find(({ kind }) => kind === "back-projection");
    const repeated = tta && chain.some(({ kind }) => kind === "network");
    const planChain = async (chain: PassShape[]): Promise<Chain> => {
      const passes = [];
      for (const shape of chain) passes.push(await planner.plan(shape, context));
      return passes;
    };
    return {
      chain: await planChain(chain),
      turned: repeated ? await planChain(chain.map(turnedShape)) : undefined,
      correction: correction && planner.backProjection(correction, context),
      alpha: alpha && planner.resampling(alpha, context),
    };
  }

  /** Does something that needs the device; if it is lost, on one that is opened again. */
  async #onDevice<T>(work: () => Promise<T>): Promise<T> {
    const losses = new LossBudget(this.gpu);
    for (;;) {
      try {
        await losses.reopen(undefined);
        return await work();
      } catch (error) {
        if (!this.gpu.lost) throw error;
        await losses.reopen(error);
      }
    }
  }

  #shapes(picture: Size & { depth?: Depth }, options: UpscaleOptions): PassShape[] {
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
