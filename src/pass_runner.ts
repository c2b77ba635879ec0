/**
 * Single passes: what each would take, and its running. The conductor (`upscaler.ts`) says which follow
 * one another.
 */

import { backProject } from "./engine/back_projection.ts";
import { type Faithfulness, planBackProjection } from "./engine/back_projection_plan.ts";
import { unshuffleOf } from "./engine/memory.ts";
import type { Program } from "./engine/program.ts";
import { planResample, resample, type ResampleRequest } from "./engine/resampler.ts";
import { UsageError } from "./errors.ts";
import type { Gpu } from "./gpu/device.ts";
import { Submitter } from "./gpu/submission.ts";
import { rowsOf } from "./kernels/back_projection.ts";
import type { ResampleKernel } from "./kernels/taps.ts";
import type { NetworkFamily } from "./network_family.ts";
import type { Pass } from "./tiles/passes.ts";
import type { Band, RasterSize, RowWindow } from "./tiles/row_window.ts";
import type { Size } from "./tiles/size.ts";
import { choiceFor, type TileOptions, walk, type WalkProgress } from "./tiles/walk.ts";
import { DEFAULT_MEMORY, type UpscalerOptions } from "./upscale_options.ts";

/**
 * What passes beside a network get: a share of the budget, and at most so many bytes. Back-projection
 * sees many rows around each of its bands.
 */
const SIDE_MEMORY = {
  "resample": { share: 1 / 8, most: 128e6 },
  "back-projection": { share: 1 / 4, most: 256e6 },
} as const;

/** One pass of a plan. */
export interface PlannedPass {
  kind: Pass["kind"];
  /** What people call the network; undefined for the other kinds. */
  network: string | undefined;
  /** Size of what the pass reads. */
  width: number;
  height: number;
  /** Size of what it makes. */
  outputWidth: number;
  outputHeight: number;
  /** Tiles of a network, bands of the other kinds. */
  tiles: number;
  /** Size of a tile's window in pixels, halo included. */
  tileWidth: number;
  tileHeight: number;
  /** Pixels around a tile's core; 0 for one tile, and where bands see all that they need. */
  halo: number;
  /** Whether the result is what it would be without tiles, bit for bit. */
  exact: boolean;
  precision: "f32" | "f16";
  gpuBytes: number;
  /** Of all runs. */
  flop: number;
  /** How often the pass is run: 8 times for the flips and turns of `tta`, else once. */
  runs: number;
}

/** What the passes of one picture have in common. */
export interface PassContext {
  /** All passes that are in memory together. */
  together: Pass[];
  /** The picture itself, which back-projection compares with. */
  picture: RasterSize;
  faithfulness: Faithfulness;
}

/** Where a pass reads, and whom it tells. */
export interface PassRun {
  source: RowWindow;
  /** The picture once more, for back-projection. */
  picture: RowWindow | undefined;
  signal: AbortSignal | undefined;
  onProgress: (done: WalkProgress) => void;
  onConsistency: ((psnr: number) => void) | undefined;
}

/** Plans and runs passes on one device. */
export class PassRunner {
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
   * Returns what a pass would take.
   *
   * @throws {UsageError} If the memory is too small for any tile or band.
   */
  async plan(pass: Pass, context: PassContext, runs: number): Promise<PlannedPass> {
    const { kind, width, height, outputWidth, outputHeight } = pass;
    const common = { kind, width, height, outputWidth, outputHeight, runs };
    const planned = kind === "network"
      ? await this.#planNetwork(pass, context)
      : kind === "resample"
      ? this.#planResample(pass, context)
      : this.#planBackProjection(pass, context);
    return { ...common, ...planned, flop: planned.flop * runs };
  }

