/** `tessera watch in/ -o out/`: upscales the pictures of a folder, and those that come into it later. */

import { InputError, UsageError } from "../../errors.ts";
import { Arrivals, type FileState } from "../batch/arrivals.ts";
import { runBatch } from "../batch/batch.ts";
import { findInputs, type Input, searchedFolder } from "../batch/inputs.ts";
import type { Job } from "../batch/jobs.ts";
import { Session } from "../batch/session.ts";
import { makeFolder, statOrUndefined } from "../files/output_file.ts";
import { describeOptions, grouped, numberOption } from "../options/arguments.ts";
import { parseWithPreset } from "../options/preset_options.ts";
import { UPSCALE_OPTIONS } from "../options/upscale_options.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { explainError, type Failure, printFailure } from "../terminal/failure.ts";
import { InterruptListener } from "../terminal/interrupt.ts";
import { requestFolder } from "../terminal/permissions.ts";
import { printNote, printResult } from "../terminal/print.ts";

/** Seconds for which a file that is whole has not changed. */
const DEFAULT_SETTLE = 2;

/** Milliseconds between two looks into the folder. */
const PAUSE = 500;

/** Milliseconds after which a picture is tried again that failed for another reason than its own file. */
const RETRY = 60_000;

const { shard: _shard, "files-from": _list, "dry-run": _dry, "save-mask": _mask, ...SHARED } =
  UPSCALE_OPTIONS;

const OPTIONS = {
  ...SHARED,
  ...grouped("Many pictures", {
    settle: numberOption({
      value: "S",
      min: 0.1,
      max: 3600,
      help: `a picture is taken once it has not changed for S seconds (default: ${DEFAULT_SETTLE})`,
    }),
  }),
};

type WatchValues = ReturnType<typeof parseWithPreset<typeof OPTIONS>>["values"];

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseWithPreset(OPTIONS, args, UPSCALE_OPTIONS);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  const [folder] = inputs;
  if (inputs.length !== 1 || statOrUndefined(folder)?.isDirectory !== true) {
    throw new UsageError(
      `Expected one folder but received ${
        inputs.map((each) => `"${each}"`).join(", ") || "none"
      }: tessera watch in/ -o out/`,
    );
  }
  if (values.output === undefined) {
    throw new UsageError("Expected a folder for the results: tessera watch in/ -o out/");
  }
  return await watch(folder, values.output, values);
}

async function watch(folder: string, output: string, values: WatchValues): Promise<number> {
  requestFolder("read", searchedFolder(folder));
  requestFolder("read", folder);
  using interrupt = new InterruptListener();
  const { signal } = interrupt;
  const alone = { shard: undefined, "files-from": undefined, "dry-run": false };
  const all = { ...values, ...alone, "save-mask": undefined };
  makeFolder(output);
  using session = await Session.open(all, { several: true, toStdout: false, signal });
  if (!values.quiet) printNote(`Watching ${folder}; Ctrl-C ends it`);
  const arrivals = new Arrivals(1000 * (values.settle ?? DEFAULT_SETTLE));
  const isNews = retrying(arrivals);
  while (!signal.aborted) {
    const code = await takeArrivals(folder, output, session, arrivals, isNews);
    if (code === EXIT.gpu) return code;
    await pause(signal);
  }
  return EXIT.done;
}

/** Does all pictures that are whole, and says how it went. */
async function takeArrivals(
  folder: string,
  output: string,
  session: Session,
  arrivals: Arrivals,
  isNews: (job: Job, failure: Failure) => boolean,
): Promise<number> {
  try {
    const inputs = picturesIn(folder, output);
    const whole = new Set(arrivals.take(statesOf(inputs), Date.now()));
    if (whole.size === 0) return EXIT.done;
    const { jobs, options } = session.batchFor(inputs);
    const own = jobs.filter(({ input }) => whole.has(input));
    return await runBatch(own, session.enhancer, { ...options, several: false, isNews });
  } catch (error) {
    const failure = explainError(error);
    printFailure(folder, failure, session.options.json);
    return failure.exitCode;
  }
}

/**
 * Has pictures tried again that failed for another reason than their own file, as on a full disk. What went
 * wrong is told once of each state of a file.
 */
function retrying(arrivals: Arrivals): (job: Job, failure: Failure) => boolean {
  const told = new Map<string, string>();
  return ({ input }, { kind, message }) => {
    if (kind === "input" || kind === "interrupted") return true;
    arrivals.postpone(input, Date.now() + RETRY);
    // The room on a disk, which messages give in numbers, changes from one try to the next.
    const failure = `${statOrUndefined(input)?.mtime?.getTime()} ${message.replace(/\d+/g, "")}`;
    const isNews = told.get(input) !== failure;
    told.set(input, failure);
    return isNews;
  };
}

/** The folder's pictures; it may have none yet. */
function picturesIn(folder: string, output: string): Input[] {
  try {
    return findInputs({ names: [folder], list: undefined, output }).inputs;
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}

/** What is known of each picture that is still there. */
function statesOf(inputs: readonly Input[]): Map<string, FileState> {
  const states = new Map<string, FileState>();
  for (const { path } of inputs) {
    const found = statOrUndefined(path);
    if (found === undefined) continue;
    states.set(path, { size: found.size, modified: found.mtime?.getTime() });
  }
  return states;
}

/** Waits until it is time for another look, or until the work is to stop. */
function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, PAUSE);
    signal.addEventListener("abort", end);
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
  });
}

function help(): string {
  return `Watches a folder and all below it: each picture is upscaled as soon as it is
written to its end, and again if it is replaced. What was done before is
skipped, also when the program is started again. What fails for want of room or
the like is tried again every minute. It runs until it is stopped with Ctrl-C.

Usage: tessera watch FOLDER -o FOLDER [options]

  tessera watch in/ -o out/ --to 4k

${describeOptions(OPTIONS)}`;
}
