/**
 * What the program asks of Deno, and for what. WebGPU needs no permission.
 *
 * The launcher `tessera` and the tasks in `deno.json` repeat these flags; tests/cli/permissions_test.ts
 * compares them, and tries each one in a process of its own.
 */

import { SHARD_VARIABLES } from "../batch/shard.ts";
import { isLoosePipe } from "../files/standard_streams.ts";

/** One flag of `deno run`. */
export interface Permission {
  flag: string;
  purpose: string;
  descriptors: readonly Deno.PermissionDescriptor[];
}

/** Variables that say where a user's configuration and cache are. */
const USER_VARIABLES = ["XDG_CONFIG_HOME", "HOME", "APPDATA", "XDG_CACHE_HOME", "LOCALAPPDATA"];

/**
 * Everything that any run uses, apart from the network for a `--model` given by URL and for
 * `tessera models pull`.
 */
export const PERMISSIONS: readonly Permission[] = [
  {
    flag: "--allow-read",
    purpose: "pictures, weights and codecs",
    descriptors: [{ name: "read" }],
  },
  {
    flag: "--allow-write",
    purpose: "results",
    descriptors: [{ name: "write" }],
  },
  {
    flag: "--allow-sys=statfs",
    purpose: "the room left on the disk, known before the work",
    descriptors: [{ name: "sys", kind: "statfs" }],
  },
  {
    flag: "--allow-ffi",
    purpose: "JPEG: the faster encoder is native code; without it another one is used",
    descriptors: [{ name: "ffi" }],
  },
  {
    flag: `--allow-env=${USER_VARIABLES.join(",")}`,
    purpose: "presets and fetched networks: where the user keeps them",
    descriptors: USER_VARIABLES.map((variable) => ({
      name: "env",
      variable,
    })),
  },
  {
    flag: `--allow-env=${SHARD_VARIABLES.join(",")}`,
    purpose: "batches on many machines: which part is this one's",
    descriptors: SHARD_VARIABLES.map((variable) => ({ name: "env", variable })),
  },
];

/** Says whether Deno would let the program do this without asking. */
export function isGranted({ descriptors }: Permission): boolean {
  return descriptors.every((one) => Deno.permissions.querySync(one).state === "granted");
}

/**
 * Asks for a folder once, where Deno would ask for each file in it, for the last one after the work.
 * Without a terminal this does nothing, and what is missing shows when it is used. For folders of the
 * system's own Deno never asks.
 */
export function requestFolder(name: "read" | "write", path: string): void {
  if (isLoosePipe(path)) return;
  Deno.permissions.requestSync({ name, path });
}

/** Says whether an error, or what caused it, is Deno's refusal; codecs pass on its words only. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof Deno.errors.NotCapable) return true;
  return /Requires \w+ access to/.test(error.message) || isRefusal(error.cause);
}

/** Adds to Deno's refusal what to type instead. */
export function explainRefusal(refusal: string): string {
  return [
    refusal,
    "Deno lets a program do only what it is given. Three ways to give Tessera what it needs:",
    "  ./tessera ...",
    "  deno task upscale ...",
    `  deno run ${PERMISSIONS.map(({ flag }) => flag).join(" ")} ${programName()} ...`,
  ].join("\n");
}

function programName(): string {
  const url = new URL("../../../cli.ts", import.meta.url);
  return url.protocol === "file:" ? "cli.ts" : url.href;
}
