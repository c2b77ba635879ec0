/**
 * Globs, for where no shell expands them: `*`, `**`, `?`, `[abc]` and `{a,b}`. Deno's own matcher reads
 * environment variables, for which it would need a permission.
 */

const META = /[\\^$.*+?()[\]{}|]/g;

/** A piece of a glob that means something, and the regular expression for it. */
const PIECES: readonly (readonly [piece: RegExp, meaning: (text: string) => string])[] = [
  [/^\*\*\//, () => "(?:[^/]+/)*"],
  [/^\*\*/, () => ".*"],
  [/^\*/, () => "[^/]*"],
  [/^\?/, () => "[^/]"],
  [/^\[[!^]?\]?[^\]/]*\]/, characters],
  [/^[^]/u, (text) => text.replace(META, "\\$&")],
];

/** Says whether a name has anything of a glob in it. */
export function isGlob(name: string): boolean {
  return /[*?{[]/.test(name);
}

/**
 * Makes of a glob a regular expression for whole paths with `/` between folders. Upper and lower case
 * differ; a brace that is not closed stands for itself.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const pattern = globToRegExp("photos/**\/*.{jpg,png}");
 * assert.ok(pattern.test("photos/a.jpg") && pattern.test("photos/2024/may/b.png"));
 * ```
 */
export function globToRegExp(glob: string): RegExp {
  return new RegExp(`^${translate(glob)}$`, "u");
}

function translate(glob: string): string {
  const braces = outerBraces(glob);
  if (braces !== undefined) {
    const { before, choices, after } = braces;
    return `${translate(before)}(?:${choices.map(translate).join("|")})${translate(after)}`;
  }
  let result = "";
  for (let rest = glob; rest !== "";) {
    const [piece, meaning] = PIECES.find(([piece]) => piece.test(rest))!;
    const [text] = piece.exec(rest)!;
    result += meaning(text);
    rest = rest.slice(text.length);
  }
  return result;
}

/** `[!a-c]` means all but these three. */
function characters(text: string): string {
  const negated = /^\[[!^]/.test(text);
  const inside = text.slice(negated ? 2 : 1, -1).replace(/[\\[\]^]/g, "\\$&");
  return inside === "" ? text.replace(META, "\\$&") : `[${negated ? "^/" : ""}${inside}]`;
}

/** Finds the first pair of braces, with the choices between its commas. */
function outerBraces(
  glob: string,
): { before: string; choices: string[]; after: string } | undefined {
  const start = glob.indexOf("{");
  if (start < 0) return undefined;
  const choices = [""];
  let depth = 0;
  for (let at = start; at < glob.length; at++) {
    const character = glob[at];
    if (character === "{" && depth++ === 0) continue;
    if (character === "}" && --depth === 0) {
      return { before: glob.slice(0, start), choices, after: glob.slice(at + 1) };
    }
    if (character === "," && depth === 1) choices.push("");
    else choices[choices.length - 1] += character;
  }
  return undefined;
}
