/**
 * A plan that runs: the passes of one kind of picture, planned once, and the flow of rows through them.
 */

import { UsageError } from "./errors.ts";
import type { Gpu } from "./gpu/device.ts";
import type { BackProjectionPass } from "./passes/back_projection_pass.ts";
import { LossBudget } from "./passes/loss_budget.ts";
import type { NetworkPass } from "./passes/network_pass.ts";
import { PassLog, type PassReport, type PlannedPass, type Retry } from "./passes/pass.ts";
import type { ResamplePass } from "./passes/resample_pass.ts";
import { type PassShape, sizeIn, sizeOut } from "./passes/route.ts";
import { joinAlpha, splitAlpha, splitAlphaRows } from "./pictures/colour/alpha.ts";
import { fromGpuPixels, unpackRows } from "./pictures/gpu_pixels.ts";
import {
  hasAlpha,
  type Picture,
  type PictureHeader,
  type PictureRows,
  type Samples,
} from "./pictures/picture.ts";
import { gatherRows, samplesOf } from "./pictures/rows.ts";
import { fillTransparent, fillTransparentRows } from "./pictures/colour/transparent_fill.ts";
import { ProgressTracker } from "./progress.ts";
import { type Band, type Bands, pictureBands, rowBands, teeBands } from "./raster/bands.ts";
import { RowWindow } from "./raster/row_window.ts";
import { ENSEMBLE_SIZE, selfEnsemble } from "./self_ensemble.ts";
import type { UpscaleOptions } from "./upscale_options.ts";

/** What an upscale did. */
export interface Report {
  /** The plan's passes, as they ran. */
  passes: PassReport[];
  /** The resampling of alpha, if alpha varies. */
  alpha: PassReport | undefined;
  /**
   * The PSNR in dB of the result, shrunk, against the picture, or what is wanted of it: cleaned by a
   * network that restores, or left to invention. Infinite if they are equal; undefined if the result was
   * not made faithful.
   */
  consistency: number | undefined;
}

/** A result on its way. */
export interface PictureRun extends PictureRows {
  /**
   * The same rows as the device has them (see `pictures/gpu_pixels.ts`), for who hands them on: the memory
   * of each part is the taker's. Undefined if the result is more than what the device gives. Only one of
   * `rows` and `pixels` can be taken.
   */
  pixels?: AsyncIterable<Uint32Array> | undefined;
  /** Returns what was done so far. */
  report(): Report;
}

/** Whom a run listens to, and whom it tells. */
export type RunOptions = Pick<UpscaleOptions, "signal" | "onProgress" | "onReport" | "onRetry">;

/** Networks and resamplings, the first one first. */
export type Chain = readonly (NetworkPass | ResamplePass)[];

/** The passes of a plan. */
export interface PlanPasses {
  chain: Chain;
  /** The chain for the picture turned by 90 degrees, if the mean of flips and turns is taken. */
  turned: Chain | undefined;
  correction: BackProjectionPass | undefined;
  alpha: ResamplePass | undefined;
}

/** Lets the rows of one picture at a time through. */
export type Gate = <Rows>(
  rows: AsyncIterable<Rows>,
  signal: AbortSignal | undefined,
) => AsyncIterable<Rows>;

/** What an upscale will do. */
export class Plan {
  /** Size of the picture. */
  readonly width: number;
  readonly height: number;
  readonly outputWidth: number;
  readonly outputHeight: number;
  /** The passes of its colours. */
  readonly passes: readonly PlannedPass[];
  readonly #picture: Omit<PictureHeader, "metadata">;
  readonly #gpu: Gpu;
  readonly #planned: PlanPasses;
  readonly #gate: Gate;

  constructor(
    gpu: Gpu,
    picture: Omit<PictureHeader, "metadata">,
    passes: PlanPasses,
    gate: Gate,
  ) {
    const { chain, correction } = passes;
    const last = correction ?? chain.at(-1);
    const runs = passes.turned === undefined ? 1 : ENSEMBLE_SIZE;
    this.width = picture.width;
    this.height = picture.height;
    this.outputWidth = last?.shape.outputWidth ?? picture.width;
    this.outputHeight = last?.shape.outputHeight ?? picture.height;
    this.passes = [
      ...chain.map((pass) => repeated(pass.describe(), runs)),
      ...correction === undefined ? [] : [correction.describe()],
    ];
    this.#picture = picture;
    this.#gpu = gpu;
    this.#planned = passes;
    this.#gate = gate;
  }

