/**
 * One picture from file to file: read, decode, upscale, encode, write.
 */

import { type EncodeOptions, encodePicture, type Picture, type Samples } from "../pictures/mod.ts";
import type { Progress } from "../progress.ts";
import { FAST_HALO } from "../tiles/budget.ts";
import type { PictureRows, Plan, Upscaler } from "../upscaler.ts";
import { checkSpace, mostBytes } from "./disk_space.ts";
import { checkEncoder, encodeRows, isWrittenInRows } from "./encoding.ts";
import { openPicture } from "./input_file.ts";
import { describeJob, type JobReport, PhaseClock } from "./job_report.ts";
import type { Job } from "./jobs.ts";
import { OutputFile } from "./output_file.ts";
import { treat, type Treatment } from "./treatment.ts";

/** How the pictures are to be upscaled, and whom to tell. */
export interface JobOptions {
  scale: number;
  /** The most pixels that the input may claim. */
  maxPixels: number;
  treatment: Treatment;
  encoding: Omit<EncodeOptions, "format">;
  overwrite: boolean;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Receives sentences about what of the input the output will not show. */
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
  upscaler: Upscaler,
  options: JobOptions,
): Promise<JobReport> {
  const { scale, signal } = options;
  const clock = new PhaseClock();
  using file = new OutputFile(job.output, options);
  const encoding = { ...options.encoding, format: job.format };
  using input = await openPicture(job.input, options.maxPixels);
  const picture = await treat(input.picture, job.format, options.treatment, options.onLoss);
  const plan = await upscaler.plan(picture, { scale });
  sayTraces(plan, options.onLoss);
  const result = { ...picture, width: plan.outputWidth, height: plan.outputHeight };
  await checkEncoder(result, encoding);
  checkSpace(file.folder, mostBytes(result, job.format));
  signal.throwIfAborted();
  const encoded = isWrittenInRows(result, encoding) ? encodedInRows : encodedAsWhole;
  for await (const bytes of encoded(picture, encoding, upscaler, options, clock)) {
    await file.write(bytes);
  }
  signal.throwIfAborted();
  await file.commit();
  return { ...describeJob(job, upscaler, plan, scale), seconds: clock.stop() };
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

/** Yields the bytes of the result as its rows are made. */
async function* encodedInRows(
  picture: Picture | PictureRows,
  encoding: EncodeOptions,
  upscaler: Upscaler,
  { scale, signal, onProgress }: JobOptions,
  clock: PhaseClock,
): AsyncGenerator<Uint8Array> {
  clock.enter("upscale");
  const { rows, ...header } = upscaler.upscaleRows(picture, { scale, signal, onProgress });
  yield* encodeRows(header, timed(rows, clock), encoding);
}

/** Yields the bytes of the result at once. */
async function* encodedAsWhole(
  picture: Picture | PictureRows,
  encoding: EncodeOptions,
  upscaler: Upscaler,
  { scale, signal, onProgress }: JobOptions,
  clock: PhaseClock,
): AsyncGenerator<Uint8Array> {
  clock.enter("upscale");
  const result = await upscaler.upscale(picture, { scale, signal, onProgress });
  clock.enter("encode");
  yield await encodePicture(result, encoding);
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
