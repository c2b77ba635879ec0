/**
 * Presets, named sets of options, and where they come from: `tessera.json` in the current folder, the
 * one in the user's configuration folder, and those that come with the program. Of two with one name,
 * the first found counts.
 */

import { join } from "node:path";
import { UsageError } from "../../errors.ts";
import embedded from "./presets.json" with { type: "json" };

/** A named set of options. */
export interface Preset {
  name: string;
  /** The file that it is from; `undefined` if it comes with the program. */
  file: string | undefined;
  /** What it is for, for people. */
  summary: string | undefined;
  /** The preset that it builds on. */
  base: string | undefined;
  /** Values by the options' names without dashes. */
  options: Record<string, OptionText>;
}

/** The value of an option as a file states it; of a switch, whether it is on. */
export type OptionText = string | number | boolean;

const FILE_NAME = "tessera.json";

/** Returns every preset, those that count before those of the same name that do not. */
export function readPresets(): Preset[] {
  return [...presetFiles()].flat();
}

/**
 * Returns a preset and what it builds on, the preset itself first. One that builds on its own name
 * extends the next one of that name: the user's `web` that of the program.
 *
 * @throws {UsageError} If there is no such preset, or its file cannot be used.
 */
export function presetChain(name: string, presets: readonly Preset[] = readPresets()): Preset[] {
  const chain: Preset[] = [];
  for (let wanted: string | undefined = name; wanted !== undefined;) {
    const found = presets.find((preset) => preset.name === wanted && !chain.includes(preset));
    if (found === undefined) throw notFound(wanted, presets, chain.at(-1));
    chain.push(found);
    wanted = found.base;
  }
  return chain;
}

/** Says which preset is meant, in messages: `preset "web" in tessera.json`. */
export function placeOf({ name, file }: Preset): string {
  return file === undefined ? `the preset "${name}"` : `the preset "${name}" in "${file}"`;
}

function notFound(name: string, presets: readonly Preset[], by: Preset | undefined): UsageError {
  if (by === undefined) {
    const names = [...new Set(presets.map(({ name }) => name))].join(", ");
    return new UsageError(`There is no preset "${name}": there are ${names}`);
  }
  const reason = presets.some((preset) => preset.name === name)
    ? "which builds on it in turn"
    : "which does not exist";
  return new UsageError(`Cannot use ${placeOf(by)}: it extends "${name}", ${reason}`);
}

/** Yields the presets of each file in the order in which they count. */
function* presetFiles(): Generator<Preset[]> {
  yield readFile(FILE_NAME);
  const folder = configurationFolder();
  if (folder !== undefined) yield readFile(join(folder, FILE_NAME));
  yield presetsOf(embedded, undefined);
}

/** Returns where the user's configuration of this program is, if that can be known. */
function configurationFolder(): string | undefined {
  const { env, build } = Deno;
  if (build.os === "windows") return inFolder(env.get("APPDATA"), "tessera");
  return inFolder(env.get("XDG_CONFIG_HOME") || undefined, "tessera") ??
    inFolder(env.get("HOME"), ".config", "tessera");
}

function inFolder(folder: string | undefined, ...path: string[]): string | undefined {
  return folder === undefined ? undefined : join(folder, ...path);
}

function readFile(path: string): Preset[] {
  try {
    return presetsOf(JSON.parse(Deno.readTextFileSync(path)), path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    if (error instanceof SyntaxError) throw unusable(path, `it is no JSON: ${error.message}`);
    throw error;
  }
}

/** Reads `{ "presets": { "web": { "summary": "...", "extends": "...", "quality": 80 } } }`. */
function presetsOf(document: unknown, file: string | undefined): Preset[] {
  if (!isObject(document) || !isObject(document.presets)) {
    throw unusable(file, 'expected { "presets": { "NAME": { "OPTION": value } } }');
  }
  return Object.entries(document.presets).map(([name, value]) => {
    if (!isObject(value)) throw unusable(file, `expected an object for the preset "${name}"`);
    const { summary, extends: base, ...options } = value;
    for (const [key, text] of Object.entries(value)) {
      const isText = key === "summary" || key === "extends";
      if (isText ? typeof text !== "string" : !isOptionText(text)) {
        const expected = isText ? "a text" : "a text, a number, true or false";
        throw unusable(file, `expected ${expected} for "${key}" of the preset "${name}"`);
      }
    }
    return { name, file, summary, base, options } as Preset;
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOptionText(value: unknown): value is OptionText {
  return ["string", "number", "boolean"].includes(typeof value);
}

function unusable(file = "presets.json", reason: string): UsageError {
  return new UsageError(`Cannot use "${file}": ${reason}`);
}
