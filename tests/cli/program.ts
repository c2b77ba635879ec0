/**
 * Runs the program for tests as a user does: as a process of its own, with the documented flags.
 */

import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "../../src/cli/terminal/permissions.ts";
import { encodePicture, formatOfName, type Picture } from "../../src/pictures/mod.ts";
import { testPicture } from "../pictures/fixtures.ts";

/** The repository's folder. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** How a process ended. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** How the program is started. */
export interface ProgramOptions {
  /** Flags of `deno run`; the documented ones unless given. */
  flags?: string[];
  cwd?: string;
  env?: Record<string, string>;
  /** Where its input comes from; from nowhere unless given. */
  stdin?: "piped" | "null";
}

/** Whether the tests run on Dawn: the program does so then, too. */
export const ON_DAWN: boolean = !(navigator.gpu instanceof GPU);

const BACKEND = ON_DAWN ? ["--no-lock", `--preload=${ROOT}tests/on_dawn.ts`] : [];

/** The arguments of Deno that start the program. */
export function programArgs(
  args: string[],
  flags: string[] = PERMISSIONS.map(({ flag }) => flag),
): string[] {
  return ["run", ...new Set([...flags, ...BACKEND]), `${ROOT}cli.ts`, ...args];
}

/** Prepares `deno run <flags> cli.ts <args>`. */
export function program(args: string[], options: ProgramOptions = {}): Deno.Command {
  const { flags, cwd, env = {}, stdin = "null" } = options;
  return new Deno.Command(Deno.execPath(), {
    args: programArgs(args, flags),
    env: { NO_COLOR: "1", ...env },
    stdin,
    stdout: "piped",
    stderr: "piped",
    ...(cwd !== undefined && { cwd }),
  });
}

/** Runs the program to its end. */
export async function runProgram(args: string[], options?: ProgramOptions): Promise<Outcome> {
  return toOutcome(await program(args, options).output());
}

/** Clock ticks of a second in `/proc`, the same on every Linux of today. */
const TICKS = 100;

/**
 * Runs the program to its end and watches the most memory that it has, in bytes, and the time that it has of
 * the processors, in seconds, to a tenth; on Linux only.
 */
export async function runMeasured(
  args: string[],
  options?: ProgramOptions,
): Promise<{ outcome: Outcome; peak: number; seconds: number }> {
  const child = program(args, options).spawn();
  const files = `/proc/${child.pid}`;
  const watch =
    `while grep VmHWM ${files}/status 2>/dev/null; do cat ${files}/stat; sleep 0.1; done`;
  const watcher = new Deno.Command("sh", { args: ["-c", watch], stdout: "piped", stderr: "null" })
    .output();
  const outcome = toOutcome(await child.output());
  const said = new TextDecoder().decode((await watcher).stdout);
  const memory = [...said.matchAll(/VmHWM:\s*(\d+)/g)].at(-1)![1];
  // Behind the name: state, and after ten more fields the ticks of the program and of the system for it.
  const ticks = [...said.matchAll(/\) \w(?: -?\d+){10} (\d+) (\d+) /g)].at(-1);
  const seconds = (Number(ticks?.[1] ?? 0) + Number(ticks?.[2] ?? 0)) / TICKS;
  return { outcome, peak: 1024 * Number(memory), seconds };
}

/** What drivers and Dawn say about the machine, which is none of the program's. */
const ASIDE = /^(error: XDG_RUNTIME_DIR is |Warning: max\w+ artificially reduced ).*\n/gm;

/** Turns what a process wrote into text, without {@linkcode ASIDE}. */
export function toOutcome({ code, stdout, stderr }: Deno.CommandOutput): Outcome {
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out, stderr: err.replace(ASIDE, "") };
}

/** Runs `work` in a folder that is removed afterwards. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tessera-test-" });
  try {
    await work(await Deno.realPath(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes a small picture in the format of its name, 12 x 9 pixels unless given. */
export async function writePicture(path: string, picture?: Picture): Promise<void> {
  const format = formatOfName(path)!;
  await Deno.writeFile(path, await encodePicture(picture ?? testPicture(12, 9, 3), { format }));
}

/** Lists a folder's files, the hidden ones too. */
export function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}
