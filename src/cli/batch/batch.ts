/**
 * Pictures one after the other on one device: what is done is skipped, what fails is told and the
 * others go on.
 */

import type { Enhancer } from "../../enhance/enhance.ts";
import { type Codecs, CodecsForOne, CodecThreads } from "./codecs.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { explainError, type Failure, printFailure } from "../terminal/failure.ts";
import { type JobReport, toMilliseconds } from "../job/job_report.ts";
import { type Job, outputIfKnown } from "./jobs.ts";
import { keyOfJob, type Ledger } from "./ledger.ts";
import type { OutputNames } from "./output_names.ts";
import { printNote, printResult } from "../terminal/print.ts";
import { BatchProgress, formatDuration } from "../terminal/progress.ts";
import { runComic } from "../job/run_comic.ts";
import { type JobOptions, runJob } from "../job/run_job.ts";
import { describeSummary, type Summary } from "./summary.ts";
import { Turns } from "./turns.ts";

/** How a batch is done. */
export interface BatchOptions {
  job: Omit<
    JobOptions,
    | "codecs"
    | "turns"
    | "takeName"
    | "onNamed"
    | "mayReplace"
    | "onFinish"
    | "onProgress"
    | "onNote"
  >;
  /** Where the names of results are taken. */
  names: OutputNames;
  /** Whether results may be replaced, and are made again. */
  overwrite: boolean;
  /** Where results are recorded; only of several pictures that go into a folder. */
  ledger: Ledger | undefined;
  /** The settings that the results share, for the ledger. */
  settings: Record<string, unknown>;
  /** Whether the command line may mean several pictures: then there is a summary. */
  several: boolean;
  /** Pictures that are left to other shards. */
  otherShards: number;
  quiet: boolean;
  json: boolean;
  /** Says whether a failure is told; all are, unless it is given. */
  isNews?: (job: Job, failure: Failure) => boolean;
}

/** What the pictures of a batch share. */
interface Tools {
  progress: BatchProgress;
  turns: Turns;
  /** Of names that wait for a picture's size: they are taken in the order of the pictures. */
  namings: Turns;
  codecs: Codecs;
}

/** Pictures that are in memory together: one is decoded, one on the device, one encoded. */
const AT_A_TIME = 3;

/** What became of one picture. */
type Outcome =
  | { kind: "done"; report: JobReport }
  | { kind: "skipped"; output: string }
  | { kind: "failed"; failure: Failure };

/**
 * Upscales pictures and says how it went.
 *
 * @returns The exit code: that of the only picture, or 1 if one of several failed. If the device is lost,
 * nothing after it could be done: that of a device that failed.
 */
export async function runBatch(
  jobs: readonly Job[],
  enhancer: Enhancer,
  options: BatchOptions,
): Promise<number> {
  const start = performance.now();
  const outcomes: [Job, Outcome][] = [];
  const { signal } = options.job;
  for await (const [job, outcome] of outcomesOf(jobs, enhancer, options)) {
    outcomes.push([job, outcome]);
    tell(job, outcome, options);
  }
  const summary = summarise(outcomes, jobs.length, options, (performance.now() - start) / 1000);
  if (options.several) {
    if (!options.quiet) printNote(describeSummary(summary));
    if (options.json) printResult(JSON.stringify({ summary }));
  }
  if (signal.aborted) return EXIT.interrupted;
  if (enhancer.gpu.lost) return EXIT.gpu;
  const [only] = outcomes;
  if (!options.several && only?.[1].kind === "failed") return only[1].failure.exitCode;
  return summary.failed === 0 ? EXIT.done : EXIT.failed;
}

/**
 * Yields what became of each picture, in their order. While one is on the device, the one before it is
 * encoded and the one behind it is decoded.
 */
async function* outcomesOf(
  jobs: readonly Job[],
  enhancer: Enhancer,
  options: BatchOptions,
): AsyncGenerator<[Job, Outcome]> {
  const progress = new BatchProgress(jobs.length, options.quiet);
  const turns = new Turns();
  using codecs = jobs.length > 1 ? new CodecThreads() : new CodecsForOne();
  const namings = new Turns();
  const tools = { progress, turns, namings, codecs };
  const begun: [Job, Promise<Outcome>][] = [];
  for (const job of jobs) {
    if (options.job.signal.aborted || !await hasDevice(enhancer)) break;
    begun.push([job, attempt(job, enhancer, options, tools)]);
    if (begun.length === AT_A_TIME) yield await settled(begun.shift()!);
  }
  for (const entry of begun) yield await settled(entry);
}

