/** `tessera photo.jpg`: upscales pictures. */

import { dirname } from "node:path";
import { UsageError } from "../errors.ts";
import { FORMATS, type PictureFormat } from "../pictures/mod.ts";
import type { Upscaler } from "../upscaler.ts";
import {
  alignRows,
  choiceOption,
  describeOptions,
  listOf,
  type OptionValues,
  switchOption,
  textOption,
} from "./arguments.ts";
import { EXIT, EXIT_CODE_HELP } from "./exit_codes.ts";
import { explainError } from "./failure.ts";
import { InterruptListener } from "./interrupt.ts";
import { type Job, planJobs } from "./jobs.ts";
import { requestFolder } from "./permissions.ts";
import {
  ENCODING_OPTIONS,
  encodingOf,
  INPUT_OPTIONS,
  maxPixelsOf,
  TREATMENT_OPTIONS,
  treatmentOf,
} from "./picture_options.ts";
import { parseWithPreset, PRESET_OPTIONS } from "./preset_options.ts";
import { printNote, printResult } from "./print.ts";
import { formatDuration, progressFor } from "./progress.ts";
import { SUBCOMMANDS } from "./subcommands.ts";
import { createUpscaler, scaleFor, UPSCALER_OPTIONS } from "./upscaler_options.ts";
import type { JobReport } from "./job_report.ts";
import { runJob } from "./run_job.ts";
import { VERSION } from "./version.ts";

const FORMAT_NAMES = Object.keys(FORMATS) as PictureFormat[];

/** Every option; also what presets may hold. */
export const OPTIONS = {
  output: textOption({
    short: "o",
    value: "FILE|FOLDER",
    help: "where the result goes (default: photo-x4.jpg beside photo.jpg)",
  }),
  ...PRESET_OPTIONS,
  ...UPSCALER_OPTIONS,
  format: choiceOption({
    value: "NAME",
    words: FORMAT_NAMES,
    help: `${listOf(FORMAT_NAMES)} (default: as -o or the input is named)`,
  }),
  ...ENCODING_OPTIONS,
  ...TREATMENT_OPTIONS,
  ...INPUT_OPTIONS,
  overwrite: switchOption("replace results that exist"),
  quiet: switchOption("only errors", "q"),
  json: switchOption("one JSON line per picture on stdout"),
  version: switchOption("version of Tessera", "V"),
  help: switchOption("this text", "h"),
};

type UpscaleValues = OptionValues<typeof OPTIONS>;

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseWithPreset(OPTIONS, args);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  if (values.version) {
    printResult(`tessera ${VERSION} (deno ${Deno.version.deno})`);
    return EXIT.done;
  }
  if (inputs.length === 0) {
    throw new UsageError("No picture was given: tessera photo.jpg --scale 4, or --help");
  }
  return await upscaleAll(inputs, values);
}

async function upscaleAll(inputs: string[], values: UpscaleValues): Promise<number> {
  new Set(inputs.map((input) => dirname(input))).forEach((path) => requestFolder("read", path));
  using interrupt = new InterruptListener();
  const upscaler = await createUpscaler(values);
  try {
    const scale = scaleFor(upscaler, values);
    const jobs = planJobs(inputs, scale, values);
    const codes: number[] = [];
    for (const job of jobs) {
      if (interrupt.signal.aborted) break;
      codes.push(await reportJob(job, upscaler, values, scale, interrupt.signal));
    }
    return interrupt.signal.aborted ? EXIT.interrupted : exitCodeOf(codes);
  } finally {
    upscaler.destroy();
  }
}

/** Upscales one picture, says how it went and returns its exit code: the others go on. */
async function reportJob(
  job: Job,
  upscaler: Upscaler,
  values: UpscaleValues,
  scale: number,
  signal: AbortSignal,
): Promise<number> {
  const say = values.quiet ? () => {} : printNote;
  try {
    const report = await runJob(job, upscaler, {
      scale,
      maxPixels: maxPixelsOf(values),
      treatment: treatmentOf(values),
      encoding: encodingOf(values),
      overwrite: values.overwrite,
      signal,
      onProgress: progressFor(job.input, values.quiet),
      onLoss: (loss) => say(`${job.output}: ${loss}`),
    });
    say(describe(report));
    if (values.json) printResult(JSON.stringify(report));
    return EXIT.done;
  } catch (error) {
    const { kind, message, exitCode } = explainError(error);
    printNote(`tessera: ${job.input}: ${message}`);
    if (values.json) printResult(JSON.stringify({ input: job.input, error: { kind, message } }));
    return exitCode;
  }
}

function describe({ input, output, outputWidth, outputHeight, seconds }: JobReport): string {
  const size = `${outputWidth} x ${outputHeight}`;
  return `${input} -> ${output} (${size}, ${formatDuration(seconds.total)})`;
}

function exitCodeOf(codes: number[]): number {
  if (codes.length === 1) return codes[0]!;
  return codes.every((code) => code === EXIT.done) ? EXIT.done : EXIT.failed;
}

function help(): string {
  const subcommands = SUBCOMMANDS.map(({ name, summary }) => [name, summary] as const);
  return `Tessera upscales photos on your GPU.

Usage: tessera PICTURE... [options]
       tessera SUBCOMMAND [options]

  tessera photo.jpg                          writes photo-x4.jpg
  tessera photo.jpg --scale 2.5 -o big.png
  tessera a.jpg b.png -o results/
  tessera logo.png -o logo.jpg --background white

Pictures are JPEG, PNG, WebP, AVIF, JPEG XL, TIFF, GIF or BMP files.

Options:
${describeOptions(OPTIONS)}

Subcommands (each has its own --help):
${alignRows(subcommands)}

Exit codes:
${alignRows(EXIT_CODE_HELP)}`;
}
