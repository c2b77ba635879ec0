/** `tessera models pull NAME`: fetches a published network, checks it, and keeps it in the cache. */

import { ModelError, UsageError } from "../../errors.ts";
import {
  type CatalogueEntry,
  checkLicence,
  knownModels,
  LICENCE_POLICIES,
  parseCatalogue,
} from "../../weights/catalogue.ts";
import { readWeights } from "../../weights/read_weights.ts";
import { writeSafetensors } from "../../weights/safetensors.ts";
import {
  choiceOption,
  describeOptions,
  parseOptions,
  switchOption,
  textOption,
} from "../options/arguments.ts";
import { download, type DownloadOptions } from "../files/download.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { explainError, printFailure } from "../terminal/failure.ts";
import { InterruptListener } from "../terminal/interrupt.ts";
import { fileOf, requireModelFolder } from "../files/model_cache.ts";
import { makeFolder, OutputFile, statOrUndefined } from "../files/output_file.ts";
import { printNote, printResult } from "../terminal/print.ts";
import { progressFor } from "../terminal/progress.ts";

const OPTIONS = {
  "licence-policy": choiceOption({
    value: "WHICH",
    words: LICENCE_POLICIES,
    help: "any, or commercial: refuses networks that may not be used so (default: any)",
  }),
  catalogue: textOption({
    value: "FILE",
    help: "another list of networks, in the form of models/catalogue.json",
  }),
  quiet: switchOption("no progress", "q"),
  json: switchOption("one JSON line per network on stdout"),
  help: switchOption("this text", "h"),
};

/** Runs the subcommand. */
export async function run(args: string[]): Promise<number> {
  const { values, inputs } = parseOptions(OPTIONS, args);
  if (values.help) {
    printResult(help());
    return EXIT.done;
  }
  if (inputs.length === 0) {
    throw new UsageError("No network was named: tessera models lists those that can be fetched");
  }
  const entries = await readCatalogue(values.catalogue);
  const chosen = inputs.map((name) => find(name, entries));
  const policy = values["licence-policy"] ?? "any";
  for (const { name, licence } of chosen) checkLicence(name, licence, policy);
  using interrupt = new InterruptListener("Stopping", "what is here stays for the next time");
  const codes: number[] = [];
  for (const entry of chosen) codes.push(await pullNamed(entry, interrupt.signal, values));
  if (codes.length === 1) return codes[0];
  return codes.every((code) => code === EXIT.done) ? EXIT.done : EXIT.failed;
}

/** Fetches one network, says what became of it and returns its exit code: the others go on. */
async function pullNamed(
  entry: CatalogueEntry,
  signal: AbortSignal,
  { quiet, json }: { quiet: boolean; json: boolean },
): Promise<number> {
  const { name, author, licence, page, bytes } = entry;
  printNote(`${name} by ${author}, under ${licence}: ${page}`);
  const show = progressFor(name, quiet);
  const start = performance.now();
  try {
    signal.throwIfAborted();
    const onProgress = (here: number) => {
      const seconds = (performance.now() - start) / 1000;
      show({ fraction: here / bytes, secondsLeft: seconds * (bytes / here - 1) });
    };
    const { path, fetched } = await pullModel(entry, requireModelFolder(), { signal, onProgress });
    printNote(fetched ? `Kept as ${path}: --model ${name} uses it` : `${path} is there already`);
    if (json) printResult(JSON.stringify({ name, author, licence, path, fetched }));
    return EXIT.done;
  } catch (error) {
    const failure = explainError(error);
    printFailure(name, failure, json);
    return failure.exitCode;
  }
}

/**
 * Fetches a network unless it is there, and keeps it as safetensors together with its author, licence
 * and origin.
 *
 * @param folder Where networks are kept; made if need be.
 * @throws As {@linkcode download}; and `ModelError` if the file holds anything but tensors.
 */
export async function pullModel(
  entry: CatalogueEntry,
  folder: string,
  options: DownloadOptions = {},
): Promise<{ path: string; fetched: boolean }> {
  makeFolder(folder);
  const path = fileOf(entry.name, folder);
  if (await isFrom(path, entry)) return { path, fetched: false };
  const part = `${path}.${entry.sha256.slice(0, 8)}.part`;
  await download(entry, part, options);
  const { tensors, metadata } = await readWeights(await Deno.readFile(part));
  using file = new OutputFile(path, { overwrite: true });
  await file.write(writeSafetensors(tensors, new Map([...metadata, ...originOf(entry)])));
  await file.commit();
  Deno.removeSync(part);
  return { path, fetched: true };
}

/** What is written into a kept file of where it is from. */
function originOf({ author, licence, url, sha256 }: CatalogueEntry): [string, string][] {
  return [["author", author], ["licence", licence], ["source", url], ["source_sha256", sha256]];
}

/** Says whether a kept file was made of the entry's file. */
async function isFrom(path: string, { sha256 }: CatalogueEntry): Promise<boolean> {
  if (!statOrUndefined(path)?.isFile) return false;
  try {
    const { metadata } = await readWeights(await Deno.readFile(path));
    return metadata.get("source_sha256") === sha256;
  } catch (error) {
    if (error instanceof ModelError) return false;
    throw error;
  }
}

async function readCatalogue(path: string | undefined): Promise<CatalogueEntry[]> {
  if (path === undefined) return knownModels();
  try {
    return parseCatalogue(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new UsageError(`Cannot use the catalogue "${path}": ${(error as Error).message}`);
  }
}

function find(name: string, entries: readonly CatalogueEntry[]): CatalogueEntry {
  const entry = entries.find((entry) => entry.name === name);
  if (entry !== undefined) return entry;
  throw new UsageError(`There is no network "${name}" in the catalogue: tessera models lists them`);
}

function help(): string {
  return `Fetches published networks from where their authors keep them, compares each
with its known SHA-256, and keeps it for --model NAME. A download that was
stopped goes on where it ended.

Usage: tessera models pull NAME... [options]

${describeOptions(OPTIONS)}`;
}
