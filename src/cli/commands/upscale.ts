/** `tessera photo.jpg`: upscales pictures. */

import { matrixUnits } from "../../engine/matrix_units.ts";
import { Enhancer } from "../../enhance/enhance.ts";
import { targetRequestOf } from "../../enhance/options.ts";
import { UsageError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { describeTargets } from "../../targets/target.ts";
import { alignRows, describeOptions } from "../options/arguments.ts";
import { type BatchOptions, runBatch } from "../batch/batch.ts";
import { dryRun } from "../batch/dry_run.ts";
import { EXIT, EXIT_CODE_HELP } from "../terminal/exit_codes.ts";
import { findInputs, type Input, searchedFolder } from "../batch/inputs.ts";
import { InterruptListener } from "../terminal/interrupt.ts";
import { outputFolder, planJobs } from "../batch/jobs.ts";
import { isStdout, STDIN } from "../files/standard_streams.ts";
import { Ledger } from "../batch/ledger.ts";
import { OutputNames } from "../batch/output_names.ts";
import { DEFAULT_PATTERN, PLACEHOLDERS } from "../options/name_pattern.ts";
import { requestFolder } from "../terminal/permissions.ts";
import { encodingOf, readingOf, treatmentOf } from "../options/picture_options.ts";
import { parseWithPreset } from "../options/preset_options.ts";
import { printNote, printResult } from "../terminal/print.ts";
import { effectiveSettings } from "../batch/settings.ts";
import { describeShard, isInShard, shardFrom, shardVariables } from "../batch/shard.ts";
import { SUBCOMMANDS } from "../subcommands.ts";
import { enhanceOptionsOf } from "../options/target_options.ts";
import { UPSCALE_OPTIONS, type UpscaleValues } from "../options/upscale_options.ts";
import { enhancerOptionsOf } from "../options/upscaler_options.ts";
import { VERSION } from "../version.ts";

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseWithPreset(UPSCALE_OPTIONS, args);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  if (values.version) {
    printResult(`tessera ${VERSION} (deno ${Deno.version.deno})`);
    return EXIT.done;
  }
  if (inputs.length === 0 && values["files-from"] === undefined) {
    throw new UsageError("No picture was given: tessera photo.jpg --scale 4, or --help");
  }
  return await upscaleAll(inputs, values);
}

async function upscaleAll(names: string[], values: UpscaleValues): Promise<number> {
  new Set(names.map(searchedFolder)).forEach((path) => requestFolder("read", path));
  using interrupt = new InterruptListener();
  const output = isStdout(values.output) ? undefined : values.output;
  const { inputs, several } = findInputs({ names, list: values["files-from"], output });
  const shard = several ? values.shard ?? shardFrom(shardVariables()) : undefined;
  const asked = enhanceOptionsOf(values);
  const enhancer = await Enhancer.create(await enhancerOptionsOf(values));
  try {
    if (values.backend === "dawn" && !values.quiet) await noteMatrixUnits(enhancer.gpu);
    const { scale, label } = targetRequestOf(asked, enhancer.scale);
    const request = { ...values, several, toStdout: goesToStdout(inputs, several, values) };
    const known = { model: enhancer.label, ...(scale !== undefined && { scale }) };
    const defaultPattern = values.to === undefined ? DEFAULT_PATTERN : patternFor(label);
    const names = new OutputNames(inputs);
    const jobs = planJobs(inputs, { ...request, defaultPattern, known }, names);
    const own = shard === undefined ? jobs : jobs.filter(({ label }) => isInShard(label, shard));
    if (shard !== undefined && !values.quiet) {
      printNote(`${describeShard(shard)}: ${own.length} of ${jobs.length} pictures`);
    }
    const folder = several ? outputFolder(request) : undefined;
    using ledger = folder === undefined ? undefined : new Ledger(folder);
    const options: BatchOptions = {
      job: {
        enhance: { ...asked, ...treatmentOf(values) },
        ...readingOf(values),
        encoding: encodingOf(values),
        frames: values.frames === "first" ? "first" : "all",
        keepDate: values["keep-date"],
        signal: interrupt.signal,
      },
      names,
      ledger,
      settings: ledger === undefined ? {} : await effectiveSettings(values, scale),
      several,
      otherShards: jobs.length - own.length,
      overwrite: values.overwrite,
      quiet: values.quiet,
      json: values.json,
    };
    if (values["dry-run"]) return await dryRun(own, enhancer, options, folder);
    return await runBatch(own, enhancer, options);
  } finally {
    enhancer.destroy();
  }
}

/**
 * Says whether the result goes to stdout: it was asked for, or the picture comes from stdin and no place
 * was named.
 *
 * @throws {UsageError} If more would go there.
 */
function goesToStdout(
  inputs: readonly Input[],
  several: boolean,
  { output, name, json }: UpscaleValues,
): boolean {
  const isPiped = output === undefined && name === undefined && inputs[0]?.path === STDIN;
  if (!isStdout(output) && !(isPiped && !several)) return false;
  if (several) throw new UsageError("Several pictures do not fit into stdout: --output FOLDER");
  if (!json) return true;
  throw new UsageError(
    "The picture and --json cannot both go to stdout: name a file with --output",
  );
}

/** Says, once for all pictures, if the units that Dawn is asked for are not used. */
async function noteMatrixUnits(gpu: Gpu): Promise<void> {
  const units = await matrixUnits(gpu);
  if (units.shape === undefined) {
    printNote(`Matrix units are not used, but the ordinary kernels: ${units.missing}`);
  }
}

/** Names of results of a size: `photo-4k.jpg`, `photo-print-13x18cm.jpg`. */
function patternFor(label: string): string {
  return `{name}-${label.replaceAll(/[:@]/g, "-")}.{ext}`;
}

function help(): string {
  const subcommands = SUBCOMMANDS.map(({ name, summary }) => [name, summary] as const);
  return `Tessera upscales photos on your GPU.

Usage: tessera PICTURE|FOLDER|GLOB|-... [options]
       tessera SUBCOMMAND [options]

  tessera photo.jpg                          photo-x4.jpg
  tessera photo.jpg --scale 2.5 -o big.png
  tessera photo.jpg --to 4k --gravity auto   photo-4k.jpg, 3840 x 2160
  tessera a.jpg b.png -o results/
  tessera holiday/ -o large/                 all below it; again: what is new
  tessera "holiday/**/*.{jpg,png}" -o large/ --name "{name}-{width}.{ext}"
  tessera logo.png -o logo.jpg --background white
  tessera comic.cbz                          comic-x4.cbz, page by page
  curl -s https://example.org/a.jpg | tessera - > large.jpg

Pictures are JPEG, PNG, WebP, AVIF, HEIC, JPEG XL, TIFF, GIF, BMP or SVG files, or raw files of cameras.

${describeOptions(UPSCALE_OPTIONS)}

Sizes of --to:
${alignRows(describeTargets())}

Placeholders of --name:
${alignRows(Object.entries(PLACEHOLDERS).map(([word, meaning]) => [`{${word}}`, meaning]))}

Subcommands (each has its own --help):
${alignRows(subcommands)}

Exit codes:
${alignRows(EXIT_CODE_HELP)}`;
}
