/** A weights file, by its path or by its network's name, read for the subcommands that are about the file itself. */

import { ModelError } from "../../errors.ts";
import { embeddedModel, readEmbedded } from "../../weights/library.ts";
import { readWeights } from "../../weights/read_weights.ts";
import type { Weights } from "../../weights/tensor.ts";
import { resolveModel } from "./model_cache.ts";

/** What is in a weights file, and how large it is. */
export interface WeightsOfFile extends Weights {
  /** What people call the file's format. */
  format: string;
  /** Bytes of the file. */
  bytes: number;
}

/**
 * Reads a weights file.
 *
 * @throws {ModelError} If there is no such file, or it is no sound weights file; the message does not
 * name the file.
 */
export async function readWeightsFile(path: string): Promise<WeightsOfFile> {
  return await weightsIn(await readBytes(path));
}

/**
 * Reads the weights that a name stands for: an embedded network's, a fetched one's, or a file's.
 *
 * @throws {ModelError} As {@linkcode readWeightsFile} does.
 * @throws {UsageError} If it is the name of a published network that was not fetched.
 */
export async function readNamedWeights(name: string): Promise<WeightsOfFile> {
  const entry = embeddedModel(name);
  if (entry === undefined) return await readWeightsFile(resolveModel(name));
  return await weightsIn(await readEmbedded(entry));
}

async function weightsIn(file: Uint8Array): Promise<WeightsOfFile> {
  return { ...await readWeights(file), bytes: file.length };
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new ModelError("There is no such file");
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new ModelError(`Cannot be read: ${(error as Error).message}`);
  }
}
