/**
 * `tessera work`: one JSON job per line on stdin, one JSON answer per line on stdout, on a device that
 * stays open. A queue of any kind can be put before it.
 */

import { Enhancer } from "../../enhance/enhance.ts";
import { type EnhancerOptions, targetRequestOf } from "../../enhance/options.ts";
import { UsageError } from "../../errors.ts";
import { CODECS_HERE } from "../batch/codecs.ts";
import { planJobs } from "../batch/jobs.ts";
import { Turns } from "../batch/turns.ts";
import { statOrUndefined } from "../files/output_file.ts";
import { runJob } from "../job/run_job.ts";
import { describeOptions, type OptionTable, parseOptions } from "../options/arguments.ts";
import { encodingOf, readingOf, treatmentOf } from "../options/picture_options.ts";
import { parseWithPreset } from "../options/preset_options.ts";
import { regionOptionsOf } from "../options/region_options.ts";
import { enhanceOptionsOf } from "../options/target_options.ts";
import { UPSCALE_OPTIONS } from "../options/upscale_options.ts";
import { enhancerOptionsOf } from "../options/upscaler_options.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { explainError } from "../terminal/failure.ts";
import { InterruptListener } from "../terminal/interrupt.ts";
import { printNote, printResult } from "../terminal/print.ts";

const {
  output: _output,
  name: _name,
  "files-from": _filesFrom,
  "dry-run": _dryRun,
  shard: _shard,
  json: _json,
  version: _version,
  ...OPTIONS
} = UPSCALE_OPTIONS;

/** A line of stdin, apart from its `id`, by which a queue may know it. */
interface WorkJob {
  input: string;
  output: string;
  /** The other options, as a command line has them. */
  args: string[];
}

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseWithPreset(OPTIONS, args);
  if (inputs.length > 0) {
    throw new UsageError(`Unexpected argument "${inputs[0]}": jobs come on stdin, one JSON a line`);
  }
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  using interrupt = new InterruptListener("Finishing the job in hand", "no job was begun");
  using worker = new Worker(args, values.quiet);
  for await (const line of linesUntil(interrupt.signal)) {
    if (line.trim() === "") continue;
    printResult(JSON.stringify(await worker.answer(line)));
    if (worker.lost) return EXIT.gpu;
  }
  return EXIT.done;
}

/** Does jobs one after the other. */
class Worker implements Disposable {
  readonly #args: readonly string[];
  readonly #quiet: boolean;
  /** What the last job was done with: the next one most often wants the same. */
  #last: { key: string; enhancer: Enhancer } | undefined;

  /** @param args Options that hold for every job, unless it says otherwise. */
  constructor(args: readonly string[], quiet: boolean) {
    this.#args = args;
    this.#quiet = quiet;
  }

  /** Whether the device is gone. */
  get lost(): boolean {
    return this.#last?.enhancer.gpu.lost === true;
  }

