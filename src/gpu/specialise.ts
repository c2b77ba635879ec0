/**
 * Turns a readable shader into the one that is compiled: listed constants get their values, and
 * loops marked `// unroll` are written out.
 *
 * Register tiles need this because naga neither unrolls loops nor proves that an index is constant.
 * The shader stays one plain `.wgsl` file; nothing is generated from strings in TypeScript.
 */

/** Values for `const NAME = 4u;` declarations of a shader. */
export type Constants = Record<string, number>;

/**
 * Gives constants their values and writes out the marked loops.
 *
 * A marked loop is the line `// unroll` and then `for (var i = A; i < B; i++) {` or `i += C`, where
 * A, B and C are made of integers, the shader's `const`s and outer unrolled variables. In its body
 * the variable becomes a number, and an index `[...]` that has become constant is computed.
 *
 * @param source WGSL text.
 * @param constants Values by name; each must be declared in the text as `const NAME = <integer>u;`.
 * @returns WGSL text that compiles as it is.
 * @throws {RangeError} If a constant is not declared, or a marked loop is not of the form above.
 *
 * @example
 * ```ts
 * import { specialise } from "./specialise.ts";
 * const text = "const N = 2u;\n// unroll\nfor (var i = 0u; i < N; i++) {\na[i + 1u] = i;\n}";
 * console.assert(specialise(text, { N: 1 }).includes("a[1u] = 0u;"));
 * ```
 */
export function specialise(source: string, constants: Constants = {}): string {
  const text = setConstants(source, constants);
  return unroll(text, readConstants(text));
}

function setConstants(source: string, constants: Constants): string {
  let text = source;
  for (const [name, value] of Object.entries(constants)) {
    const declaration = new RegExp(`^(const ${name} = )\\d+u;`, "m");
    if (!declaration.test(text)) {
      throw new RangeError(`Cannot set constant "${name}": the shader does not declare it`);
    }
    text = text.replace(declaration, `$1${value}u;`);
  }
  return text;
}

/** Reads `const NAME = expression;` lines; an expression may use the constants above it. */
function readConstants(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const [, name, expression] of text.matchAll(/^const (\w+) = ([^;]+);/gm)) {
    const value = evaluate(tokensOf(expression), values);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

const LOOP =
  /\/\/ unroll\s*\n\s*for \(var (\w+) = ([^;]+); \1 < ([^;]+); \1(\+\+| \+= [^)]+)\) \{/g;

/** A piece of a shader: text as it is, or what depends on the variables of the loops around it. */
type Part = string | Variable | Index | Loop;

/** A loop's variable, which becomes a number. */
interface Variable {
  name: string;
}

/** What stands between brackets: a number where all of it is constant. */
interface Index {
  tokens: string[];
  inside: Part[];
}

/** A loop that is written out. */
interface Loop extends Variable {
  head: string;
  start: string;
  end: string;
  step: string;
  body: Part[];
}

/** Writes out the marked loops. A body is taken apart once, however often it is repeated. */
function unroll(text: string, values: Map<string, number>): string {
  const written: string[] = [];
  write(parse(text, []), values, written);
  return written.join("");
}

/** @param names Variables of the loops around the text. */
function parse(text: string, names: string[]): Part[] {
  const parts: Part[] = [];
  for (let from = 0;;) {
    LOOP.lastIndex = from;
    const match = LOOP.exec(text);
    parts.push(...parseText(text.slice(from, match?.index), names));
    if (match === null) return parts;
    const [head, name, start, end, step] = match;
    const bodyStart = match.index + head.length;
    const bodyEnd = closingBrace(text, bodyStart);
    const body = parse(text.slice(bodyStart, bodyEnd), [...names, name]);
    parts.push({ head, name, start, end, step, body });
    from = bodyEnd + 1;
  }
}

function parseText(text: string, names: string[]): Part[] {
  const left = /\/\/ unroll.*\n.*/.exec(text);
  if (left !== null) throw new RangeError(`Cannot unroll this loop: ${left[0]}`);
  if (names.length === 0) return [text];
  const variable = `(?<![\\w.])(?:${names.join("|")})\\b`;
  const partsOf = (text: string, pattern: string): Part[] =>
    text.split(new RegExp(`(${pattern})`)).map((found, i) => {
      if (i % 2 === 0) return found;
      if (!found.startsWith("[")) return { name: found };
      return { tokens: tokensOf(found.slice(1, -1)), inside: partsOf(found, variable) };
    });
  return partsOf(text, `\\[[^[\\]]+\\]|${variable}`);
}

/** Appends what parts become with values of constants and variables. */
function write(parts: Part[], values: Map<string, number>, to: string[]): void {
  for (const part of parts) {
    if (typeof part === "string") to.push(part);
    else if ("body" in part) writeLoop(part, values, to);
    else if ("tokens" in part) writeIndex(part, values, to);
    else to.push(`${values.get(part.name)}u`);
  }
}

function writeLoop(loop: Loop, values: Map<string, number>, to: string[]): void {
  const { head, name, start, end, step, body } = loop;
  const first = bound(start, values, head);
  const behind = bound(end, values, head);
  const by = step === "++" ? 1 : bound(step.slice(4), values, head);
  if (by < 1) throw new RangeError(`Cannot unroll "${head}": a step of ${by} never ends`);
  const inner = new Map(values);
  for (let i = first; i < behind; i += by) {
    inner.set(name, i);
    to.push("{");
    write(body, inner, to);
    to.push("}\n");
  }
}

function writeIndex({ tokens, inside }: Index, values: Map<string, number>, to: string[]): void {
  const value = evaluate(tokens, values);
  if (value === undefined) write(inside, values, to);
  else to.push(`[${value}u]`);
}

function bound(expression: string, values: Map<string, number>, loop: string): number {
  const value = evaluate(tokensOf(expression), values);
  if (value === undefined) {
    throw new RangeError(`Cannot unroll "${loop}": "${expression}" is not a constant`);
  }
  return value;
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let i = from; i < text.length; i++) {
    if (text[i] === "{") depth++;
    if (text[i] === "}" && --depth === 0) return i;
  }
  throw new RangeError("Cannot unroll a loop without a closing brace");
}

function tokensOf(expression: string): string[] {
  return expression.match(/[A-Za-z_]\w*|\d+u?|\S/g) ?? [];
}

/**
 * The value of an integer expression in `+ - * / %`, `min()` and parentheses, or undefined if it has
 * others.
 */
function evaluate(tokens: string[], values: Map<string, number>): number | undefined {
  let position = 0;

  function primary(): number {
    const token = tokens[position++] ?? "";
    if (token === "(") return closed(sum());
    if (token === "min" && tokens[position] === "(") {
      position++;
      const first = sum();
      return tokens[position++] === "," ? closed(Math.min(first, sum())) : NaN;
    }
    if (/^\d/.test(token)) return parseInt(token);
    return values.get(token) ?? NaN;
  }

  function closed(value: number): number {
    return tokens[position++] === ")" ? value : NaN;
  }

  function product(): number {
    let value = primary();
    while (tokens[position] === "*" || tokens[position] === "/" || tokens[position] === "%") {
      const operator = tokens[position++];
      const right = primary();
      if (operator === "*") value *= right;
      else if (operator === "/") value = Math.floor(value / right);
      else value %= right;
    }
    return value;
  }

  function sum(): number {
    let value = product();
    while (tokens[position] === "+" || tokens[position] === "-") {
      value = tokens[position++] === "+" ? value + product() : value - product();
    }
    return value;
  }

  const value = sum();
  return position === tokens.length && Number.isInteger(value) ? value : undefined;
}
