/**
 * What the program does to one picture, as one call: what it is wanted for, how it is to be treated,
 * which network runs and how much damage it takes away, whether the result is made faithful, and what
 * becomes of the metadata.
 */

import type { Gpu } from "../gpu/device.ts";
import { describeDamage } from "../inspect/advice.ts";
import type { Inspection } from "../inspect/inspection.ts";
import type { PassReport, PlannedPass } from "../passes/pass.ts";
import { decodePicture } from "../pictures/decode.ts";
import {
  type Depth,
  fromDisplay,
  gatherRows,
  isLinearPicture,
  type Picture,
  type PictureFormat,
  type PictureHeader,
  type PictureRows,
  toDisplay,
} from "../pictures/mod.ts";
import { FAST_HALO } from "../networks/rrdbnet/halo.ts";
import type { Size } from "../raster/size.ts";
import type { UpscaleOptions } from "../upscale_options.ts";
import type { PictureRun, Plan, Report, RunOptions } from "../upscale_plan.ts";
import type { Mask } from "../pictures/mask.ts";
import type { Upscaler } from "../upscaler.ts";
import { type Aim, aimAt, padTo, resultOf, upscaleOf } from "./aim.ts";
import type { Looked } from "./looking.ts";
import { prepare, type Source } from "./preparation.ts";
import { blendProtected, Feather } from "./protection.ts";
import {
  checkProtection,
  type EnhanceOptions,
  type EnhancerOptions,
  isProtecting,
  targetRequestOf,
} from "./options.ts";
import { recordedHashes, type RecordedRun, withRunRecord } from "./record.ts";
import { treat } from "./treatment.ts";
import { type Choice, UpscalerPool } from "./upscaler_pool.ts";

/** The factor of a model that has none of its own: `bicubic` and `lanczos3`. */
const DEFAULT_SCALE = 4;

/** Something to know about a result, for people. */
export interface Note {
  /**
   * `loss`: something of the picture that the result does not show, or shows otherwise. `crop`: how much of
   * it does not fit. `damage`: why the picture is denoised. `traces`: tiles leave some.
   * `regions`: what of it is protected, repaired or made up.
   */
  kind: "loss" | "crop" | "damage" | "traces" | "regions";
  text: string;
}

/** A result on its way, with what is around the picture. */
export interface EnhancementRun extends PictureRun {
  /**
   * Returns what the result is, with the record of how it was made: what ran, once its first rows have
   * come, and what is planned before.
   */
  header(): PictureHeader;
}

/** What was made of a picture. */
export interface Enhanced {
  picture: Picture;
  /** Networks and their order, tiles, precision, what had to be done once more, and consistency. */
  report: Report;
  /** The share of the restorer that was blended in. */
  denoise: number;
  notes: readonly Note[];
}

/**
 * Enhances pictures with one model on one device, one at a time.
 *
 * @example
 * ```ts
 * import { Enhancer } from "./enhance.ts";
 * import { gatherRows } from "../pictures/mod.ts";
 * const enhancer = await Enhancer.create({ model: "fast-x4" });
 * const picture = { width: 8, height: 6, channels: 1, depth: 8, metadata: {} } as const;
 * const data = new Uint8Array(48).fill(99);
 * const enhancement = await enhancer.plan({ ...picture, data }, { to: "32x18" });
 * console.assert(enhancement.aim.crop.height === 4 || enhancement.aim.crop.height === 5);
 * const { width, height } = await gatherRows(enhancement.run());
 * console.assert(width === 32 && height === 18);
 * enhancer.destroy();
 * ```
 */
export class Enhancer {
  readonly #pool: UpscalerPool;
  readonly #options: EnhancerOptions;
  #weights: Promise<string[]> | undefined;

