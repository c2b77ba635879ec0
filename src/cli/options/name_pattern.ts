/**
 * The names of results, as `--name` gives them: `{name}-x{scale}.{ext}`. Sizes are not known before a
 * picture has been read, so a pattern is filled in twice.
 */

import { UsageError } from "../../errors.ts";
import { listOf } from "./arguments.ts";

/** What stands in braces, with what it becomes. */
export const PLACEHOLDERS = {
  name: "the input's name without its ending",
  ext: "the ending of the result's format, as the input spells it where the format stays",
  from: "the input's own ending",
  parent: "the name of the folder that the input lies in",
  model: "the network's name",
  scale: "the factor, at most three decimals",
  width: "the result's width in pixels",
  height: "the result's height in pixels",
} as const;

/** One of the words that may stand in braces. */
export type Placeholder = keyof typeof PLACEHOLDERS;

/** Text, and what is still to be filled in. */
export type NamePattern = readonly (string | { placeholder: Placeholder })[];

/** What a name is if nothing else is asked for. */
export const DEFAULT_PATTERN = "{name}-x{scale}.{ext}";

const WORDS = Object.keys(PLACEHOLDERS) as Placeholder[];

/**
 * Reads a pattern.
 *
 * @throws {UsageError} If it has an unknown placeholder, a brace too many, or names a folder.
 */
export function parsePattern(text: string): NamePattern {
  if (/[/\\]/.test(text)) {
    throw new UsageError(`Expected a name without folders for --name but received "${text}"`);
  }
  return text.split(/(\{[^{}]*\})/).filter((part) => part !== "").map((part) => {
    if (!/[{}]/.test(part)) return part;
    const word = WORDS.find((word) => part === `{${word}}`);
    if (word !== undefined) return { placeholder: word };
    throw new UsageError(
      `Unknown placeholder ${part} in --name "${text}": there are ` +
        listOf(WORDS.map((word) => `{${word}}`)),
    );
  });
}

/** Fills in what is known; the rest stays. */
export function fillPattern(
  pattern: NamePattern,
  values: Partial<Record<Placeholder, string>>,
): NamePattern {
  return pattern.map((part) => typeof part === "string" ? part : values[part.placeholder] ?? part);
}

/** Returns the name, or `undefined` while something in it is not known. */
export function nameOf(pattern: NamePattern): string | undefined {
  const texts = pattern.filter((part) => typeof part === "string");
  return texts.length === pattern.length ? texts.join("") : undefined;
}
