/**
 * Which Tessera this is, and which Deno it needs.
 */

import { UsageError } from "../errors.ts";

export { VERSION } from "../version.ts";

/** The oldest Deno that has all that is used here; `scripts/setup.sh` names it, too. */
export const OLDEST_DENO = "2.9.6";

/**
 * Refuses to start on a Deno that could not load the rest of the program.
 *
 * @throws {UsageError} With both versions.
 */
export function checkDeno(version: string = Deno.version.deno): void {
  if (compareVersions(version, OLDEST_DENO) >= 0) return;
  throw new UsageError(
    `Tessera needs Deno ${OLDEST_DENO} or later and this is ${version}: \`deno upgrade\` helps`,
  );
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[.+-]/).slice(0, 3).map(Number));
  const differing = left.findIndex((part, i) => part !== right[i]);
  return differing < 0 ? 0 : left[differing] - right[differing];
}
