/**
 * The test material that is not part of the repository: `../shared`, beside its root.
 *
 * A test that needs it is given `ignore: !hasShared(path)`, so that it is skipped by name elsewhere.
 */

const SHARED = new URL("../../../shared/", import.meta.url);

/** Returns the URL of a file or folder in `../shared`. */
export function shared(path: string): URL {
  return new URL(path, SHARED);
}

/** Says whether `../shared` is there and has this file or folder. */
export function hasShared(path: string): boolean {
  try {
    Deno.statSync(shared(path));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
