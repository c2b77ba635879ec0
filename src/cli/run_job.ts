/**
 * One picture from file to file: read, decode, upscale, encode, write.
 */

import { type EncodeOptions, gatherRows, type Picture, type Samples } from "../pictures/mod.ts";
import type { Progress } from "../progress.ts";
import { FAST_HALO } from "../tiles/budget.ts";
import type { PictureRows, Plan, Upscaler } from "../upscaler.ts";
import { type Aim, aimAt, copyMaker, cropTo, padTo, resultOf, upscaleOf } from "./aim.ts";
import type { Codecs } from "./codecs.ts";
import { checkSpace, mostBytes } from "./disk_space.ts";
import { checkEncoder, encodeRows, isWrittenInRows } from "./encoding.ts";
import { type InputFile, openPicture } from "./input_file.ts";
import { type RunRecord, withJobRecord } from "./job_record.ts";
import { describeJob, type JobReport, PhaseClock } from "./job_report.ts";
import { type Job, outputIfKnown, outputOf } from "./jobs.ts";
import { makeFolder, OutputFile } from "./output_file.ts";
import type { TargetRequest } from "./target_options.ts";
import { treat, type Treatment } from "./treatment.ts";
import type { Turns } from "./turns.ts";
import { explainChoice, type UpscalerPool } from "./upscaler_pool.ts";

/** How the pictures are to be upscaled, and whom to tell. */
export interface JobOptions {
  target: TargetRequest;
  /** The most pixels that the input may claim. */
  maxPixels: number;
  treatment: Treatment;
  /** What is written into each result about how it was made; `undefined`: nothing. */
  record: RunRecord | undefined;
  encoding: Omit<EncodeOptions, "format">;
  codecs: Codecs;
  /** The device's: pictures before and behind this one are decoded and encoded meanwhile. */
  turns: Turns;
  /** Says whether what lies under a result's name may be replaced. */
  mayReplace: (output: string) => boolean;
  /** Told of a result's path and size just before it gets its name. */
  onFinish?: ((output: string, bytes: number) => void) | undefined;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Receives sentences about what of the input the output will not show, or shows otherwise. */
  onLoss: (loss: string) => void;
}

/**
 * Upscales one picture.
 *
 * @throws {UsageError} If the output cannot be written.
 * @throws {InputError} If the input cannot be read.
 * @throws {GpuError} If the device fails.
 */
export async function runJob(
  job: Job,
  pool: UpscalerPool,
  options: JobOptions,
): Promise<JobReport> {
  const { signal } = options;
  const clock = new PhaseClock();
  const encoding = { ...options.encoding, format: job.format };
  const known = outputIfKnown(job);
  using early = known === undefined ? undefined : openOutput(job, known, options);
  using input = await openPicture(job.input, options.maxPixels, options.codecs);
  const choice = await pool.upscalerFor(input.picture, input.bytes);
  const { upscaler, denoise } = choice;
  const picture = await treat(input.picture, job.format, options.treatment, options.onLoss);
  const aim = await aimAt(options.target, picture, copyMaker(picture, () => reopen(job, options)));
  const cropped = cropTo(picture, aim);
  const plan = await upscaler.plan(cropped, upscaleOf(aim));
  const reason = explainChoice(choice);
  if (reason !== undefined) options.onLoss(reason);
  sayTraces(plan, options.onLoss);
  const part = options.record === undefined
    ? cropped
    : withJobRecord(cropped, job.format, options.record, choice, plan);
  const result = resultOf(part, aim);
  const scale = aim.width / aim.crop.width;
  const output = outputOf(job, result, scale);
  using file = early ?? openOutput(job, output, options);
  await checkEncoder(result, encoding, options.codecs);
  checkSpace(file.folder, mostBytes(result, job.format));
  signal.throwIfAborted();
  const encoded = isWrittenInRows(result, encoding, options.codecs)
    ? encodedInRows
    : encodedAsWhole;
  for await (const bytes of encoded(part, aim, encoding, upscaler, options, clock)) {
    await file.write(bytes);
  }
  signal.throwIfAborted();
  options.onFinish?.(output, file.bytes);
  await file.commit();
  return {
    ...describeJob(job.input, output, upscaler, plan, scale),
    width: picture.width,
    height: picture.height,
    outputWidth: result.width,
    outputHeight: result.height,
    denoise,
    seconds: clock.stop(),
  };
}

/** Makes the unfinished result: if that fails, it does before the work. */
function openOutput(job: Job, path: string, { mayReplace }: JobOptions): OutputFile {
  if (job.makesFolder) makeFolder(job.folder);
  return new OutputFile(path, { overwrite: mayReplace(path) });
}

/**
 * Says where tiles leave traces. With the default halo, pictures came out at most 7 of 255 levels off,
 * 0.06 on average (RealESRGAN_x4plus, 8 tiles on a part of a photograph, against one piece).
 */
function sayTraces({ passes }: Plan, say: (sentence: string) => void): void {
  const traced = passes.find(({ exact }) => !exact);
  if (traced === undefined) return;
  const measured = traced.halo === FAST_HALO ? ", measured at up to 7 of 255 levels" : "";
  say(
    `it is cut into ${traced.tiles} tiles with a halo of ${traced.halo} pixels, which leaves slight ` +
      `traces${measured}: --halo exact or more --memory leaves none`,
  );
}

/** Opens a picture once more, for one look at it before the work. */
async function reopen(job: Job, { maxPixels, codecs, treatment }: JobOptions): Promise<InputFile> {
  const input = await openPicture(job.input, maxPixels, codecs);
  return { ...input, picture: await treat(input.picture, job.format, treatment, () => {}) };
}

/** Yields the bytes of the result as its rows are made. */
async function* encodedInRows(
  picture: Picture | PictureRows,
  aim: Aim,
  encoding: EncodeOptions,
  upscaler: Upscaler,
  { turns, signal, onProgress }: JobOptions,
  clock: PhaseClock,
): AsyncGenerator<Uint8Array> {
  clock.enter("wait");
  using _turn = await turns.take();
  clock.enter("upscale");
  const upscaled = upscaler.upscaleRows(picture, { ...upscaleOf(aim), signal, onProgress });
  const { rows, ...header } = padTo(upscaled, aim);
  yield* encodeRows(header, timed(rows, clock), encoding);
}

/** Yields the bytes of the result at once. */
async function* encodedAsWhole(
  picture: Picture | PictureRows,
  aim: Aim,
  encoding: EncodeOptions,
  upscaler: Upscaler,
  { codecs, turns, signal, onProgress }: JobOptions,
  clock: PhaseClock,
): AsyncGenerator<Uint8Array> {
  clock.enter("wait");
  const turn = await turns.take();
  let result: Picture;
  try {
    clock.enter("upscale");
    const upscaled = upscaler.upscaleRows(picture, { ...upscaleOf(aim), signal, onProgress });
    result = await gatherRows(padTo(upscaled, aim));
  } finally {
    turn[Symbol.dispose]();
  }
  clock.enter("encode");
  yield await codecs.encode(result, encoding);
}

/** Passes rows on; the time until the next ones are asked for goes to the encoder. */
async function* timed(rows: AsyncIterable<Samples>, clock: PhaseClock): AsyncGenerator<Samples> {
  for await (const samples of rows) {
    clock.enter("encode");
    yield samples;
    clock.enter("upscale");
  }
  clock.enter("encode");
}
