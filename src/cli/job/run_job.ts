/**
 * One picture from file to file: read, decode, enhance, encode, write.
 */

import { progressOf } from "../../enhance/animation.ts";
import { samplesOfParts } from "../../enhance/encoding.ts";
import type { Enhancement, EnhancementRun, Enhancer } from "../../enhance/enhance.ts";
import type { Retry } from "../../passes/pass.ts";
import { encodePicture, gatherRows, type Picture, type Samples } from "../../pictures/mod.ts";
import type { Progress } from "../../progress.ts";
import { checkSpace, mostBytes } from "../files/disk_space.ts";
import { type InputFile, openPicture } from "../files/input_file.ts";
import { encodedFrames } from "./animation_job.ts";
import { describeJob, type JobReport, PhaseClock, reportedDecibels } from "./job_report.ts";
import { type Job, outputIfKnown } from "../batch/jobs.ts";
import { makeFolder, type Output, OutputFile, statOrUndefined } from "../files/output_file.ts";
import { StandardOutput } from "../files/standard_output.ts";
import { encodedPages } from "./pages_job.ts";
import { type PreparedJob, prepareJob, type PrepareOptions } from "./prepare_job.ts";
import type { Turns } from "../batch/turns.ts";

/** How the pictures are to be enhanced, and whom to tell. */
export interface JobOptions extends PrepareOptions {
  /** Whether an input is refused that is cut off or damaged in part. */
  strict: boolean;
  /** The device's: pictures before and behind this one are decoded and encoded meanwhile. */
  turns: Turns;
  /** Where a mask of what is repaired goes; undefined: nowhere. */
  saveMask: string | undefined;
  /**
   * Takes a name for the picture's result.
   *
   * @throws {UsageError} If another picture of the run has it.
   */
  takeName: (output: string) => void | Promise<void>;
  /** Told when the name will change no more: then the next picture may take one that waited for its size. */
  onNamed?: (() => void) | undefined;
  /** Says whether what lies under a result's name may be replaced. */
  mayReplace: (output: string) => boolean;
  /** Whether the result's file gets the input's date. */
  keepDate: boolean;
  /** Told of a result's path and size just before it gets its name. */
  onFinish?: ((output: string, bytes: number) => void) | undefined;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/**
 * Enhances one picture.
 *
 * @throws {UsageError} If the output cannot be written.
 * @throws {InputError} If the input cannot be read.
 * @throws {GpuError} If the device fails.
 */
export async function runJob(
  job: Job,
  enhancer: Enhancer,
  options: JobOptions,
): Promise<JobReport> {
  const { signal } = options;
  const clock = new PhaseClock();
  const known = outputIfKnown(job);
  using early = known === undefined ? undefined : await openOutput(job, known, options);
  using input = await openPicture(job.input, options);
  const prepared = await prepareJob(job, input, enhancer, options);
  const { enhancement, result, output, encoding } = prepared;
  if (output !== known) early?.discard();
  using file = early !== undefined && output === known
    ? early
    : await openOutput(job, output, options);
  options.onNamed?.();
  if (file.folder !== undefined) checkSpace(file.folder, mostBytes(result, encoding.format));
  signal.throwIfAborted();
  if (options.saveMask !== undefined) {
    await prepared.writing;
    await saveMask(options.saveMask, enhancement, input, options);
  }
  const { run, parts } = startWork(prepared, enhancer, options, clock);
  for await (const bytes of parts) await file.write(bytes);
  await finish(job, output, file, options);
  const { passes, consistency } = run.report();
  return {
    ...describeJob(job.input, job.toStdout ? "stdout" : output, enhancement, passes),
    width: input.picture.width,
    height: input.picture.height,
    denoise: enhancement.denoise,
    consistency: consistency === undefined ? null : reportedDecibels(consistency),
    retries: passes.flatMap((pass) =>
      pass.retries.map(({ cause, row }) => ({ pass: pass.kind, cause, row }))
    ),
    ...prepared.pages && { pages: { enhanced: prepared.pages.file.count, kept: 0 } },
    seconds: clock.stop(),
  };
}

/** Starts what was prepared; the parts are the bytes of the result's file, and the work is done as they come. */
export function startWork(
  { enhancement, animation, pages, encoding, writing }: PreparedJob,
  enhancer: Enhancer,
  options: JobOptions,
  clock: PhaseClock,
): { run: EnhancementRun; parts: AsyncGenerator<Uint8Array> } {
  const { signal, onProgress, onNote } = options;
  const onRetry = (retry: Retry) => onNote(describeRetry(retry));
  const frames = animation?.animation.delays.length ?? pages?.file.count ?? 1;
  const run = enhancement.run({ signal, onProgress: progressOf(0, frames, onProgress), onRetry });
  if (animation !== undefined) {
    const parts = encodedFrames(run, animation, enhancer, { ...options, encoding }, clock);
    return { run, parts: behind(writing, parts) };
  }
  if (pages !== undefined) {
    const parts = encodedPages(run, pages, enhancer, { ...options, encoding }, clock);
    return { run, parts: behind(writing, parts) };
  }
  return { run, parts: encodedPicture(run, { encoding, writing }, options, clock) };
}

/** Begins only when it is sure that the result can be encoded. */
async function* behind(
  writing: PreparedJob["writing"],
  parts: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  await writing;
  yield* parts;
}

/** Gives a result its name, once all of it is written. */
export async function finish(
  job: Job,
  output: string,
  file: Output,
  { signal, onFinish, keepDate }: JobOptions,
): Promise<void> {
  signal.throwIfAborted();
  onFinish?.(output, file.bytes);
  await file.commit();
  if (keepDate && !job.toStdout) copyDate(job.input, output);
}

/** Gives a result the dates of its input; what came through a pipe has none. */
function copyDate(input: string, output: string): void {
  const dates = statOrUndefined(input);
  if (!dates?.isFile || dates.mtime === null) return;
  Deno.utimeSync(output, dates.atime ?? dates.mtime, dates.mtime);
}

/** Makes the unfinished result: if that fails, it does before the work. */
export async function openOutput(
  job: Job,
  path: string,
  { takeName, mayReplace }: JobOptions,
): Promise<Output> {
  if (job.toStdout) return new StandardOutput();
  await takeName(path);
  if (job.makesFolder) makeFolder(job.folder);
  return new OutputFile(path, { overwrite: mayReplace(path) });
}

/** Writes what is repaired as a picture: white there, else black. */
async function saveMask(
  path: string,
  { damage }: Enhancement,
  { picture: { width, height } }: InputFile,
  { mayReplace }: JobOptions,
): Promise<void> {
  using file = new OutputFile(path, { overwrite: mayReplace(path) });
  const data = new Uint8Array(width * height);
  damage?.data.forEach((mark, i) => data[i] = 255 * mark);
  const mask: Picture = { width, height, channels: 1, depth: 8, data, metadata: {} };
  await file.write(await encodePicture(mask, { format: "png" }));
  await file.commit();
}

function describeRetry({ cause, row, message }: Retry): string {
  const goes = `it goes on from row ${row}`;
  switch (cause) {
    case "lost device":
      return `${message}; the device was opened again and ${goes}`;
    case "memory":
      return `${message}; ${goes} with smaller tiles, which less --memory plans from the start`;
    case "range":
      return `${message}; ${goes} once more, in f32`;
  }
}

/**
 * Yields the bytes of the result: as its rows are made, or at once. The device begins while the codec is
 * still being loaded.
 */
async function* encodedPicture(
  run: EnhancementRun,
  { encoding, writing }: Pick<PreparedJob, "encoding" | "writing">,
  { codecs, turns }: JobOptions,
  clock: PhaseClock,
): AsyncGenerator<Uint8Array> {
  clock.enter("wait");
  using turn = await turns.take();
  clock.enter("upscale");
  const parts: AsyncIterable<Samples | Uint32Array> = run.pixels ?? run.rows;
  const rows = parts[Symbol.asyncIterator]();
  try {
    const begun = rows.next();
    // Its failure is met when it is awaited.
    begun.catch(() => {});
    const inRows = await writing === "rows";
    // What is recorded in the head of the file is what ran: the first rows tell.
    const first = await begun;
    const header = run.header();
    const made = timed(first, rows, clock, turn);
    if (inRows) return yield* codecs.rowEncoderFor(header)(header, made, encoding);
    const { data } = await gatherRows({ ...header, rows: samplesOfParts(header, made) });
    yield await codecs.encode({ ...run.header(), data }, encoding);
  } finally {
    await rows.return?.();
  }
}

/**
 * Passes rows on; the time until the next ones are asked for goes to the encoder. Behind the last ones the
 * device is free.
 */
async function* timed<Rows>(
  first: IteratorResult<Rows>,
  rows: AsyncIterator<Rows>,
  clock: PhaseClock,
  turn: Disposable,
): AsyncGenerator<Rows> {
  for (let next = first; !next.done; next = await rows.next()) {
    clock.enter("encode");
    yield next.value;
    clock.enter("upscale");
  }
  turn[Symbol.dispose]();
  clock.enter("encode");
}
