/**
 * The command line as a table of options: parsing and `--help` are both made from it, so that they
 * cannot disagree. Each subcommand states its own table.
 */

import { parseArgs } from "node:util";
import { UsageError } from "../../errors.ts";
import { isPictureName } from "../../pictures/mod.ts";
import { statOrUndefined } from "../files/output_file.ts";

/** The headings of long tables in `--help`, most used first; what has none comes last. */
const GROUPS = [
  "Size",
  "Network",
  "Damage",
  "Result file",
  "Many pictures",
  "Memory and device",
] as const;

/** A heading of `--help`. */
export type Group = typeof GROUPS[number];

/** One option of a subcommand. */
export interface Option<T> {
  /** The heading under which `--help` has it. */
  group?: Group;
  /** Letter of the short form, as in `-o`. */
  short?: string;
  /** What stands for the value in `--help`, as in `--scale S`; a switch has none. */
  value?: string;
  /** What the option does, for `--help`. */
  help: string;
  /** Its value when it is not given. */
  absent: T;
  /** Reads the text given to `flag`, or throws a `UsageError`; a switch ignores the text. */
  read(text: string, flag: string): T;
}

/** Options by name without the dashes; `--help` has them in this order, within their groups. */
// deno-lint-ignore no-explicit-any -- each option has a value type of its own
export type OptionTable = Record<string, Option<any>>;

/** The value of each option of a table. */
export type OptionValues<Table extends OptionTable> = {
  [Name in keyof Table]: Table[Name]["absent"];
};

/** Returns a table of the same options under a heading of `--help`. */
export function grouped<Table extends OptionTable>(group: Group, table: Table): Table {
  const entries = Object.entries(table).map(([name, option]) => [name, { ...option, group }]);
  return Object.fromEntries(entries);
}

/** An option that is either given or not. */
export function switchOption(help: string, short?: string): Option<boolean> {
  return { help, absent: false, read: () => true, ...(short !== undefined && { short }) };
}

/** An option that takes any text but the empty one. */
export function textOption(
  spec: { value: string; help: string; short?: string },
): Option<string | undefined> {
  return {
    ...spec,
    absent: undefined,
    read(text, flag) {
      if (text === "") throw new UsageError(`Expected ${spec.value} for ${flag} but received ""`);
      return text;
    },
  };
}

/** An option that takes one of a few words. */
export function choiceOption<Word extends string>(
  spec: { words: readonly Word[]; help: string; value?: string },
): Option<Word | undefined> {
  return {
    value: spec.value ?? spec.words.join("|"),
    help: spec.help,
    absent: undefined,
    read(text, flag) {
      const word = spec.words.find((word) => word === text);
      if (word === undefined) throw unexpected(listOf(spec.words), flag, text);
      return word;
    },
  };
}

/** An option that takes a number in a range, or one of a few words; digits may be missing on one side of a point. */
export function numberOption<Word extends string = never>(
  spec: {
    value: string;
    help: string;
    min: number;
    max: number;
    whole?: boolean;
    words?: readonly Word[];
    short?: string;
    /** What may follow the number, as people write it: the `x` of `4x`. */
    unit?: string;
  },
): Option<number | Word | undefined> {
  const { words = [], min, max, whole = false, short, unit = "" } = spec;
  const expected = `${whole ? "a whole number" : "a number"} from ${min} to ${max}`;
  return {
    value: [...words, spec.value].join("|"),
    help: spec.help,
    absent: undefined,
    ...(short !== undefined && { short }),
    read(text, flag) {
      const word = words.find((word) => word === text);
      if (word !== undefined) return word;
      const digits = text.toLowerCase().endsWith(unit)
        ? text.slice(0, -unit.length || undefined)
        : text;
      const number = /^(\d+\.?\d*|\.\d+)$/.test(digits) ? Number(digits) : NaN;
      if (number >= min && number <= max && (!whole || Number.isInteger(number))) return number;
      throw unexpected(listOf([...words, expected]), flag, text);
    },
  };
}

/**
 * Reads a command line.
 *
 * @param table The options of the subcommand.
 * @param args What follows the subcommand's name.
 * @returns The value of every option, and the other arguments in their order.
 * @throws {UsageError} If an option is unknown, misses its value, or its value does not fit.
 */
