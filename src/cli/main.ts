/**
 * From the command line to one subcommand, and from an error to the exit code.
 */

import { explainError } from "./terminal/failure.ts";
import { printNote, printResult } from "./terminal/print.ts";
import { type SubcommandName, SUBCOMMANDS } from "./subcommands.ts";
import { checkDeno } from "./version.ts";

/** What the file of a subcommand exports. */
interface SubcommandModule {
  /** Does the work and returns the exit code; errors are thrown. */
  run(args: string[]): Promise<number>;
}

/** Each is loaded only when it is asked for; what follows its name is its own affair. */
const MODULES: Record<SubcommandName, () => Promise<SubcommandModule>> = {
  upscale: () => import("./commands/upscale.ts"),
  work: () => import("./commands/work.ts"),
  watch: () => import("./commands/watch.ts"),
  plan: () => import("./commands/plan.ts"),
  inspect: () => import("./commands/inspect.ts"),
  preview: () => import("./commands/preview.ts"),
  compare: () => import("./commands/compare.ts"),
  web: () => import("./commands/web.ts"),
  models: () => import("./commands/models.ts"),
  "inspect-model": () => import("./commands/inspect_model.ts"),
  convert: () => import("./commands/convert.ts"),
  presets: () => import("./commands/presets.ts"),
  doctor: () => import("./commands/doctor.ts"),
  bench: () => import("./commands/bench.ts"),
  tune: () => import("./commands/tune.ts"),
};

/**
 * Runs the program.
 *
 * @param args The command line, without the program's name.
 * @returns The exit code.
 */
export async function main(args: string[]): Promise<number> {
  const named = SUBCOMMANDS.find(({ name }) => name === args[0]);
  try {
    checkDeno();
    const { run } = await MODULES[(named ?? SUBCOMMANDS[0]).name]();
    return await run(named === undefined ? args : args.slice(1));
  } catch (error) {
    const { kind, message, exitCode } = explainError(error);
    printNote(`tessera: ${message}`);
    if (args.includes("--json")) printResult(JSON.stringify({ error: { kind, message } }));
    return exitCode;
  }
}
