/**
 * Errors as the program reports them: to people a message, to programs a kind, to the shell an exit
 * code.
 */

import {
  GpuError,
  InputError,
  ModelError,
  NoGpuError,
  type Remedy,
  UsageError,
} from "../../errors.ts";
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

/** What mends a failure, in the program's options. */
const REMEDIES: Record<Remedy, string> = {
  "more memory": "give more with --memory",
  "less memory": "give less with --memory",
  "smaller tiles": "choose a smaller --tile",
  "mode network": "choose --mode network",
  "another format": "choose --format png",
  "a background": "give a --background",
  "quality 100": "choose --quality 100",
  "baseline 4:4:4": "choose --chroma 444 without --progressive",
  "more pixels": "raise --max-pixels MEGAPIXELS if it really is that large",
  "another adapter": "name one of these with --gpu; on Linux the Vulkan loader shows one driver " +
    "alone with VK_DRIVER_FILES=MANIFEST.json before the command (tessera doctor lists them)",
  "the runtime's WebGPU": "leave --backend dawn out, as Dawn accepts fewer adapters than Deno does",
  permissions: "run ./tessera, which gives Deno what it needs (--allow-read for most codecs)",
  "a driver": "install your GPU's driver with Vulkan support; without a GPU, a software adapter " +
    "serves: `apt-get install mesa-vulkan-drivers libvulkan1` on Debian and Ubuntu",
};

/** Returns an error's message, with what can be done about it. */
export function adviseOn(error: Error & { remedies?: readonly Remedy[] }): string {
  const advice = (error.remedies ?? []).map((remedy) => REMEDIES[remedy]);
  return advice.length === 0 ? error.message : `${error.message}: ${advice.join(", or ")}`;
}

/** Finds out what an error means for whoever started the program. */
export function explainError(error: unknown): Failure {
  const message = error instanceof Error ? adviseOn(error) : String(error);
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
