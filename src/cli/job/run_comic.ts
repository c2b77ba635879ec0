/**
 * A comic archive from file to file: every page is enhanced, under its own name and in its place. What is
 * no picture, and a page that cannot be enhanced, stays as it is.
 */

import { dirname, extname } from "node:path";
import type { Enhancer } from "../../enhance/enhance.ts";
import { InputError, UsageError } from "../../errors.ts";
import { isPictureName, resultFormatOf } from "../../pictures/mod.ts";
import { type Job, outputIfKnown } from "../batch/jobs.ts";
import { type ComicEntry, ComicWriter, readComic } from "../files/comic.ts";
import { pictureOf, readWhole } from "../files/input_file.ts";
import type { Output } from "../files/output_file.ts";
import { describeJob, type JobReport, PhaseClock, reportedDecibels } from "./job_report.ts";
import { prepareJob } from "./prepare_job.ts";
import { finish, type JobOptions, openOutput, startWork } from "./run_job.ts";

/** A page that was enhanced: its file, and what was done. */
interface Page {
  name: string;
  bytes: Uint8Array;
  report: Omit<JobReport, "pages" | "seconds">;
}

/**
 * Enhances the pages of a comic archive.
 *
 * @returns What was done with the first page, and how many there were.
 * @throws {UsageError} If the archive cannot be written, or its name waits for the size of a page.
 * @throws {InputError} If it cannot be read, or none of its pages can be enhanced.
 */
export async function runComic(
  job: Job,
  enhancer: Enhancer,
  options: JobOptions,
): Promise<JobReport> {
  const output = outputIfKnown(job);
  if (output === undefined && !job.toStdout) {
    throw new UsageError("The pages of a comic have sizes of their own: its name cannot tell them");
  }
  const clock = new PhaseClock();
  using file = await openOutput(job, output ?? "", options);
  options.onNamed?.();
  const entries = readComic(await readWhole(job.input, options.signal));
  const { first, pages } = await writePages(job, entries, file, enhancer, options, clock);
  await finish(job, output ?? "", file, options);
  const where = { input: job.input, output: output ?? "stdout" };
  return { ...first.report, ...where, pages, seconds: clock.stop() };
}

async function writePages(
  job: Job,
  entries: readonly ComicEntry[],
  file: Output,
  enhancer: Enhancer,
  options: JobOptions,
  clock: PhaseClock,
): Promise<{ first: Page; pages: NonNullable<JobReport["pages"]> }> {
  const writer = new ComicWriter();
  const total = entries.filter(({ name }) => isPictureName(name)).length;
  const pages = { enhanced: 0, kept: 0 };
  const taken = new Set(entries.map(({ name }) => name));
  let first: Page | undefined;
  let failure: Error | undefined;
  for (const entry of entries) {
    options.signal.throwIfAborted();
    const done = (fraction: number) => (pages.enhanced + pages.kept + fraction) / total;
    const onNote = (note: string) => options.onNote(`${entry.name}: ${note}`);
    const result = await enhanceEntry(job, entry, enhancer, {
      ...options,
      onNote,
      onProgress: ({ fraction, ...progress }) =>
        options.onProgress({ ...progress, fraction: done(fraction), secondsLeft: undefined }),
    }, clock);
    if (result.page !== undefined) {
      pages.enhanced++;
      first ??= result.page;
    } else if (result.failure !== undefined) {
      pages.kept++;
      failure = result.failure;
      const fate = result.kept === undefined ? "it is left out" : "it stays as it is";
      onNote(`${failure.message.replace(/\.$/, "")}: ${fate}`);
    }
    const { name, bytes } = result.page ?? { name: entry.name, bytes: result.kept };
    if (bytes === undefined) continue;
    const free = freeName(name, entry.name, taken);
    for (const part of writer.add(free, bytes)) await file.write(part);
  }
  if (first === undefined) throw failure ?? new InputError("There is no picture in this archive");
  for (const part of writer.end()) await file.write(part);
  return { first, pages };
}

/** Returns a name that no other page has, though formats may have become the same: `01.png.webp`. */
function freeName(name: string, old: string, taken: Set<string>): string {
  const free = name === old || !taken.has(name) ? name : old + extname(name);
  taken.add(free);
  return free;
}

/** What becomes of an entry: an enhanced page, or its own bytes, and why so if it is a picture. */
interface EntryResult {
  page?: Page;
  kept?: Uint8Array;
  failure?: Error;
}

async function enhanceEntry(
  job: Job,
  entry: ComicEntry,
  enhancer: Enhancer,
  options: JobOptions,
  clock: PhaseClock,
): Promise<EntryResult> {
  let kept: Uint8Array | undefined;
  try {
    clock.enter("decode");
    kept = entry.read();
    if (!isPictureName(entry.name)) return { kept };
    return { page: await enhancePage(job, entry.name, kept, enhancer, options, clock) };
  } catch (failure) {
    if (!(failure instanceof InputError || failure instanceof UsageError)) throw failure;
    return { ...kept && { kept }, failure };
  }
}

/** Returns what is to be done with a page: it keeps its name, and its format unless one was asked for. */
export function pageJobOf(job: Job, name: string): Job {
  const stem = name.slice(name.lastIndexOf("/") + 1, name.length - extname(name).length);
  return {
    ...job,
    input: name,
    isComic: false,
    folder: dirname(name),
    name: [stem, ".", { placeholder: "ext" }],
    format: job.format ?? resultFormatOf(name),
  };
}

async function enhancePage(
  job: Job,
  name: string,
  bytes: Uint8Array,
  enhancer: Enhancer,
  options: JobOptions,
  clock: PhaseClock,
): Promise<Page> {
  using input = { ...await pictureOf(bytes, options), bytes };
  const prepared = await prepareJob(pageJobOf(job, name), input, enhancer, options);
  const { run, parts } = startWork(prepared, enhancer, options, clock);
  const written: Uint8Array[] = [];
  for await (const part of parts) written.push(part);
  const { passes, consistency } = run.report();
  const { width, height } = input.picture;
  return {
    name: prepared.output.replaceAll("\\", "/"),
    bytes: new Uint8Array(await new Blob(written as BlobPart[]).arrayBuffer()),
    report: {
      ...describeJob(name, name, prepared.enhancement, passes),
      width,
      height,
      denoise: prepared.enhancement.denoise,
      consistency: consistency === undefined ? null : reportedDecibels(consistency),
      retries: [],
    },
  };
}
