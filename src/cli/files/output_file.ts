/**
 * A file that appears under its name only when it is whole: it is written beside it as
 * `.<name>.<pid>.partial`, brought to the disk, and then renamed. What a killed run left of this kind
 * is removed by the next one.
 */

import { basename, dirname } from "node:path";
import { UsageError } from "../../errors.ts";
import { createLocked, partialOf, removeLeftovers } from "./leftovers.ts";
import { requestFolder } from "../terminal/permissions.ts";

/** What the system says of a path at which nothing is; the third is a link to itself. */
const NOTHING_THERE = ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"];

/** Where a result goes. */
export interface Output extends Disposable {
  /** The folder on whose disk it takes room, if it is on one. */
  readonly folder: string | undefined;
  /** How many bytes were written so far. */
  readonly bytes: number;
  /** Adds bytes at the end. */
  write(bytes: Uint8Array): Promise<void>;
  /** Says that all bytes are there. */
  commit(): Promise<void>;
  /** Says that nothing comes of it. */
  discard(): void;
}

const unfinished = new Set<OutputFile>();

/** Removes every file that is not finished; for the moment before the program ends. */
export function discardAll(): void {
  for (const file of unfinished) file.discard();
}

/** An output being written; `commit()` gives it its name, and disposing it before removes it. */
export class OutputFile implements Output {
  readonly #path: string;
  readonly #partial: string;
  readonly #overwrite: boolean;
  readonly #file: Deno.FsFile;
  #bytes = 0;

  /**
   * Makes the unfinished file, which proves that the folder can be written to.
   *
   * @param path Where the finished file goes.
   * @param options Whether a file of that name may be replaced.
   * @throws {UsageError} If the name is taken, or the folder is missing or cannot be written to.
   */
  constructor(path: string, options: { overwrite: boolean }) {
    this.#path = resolveLink(path);
    this.#partial = partialOf(this.#path);
    this.#overwrite = options.overwrite;
    requestFolder("write", dirname(this.#path));
    checkFree(path, this.#overwrite);
    this.#file = create(this.#partial);
    unfinished.add(this);
    removeLeftovers(this.folder);
  }

  /** Where it is written. */
  get folder(): string {
    return dirname(this.#path);
  }

  /** How many bytes were written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds bytes at the end.
   *
   * @throws {UsageError} If the disk is full, or fails otherwise.
   */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#file.write(rest));
      this.#bytes += bytes.length;
    } catch (error) {
      throw explainWriteError(error, this.#path);
    }
  }

  /**
   * Brings the bytes to the disk and gives the file its name.
   *
   * @throws {UsageError} If the name was taken meanwhile, or the disk is full.
   */
  async commit(): Promise<void> {
    await this.#file.sync().catch((error) => {
      throw explainWriteError(error, this.#path);
    });
    checkFree(this.#path, this.#overwrite);
    // Closed after that: the lock must last until no run can take the file for a leftover.
    Deno.renameSync(this.#partial, this.#path);
    this.#file.close();
    unfinished.delete(this);
  }

  /** Removes the unfinished file; a finished one stays. */
  discard(): void {
    if (!unfinished.delete(this)) return;
    this.#file.close();
    Deno.removeSync(this.#partial);
  }

  [Symbol.dispose](): void {
    this.discard();
  }
}

/** Follows a link, so that the file it points to is replaced and not the link. */
function resolveLink(path: string): string {
  return statOrUndefined(path)?.isFile ? Deno.realPathSync(path) : path;
}

/**
 * Refuses a name that is taken.
 *
 * @param overwrite Whether a file there may be replaced.
 * @throws {UsageError} If something is there that may not, or the name is too long.
 */
export function checkFree(path: string, overwrite: boolean): void {
  const found = statOrUndefined(path, (message) => {
    const bytes = new TextEncoder().encode(basename(path)).length;
    throw new UsageError(
      `Cannot write "${path}", whose name has ${bytes} bytes: ${message}; choose a shorter one with ` +
        `--output or --name`,
    );
  });
  if (found === undefined) return;
  if (!found.isFile) throw new UsageError(`Cannot write "${path}": it exists and is no file`);
  if (!overwrite) throw new UsageError(`"${path}" exists: --overwrite replaces it`);
}

/**
 * Makes a folder and those above it, unless they are there.
 *
 * @throws {UsageError} If that is not allowed, or a file is in the way.
 */
export function makeFolder(path: string): void {
  requestFolder("write", path);
  try {
    Deno.mkdirSync(path, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const isBelowFile = error instanceof Deno.errors.NotADirectory ||
      error instanceof Deno.errors.AlreadyExists;
    const reason = isBelowFile ? "a file is in the way" : (error as Error).message;
    throw new UsageError(`Cannot make the folder "${path}": ${reason}`);
  }
}

function create(partial: string): Deno.FsFile {
  const folder = dirname(partial);
  try {
    return createLocked(partial);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(`Cannot write into "${folder}": there is no such folder`);
    }
    if (error instanceof Deno.errors.NotADirectory) {
      throw new UsageError(`Cannot write into "${folder}": it is no folder, or lies below a file`);
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new UsageError(`Cannot write into "${folder}": permission denied`);
    }
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new UsageError(`Cannot write into "${folder}": ${(error as Error).message}`);
  }
}

function explainWriteError(error: unknown, path: string): UsageError {
  const { code, message } = error as Error & { code?: string };
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new UsageError(
    full
      ? `The disk is full: nothing was kept of "${path}". Make room, or choose another --output`
      : `Cannot write "${path}": ${message}`,
  );
}

/**
 * Returns what is at a path, or `undefined` if nothing is.
 *
 * @param onTooLong Told why, if nothing can be there as the name is too long.
 */
export function statOrUndefined(
  path: string,
  onTooLong: (message: string) => void = () => {},
): Deno.FileInfo | undefined {
  if (path === "") return undefined;
  try {
    return Deno.statSync(path);
  } catch (error) {
    const { code = "", message } = error as Error & { code?: string };
    if (code === "ENAMETOOLONG") onTooLong(message.replace(/ \(os error[^]*$/, "").toLowerCase());
    if (NOTHING_THERE.includes(code)) return undefined;
    throw error;
  }
}
