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
    const value = evaluate(expression, values);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

const LOOP = /\/\/ unroll\s*\n\s*for \(var (\w+) = ([^;]+); \1 < ([^;]+); \1(\+\+| \+= [^)]+)\) \{/;

function unroll(text: string, values: Map<string, number>): string {
  const match = LOOP.exec(text);
  if (match === null) {
    const left = /\/\/ unroll.*\n.*/.exec(text);
    if (left !== null) throw new RangeError(`Cannot unroll this loop: ${left[0]}`);
    return text;
  }
  const [head, name, start, end, step] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
  ];
  const bodyStart = match.index + head.length;
  const bodyEnd = closingBrace(text, bodyStart);
  const body = text.slice(bodyStart, bodyEnd);
  const from = bound(start, values, head);
  const to = bound(end, values, head);
  const by = step === "++" ? 1 : bound(step.slice(4), values, head);
  if (by < 1) throw new RangeError(`Cannot unroll "${head}": a step of ${by} never ends`);
  const variable = new RegExp(`(?<![\\w.])${name}\\b`, "g");
  let written = "";
  for (let i = from; i < to; i += by) {
    const inner = new Map(values).set(name, i);
    const block = foldIndices(
      unroll(body, inner).replace(variable, `${i}u`),
      values,
    );
    written += `{${block}}\n`;
  }
  return text.slice(0, match.index) + written + unroll(text.slice(bodyEnd + 1), values);
}

function bound(expression: string, values: Map<string, number>, loop: string): number {
  const value = evaluate(expression, values);
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

/** Replaces each innermost `[expression]` that is constant by its value. */
function foldIndices(text: string, values: Map<string, number>): string {
  return text.replace(/\[([^[\]]+)\]/g, (index, expression: string) => {
    const value = evaluate(expression, values);
    return value === undefined ? index : `[${value}u]`;
  });
}

/**
 * The value of an integer expression in `+ - * / %`, `min()` and parentheses, or undefined if it has
 * others.
 */
function evaluate(expression: string, values: Map<string, number>): number | undefined {
  const tokens = expression.match(/[A-Za-z_]\w*|\d+u?|\S/g) ?? [];
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
