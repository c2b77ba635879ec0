/** `tessera plan photo.jpg`: what would be done, without doing it. */

import { UsageError } from "../errors.ts";
import type { Plan, PlannedPass, Upscaler } from "../upscaler.ts";
import { describeOptions, switchOption } from "./arguments.ts";
import { EXIT } from "./exit_codes.ts";
import { openPicture } from "./input_file.ts";
import { INPUT_OPTIONS, maxPixelsOf } from "./picture_options.ts";
import { parseWithPreset, PRESET_OPTIONS } from "./preset_options.ts";
import { printResult } from "./print.ts";
import { formatDuration } from "./progress.ts";
import { OPTIONS as PRESET_TABLE } from "./upscale.ts";
import { createUpscaler, scaleFor, UPSCALER_OPTIONS } from "./upscaler_options.ts";

const OPTIONS = {
  ...PRESET_OPTIONS,
  ...UPSCALER_OPTIONS,
  ...INPUT_OPTIONS,
  json: switchOption("one JSON line per picture on stdout"),
  help: switchOption("this text", "h"),
};

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseWithPreset(OPTIONS, args, PRESET_TABLE);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  if (inputs.length === 0) throw new UsageError("No picture was given: tessera plan photo.jpg");
  const upscaler = await createUpscaler(values);
  try {
    for (const input of inputs) {
      using file = await openPicture(input, maxPixelsOf(values));
      const plan = await upscaler.plan(file.picture, { scale: scaleFor(upscaler, values) });
      const seconds = await upscaler.estimateSeconds(plan);
      if (values.json) printResult(JSON.stringify({ input, ...plan, seconds }));
      else printResult(describe(input, upscaler, plan, seconds));
    }
  } finally {
    upscaler.destroy();
  }
  return EXIT.done;
}

function describe(input: string, upscaler: Upscaler, plan: Plan, seconds: number): string {
  const from = `${plan.width} x ${plan.height}`;
  const to = `${plan.outputWidth} x ${plan.outputHeight}`;
  return [
    `${input}: ${from} to ${to} with ${upscaler.label} on ${upscaler.gpu.adapter.description}`,
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