  /**
   * Does it.
   *
   * @param picture Of the size, depth and channels that were planned for; it is not changed.
   * @returns The result's header, and its samples from the top, whole rows at a time. The work is done
   * as they are taken; it stops, and gives everything back, when they are not taken any more.
   * @throws {UsageError} If the picture is another one. Rows: if the upscaler is at work.
   * @throws {GpuError} Rows: if the device fails, or is lost once more than it is opened again.
   */
  run(picture: Picture | PictureRows, options: RunOptions = {}): PictureRun {
    this.#check(picture);
    const { metadata, channels, depth } = picture;
    const run = new PlanRun(this.#gpu, this.passes, this.#planned, options);
    const size = { width: this.outputWidth, height: this.outputHeight };
    const header = { ...size, channels, depth, metadata };
    const report = () => run.report;
    if (this.passes.length > 0 && !hasAlpha(picture)) {
      const pixels = this.#gate(run.pixels(picture), options.signal);
      return { ...header, rows: unpackRows(header, pixels), pixels, report };
    }
    const rows = this.passes.length === 0 ? unchanged(picture) : run.rowsWithAlpha(picture);
    return { ...header, rows: this.#gate(rows, options.signal), report };
  }

  #check(picture: PictureHeader): void {
    for (const name of ["width", "height", "channels", "depth"] as const) {
      if (picture[name] === this.#picture[name]) continue;
      throw new UsageError(
        `This plan is for a ${name} of ${this.#picture[name]}, not ${picture[name]}`,
      );
    }
  }
}

async function* unchanged(picture: Picture | PictureRows): AsyncGenerator<Samples> {
  yield* samplesOf(picture);
}

function repeated(pass: PlannedPass, runs: number): PlannedPass {
  return { ...pass, runs, flop: pass.flop * runs };
}

/** One picture on its way through the passes. */
class PlanRun {
  readonly #planned: PlanPasses;
  readonly #options: RunOptions;
  readonly #losses: LossBudget;
  readonly #tracker: ProgressTracker;
  readonly #logs: PassLog[];
  readonly #alphaLog: PassLog | undefined;
  #consistency: number | undefined;

  constructor(
    gpu: Gpu,
    passes: readonly PlannedPass[],
    planned: PlanPasses,
    options: RunOptions,
  ) {
    const logOf = (pass: PlannedPass) =>
      new PassLog(pass, (retry: Retry) => options.onRetry?.(retry, pass));
    this.#planned = planned;
    this.#options = options;
    this.#losses = new LossBudget(gpu);
    this.#tracker = new ProgressTracker(passes.map(({ flop }) => flop), options.onProgress);
    this.#logs = passes.map(logOf);
    this.#alphaLog = planned.alpha && logOf(planned.alpha.describe());
  }

  get report(): Report {
    return {
      passes: this.#logs.map(({ report }) => report),
      alpha: this.#alphaLog?.report,
      consistency: this.#consistency,
    };
  }

  /** Yields the result of a picture without alpha, in bands of whole rows. */
  async *pixels(picture: Picture | PictureRows): AsyncGenerator<Uint32Array> {
    yield* wordsOf(this.#bands(picture));
    this.#options.onReport?.(this.report);
  }

  /** Yields the samples of the result of one that has alpha, in bands of whole rows. */
  async *rowsWithAlpha(picture: Picture | PictureRows): AsyncGenerator<Samples> {
    const { colour, alpha, constant } = splitSource(picture);
    const { chain, correction } = this.#planned;
    const { outputWidth: width, depthOut: depth } = (correction ?? chain.at(-1)!).shape;
    const header = { ...colour, width, depth };
    const alphaRows = alpha && this.#alphaRows(alpha);
    let y = 0;
    try {
      for await (const data of unpackRows(header, wordsOf(this.#bands(colour)))) {
        const height = data.length / width / header.channels;
        const band = { ...header, height, data };
        if (alphaRows !== undefined) {
          const words = await alphaRows.cut({ x: 0, y, width, height });
          const values = fromGpuPixels(words, width, height, 1, depth);
          alphaRows.forget(y + height);
          yield joinAlpha(band, { ...band, channels: 1, data: values }).data;
        } else yield constant === undefined ? data : joinAlpha(band, constant).data;
        y += height;
      }
    } finally {
      await alphaRows?.close();
    }
    this.#options.onReport?.(this.report);
  }

  /** Alpha, resampled to the size of the result in one pass. */
  #alphaRows(alpha: Picture | PictureRows): RowWindow {
    const pass = this.#planned.alpha!;
    const source = new RowWindow(sizeIn(pass.shape), bandsOf(alpha));
    const shared = { losses: this.#losses, signal: this.#options.signal };
    const run = { ...shared, source, log: this.#alphaLog! };
    return new RowWindow(sizeOut(pass.shape), pass.run(run));
  }

  /** The passes, each pulling rows from the one before it; the last may look at the picture again. */
  async *#bands(picture: Picture | PictureRows): AsyncGenerator<Band> {
    const { chain, turned, correction } = this.#planned;
    const source = turned !== undefined && "rows" in picture ? await gatherRows(picture) : picture;
    const [first, again] = correction === undefined ? [bandsOf(source)] : readTwice(source);
    const made = "rows" in source || turned === undefined
      ? this.#through(chain, first)
      : pictureBands(await this.#ensemble(source, chain, turned));
    if (correction === undefined) return yield* made;
    const { small } = correction;
    yield* correction.run({
      source: new RowWindow(sizeIn(correction.shape), made),
      picture: new RowWindow(small, again!),
      losses: this.#losses,
      signal: this.#options.signal,
      onProgress: (done) => this.#tracker.report(chain.length, done),
      log: this.#logs[chain.length],
      onConsistency: (psnr) => this.#consistency = psnr,
    });
  }

  /** Networks and resampling, once or as one of several runs. */
  #through(chain: Chain, bands: Bands, { index: run, of: runs } = { index: 0, of: 1 }): Bands {
    return chain.reduce((before: Bands, pass, index) =>
      pass.run({
        source: new RowWindow(sizeIn(pass.shape), before),
        losses: this.#losses,
        signal: this.#options.signal,
        onProgress: (done) => {
          this.#tracker.report(index, { ...done, fraction: (run + done.fraction) / runs });
        },
        log: this.#logs[index],
      }), bands);
  }

  /** The mean over the flips and turns of a picture. */
  #ensemble(picture: Picture, chain: Chain, turnedChain: Chain): Promise<Picture> {
    return selfEnsemble(picture, async (variant, index, turned) => {
      const passes = turned ? turnedChain : chain;
      const run = { index, of: ENSEMBLE_SIZE };
      const bands = this.#through(passes, pictureBands(variant), run);
      const header = { ...variant, ...sizeOut(passes.at(-1)!.shape) };
      return await gatherRows({ ...header, rows: unpackRows(header, wordsOf(bands)) });
    });
  }
}

/** A picture taken apart for the passes. At most one of `alpha` and `constant` is set. */
interface SplitSource {
  colour: Picture | PictureRows;
  /** Grey, if it may vary. */
  alpha: Picture | PictureRows | undefined;
  /** The value of every sample of alpha, if it is the same everywhere. */
  constant: number | undefined;
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

function bandsOf(picture: Picture | PictureRows): Bands {
  return "rows" in picture ? rowBands(picture, picture.rows) : pictureBands(picture);
}

function readTwice(picture: Picture | PictureRows): [Bands, Bands] {
  if ("rows" in picture) return teeBands(rowBands(picture, picture.rows));
  return [pictureBands(picture), pictureBands(picture)];
}

async function* wordsOf(bands: Bands): AsyncGenerator<Uint32Array> {
  for await (const { words } of bands) yield words;
}

/** What passes of the colours there are in all, for shares of the memory. */
export function shapesTogether(
  picture: Omit<PictureHeader, "metadata">,
  shapes: readonly PassShape[],
): { together: PassShape[]; alpha: PassShape | undefined } {
  const last = shapes.at(-1);
  if (last === undefined || !hasAlpha(picture)) return { together: [...shapes], alpha: undefined };
  const { width, height, depth } = picture;
  const { outputWidth, outputHeight } = last;
  const size = { width, height, outputWidth, outputHeight };
  const alpha: PassShape = { kind: "resample", ...size, depthIn: depth, depthOut: depth };
  return { together: [...shapes, alpha], alpha };
}
