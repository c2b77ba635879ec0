/** `tessera presets`: named sets of options, and what they stand for. */

import { UsageError } from "../../errors.ts";
import { alignRows, describeOptions, parseOptions, switchOption } from "../options/arguments.ts";
import { EXIT } from "../terminal/exit_codes.ts";
import { type OptionText, presetChain, readPresets } from "../options/preset_files.ts";
import { resolvePreset } from "../options/preset_options.ts";
import { printResult } from "../terminal/print.ts";
import { UPSCALE_OPTIONS } from "../options/upscale_options.ts";

const OPTIONS = {
  json: switchOption("one JSON line per preset"),
  help: switchOption("this text", "h"),
};

/** A preset as it is shown. */
interface ListedPreset {
  name: string;
  /** Its file; `null` if it comes with Tessera. */
  file: string | null;
  summary: string | null;
  /** All that it stands for, with what it builds on. */
  options: Record<string, OptionText>;
}

/** Runs the subcommand. */
export function run(args: string[]): Promise<number> {
  const { values, inputs } = parseOptions(OPTIONS, args);
  if (inputs.length > 0) throw new UsageError(`Unexpected argument "${inputs[0]}"`);
  if (values.help) printResult(help());
  else if (values.json) listPresets().forEach((preset) => printResult(JSON.stringify(preset)));
  else printResult(listPresets().map(describe).join("\n\n"));
  return Promise.resolve(EXIT.done);
}

function listPresets(): ListedPreset[] {
  const presets = readPresets();
  const names = new Set(presets.map(({ name }) => name));
  return [...names].map((name) => {
    const chain = presetChain(name, presets);
    const { file = null, summary = null } = chain[0];
    return { name, file, summary, options: resolvePreset(chain, UPSCALE_OPTIONS) };
  });
}

function describe({ name, file, summary, options }: ListedPreset): string {
  const about = [summary, file && `(${file})`].filter(Boolean).join(" ");
  return alignRows([[name, about || "no summary"], ["", asCommandLine(options)]]);
}

function asCommandLine(options: ListedPreset["options"]): string {
  return Object.entries(options).filter(([, value]) => value !== false)
    .map(([name, value]) => value === true ? `--${name}` : `--${name} ${value}`).join(" ");
}

function help(): string {
  return `Lists named sets of options, for --preset NAME. Your own are read from
tessera.json in the current folder, then from tessera/tessera.json in your
configuration folder (~/.config, or %APPDATA% on Windows), and come before those
of Tessera:

  { "presets": { "blog": { "extends": "web", "quality": 80 } } }

Usage: tessera presets [options]

${describeOptions(OPTIONS)}`;
}
