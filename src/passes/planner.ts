/**
 * From what a pass is for to a pass that is planned for one device: its share of the memory, and the
 * choice of storage. Which passes follow one another is the conductor's affair (`upscaler.ts`).
 */

import type { Faithfulness } from "../engine/back_projection_plan.ts";
import { matrixUnits } from "../engine/matrix_units.ts";
import type { Gpu } from "../gpu/device.ts";
import { Submitter } from "../gpu/submission.ts";
import type { ResampleKernel } from "../kernels/taps.ts";
import type { NetworkFamily } from "../network_family.ts";
import type { RasterSize } from "../raster/size.ts";
import { DEFAULT_MEMORY, type UpscalerOptions } from "../upscale_options.ts";
import { BackProjectionPass } from "./back_projection_pass.ts";
import { NetworkPass, planNetworkPass } from "./network_pass.ts";
import { ResamplePass } from "./resample_pass.ts";
import type { PassShape } from "./route.ts";

/**
 * What passes beside a network get: a share of the budget, and at most so many bytes. Back-projection
 * sees many rows around each of its bands.
 */
const SIDE_MEMORY = {
  "resample": { share: 1 / 8, most: 128e6 },
  "back-projection": { share: 1 / 4, most: 256e6 },
} as const;

/** What the passes of one picture have in common. */
export interface PassContext {
  /** All passes that are in memory together. */
  together: readonly PassShape[];
  /** The picture itself, which back-projection compares with. */
  picture: RasterSize;
  faithfulness: Faithfulness;
}

/** Plans passes on one device. */
export class PassPlanner {
  readonly #gpu: Gpu;
  readonly #family: NetworkFamily | undefined;
  readonly #kernel: ResampleKernel;
  readonly #options: UpscalerOptions;
  readonly #submitter: Submitter;

  /** @param kernel What resampling takes. */
  constructor(
    gpu: Gpu,
    family: NetworkFamily | undefined,
    kernel: ResampleKernel,
    options: UpscalerOptions,
  ) {
    this.#gpu = gpu;
    this.#family = family;
    this.#kernel = kernel;
    this.#options = options;
    this.#submitter = new Submitter(gpu);
  }

  /**
   * Plans a network or a resampling.
   *
   * @throws {UsageError} If the memory is too small for any tile or band.
   */
  async plan(shape: PassShape, context: PassContext): Promise<NetworkPass | ResamplePass> {
    return shape.kind === "network"
      ? await this.#network(shape, context)
      : this.resampling(shape, context);
  }

  /**
   * Plans a resampling; also of what networks do not see.
   *
   * @throws {UsageError} If the memory is too small for any band.
   */
  resampling(shape: PassShape, context: PassContext): ResamplePass {
    const memory = this.#memoryFor(shape, context);
    return new ResamplePass(this.#gpu, this.#submitter, shape, this.#kernel, memory);
  }

  /**
   * Plans a back-projection.
   *
   * @throws {UsageError} If the memory is too small for any band.
   */
  backProjection(shape: PassShape, context: PassContext): BackProjectionPass {
    const { picture, faithfulness } = context;
    const memory = this.#memoryFor(shape, context);
    return new BackProjectionPass(
      this.#gpu,
      this.#submitter,
      shape,
      picture,
      faithfulness,
      memory,
    );
  }

  async #network(shape: PassShape, context: PassContext): Promise<NetworkPass> {
    const { tile = "auto", halo = "auto", precision = "auto" } = this.#options;
    const family = this.#family!;
    const factor = shape.outputWidth / shape.width;
    const options = { memory: this.#memoryFor(shape, context), tile, halo };
    const hasUnits = precision !== "f32" && (await matrixUnits(this.#gpu)).shape !== undefined;
    return await planNetworkPass(
      (storage) => family.program(this.#gpu, factor, storage),
      hasUnits && await family.isForMatrixUnits(factor) ? "matrix" : precision,
      options,
      (program) =>
        new NetworkPass(program, family.labelOf(factor), shape, options, this.#submitter),
    );
  }

  /**
   * The share of the budget of one of several passes that are in memory together: the other kinds go
   * by bands and need little, networks share the rest.
   */
  #memoryFor({ kind }: PassShape, { together }: PassContext): number {
    const { memory = DEFAULT_MEMORY } = this.#options;
    const networks = together.filter((other) => other.kind === "network").length;
    if (networks === 0) return memory / together.length;
    const beside = (kind: PassShape["kind"]) => {
      if (kind === "network") return 0;
      const { share, most } = SIDE_MEMORY[kind];
      return Math.min(share * memory, most);
    };
    if (kind !== "network") return beside(kind);
    return together.reduce((left, other) => left - beside(other.kind), memory) / networks;
  }
}
