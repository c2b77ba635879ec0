/**
 * Which picture of a run each name belongs to: no two results share one, and none replaces an input.
 */

import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../../errors.ts";
import { statOrUndefined } from "../files/output_file.ts";
import { isLoosePipe } from "../files/standard_streams.ts";
import type { Input } from "./inputs.ts";

/** The names of a run's results. */
export class OutputNames {
  readonly #inputs: ReadonlySet<string>;
  /** The input that each name was given to. */
  readonly #owners = new Map<string, string>();

  constructor(inputs: readonly Pick<Input, "path">[]) {
    this.#inputs = new Set(inputs.map(({ path }) => realPath(path)));
  }

  /** Gives a name to an input's result, or returns why it cannot have it. */
  take(output: string, input: string): UsageError | undefined {
    const path = realPath(output);
    if (this.#inputs.has(path)) {
      return new UsageError(`"${output}" is an input: choose another --output`);
    }
    const owner = this.#owners.get(path) ?? input;
    if (owner !== input) {
      return new UsageError(
        `Two pictures would be written to "${output}", which is that of "${owner}": {from} or ` +
          `{parent} in --name tells them apart`,
      );
    }
    this.#owners.set(path, input);
    return undefined;
  }
}

/** Returns the path without links; of a file that is not there yet, of its folder. */
function realPath(path: string): string {
  if (isLoosePipe(path)) return path;
  if (statOrUndefined(path)?.isFile) return Deno.realPathSync(path);
  const folder = dirname(path);
  if (statOrUndefined(folder)?.isDirectory !== true) return resolve(path);
  return join(Deno.realPathSync(folder), basename(path));
}
