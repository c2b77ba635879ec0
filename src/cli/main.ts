/**
 * From the command line to one subcommand, and from an error to the exit code.
 */

import { explainError } from "./failure.ts";
import { printNote, printResult } from "./print.ts";
import { type SubcommandName, SUBCOMMANDS } from "./subcommands.ts";
import { checkDeno } from "./version.ts";

/** What the file of a subcommand exports. */
interface SubcommandModule {
  /** Does the work and returns the exit code; errors are thrown. */
  run(args: string[]): Promise<number>;
}

/** Each is loaded only when it is asked for; what follows its name is its own affair. */
const MODULES: Record<SubcommandName, () => Promise<SubcommandModule>> = {
  upscale: () => import("./upscale.ts"),
  plan: () => import("./plan.ts"),
  inspect: () => import("./inspect.ts"),
  preview: () => import("./preview.ts"),
  compare: () => import("./compare.ts"),
  models: () => import("./models.ts"),
  "inspect-model": () => import("./inspect_model.ts"),
  convert: () => import("./convert.ts"),
  presets: () => import("./presets.ts"),
  doctor: () => import("./doctor.ts"),
  bench: () => import("./bench.ts"),
  tune: () => import("./tune.ts"),
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