export function parseOptions<Table extends OptionTable>(
  table: Table,
  args: string[],
): { values: OptionValues<Table>; inputs: string[] } {
  const { values: texts, positionals: inputs } = tokenise(table, args);
  const values = Object.entries(table).map(([name, option]) => {
    const text = texts[name];
    return [name, text === undefined ? option.absent : option.read(String(text), `--${name}`)];
  });
  return { values: Object.fromEntries(values), inputs };
}

function tokenise(table: OptionTable, args: string[]) {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { value, short }]) => {
      const type: "string" | "boolean" = value === undefined ? "boolean" : "string";
      return [name, { type, ...(short !== undefined && { short }) }];
    }),
  );
  const dashed = args.slice(0, args.indexOf("--") >>> 0).filter(isDashedPicture);
  const file = dashed.find((name) => statOrUndefined(name)?.isFile);
  if (file !== undefined) throw dashedName(file);
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true });
  } catch (error) {
    if (dashed.length > 0) throw dashedName(dashed[0]);
    throw new UsageError(explainParseError(error as TypeError & { code?: string }, table));
  }
}

/** Says whether a picture's name looks like short options. */
function isDashedPicture(argument: string): boolean {
  return /^-[^-]/.test(argument) && isPictureName(argument);
}

function dashedName(name: string): UsageError {
  return new UsageError(
    `"${name}" begins with a dash, as options do: write ./${name}, or -- before the pictures`,
  );
}

function explainParseError(error: TypeError & { code?: string }, table: OptionTable): string {
  const firstLine = error.message.split("\n")[0]!;
  if (error.code !== "ERR_PARSE_ARGS_UNKNOWN_OPTION") return firstLine;
  const flag = /'(-[^' ]*)/.exec(firstLine)?.[1] ?? "";
  const near = Object.keys(table).find((name) => isNear(`--${name}`, flag));
  const advice = near === undefined ? "--help lists them all" : `did you mean --${near}?`;
  return `Unknown option "${flag}": ${advice}`;
}

/** Says whether one letter too many, too few or wrong is all that separates two words. */
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) {
    end++;
  }
  return Math.max(a.length, b.length) - start - end <= 1;
}

function unexpected(expected: string, flag: string, received: string): UsageError {
  return new UsageError(`Expected ${expected} for ${flag} but received "${received}"`);
}

/** Joins words as a sentence does: "a, b or c". */
export function listOf(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** Returns the lines of `--help` that describe the options of a table, group by group. */
export function describeOptions(table: OptionTable): string {
  const options = Object.entries(table);
  const width = Math.max(...options.map(([name, option]) => spell(name, option).length));
  const parts = [...GROUPS, undefined].flatMap((group) => {
    const rows = options.filter(([, option]) => option.group === group)
      .map(([name, option]) => [spell(name, option), option.help] as const);
    return rows.length === 0 ? [] : [{ group, lines: alignRows(rows, width) }];
  });
  const others = parts.length === 1 ? "Options" : "Other options";
  return parts.map(({ group = others, lines }) => `${group}:\n${lines}`).join("\n\n");
}

/** An option as it is written, with what stands for its value: "-o, --output FILE". */
function spell(name: string, { short, value }: OptionTable[string]): string {
  const letter = short === undefined ? "    " : `-${short}, `;
  return `${letter}--${name}${value === undefined ? "" : ` ${value}`}`;
}

/** Columns of what is printed for people to read: those of the narrowest usual terminal. */
const COLUMNS = 80;

/**
 * Returns indented lines of at most 80 columns with the second column aligned and wrapped.
 *
 * @param width Columns of the first column, that of its longest text unless given.
 */
export function alignRows(
  rows: readonly (readonly [string, string])[],
  width: number = Math.max(...rows.map(([left]) => left.length)),
): string {
  return rows.flatMap(([left, right]) =>
    wrap(right, COLUMNS - width - 4).map((line, i) =>
      `  ${(i === 0 ? left : "").padEnd(width)}  ${line}`
    )
  ).join("\n");
}

/** Breaks text between words; a word that is too long stays whole. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= columns) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
