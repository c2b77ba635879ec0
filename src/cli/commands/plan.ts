/** `tessera plan photo.jpg`: what would be done, without doing it. */

import { type Enhancement, Enhancer } from "../../enhance/enhance.ts";
import type { EnhanceOptions } from "../../enhance/options.ts";
import { UsageError } from "../../errors.ts";
import type { PlannedPass } from "../../passes/pass.ts";
import { describeOptions, type OptionValues, switchOption } from "../options/arguments.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { explainAim, explainSteps } from "./explain_plan.ts";
import { explainError, printFailure } from "../terminal/failure.ts";
import { type OpenOptions, openPicture } from "../files/input_file.ts";
import { READING_OPTIONS, readingOf } from "../options/picture_options.ts";
import { parseWithPreset, PRESET_OPTIONS } from "../options/preset_options.ts";
import { REGION_OPTIONS, regionOptionsOf } from "../options/region_options.ts";
import { printResult } from "../terminal/print.ts";
import { formatDuration } from "../terminal/progress.ts";
import { enhanceOptionsOf, TARGET_OPTIONS } from "../options/target_options.ts";
import { UPSCALE_OPTIONS } from "../options/upscale_options.ts";
import { enhancerOptionsOf, UPSCALER_OPTIONS } from "../options/upscaler_options.ts";

const OPTIONS = {
  ...PRESET_OPTIONS,
  ...UPSCALER_OPTIONS,
  ...TARGET_OPTIONS,
  ...REGION_OPTIONS,
  ...READING_OPTIONS,
  json: switchOption("one JSON line per picture on stdout"),
  help: switchOption("this text", "h"),
};

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseWithPreset(OPTIONS, args, UPSCALE_OPTIONS);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  if (inputs.length === 0) throw new UsageError("No picture was given: tessera plan photo.jpg");
  const regions = await regionOptionsOf(values, readingOf(values));
  const asked = { ...enhanceOptionsOf(values), ...regions };
  const enhancer = await Enhancer.create(await enhancerOptionsOf(values));
  const codes: number[] = [];
  try {
    for (const input of inputs) codes.push(await planFile(input, enhancer, asked, values));
  } finally {
    enhancer.destroy();
  }
  if (codes.length === 1) return codes[0];
  return codes.every((code) => code === EXIT.done) ? EXIT.done : EXIT.failed;
}

/** Plans one picture, says how and returns its exit code: the others go on. */
async function planFile(
  input: string,
  enhancer: Enhancer,
  asked: EnhanceOptions,
  values: OptionValues<typeof OPTIONS>,
): Promise<number> {
  try {
    const planned = await planPicture(input, enhancer, asked, readingOf(values));
    printResult(values.json ? asJson(planned) : describe(planned));
    return EXIT.done;
  } catch (error) {
    const failure = explainError(error);
    printFailure(input, failure, values.json);
    return failure.exitCode;
  }
}

/** What would be done with one picture. */
interface PlannedPicture {
  input: string;
  width: number;
  height: number;
  enhancement: Enhancement;
  seconds: number;
}

async function planPicture(
  input: string,
  enhancer: Enhancer,
  asked: EnhanceOptions,
  reading: OpenOptions,
): Promise<PlannedPicture> {
  using file = await openPicture(input, reading);
  const { picture, bytes } = file;
  const enhancement = await enhancer.plan(picture, { ...asked, record: false }, bytes);
  const seconds = await enhancer.estimateSeconds(enhancement);
  return { input, width: picture.width, height: picture.height, enhancement, seconds };
}

function asJson({ input, width, height, enhancement, seconds }: PlannedPicture): string {
  const { aim: { crop, canvas, frame = null }, plan: { passes }, denoise } = enhancement;
  const sizes = { width, height, outputWidth: canvas.width, outputHeight: canvas.height };
  return JSON.stringify({ input, ...sizes, crop, canvas, frame, passes, denoise, seconds });
}

function describe(planned: PlannedPicture): string {
  const { input, width, height, enhancement, seconds } = planned;
  const { choice: { upscaler }, aim, plan, notes } = enhancement;
  const sizes = `${width} x ${height} to ${aim.canvas.width} x ${aim.canvas.height}`;
  const reasons = [
    ...notes.filter(({ kind }) => kind === "damage" || kind === "regions").map(({ text }) => text),
    ...explainAim(aim, planned),
    explainSteps(plan, (aim.style.passes ?? 1) > 1),
  ];
  return [
    `${input}: ${sizes} with ${upscaler.label} on ${upscaler.gpu.adapter.description}`,
    ...reasons.map((reason) => `  ${reason}`),
    ...plan.passes.map((pass, i) => `  ${i + 1}. ${describePass(pass)}`),
    `  ${formatDuration(seconds)} to expect, beside reading and writing the files`,
  ].join("\n");
}

function describePass(pass: PlannedPass): string {
  const { kind, tiles, tileWidth, tileHeight, halo, exact, precision, gpuBytes, flop } = pass;
  const cut = tiles === 1
    ? "in one piece"
    : `in ${tiles} ${
      kind === "network" ? "tiles" : "bands"
    } of ${tileWidth} x ${tileHeight} pixels`;
  const seams = exact ? "no trace of tiles" : `a halo of ${halo} pixels, not exact`;
  return `${kind} to ${pass.outputWidth} x ${pass.outputHeight} ${cut}: ${seams}, ${precision}, ` +
    `${(gpuBytes / 1e6).toFixed(0)} MB, ${(flop / 1e9).toFixed(1)} GFLOP`;
}

function help(): string {
  return `Shows what would be done with pictures: passes, tiles, memory, work and time. A
small sample is upscaled to learn how fast this adapter is.

Usage: tessera plan PICTURE... [options]

${describeOptions(OPTIONS)}`;
}