  /** Does the job of a line; whatever goes wrong with it is in the answer. */
  async answer(line: string): Promise<Record<string, unknown>> {
    let told: Record<string, unknown> = {};
    try {
      const job = readObject(line);
      told = named(job);
      return { ...told, ...await this.#do(readJob(job)) };
    } catch (error) {
      const { kind, message } = explainError(error);
      return { ...told, error: { kind, message } };
    }
  }

  [Symbol.dispose](): void {
    this.#last?.enhancer.destroy();
    this.#last = undefined;
  }

  async #do({ input, output, args }: WorkJob): Promise<Record<string, unknown>> {
    const { values, inputs } = parseWithPreset(OPTIONS, [...this.#args, ...args]);
    if (inputs.length > 0) throw new UsageError(`Unexpected argument "${inputs[0]}"`);
    if (!values.overwrite && statOrUndefined(output)?.isFile) return { output, skipped: true };
    const enhancer = await this.#enhancerFor(await enhancerOptionsOf(values));
    await enhancer.gpu.reopen();
    const reading = readingOf(values);
    const asked = { ...enhanceOptionsOf(values), ...await regionOptionsOf(values, reading) };
    const { scale } = targetRequestOf(asked, enhancer.scale);
    const [job] = planJobs([{ path: input, folder: "." }], {
      output,
      several: false,
      name: undefined,
      defaultPattern: "{name}.{ext}",
      format: values.format,
      known: { model: enhancer.label, ...(scale !== undefined && { scale }) },
    });
    if (job.problem !== undefined) throw job.problem;
    const report = await runJob(job, enhancer, {
      enhance: { ...asked, ...treatmentOf(values) },
      ...reading,
      encoding: encodingOf(values),
      frames: values.frames === "first" ? "first" : "all",
      keepDate: values["keep-date"],
      saveMask: values["save-mask"],
      takeName: () => {},
      codecs: CODECS_HERE,
      turns: new Turns(),
      mayReplace: () => values.overwrite,
      // The job in hand is finished, whatever signal comes; the second one ends the program.
      signal: new AbortController().signal,
      onProgress: () => {},
      onNote: (note) => this.#quiet || printNote(`${output}: ${note}`),
    });
    return { ...report };
  }

  async #enhancerFor(options: EnhancerOptions): Promise<Enhancer> {
    const key = JSON.stringify(options);
    if (this.#last?.key !== key) {
      this[Symbol.dispose]();
      this.#last = { key, enhancer: await Enhancer.create(options) };
    }
    return this.#last!.enhancer;
  }
}

/** What tells which job an answer is for. */
function named({ id, input }: Record<string, unknown>): Record<string, unknown> {
  return { ...id !== undefined && { id }, ...input !== undefined && { input } };
}

/**
 * Reads a job.
 *
 * @throws {UsageError} If it is none, or has an option that there is not.
 */
function readJob(job: Record<string, unknown>): WorkJob {
  const { id: _, input, output, ...options } = job;
  if (!isFileName(input) || !isFileName(output)) {
    throw new UsageError(
      `Expected a job with "input" and "output", both names of files, but received ` +
        JSON.stringify(job),
    );
  }
  const args = Object.entries(options).flatMap(([name, value]) => asArgument(name, value));
  return { input, output, args };
}

/** The standard streams carry jobs and answers. */
function isFileName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value !== "-";
}

function readObject(line: string): Record<string, unknown> {
  try {
    const job: unknown = JSON.parse(line);
    if (typeof job === "object" && job !== null && !Array.isArray(job)) return { ...job };
  } catch {
    // Said below.
  }
  throw new UsageError(`Expected a JSON object on one line but received ${line}`);
}

/** An option as the command line has it, so that both are read and refused alike. */
function asArgument(name: string, value: unknown): string[] {
  const option = (OPTIONS as OptionTable)[name];
  if (option === undefined || name === "help" || name === "quiet") {
    parseOptions(OPTIONS, [`--${name}`, ""]);
    throw new UsageError(`A job cannot have the option "${name}"`);
  }
  if (option.value === undefined) {
    if (typeof value === "boolean") return value ? [`--${name}`] : [];
    throw new UsageError(`Expected true or false for "${name}" but received ${value}`);
  }
  if (typeof value === "string" || typeof value === "number") return [`--${name}=${value}`];
  throw new UsageError(`Expected text or a number for "${name}" but received ${value}`);
}

/** Yields the lines of stdin, until the signal comes. */
async function* linesUntil(signal: AbortSignal): AsyncGenerator<string> {
  const reader = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
  const { promise: stopped, resolve } = Promise.withResolvers<{ done: true; value: undefined }>();
  signal.addEventListener("abort", () => resolve({ done: true, value: undefined }));
  let text = "";
  for (;;) {
    const { done, value } = await Promise.race([stopped, reader.read()]);
    if (done || value === undefined) break;
    const lines = (text + value).split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      if (signal.aborted) return;
      yield line;
    }
  }
  if (!signal.aborted) yield text;
}

function help(): string {
  return `Does jobs that come on stdin, one JSON object a line, and answers each on
stdout with one line once its result is in place under its name.

Usage: tessera work [options] < jobs

  {"input": "a.jpg", "output": "a-4k.jpg", "to": "4k"}
  {"id": 7, "input": "b.png", "output": "b.webp", "strip": true}

A job may have every option below by its name, and an id that comes back in the
answer; options of the command line hold for all jobs. The answer is the line of
--json; {"skipped": true} if the result was there already (--overwrite makes it
again); or {"error": {"kind", "message"}}, and the next job is done. After
SIGTERM or Ctrl-C the job in hand is finished, and no other begun.

${describeOptions(OPTIONS)}`;
}