  private constructor(pool: UpscalerPool, options: EnhancerOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  /**
   * Loads a model and opens a device.
   *
   * @throws {UsageError} If an option is out of range.
   * @throws {ModelError} If the model cannot be used.
   * @throws {NoGpuError} If there is no adapter.
   */
  static async create(options: EnhancerOptions = {}): Promise<Enhancer> {
    return new Enhancer(await UpscalerPool.create(options), options);
  }

  get gpu(): Gpu {
    return this.#pool.first.gpu;
  }

  /** The model's name, for people. */
  get label(): string {
    return this.#pool.first.label;
  }

  /** The factor that is taken where none is asked for. */
  get scale(): number {
    return this.#pool.first.network?.scale ?? DEFAULT_SCALE;
  }

  /**
   * Plans what becomes of a picture. One that comes in rows is walked once more where only its pixels
   * decide: for `gravity: "auto"`, `pad: "blur"`, and formats that cannot hold its alpha; it counts as
   * undamaged.
   *
   * @param file The bytes that it was decoded from, if they are at hand: what only they tell of damage.
   * @throws {UsageError} If options contradict each other, the size is out of reach, the format cannot
   *   hold the picture's alpha, or memory is too small.
   * @throws {GpuError} If the device fails.
   */
  async plan(
    picture: Picture | PictureRows,
    options: EnhanceOptions = {},
    file?: Uint8Array,
  ): Promise<Enhancement> {
    checkProtection(options);
    const request = targetRequestOf(options, this.scale);
    const { format = "png", background, toSrgb = false, strip = false, record = true } = options;
    const notes: Note[] = [];
    const lose = (text: string) => notes.push({ kind: "loss", text });
    const { style } = request;
    const choice = await this.#pool.upscalerFor(picture, style, file);
    const stored = await treat(picture, format, { background, toSrgb, strip }, lose);
    const linear = isLinearPicture(stored) ? stored.depth : undefined;
    const treated = linear === undefined ? stored : toDisplay(stored);
    const aim = aimOf(await aimAt(request, treated), strip);
    notes.push(...cropNotes(aim, treated, request.label));
    const looked = await lookIfAsked(treated, options, aim);
    notes.push(...looked.notes);
    const preparation = { ...looked, tone: options.tone === "auto", aim };
    const { header, source } = prepare(this.gpu, looked.picture, preparation);
    const plan = await choice.upscaler.plan(header, upscaleOf(aim));
    notes.push(...notesOn(choice, plan));
    const faithful = looked.protection &&
      await this.#faithful(looked.protection, picture, { header, aim, file });
    const run = record && !strip ? await this.#recordOf(options, choice, plan) : undefined;
    const { damage } = looked;
    return new Enhancement({
      ...{ choice, aim, plan, header, source, faithful, damage, format, run, notes, linear },
    });
  }

  /** Plans the faithful result that is taken where something is protected. */
  async #faithful(
    mask: Mask,
    picture: Picture | PictureRows,
    { header, aim, file }: { header: PictureHeader; aim: Aim; file: Uint8Array | undefined },
  ): Promise<FaithfulPart> {
    const { creativity: _, ...style } = { ...aim.style, mode: "faithful" as const };
    const { upscaler } = await this.#pool.upscalerFor(picture, style, file);
    const plan = await upscaler.plan(header, upscaleOf({ ...aim, style }));
    return { plan, upscaler, feather: new Feather(mask, aim) };
  }

  /**
   * Returns how long a plan would take, in seconds: see `Upscaler.estimateSeconds`.
   *
   * @throws {GpuError} If the device fails.
   */
  async estimateSeconds({ choice, plan, faithful }: Enhancement): Promise<number> {
    const seconds = await choice.upscaler.estimateSeconds(plan);
    if (faithful === undefined) return seconds;
    return seconds + await faithful.upscaler.estimateSeconds(faithful.plan);
  }

  /** Gives the weights back, and the device if it was not brought along. */
  destroy(): void {
    this.#pool.destroy();
  }

  async #recordOf(options: EnhanceOptions, choice: Choice, plan: Plan): Promise<RecordedRun> {
    this.#weights ??= recordedHashes(this.#options);
    return {
      options: { ...this.#options, ...options },
      weights: await this.#weights,
      model: choice.upscaler.label,
      denoise: choice.denoise,
      detail: choice.detail,
      adapter: choice.upscaler.gpu.adapter.description,
      from: { width: plan.width, height: plan.height },
      to: { width: plan.outputWidth, height: plan.outputHeight },
      passes: plan.passes,
    };
  }
}

