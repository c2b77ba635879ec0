/**
 * From the command line to one subcommand, and from an error to the exit code.
 */

import { explainError } from "./failure.ts";
import { printNote, printResult } from "./print.ts";
import { DEFAULT_SUBCOMMAND, SUBCOMMANDS } from "./subcommands.ts";
import { checkDeno } from "./version.ts";

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
    const { run } = await (named ?? DEFAULT_SUBCOMMAND).load();
    return await run(named === undefined ? args : args.slice(1));
  } catch (error) {
    const { kind, message, exitCode } = explainError(error);
    printNote(`tessera: ${message}`);
    if (args.includes("--json")) printResult(JSON.stringify({ error: { kind, message } }));
    return exitCode;
  }
}
