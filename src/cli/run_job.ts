/**
 * One picture from file to file: read, decode, upscale, encode, write.
 */

import {
  type EncodeOptions,
  gatherRows,
  type Picture,
  type PictureRows,
  type Samples,
} from "../pictures/mod.ts";
import type { Progress } from "../progress.ts";
import type { Report } from "../upscale_plan.ts";
import { padTo, upscaleOf } from "./aim.ts";
import { checkSpace, mostBytes } from "./disk_space.ts";
import { encodeRows, isWrittenInRows } from "./encoding.ts";
import { openPicture } from "./input_file.ts";
import { describeJob, type JobReport, PhaseClock, reportedDecibels } from "./job_report.ts";
import { type Job, outputIfKnown } from "./jobs.ts";
import { makeFolder, OutputFile } from "./output_file.ts";
import { prepareJob, type PrepareOptions } from "./prepare_job.ts";
import type { Turns } from "./turns.ts";
import type { UpscalerPool } from "./upscaler_pool.ts";

/** How the pictures are to be upscaled, and whom to tell. */
export interface JobOptions extends PrepareOptions {
  /** The most pixels that the input may claim. */
  maxPixels: number;
  /** The device's: pictures before and behind this one are decoded and encoded meanwhile. */
  turns: Turns;
  /** Says whether what lies under a result's name may be replaced. */
  mayReplace: (output: string) => boolean;
  /** Told of a result's path and size just before it gets its name. */
  onFinish?: ((output: string, bytes: number) => void) | undefined;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
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
  const { signal, onProgress } = options;
  const clock = new PhaseClock();
  const known = outputIfKnown(job);
  using early = known === undefined ? undefined : openOutput(job, known, options);
  using input = await openPicture(job.input, options.maxPixels, options.codecs);
  const prepared = await prepareJob(job, input, pool, options);
  const { choice: { upscaler, denoise }, plan, aim, result, encoding } = prepared;
  using file = early ?? openOutput(job, prepared.output, options);
  checkSpace(file.folder, mostBytes(result, job.format));
  signal.throwIfAborted();
  const encoded = isWrittenInRows(result, encoding, options.codecs)
    ? encodedInRows
    : encodedAsWhole;
  let consistency: number | undefined;
  const onReport = (report: Report) => consistency = report.consistency;
  const upscale = () => {
    const asked = { ...upscaleOf(aim), signal, onProgress, onReport };
    return padTo(upscaler.upscaleRows(prepared.part, asked), aim);
  };
  for await (const bytes of encoded(upscale, encoding, options, clock)) {
    await file.write(bytes);
  }
  signal.throwIfAborted();
  options.onFinish?.(prepared.output, file.bytes);
  await file.commit();
  return {
    ...describeJob(job.input, prepared.output, upscaler, plan, prepared.scale),
    width: input.picture.width,
    height: input.picture.height,
    outputWidth: result.width,
    outputHeight: result.height,
    denoise,
    consistency: consistency === undefined ? null : reportedDecibels(consistency),
    seconds: clock.stop(),
  };
}

/** Makes the unfinished result: if that fails, it does before the work. */
function openOutput(job: Job, path: string, { mayReplace }: JobOptions): OutputFile {
  if (job.makesFolder) makeFolder(job.folder);
  return new OutputFile(path, { overwrite: mayReplace(path) });
}

/** Yields the bytes of the result as its rows are made. */
async function* encodedInRows(
  upscale: () => PictureRows,
  encoding: EncodeOptions,
  { turns }: JobOptions,
  clock: PhaseClock,
): AsyncGenerator<Uint8Array> {
  clock.enter("wait");
  using _turn = await turns.take();
  clock.enter("upscale");
  const { rows, ...header } = upscale();
  yield* encodeRows(header, timed(rows, clock), encoding);
}

/** Yields the bytes of the result at once. */
async function* encodedAsWhole(
  upscale: () => PictureRows,
  encoding: EncodeOptions,
  { codecs, turns }: JobOptions,
  clock: PhaseClock,
): AsyncGenerator<Uint8Array> {
  clock.enter("wait");
  const turn = await turns.take();
  let result: Picture;
  try {
    clock.enter("upscale");
    result = await gatherRows(upscale());
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
