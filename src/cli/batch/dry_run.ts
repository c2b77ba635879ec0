/** `--dry-run`: what a run would take in time, memory and disk, without writing anything. */

import { dirname } from "node:path";
import type { Enhancement, Enhancer } from "../../enhance/enhance.ts";
import { InputError, UsageError } from "../../errors.ts";
import { isPictureName } from "../../pictures/mod.ts";
import type { Upscaler } from "../../upscaler.ts";
import type { BatchOptions } from "./batch.ts";
import { CODECS_HERE } from "./codecs.ts";
import { freeBytes, megabytes, mostBytes } from "../files/disk_space.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { explainError, printFailure } from "../terminal/failure.ts";
import { readComic } from "../files/comic.ts";
import { type OpenOptions, openPicture, pictureOf, readWhole } from "../files/input_file.ts";
import { describeJob, toMilliseconds } from "../job/job_report.ts";
import type { Job } from "./jobs.ts";
import { keyOfJob } from "./ledger.ts";
import { checkFree, statOrUndefined } from "../files/output_file.ts";
import { prepareJob, type PrepareOptions } from "../job/prepare_job.ts";
import { pageJobOf } from "../job/run_comic.ts";
import { printNote, printResult } from "../terminal/print.ts";
import { formatDuration } from "../terminal/progress.ts";

/** What one picture would take. */
interface Estimate {
  /** Of the device's work, beside reading and writing. */
  seconds: number;
  gpuBytes: number;
  /** Most bytes that the result's file can have. */
  fileBytes: number;
}

/** What all would take. */
interface Total {
  pictures: number;
  toDo: number;
  skipped: number;
  failed: number;
  seconds: number;
  gpuBytes: number;
  fileBytes: number;
  /** Null where that cannot be told. */
  freeBytes: number | null;
}

/**
 * Reads every picture and says what it would take.
 *
 * @param folder The output folder, if there is one.
 * @returns The exit code: 1 if one of several would fail, that of the only one.
 */
export async function dryRun(
  jobs: readonly Job[],
  enhancer: Enhancer,
  options: BatchOptions,
  folder: string | undefined,
): Promise<number> {
  const free = freeBytes(existingFolder(folder ?? jobs[0]?.folder ?? "."));
  const total: Total = {
    pictures: jobs.length,
    toDo: 0,
    skipped: 0,
    failed: 0,
    seconds: 0,
    gpuBytes: 0,
    fileBytes: 0,
    freeBytes: free ?? null,
  };
  const speed = new Speed();
  let onlyCode: number = EXIT.done;
  for (const job of jobs) {
    try {
      options.job.signal.throwIfAborted();
      const estimate = await estimateJob(job, enhancer, options, speed);
      if (estimate === undefined) total.skipped++;
      else add(total, estimate);
    } catch (error) {
      const failure = explainError(error);
      if (failure.kind === "interrupted") return failure.exitCode;
      total.failed++;
      onlyCode = failure.exitCode;
      printFailure(job.input, failure, options.json);
    }
  }
  if (!options.quiet) printNote(describe(total, enhancer.gpu.adapter.description));
  if (options.json) {
    printResult(JSON.stringify({ estimate: { ...total, seconds: toMilliseconds(total.seconds) } }));
  }
  return total.failed > 0 && options.several ? EXIT.failed : onlyCode;
}

