/** Published networks that were fetched: the user's cache, and the way from a name to its file. */

import { join } from "node:path";
import { ModelError, UsageError } from "../../errors.ts";
import { isResampleKernel } from "../../kernels/taps.ts";
import {
  checkLicence,
  knownModels,
  licenceIn,
  type LicencePolicy,
} from "../../weights/catalogue.ts";
import { embeddedModel, loadModel } from "../../weights/library.ts";
import { statOrUndefined } from "./output_file.ts";
import { printNote } from "../terminal/print.ts";

/** Returns the folder of fetched networks, if the system says where a user's cache is. */
export function modelFolder(): string | undefined {
  const { env, build } = Deno;
  const inFolder = (folder: string | undefined, ...path: string[]) =>
    folder ? join(folder, ...path, "tessera", "models") : undefined;
  if (build.os === "windows") return inFolder(env.get("LOCALAPPDATA"));
  const own = build.os === "darwin" ? ["Library", "Caches"] : [".cache"];
  return inFolder(env.get("XDG_CACHE_HOME")) ?? inFolder(env.get("HOME"), ...own);
}

/** Returns where a fetched network is kept. */
export function fileOf(name: string, folder: string): string {
  return join(folder, `${name}.safetensors`);
}

/**
 * Finds the file that a model's name stands for.
 *
 * @param model What `--model` was given.
 * @returns The file of a fetched network; whatever else was given, as it is.
 * @throws {UsageError} If it is the name of a published network that was not fetched.
 */
export function resolveModel(model: string): string {
  if (!/^[\w.-]+$/.test(model) || isOwn(model)) return model;
  const entry = knownModels().find(({ name }) => name === model);
  if (entry === undefined && statOrUndefined(model) !== undefined) return model;
  const folder = modelFolder();
  const file = folder === undefined ? undefined : fileOf(model, folder);
  if (file !== undefined && statOrUndefined(file)?.isFile) return file;
  if (entry === undefined) return model;
  throw new UsageError(
    `"${model}" is not on this machine: tessera models pull ${model} fetches it ` +
      `(${(entry.bytes / 1e6).toFixed(1)} MB, by ${entry.author}, ${entry.licence})`,
  );
}

/** Says whether a name is of an embedded network or a resampling kernel. */
function isOwn(model: string): boolean {
  return isResampleKernel(model) || embeddedModel(model) !== undefined;
}

/**
 * Refuses a model whose licence a policy rules out; one that does not name its licence is let through,
 * and said to be so.
 *
 * @param model What {@linkcode resolveModel} returned.
 * @throws {ModelError} If it is ruled out, or cannot be read.
 */
export async function checkModelLicence(model: string, policy: LicencePolicy): Promise<void> {
  if (policy === "any" || isOwn(model)) return;
  const { label, metadata } = await loadModel(model);
  const licence = licenceIn(metadata);
  if (licence === undefined) {
    printNote(
      `"${label}" does not say on what terms it may be used: find out before you sell a result`,
    );
  } else checkLicence(label, licence, policy);
}

/** Returns the folder, or refuses where there is none. */
export function requireModelFolder(): string {
  const folder = modelFolder();
  if (folder !== undefined) return folder;
  throw new ModelError("There is no folder for networks: set XDG_CACHE_HOME, or HOME");
}
