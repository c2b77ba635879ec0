/**
 * Unfinished files of runs that were killed. A file being written is locked by the run that writes
 * it, and the system takes a lock from a process that ends, however it ends: what can be locked is
 * nobody's any more. Neither a process's number nor a file's age would tell as surely.
 */

import { basename, dirname, join } from "node:path";
import { BUILTIN } from "../../platform/node_builtin.ts";

/**
 * The longest name, in UTF-8, to which what makes an unfinished file's is added. Names may have 255 bytes,
 * or 143 where they are encrypted, and a result's name may be as long as that itself.
 */
const MAX_NAME_BYTES = 100;

const UNFINISHED = /^\..+\.\d+\.partial$/;

/** Folders that were looked at in this run. */
const visited = new Set<string>();

/** Returns the name of the file that becomes `path` when it is finished. */
export function partialOf(path: string): string {
  return join(dirname(path), `.${shortName(basename(path))}.${Deno.pid}.partial`);
}

/** Returns a name as it is, or a hash in the place of one that is long. */
function shortName(name: string): string {
  if (new TextEncoder().encode(name).length <= MAX_NAME_BYTES) return name;
  return BUILTIN.crypto.createHash("sha256").update(name).digest("hex").slice(0, 32);
}

/** Makes the unfinished file, empty, and locks it. */
export function createLocked(partial: string): Deno.FsFile {
  for (;;) {
    const file = Deno.openSync(partial, { write: true, create: true });
    lock(file);
    if (isAt(file, partial)) {
      file.truncateSync();
      return file;
    }
    // Another run took it for a leftover before it was locked.
    file.close();
  }
}

/** Removes the leftovers in a folder, once in a run. Those that cannot be removed stay. */
export function removeLeftovers(folder: string): void {
  if (visited.has(folder) || !mayRead(folder)) return;
  visited.add(folder);
  for (const { name, isFile } of Deno.readDirSync(folder)) {
    if (isFile && UNFINISHED.test(name)) removeIfDead(join(folder, name));
  }
}

/** Looking for leftovers is no reason to ask for a permission. */
function mayRead(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

function removeIfDead(partial: string): void {
  try {
    using file = Deno.openSync(partial, { write: true });
    if (file.tryLockSync(true)) Deno.removeSync(partial);
  } catch {
    // Another run was faster, it is not ours to remove, or this file system knows no locks.
  }
}

/** A file system without locks is no reason not to write. */
function lock(file: Deno.FsFile): void {
  try {
    file.lockSync(true);
  } catch {
    // Its leftovers will stay, as no run can lock them either.
  }
}

function isAt(file: Deno.FsFile, path: string): boolean {
  try {
    return Deno.statSync(path).ino === file.statSync().ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
