/**
 * Errors as the program reports them: to people a message, to programs a kind, to the shell an exit
 * code.
 */

import { GpuError, InputError, ModelError, NoGpuError, UsageError } from "../errors.ts";
import { EXIT } from "./exit_codes.ts";
import { Interrupted } from "./interrupt.ts";
import { explainRefusal, isRefusal } from "./permissions.ts";
import { printNote, printResult } from "./print.ts";

/** What went wrong, for whoever started the program. */
export interface Failure {
  kind: "usage" | "permission" | "input" | "model" | "no-gpu" | "gpu" | "interrupted" | "unknown";
  message: string;
  exitCode: number;
}

/** Finds out what an error means for whoever started the program. */
export function explainError(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (isRefusal(error)) {
    return { kind: "permission", message: explainRefusal(message), exitCode: EXIT.usage };
  }
  if (error instanceof UsageError) return { kind: "usage", message, exitCode: EXIT.usage };
  if (error instanceof ModelError) return { kind: "model", message, exitCode: EXIT.input };
  if (error instanceof InputError) return { kind: "input", message, exitCode: EXIT.input };
  if (error instanceof NoGpuError) return { kind: "no-gpu", message, exitCode: EXIT.noGpu };
  if (error instanceof GpuError) return { kind: "gpu", message, exitCode: EXIT.gpu };
  if (error instanceof Interrupted) {
    return { kind: "interrupted", message, exitCode: EXIT.interrupted };
  }
  const stack = error instanceof Error ? error.stack ?? message : message;
  return { kind: "unknown", message: `Unexpected error: ${stack}`, exitCode: EXIT.failed };
}

/** Says what went wrong with one picture, where others go on; as JSON, too, if that is asked for. */
export function printFailure(input: string, { kind, message }: Failure, json: boolean): void {
  printNote(`tessera: ${input}: ${message}`);
  if (json) printResult(JSON.stringify({ input, error: { kind, message } }));
}