/** Says whether there is a device; one that a picture was given up for is opened again. */
async function hasDevice({ gpu }: Enhancer): Promise<boolean> {
  return await gpu.reopen().then(() => true, () => false);
}

async function settled([job, outcome]: [Job, Promise<Outcome>]): Promise<[Job, Outcome]> {
  return [job, await outcome];
}

/** Upscales one picture unless it is done; whatever goes wrong is its own affair. */
async function attempt(
  job: Job,
  enhancer: Enhancer,
  options: BatchOptions,
  { progress, turns, namings, codecs }: Tools,
): Promise<Outcome> {
  const { ledger, overwrite, settings, quiet, names } = options;
  const naming = namings.take();
  const onNamed = () => void naming.then((turn) => turn[Symbol.dispose]());
  try {
    if (job.problem !== undefined) throw job.problem;
    const key = ledger && await keyOfJob(job, ledger, settings);
    const output = overwrite ? undefined : ledger?.findDone(key);
    if (output !== undefined) {
      progress.skip();
      return { kind: "skipped", output };
    }
    const mayReplace = (path: string) => overwrite || ledger?.isOurs(path) === true;
    const known = outputIfKnown(job);
    const report = await (job.isComic ? runComic : runJob)(job, enhancer, {
      ...options.job,
      turns,
      codecs,
      takeName: async (path) => {
        if (path !== known) await naming;
        const refusal = names.take(path, job.input);
        if (refusal !== undefined) throw refusal;
      },
      onNamed,
      mayReplace,
      onFinish: (path, bytes) => key !== undefined && ledger?.record(path, bytes, key),
      onProgress: (done) => progress.report(job.input, done),
      onNote: (note) => quiet || printNote(`${known ?? job.input}: ${note}`),
    });
    progress.finish(job.input);
    return { kind: "done", report };
  } catch (error) {
    progress.finish(job.input);
    return { kind: "failed", failure: explainError(error) };
  } finally {
    onNamed();
  }
}

/** Says what became of a picture, as it happens. */
function tell(job: Job, outcome: Outcome, { quiet, json, isNews }: BatchOptions): void {
  const { input } = job;
  switch (outcome.kind) {
    case "done":
      if (!quiet) printNote(describe(outcome.report));
      if (json) printResult(JSON.stringify(outcome.report));
      return;
    case "skipped":
      if (json) printResult(JSON.stringify({ input, output: outcome.output, skipped: true }));
      return;
    case "failed":
      if (isNews?.(job, outcome.failure) === false) return;
      printFailure(input, outcome.failure, json);
  }
}

function describe(report: JobReport): string {
  const { input, output, outputWidth, outputHeight, consistency, pages, seconds } = report;
  const promise = consistency === null ? "" : `, consistency ${consistency} dB`;
  const size = `${describePages(pages)}${outputWidth} x ${outputHeight}`;
  return `${input} -> ${output} (${size}${promise}, ${formatDuration(seconds.total)})`;
}

/** Says how many pages a comic or a TIFF has; nothing of a single picture. */
function describePages(pages: JobReport["pages"]): string {
  if (pages === undefined) return "";
  const kept = pages.kept > 0 ? `, ${pages.kept} as before` : "";
  return `${pages.enhanced} pages${kept}, the first `;
}

function summarise(
  outcomes: readonly [Job, Outcome][],
  pictures: number,
  { job: { signal }, otherShards }: BatchOptions,
  seconds: number,
): Summary {
  const count = (kind: Outcome["kind"]) => outcomes.filter(([, o]) => o.kind === kind).length;
  const failures = outcomes.flatMap(failureOf);
  return {
    pictures,
    done: count("done"),
    skipped: count("skipped"),
    failed: failures.length,
    otherShards,
    stopped: outcomes.length < pictures || signal.aborted,
    seconds: toMilliseconds(seconds),
    failures,
  };
}

/** A picture that was interrupted has not failed. */
function failureOf([{ input }, outcome]: [Job, Outcome]): Summary["failures"] {
  if (outcome.kind !== "failed" || outcome.failure.kind === "interrupted") return [];
  const { kind, message } = outcome.failure;
  return [{ input, kind, message }];
}
