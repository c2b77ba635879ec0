/** `tessera models`: the networks that come with the program, and those that it can fetch. */

import { type CatalogueEntry, knownModels } from "../../weights/catalogue.ts";
import { embeddedModels, type LibraryEntry } from "../../weights/library.ts";
import { alignRows, describeOptions, parseOptions, switchOption } from "../options/arguments.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { fileOf, modelFolder } from "../files/model_cache.ts";
import { statOrUndefined } from "../files/output_file.ts";
import { printResult } from "../terminal/print.ts";
import { run as pull } from "./pull.ts";
import { UsageError } from "../../errors.ts";

const OPTIONS = {
  json: switchOption("one JSON line per network"),
  help: switchOption("this text", "h"),
};

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  if (args[0] === "pull") return await pull(args.slice(1));
  const { values, inputs } = parseOptions(OPTIONS, args);
  if (inputs.length > 0) throw new UsageError(`Unexpected argument "${inputs[0]}"`);
  if (values.help) printResult(help());
  else if (values.json) printJson();
  else printResult(list());
  return EXIT.done;
}

function help(): string {
  return `Lists the networks that come with Tessera, and published ones that it can fetch,
for --model NAME.

Usage: tessera models [options]
       tessera models pull NAME... [options]

${describeOptions(OPTIONS)}`;
}

function printJson(): void {
  for (const model of embeddedModels()) printResult(JSON.stringify({ ...model, embedded: true }));
  for (const model of knownModels()) {
    printResult(JSON.stringify({ ...model, embedded: false, here: isHere(model) ?? null }));
  }
}

/** Says whether a network was fetched; `undefined` where this run may not look. */
function isHere({ name }: CatalogueEntry): boolean | undefined {
  const granted = (descriptor: Deno.PermissionDescriptor) =>
    Deno.permissions.querySync(descriptor).state === "granted";
  if (!granted({ name: "env" }) && !granted({ name: "env", variable: "HOME" })) return undefined;
  const folder = modelFolder();
  if (folder === undefined || !granted({ name: "read", path: folder })) return undefined;
  return statOrUndefined(fileOf(name, folder))?.isFile ?? false;
}

/** "Set5 31.40 dB (bicubic 28.43), ..." */
function describeFigures({ psnrY }: LibraryEntry): string {
  return Object.entries(psnrY).map(([set, { bicubic, network }]) => {
    return `${set} ${network.toFixed(2)} dB (bicubic ${bicubic.toFixed(2)})`;
  }).join(", ");
}

function list(): string {
  return `${alignRows(embeddedModels().map(embeddedRow))}

Published by others, fetched by tessera models pull NAME:

${alignRows(knownModels().map(knownRow))}

--model also takes bicubic, lanczos3, and the path or URL of a weights file (safetensors or .pth).`;
}

function embeddedRow(model: LibraryEntry): [string, string] {
  const remark = model.default ? " (default)" : "";
  return [model.name, `${model.summary}, ${model.licence}${remark}; ${describeFigures(model)}`];
}

function knownRow(model: CatalogueEntry): [string, string] {
  const { name, family, scale, purpose, author, licence, bytes } = model;
  const size = isHere(model) ? "here" : `${(bytes / 1e6).toFixed(1)} MB`;
  return [name, `${family} x${scale}: ${purpose}; by ${author}, ${licence}; ${size}`];
}
