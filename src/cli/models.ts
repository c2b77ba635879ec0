/** `tessera models`: the networks that come with the program. */

import { embeddedModels, type LibraryEntry } from "../weights/library.ts";
import { alignRows, describeOptions, parseOptions, switchOption } from "./arguments.ts";
import { EXIT } from "./exit_codes.ts";
import { printResult } from "./print.ts";
import { UsageError } from "../errors.ts";

const OPTIONS = {
  json: switchOption("one JSON line per network"),
  help: switchOption("this text", "h"),
};

/** Runs the subcommand. */
export function run(args: string[]): Promise<number> {
  const { values, inputs } = parseOptions(OPTIONS, args);
  if (inputs.length > 0) throw new UsageError(`Unexpected argument "${inputs[0]}"`);
  if (values.help) printResult(help());
  else if (values.json) embeddedModels().forEach((model) => printResult(JSON.stringify(model)));
  else printResult(list());
  return Promise.resolve(EXIT.done);
}

function help(): string {
  return `Lists the networks that come with Tessera, for --model NAME.

Usage: tessera models [options]

Options:
${describeOptions(OPTIONS)}`;
}

/** "Set5 31.40 dB (bicubic 28.43), ..." */
function describeFigures({ psnrY }: LibraryEntry): string {
  return Object.entries(psnrY).map(([set, { bicubic, network }]) => {
    return `${set} ${network.toFixed(2)} dB (bicubic ${bicubic.toFixed(2)})`;
  }).join(", ");
}

function list(): string {
  const rows = embeddedModels().map((model) => {
    const remark = model.default ? " (default)" : "";
    const text = `${model.summary}, ${model.licence}${remark}; ${describeFigures(model)}`;
    return [model.name, text] as const;
  });
  return `${
    alignRows(rows)
  }\n\n--model also takes bicubic, lanczos3, and the path or URL of a weights file (safetensors or .pth).`;
}