/** What an enhancement consists of. */
interface EnhancementParts {
  choice: Choice;
  aim: Aim;
  plan: Plan;
  header: PictureHeader;
  source: Source;
  faithful: FaithfulPart | undefined;
  damage: Mask | undefined;
  format: PictureFormat;
  run: RecordedRun | undefined;
  notes: readonly Note[];
  /** The depth of a picture that is linear, which its result becomes again. */
  linear: Depth | undefined;
}

/** The faithful result of which a part is seen. */
interface FaithfulPart {
  plan: Plan;
  upscaler: Upscaler;
  feather: Feather;
}

/** All that is known about a picture before the work, ready to be run. */
export class Enhancement {
  /** What it is upscaled with, and why. */
  readonly choice: Choice;
  /** What of the picture is used, how large that becomes, and what is around it. */
  readonly aim: Aim;
  readonly plan: Plan;
  readonly notes: readonly Note[];
  /** What is repaired, at the picture's size; undefined if nothing was to be. */
  readonly damage: Mask | undefined;
  /** The faithful result that is taken where something is protected; undefined if nothing is. */
  readonly faithful: FaithfulPart | undefined;
  readonly #header: PictureHeader;
  readonly #source: Source;
  readonly #format: PictureFormat;
  readonly #run: RecordedRun | undefined;
  readonly #linear: Depth | undefined;

  constructor(parts: EnhancementParts) {
    this.choice = parts.choice;
    this.aim = parts.aim;
    this.plan = parts.plan;
    this.notes = parts.notes;
    this.damage = parts.damage;
    this.faithful = parts.faithful;
    this.#header = parts.header;
    this.#source = parts.source;
    this.#format = parts.format;
    this.#run = parts.run;
    this.#linear = parts.linear;
  }

  /** The result's size, channels and depth, and its metadata with the record of what is planned. */
  get result(): PictureHeader {
    return this.#resultOf(this.plan.passes);
  }

  /** Result pixels per pixel of what is used. */
  get scale(): number {
    return this.aim.width / (this.aim.frame ?? this.aim.crop).width;
  }

  /** The share of the restorer in the weights, 0 to 1. */
  get denoise(): number {
    return this.choice.denoise;
  }

  /** What was found in the picture, if the share was chosen by that. */
  get inspection(): Inspection | undefined {
    return this.choice.inspection;
  }

  /**
   * Does it.
   *
   * @returns The result, row by row; see `Plan.run`.
   * @throws As `Plan.run`.
   */
  run(options: RunOptions = {}): EnhancementRun {
    const part = this.#source(options.signal);
    const run = this.faithful === undefined
      ? this.plan.run(part, options)
      : withFaithful(this.plan, this.faithful, part, options);
    const padded = padTo(run, this.aim);
    return {
      ...this.result,
      rows: this.#linear === undefined ? padded.rows : fromDisplay(padded, this.#linear),
      pixels: padded === run && this.#linear === undefined ? run.pixels : undefined,
      report: run.report,
      header: () => this.#resultOf(run.report().passes),
    };
  }

