/** From `--preset NAME` to the options that it stands for. */

import { UsageError } from "../../errors.ts";
import { type OptionTable, type OptionValues, parseOptions, textOption } from "./arguments.ts";
import { type OptionText, placeOf, type Preset, presetChain } from "./preset_files.ts";

/** The option, for every subcommand whose options a preset may hold. */
export const PRESET_OPTIONS = {
  preset: textOption({
    value: "NAME",
    help: "options by one name, see tessera presets; what else is given wins",
  }),
};

/** Options that say what is done now, and not how: no preset holds them. */
const NOT_IN_PRESETS = ["preset", "version", "help"];

/** What an option makes void that was there before it. */
const REPLACED: Readonly<Record<string, readonly string[]>> = {
  scale: ["to", "fit", "gravity", "pad"],
  to: ["scale"],
  mode: ["creativity"],
};

/**
 * Reads a command line, with the options of its `--preset` before those that it gives itself.
 *
 * @param table The options of the subcommand.
 * @param args What follows the subcommand's name.
 * @param known Every option that a preset may hold; those that the subcommand has not are passed over.
 * @returns As {@linkcode parseOptions} does.
 * @throws {UsageError} If an option is wrong, or a preset or what it holds.
 */
export function parseWithPreset<Table extends OptionTable & typeof PRESET_OPTIONS>(
  table: Table,
  args: string[],
  known: OptionTable = table,
): { values: OptionValues<Table>; inputs: string[] } {
  const given = parseOptions(table, args);
  const { preset } = given.values;
  if (preset === undefined) return given;
  const own = Object.keys(table).filter((name) => given.values[name] !== table[name].absent);
  const options = withoutReplaced(resolvePreset(presetChain(preset), known), own);
  const texts = Object.entries(options).filter(([name]) => name in table).flatMap(asArgument);
  return parseOptions(table, [...texts, ...args]);
}

/**
 * Returns all options of a preset and of those that it builds on.
 *
 * @param chain As {@linkcode presetChain} returns it.
 * @param known Every option that a preset may hold.
 * @throws {UsageError} If one of them is unknown, or its value does not fit; with the preset's name.
 */
export function resolvePreset(
  chain: readonly Preset[],
  known: OptionTable,
): Preset["options"] {
  for (const preset of chain) checkPreset(preset, known);
  return chain.toReversed().reduce((below: Preset["options"], { options }) => {
    return { ...withoutReplaced(below, Object.keys(options)), ...options };
  }, {});
}

/** Leaves out what options given after them make void. */
function withoutReplaced(options: Preset["options"], later: string[]): Preset["options"] {
  const replaced = later.flatMap((name) => REPLACED[name] ?? []);
  return Object.fromEntries(Object.entries(options).filter(([name]) => !replaced.includes(name)));
}

function checkPreset(preset: Preset, known: OptionTable): void {
  for (const [name, value] of Object.entries(preset.options)) {
    try {
      checkOption(name, value, known);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`Cannot use ${placeOf(preset)}: ${error.message}`);
    }
  }
}

function checkOption(name: string, value: OptionText, known: OptionTable): void {
  const option = Object.hasOwn(known, name) ? known[name] : undefined;
  if (option === undefined || NOT_IN_PRESETS.includes(name)) {
    throw new UsageError(`no preset has an option "${name}"`);
  }
  const isSwitch = option.value === undefined;
  if (isSwitch !== (typeof value === "boolean")) {
    const expected = isSwitch ? "true or false" : option.value;
    throw new UsageError(
      `Expected ${expected} for "${name}" but received ${JSON.stringify(value)}`,
    );
  }
  if (!isSwitch) option.read(String(value), `"${name}"`);
}

function asArgument([name, value]: [string, OptionText]): string[] {
  if (value === false) return [];
  return [value === true ? `--${name}` : `--${name}=${value}`];
}