/** Estimates one picture; `undefined` if it is done. */
async function estimateJob(
  job: Job,
  enhancer: Enhancer,
  { job: shared, ledger, settings, overwrite, quiet, json }: BatchOptions,
  speed: Speed,
): Promise<Estimate | undefined> {
  if (job.problem !== undefined) throw job.problem;
  const key = ledger && await keyOfJob(job, ledger, settings);
  if (!overwrite && ledger?.findDone(key) !== undefined) return undefined;
  const options = { ...shared, codecs: CODECS_HERE, onNote: () => {} };
  if (job.isComic) {
    const estimate = await estimateComic(job, enhancer, options, speed);
    if (!quiet) printNote(`${job.input} (${formatDuration(estimate.seconds)})`);
    if (json) {
      const shown = { ...estimate, seconds: toMilliseconds(estimate.seconds) };
      printResult(JSON.stringify({ input: job.input, ...shown }));
    }
    return estimate;
  }
  using input = await openPicture(job.input, shared);
  const prepared = await prepareJob(job, input, enhancer, options);
  const { enhancement, result, output, encoding } = prepared;
  await prepared.writing;
  if (!job.toStdout) checkFree(output, overwrite || ledger?.isOurs(output) === true);
  const { plan } = enhancement;
  const { gpuBytes, ...report } = describeJob(job.input, output, enhancement, plan.passes);
  const { width, height } = result;
  const seconds = await speed.secondsFor(enhancement);
  const estimate = { seconds, gpuBytes, fileBytes: mostBytes(result, encoding.format) };
  if (!quiet) {
    printNote(`${job.input} -> ${output} (${width} x ${height}, ${formatDuration(seconds)})`);
  }
  if (json) {
    const shown = { ...estimate, seconds: toMilliseconds(seconds) };
    printResult(JSON.stringify({ ...report, ...shown }));
  }
  return estimate;
}

/** Estimates the pages of a comic archive that can be read. */
async function estimateComic(
  job: Job,
  enhancer: Enhancer,
  options: PrepareOptions & OpenOptions,
  speed: Speed,
): Promise<Estimate> {
  const sum: Estimate = { seconds: 0, gpuBytes: 0, fileBytes: 0 };
  for (const entry of readComic(await readWhole(job.input))) {
    if (!isPictureName(entry.name)) continue;
    try {
      const bytes = entry.read();
      using input = { ...await pictureOf(bytes, options), bytes };
      const page = await prepareJob(pageJobOf(job, entry.name), input, enhancer, options);
      await page.writing;
      const { passes } = page.enhancement.plan;
      sum.seconds += await speed.secondsFor(page.enhancement);
      sum.gpuBytes = Math.max(sum.gpuBytes, ...passes.map(({ gpuBytes }) => gpuBytes));
      sum.fileBytes += mostBytes(page.result, page.encoding.format);
    } catch (error) {
      if (!(error instanceof InputError || error instanceof UsageError)) throw error;
    }
  }
  return sum;
}

function add(total: Total, { seconds, gpuBytes, fileBytes }: Estimate): void {
  total.toDo++;
  total.seconds += seconds;
  total.gpuBytes = Math.max(total.gpuBytes, gpuBytes);
  total.fileBytes += fileBytes;
}

function describe(total: Total, adapter: string): string {
  const { pictures, toDo, skipped, failed, seconds, gpuBytes, fileBytes } = total;
  const counts = [
    `${toDo} to do`,
    ...skipped > 0 ? [`${skipped} done before`] : [],
    ...failed > 0 ? [`${failed} that would fail`] : [],
  ];
  const free = total.freeBytes === null ? "" : ` of ${megabytes(total.freeBytes)} MB that are free`;
  return [
    `${pictures} ${pictures === 1 ? "picture" : "pictures"}: ${counts.join(", ")}`,
    `  time    ${formatDuration(seconds)} on ${adapter}, beside reading and writing the files`,
    `  memory  ${megabytes(gpuBytes)} MB on the GPU`,
    `  disk    at most ${megabytes(fileBytes)} MB${free}`,
    "Nothing was written.",
  ].join("\n");
}

/** How fast each upscaler is, which is measured once. */
class Speed {
  readonly #secondsPerFlop = new Map<Upscaler, number>();

  async secondsFor({ plan, choice: { upscaler } }: Enhancement): Promise<number> {
    const flop = plan.passes.reduce((sum, { flop }) => sum + flop, 0);
    if (flop === 0) return 0;
    let rate = this.#secondsPerFlop.get(upscaler);
    if (rate === undefined) {
      rate = await upscaler.estimateSeconds(plan) / flop;
      this.#secondsPerFlop.set(upscaler, rate);
    }
    return rate * flop;
  }
}

/** The folder itself, or what there is of those above it. */
function existingFolder(folder: string): string {
  return statOrUndefined(folder) === undefined ? existingFolder(dirname(folder)) : folder;
}
