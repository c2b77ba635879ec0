/**
 * A file that appears under its name only when it is whole: it is written beside it as
 * `.<name>.<pid>.partial`, brought to the disk, and then renamed.
 */

import { basename, dirname, join } from "node:path";
import { UsageError } from "../errors.ts";
import { requestFolder } from "./permissions.ts";

const unfinished = new Set<OutputFile>();

/** Removes every file that is not finished; for the moment before the program ends. */
export function discardAll(): void {
  for (const file of unfinished) file.discard();
}

/** An output being written; `commit()` gives it its name, and disposing it before removes it. */
export class OutputFile implements Disposable {
  readonly #path: string;
  readonly #partial: string;
  readonly #overwrite: boolean;
  readonly #file: Deno.FsFile;

  /**
   * Makes the unfinished file, which proves that the folder can be written to.
   *
   * @param path Where the finished file goes.
   * @param options Whether a file of that name may be replaced.
   * @throws {UsageError} If the name is taken, or the folder is missing or cannot be written to.
   */
  constructor(path: string, options: { overwrite: boolean }) {
    this.#path = resolveLink(path);
    this.#partial = join(
      dirname(this.#path),
      `.${basename(this.#path)}.${Deno.pid}.partial`,
    );
    this.#overwrite = options.overwrite;
    requestFolder("write", dirname(this.#path));
    checkFree(path, this.#overwrite);
    this.#file = create(this.#partial);
    unfinished.add(this);
  }

  /** Adds bytes at the end. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#file.write(rest));
  }

  /** Brings the bytes to the disk and gives the file its name. */
  async commit(): Promise<void> {
    await this.#file.sync();
    checkFree(this.#path, this.#overwrite);
    this.#file.close();
    Deno.renameSync(this.#partial, this.#path);
    unfinished.delete(this);
  }

  /** Removes the unfinished file; a finished one stays. */
  discard(): void {
    if (!unfinished.delete(this)) return;
    try {
      this.#file.close();
    } catch {
      // Already closed: the rename has failed.
    }
    Deno.removeSync(this.#partial);
  }

  [Symbol.dispose](): void {
    this.discard();
  }
}

/** Follows a link, so that the file it points to is replaced and not the link. */
function resolveLink(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  }
}

function checkFree(path: string, overwrite: boolean): void {
  const found = statOrUndefined(path);
  if (found === undefined) return;
  if (!found.isFile) throw new UsageError(`Cannot write "${path}": it exists and is no file`);
  if (!overwrite) throw new UsageError(`"${path}" exists: --overwrite replaces it`);
}

function create(partial: string): Deno.FsFile {
  const folder = dirname(partial);
  try {
    return Deno.openSync(partial, { write: true, create: true, truncate: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(`Cannot write into "${folder}": there is no such folder`);
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new UsageError(`Cannot write into "${folder}": permission denied`);
    }
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new UsageError(`Cannot write into "${folder}": ${(error as Error).message}`);
  }
}

/** Returns what is at a path, or `undefined` if nothing is. */
export function statOrUndefined(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