  #resultOf(passes: readonly (PlannedPass | PassReport)[]): PictureHeader {
    const { metadata } = this.#header;
    const part = { ...this.#header, depth: this.#linear ?? this.#header.depth };
    const recorded = this.#run === undefined
      ? metadata
      : withRunRecord(part, this.#format, { ...this.#run, passes });
    return resultOf({ ...part, metadata: recorded }, this.aim);
  }
}

/** Runs both plans, the faithful one first, and puts what is protected of it into the other's result. */
function withFaithful(
  plan: Plan,
  { plan: faithfulPlan, feather }: FaithfulPart,
  part: Picture | PictureRows,
  options: RunOptions,
): PictureRun {
  const { onProgress } = options;
  const half = (begin: number): RunOptions => ({
    ...options,
    ...onProgress && {
      onProgress: (done) => onProgress({ ...done, fraction: begin + done.fraction / 2 }),
    },
  });
  const faithful = faithfulPlan.run(part, half(0));
  const invented = plan.run(part, half(0.5));
  return {
    ...invented,
    rows: blendProtected(faithful, invented, feather),
    pixels: undefined,
  };
}

/**
 * Enhances one picture: makes an {@linkcode Enhancer}, plans, runs, and gives everything back.
 *
 * @param picture A picture, or the bytes of its file, which also tell of damage.
 * @throws {UsageError} If options contradict each other or cannot be met.
 * @throws {InputError} If the file is no sound picture.
 * @throws {ModelError} If the model cannot be used.
 * @throws {NoGpuError} If there is no adapter.
 * @throws {GpuError} If the device fails.
 *
 * @example
 * ```ts
 * import { enhance } from "./enhance.ts";
 * const data = Uint8Array.from({ length: 300 }, (_, i) => i % 200);
 * const grey = { width: 20, height: 15, channels: 1, depth: 8, data, metadata: {} } as const;
 * const { picture, report } = await enhance(grey, { model: "fast-x4", to: "80x", denoise: "auto" });
 * console.assert(picture.width === 80 && picture.height === 60);
 * console.assert(report.consistency! > 30);
 * ```
 */
export async function enhance(
  picture: Picture | PictureRows | Uint8Array,
  options:
    & EnhancerOptions
    & EnhanceOptions
    & Pick<UpscaleOptions, "signal" | "onProgress" | "onRetry"> = {},
): Promise<Enhanced> {
  const isFile = picture instanceof Uint8Array;
  const decoded = isFile ? await decodePicture(picture) : picture;
  const enhancer = await Enhancer.create(options);
  try {
    const enhancement = await enhancer.plan(decoded, options, isFile ? picture : undefined);
    const run = enhancement.run(options);
    const { data } = await gatherRows(run);
    const { denoise, notes } = enhancement;
    return { picture: { ...run.header(), data }, report: run.report(), denoise, notes };
  } finally {
    enhancer.destroy();
  }
}

/** Looks for what the options and the aim ask for, if they ask for anything. */
async function lookIfAsked(
  picture: Picture | PictureRows,
  options: EnhanceOptions,
  aim: Aim,
): Promise<Looked> {
  if (options.repair === undefined && !isProtecting(options) && aim.frame === undefined) {
    return { picture, damage: undefined, protection: undefined, kept: {}, notes: [] };
  }
  const { lookAt } = await import("./looking.ts");
  return await lookAt(picture, options, aim);
}

/** A stripped result tells no density, not even that of a print. */
function aimOf(aim: Aim, strip: boolean): Aim {
  return strip ? { ...aim, perMetre: undefined } : aim;
}

/** The share of a picture that may be cut off without a word. */
const CROPPED_IN_SILENCE = 1 / 3;

/** Says how much of a picture is cut off, if that is more than people expect. */
function cropNotes({ crop }: Aim, picture: Size, label: string): Note[] {
  const lost = 1 - crop.width * crop.height / (picture.width * picture.height);
  if (lost <= CROPPED_IN_SILENCE) return [];
  const text = `${label} has other proportions: ${
    Math.round(100 * lost)
  } % of the picture is cut off`;
  return [{ kind: "crop", text }];
}

/** Says why a picture is denoised: "JPEG of quality 42: denoise 0.75"; and where tiles leave traces. */
function notesOn({ denoise, inspection }: Choice, { passes }: Plan): Note[] {
  const notes: Note[] = [];
  if (inspection !== undefined && denoise > 0) {
    const text = `${describeDamage(inspection)}: denoise ${denoise}`;
    notes.push({ kind: "damage", text });
  }
  const traced = passes.find(({ exact }) => !exact);
  if (traced !== undefined) notes.push({ kind: "traces", text: describeTraces(traced) });
  return notes;
}

/**
 * Says where tiles leave traces. With the default halo, pictures came out at most 7 of 255 levels off,
 * 0.06 on average (RealESRGAN_x4plus, 8 tiles on a part of a photograph, against one piece).
 */
function describeTraces({ tiles, halo }: PlannedPass): string {
  const measured = halo === FAST_HALO ? ", measured at up to 7 of 255 levels" : "";
  return `it is cut into ${tiles} tiles with a halo of ${halo} pixels, which leaves slight traces` +
    measured;
}
