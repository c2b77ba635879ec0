/** `tessera photo.jpg`: upscales pictures. */

import { matrixUnits } from "../../engine/matrix_units.ts";
import { UsageError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { describeTargets } from "../../targets/target.ts";
import { alignRows, describeOptions } from "../options/arguments.ts";
import { runBatch } from "../batch/batch.ts";
import { dryRun } from "../batch/dry_run.ts";
import { EXIT, EXIT_CODE_HELP } from "../terminal/exit_codes.ts";
import { findInputs, type Input, searchedFolder } from "../batch/inputs.ts";
import { InterruptListener } from "../terminal/interrupt.ts";
import { isStdout, STDIN } from "../files/standard_streams.ts";
import { PLACEHOLDERS } from "../options/name_pattern.ts";
import { requestFolder } from "../terminal/permissions.ts";
import { parseWithPreset } from "../options/preset_options.ts";
import { printNote, printResult } from "../terminal/print.ts";
import { Session } from "../batch/session.ts";
import { describeShard, isInShard, shardFrom, shardVariables } from "../batch/shard.ts";
import { SUBCOMMANDS } from "../subcommands.ts";
import { UPSCALE_OPTIONS, type UpscaleValues } from "../options/upscale_options.ts";
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
  checkSaveMask(values, several);
  const toStdout = goesToStdout(inputs, several, values);
  const { signal } = interrupt;
  using session = await Session.open(values, { several, toStdout, signal });
  const { gpu } = session.enhancer;
  if (values.backend === "dawn" && !values.quiet) await noteMatrixUnits(gpu);
  const { jobs, options: shared } = session.batchFor(inputs);
  const own = shard === undefined ? jobs : jobs.filter(({ label }) => isInShard(label, shard));
  if (shard !== undefined && !values.quiet) {
    printNote(`${describeShard(shard)}: ${own.length} of ${jobs.length} pictures`);
  }
  const options = { ...shared, otherShards: jobs.length - own.length };
  if (values["dry-run"]) return await dryRun(own, session.enhancer, options, session.folder);
  return await runBatch(own, session.enhancer, options);
}

function checkSaveMask({ "save-mask": path, repair }: UpscaleValues, several: boolean): void {
  if (path === undefined) return;
  if (repair === undefined) {
    throw new UsageError("--save-mask saves what --repair fills: give both, as in --repair auto");
  }
  if (several) throw new UsageError("--save-mask names one file: give one picture");
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
  tessera tall.jpg --to 4k --fit contain --pad extend
  tessera scan.jpg --repair auto --tone auto
  curl -s https://example.org/a.jpg | tessera - > large.jpg

Pictures are JPEG, PNG, WebP, AVIF, HEIC, JPEG XL, TIFF, GIF, BMP or SVG files,
or raw files of cameras.

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