  /** Runs a pass and yields its bands. */
  async run(pass: Pass, context: PassContext, run: PassRun): Promise<AsyncGenerator<Band>> {
    const { source, picture, signal, onProgress, onConsistency } = run;
    if (pass.kind === "network") {
      const program = await this.#programFor(pass, context);
      const options = { ...this.#tileOptions(pass, context), signal, onProgress };
      return walk(program, source, this.#submitter, options);
    }
    const report = (fraction: number) => onProgress({ fraction, tiles: 0, ofTiles: 0 });
    if (pass.kind === "resample") {
      return this.resample(pass, context, source, { signal, onProgress: report });
    }
    return backProject(this.#gpu, picture!, source, this.#submitter, {
      ...context.faithfulness,
      depth: pass.depthOut,
      memory: this.#memoryFor(pass, context),
      signal,
      onProgress: report,
      onConsistency,
    });
  }

  /** Resamples; also what the networks do not see. */
  resample(
    pass: Pass,
    context: PassContext,
    source: RowWindow,
    { signal, onProgress }: Pick<ResampleRequest, "signal" | "onProgress">,
  ): AsyncGenerator<Band> {
    const request = { ...this.#resampleRequest(pass, context), signal, onProgress };
    return resample(this.#gpu, source, this.#submitter, request);
  }

  async #planNetwork(pass: Pass, context: PassContext): Promise<PassCost> {
    const program = await this.#programFor(pass, context);
    const choice = choiceFor(program, sizeIn(pass), this.#tileOptions(pass, context));
    const unshuffle = unshuffleOf(program.network);
    return {
      network: this.#family!.labelOf(factorOf(pass)),
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

  #planResample(pass: Pass, context: PassContext): PassCost {
    const request = this.#resampleRequest(pass, context);
    const plan = planResample(sizeIn(pass), request, this.#gpu.maxBinding);
    return {
      ...inBands(pass, plan.bands, plan.sourceRows),
      gpuBytes: plan.gpuBytes,
      flop: plan.flop,
    };
  }

  #planBackProjection(pass: Pass, context: PassContext): PassCost {
    const { bands, gpuBytes, flop } = planBackProjection(
      {
        ...context.faithfulness,
        small: context.picture,
        large: sizeIn(pass),
        depth: pass.depthOut,
      },
      this.#memoryFor(pass, context),
      this.#gpu.maxBinding,
    );
    const rows = Math.max(...bands.map(({ rounds }) => rowsOf(rounds[0].from)));
    return { ...inBands(pass, bands.length, rows), gpuBytes, flop };
  }

  /**
   * The share of the budget of one of several passes that are in memory together: the other kinds go
   * by bands and need little, networks share the rest.
   */
  #memoryFor(pass: Pass, { together }: PassContext): number {
    const { memory = DEFAULT_MEMORY } = this.#options;
    const networks = together.filter((other) => other.kind === "network").length;
    if (networks === 0) return memory / together.length;
    const beside = ({ kind }: Pass) => {
      if (kind === "network") return 0;
      const { share, most } = SIDE_MEMORY[kind];
      return Math.min(share * memory, most);
    };
    if (pass.kind !== "network") return beside(pass);
    return together.reduce((left, other) => left - beside(other), memory) / networks;
  }

  #resampleRequest(pass: Pass, context: PassContext): ResampleRequest {
    return {
      width: pass.outputWidth,
      height: pass.outputHeight,
      kernel: this.#kernel,
      depth: pass.depthOut,
      memory: this.#memoryFor(pass, context),
    };
  }

  #tileOptions(pass: Pass, context: PassContext): TileOptions {
    const { tile = "auto", halo = "auto" } = this.#options;
    return { memory: this.#memoryFor(pass, context), tile, halo, depth: pass.depthOut };
  }

  /** The program in the precision asked for, or in f16 if only that fits, or only that exactly. */
  async #programFor(pass: Pass, context: PassContext): Promise<Program> {
    const { precision = "auto", tile = "auto", halo = "auto" } = this.#options;
    const family = this.#family!;
    const factor = factorOf(pass);
    if (precision !== "auto") return await family.program(this.#gpu, factor, precision);
    const options = this.#tileOptions(pass, context);
    const fit = (program: Program) => fitOf(program, pass, options);
    const program = await family.program(this.#gpu, factor, "f32");
    const asked = tile !== "auto" || halo !== "auto";
    if (fit(program) === "exact" || (asked && fit(program) !== "none")) return program;
    const smaller = await family.program(this.#gpu, factor, "f16");
    return fit(smaller) === "exact" || fit(program) === "none" ? smaller : program;
  }
}

/** What the kinds of passes have to say for themselves. */
type PassCost = Omit<
  PlannedPass,
  "kind" | "width" | "height" | "outputWidth" | "outputHeight" | "runs"
>;

/** What passes that go by bands have in common. */
function inBands(pass: Size, bands: number, rows: number): Omit<PassCost, "gpuBytes" | "flop"> {
  return {
    network: undefined,
    tiles: bands,
    tileWidth: pass.width,
    tileHeight: rows,
    halo: 0,
    exact: true,
    precision: "f32",
  };
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

/** Size and depth of what a pass reads. */
export function sizeIn(pass: Pass): RasterSize {
  return { width: pass.width, height: pass.height, depth: pass.depthIn };
}

/** Size and depth of what a pass makes. */
export function sizeOut(pass: Pass): RasterSize {
  return { width: pass.outputWidth, height: pass.outputHeight, depth: pass.depthOut };
}

function factorOf(pass: Pass): number {
  return pass.outputWidth / pass.width;
}
