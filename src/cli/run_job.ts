/**
 * One picture from file to file: read, decode, upscale, encode, write.
 */

import { UsageError } from "../errors.ts";
import {
  type EncodeOptions,
  encodePicture,
  encodePngRows,
  FORMATS,
  type Picture,
  type Samples,
} from "../pictures/mod.ts";
import type { Progress } from "../progress.ts";
import type { PictureRows, Plan, Upscaler } from "../upscaler.ts";
import { checkSpace, mostBytes } from "./disk_space.ts";
import { openPicture } from "./input_file.ts";
import { describeJob, type JobReport, PhaseClock } from "./job_report.ts";
import type { Job } from "./jobs.ts";
import { OutputFile } from "./output_file.ts";
import { treat, type Treatment } from "./treatment.ts";

/** Encoding it shows whether the codec can be loaded. */
const ONE_PIXEL: Picture = {
  width: 1,
  height: 1,
  channels: 3,
  depth: 8,
  data: new Uint8Array(3),
  metadata: {},
};

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
  await checkEncoder(encoding, plan);
  const size = { width: plan.outputWidth, height: plan.outputHeight };
  checkSpace(file.folder, mostBytes({ ...picture, ...size }, job.format));
  signal.throwIfAborted();
  for await (const bytes of upscaleAndEncode(picture, encoding, upscaler, options, clock)) {
    await file.write(bytes);
  }
  signal.throwIfAborted();
  await file.commit();
  return { ...describeJob(job, upscaler, plan, scale), seconds: clock.stop() };
}

/** Yields the bytes of the result: of a PNG as its rows are made, of the others all at the end. */
async function* upscaleAndEncode(
  picture: Picture | PictureRows,
  encoding: EncodeOptions,
  upscaler: Upscaler,
  { scale, signal, onProgress }: JobOptions,
  clock: PhaseClock,
): AsyncGenerator<Uint8Array> {
  const request = { scale, signal, onProgress };
  clock.enter("upscale");
  if (encoding.format === "png") {
    const { rows, ...header } = upscaler.upscaleRows(picture, request);
    yield* encodePngRows(header, timed(rows, clock));
  } else {
    const result = await upscaler.upscale(picture, request);
    clock.enter("encode");
    yield await encodePicture(result, encoding);
  }
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

/** Finds out before the work whether its result can be encoded. */
async function checkEncoder(encoding: EncodeOptions, plan: Plan): Promise<void> {
  const { name, maxSide } = FORMATS[encoding.format];
  const { outputWidth, outputHeight } = plan;
  if (Math.max(outputWidth, outputHeight) > maxSide) {
    throw new UsageError(
      `${name} holds at most ${maxSide} pixels a side, not ${outputWidth} x ${outputHeight}: ` +
        `choose --format png`,
    );
  }
  await encodePicture(ONE_PIXEL, encoding);
}
