/** `tessera plan photo.jpg`: what would be done, without doing it. */

import { UsageError } from "../errors.ts";
import type { PlannedPass } from "../passes/pass.ts";
import type { Plan } from "../upscale_plan.ts";
import { type Aim, aimAt, cropTo, upscaleOf } from "./aim.ts";
import { describeOptions, switchOption } from "./arguments.ts";
import { EXIT } from "./exit_codes.ts";
import { explainAim, explainSteps } from "./explain_plan.ts";
import { openPicture } from "./input_file.ts";
import { INPUT_OPTIONS, maxPixelsOf } from "./picture_options.ts";
import { parseWithPreset, PRESET_OPTIONS } from "./preset_options.ts";
import { printResult } from "./print.ts";
import { formatDuration } from "./progress.ts";
import { TARGET_OPTIONS, type TargetRequest, targetRequestOf } from "./target_options.ts";
import { UPSCALE_OPTIONS } from "./upscale_options.ts";
import { scaleFor, UPSCALER_OPTIONS } from "./upscaler_options.ts";
import { type Choice, explainChoice, UpscalerPool } from "./upscaler_pool.ts";

const OPTIONS = {
  ...PRESET_OPTIONS,
  ...TARGET_OPTIONS,
  ...UPSCALER_OPTIONS,
  ...INPUT_OPTIONS,
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
  const pool = await UpscalerPool.create(values);
  try {
    const target = targetRequestOf(values, scaleFor(pool.first, values));
    for (const input of inputs) {
      const planned = await planPicture(input, pool, target, maxPixelsOf(values));
      printResult(values.json ? asJson(planned) : describe(planned));
    }
  } finally {
    pool.destroy();
  }
  return EXIT.done;
}

/** What would be done with one picture. */
interface PlannedPicture {
  input: string;
  width: number;
  height: number;
  choice: Choice;
  aim: Aim;
  plan: Plan;
  seconds: number;
}

async function planPicture(
  input: string,
  pool: UpscalerPool,
  target: TargetRequest,
  maxPixels: number,
): Promise<PlannedPicture> {
  using file = await openPicture(input, maxPixels);
  const { picture, bytes } = file;
  const choice = await pool.upscalerFor(picture, bytes);
  const { upscaler } = choice;
  const aim = await aimAt(target, picture);
  const plan = await upscaler.plan(cropTo(picture, aim), upscaleOf(aim));
  const seconds = await upscaler.estimateSeconds(plan);
  return { input, width: picture.width, height: picture.height, choice, aim, plan, seconds };
}

function asJson({ input, width, height, choice, aim, plan, seconds }: PlannedPicture): string {
  const { crop, canvas } = aim;
  const sizes = { width, height, outputWidth: canvas.width, outputHeight: canvas.height };
  const { denoise } = choice;
  return JSON.stringify({ input, ...sizes, crop, canvas, passes: plan.passes, denoise, seconds });
}

function describe(planned: PlannedPicture): string {
  const { input, width, height, choice, aim, plan, seconds } = planned;
  const { upscaler } = choice;
  const sizes = `${width} x ${height} to ${aim.canvas.width} x ${aim.canvas.height}`;
  const damage = explainChoice(choice);
  const reasons = [
    ...damage === undefined ? [] : [damage],
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
  return `Shows what would be done with pictures: passes, tiles, memory, work and time. A small sample is
upscaled to learn how fast this adapter is.

Usage: tessera plan PICTURE... [options]

Options:
${describeOptions(OPTIONS)}`;
}
