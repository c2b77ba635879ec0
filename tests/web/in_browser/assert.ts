/** As much of `node:assert/strict` as the engine's tests use, for a page, which has none. */

/** What an error is compared with. */
type Expected =
  | RegExp
  | Record<string, unknown>
  | (new (...args: never[]) => Error)
  | ((error: unknown) => boolean);

function fail(what: string, message: string | undefined): never {
  throw new Error(message === undefined ? what : `${message}: ${what}`);
}

function shown(value: unknown): string {
  const text = ArrayBuffer.isView(value) ? String(value) : JSON.stringify(value) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}

// deno-lint-ignore no-explicit-any
function isSame(a: any, b: any): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Map || a instanceof Set) return isSame([...a], [...b]);
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]));
}

function checkError(error: unknown, expected: Expected | undefined, message?: string): void {
  if (expected === undefined) return;
  if (expected instanceof RegExp) {
    if (!expected.test(String(error))) fail(`${error} does not match ${expected}`, message);
  } else if (typeof expected === "function") {
    const isClass = expected.prototype !== undefined;
    if (isClass && error instanceof (expected as new () => Error)) return;
    if (isClass || (expected as (error: unknown) => boolean)(error) !== true) throw error;
  } else {
    for (const [key, value] of Object.entries(expected)) {
      const found = (error as Record<string, unknown>)[key];
      const fits = value instanceof RegExp ? value.test(String(found)) : isSame(found, value);
      if (!fits) fail(`${key} is ${shown(found)}, not ${shown(value)}`, message);
    }
  }
}

function assert(value: unknown, message?: string): void {
  if (!value) fail(`${shown(value)} is not true`, message);
}

export default Object.assign(assert, {
  ok: assert,
  equal(a: unknown, b: unknown, message?: string): void {
    if (!Object.is(a, b)) fail(`${shown(a)} is not ${shown(b)}`, message);
  },
  notEqual(a: unknown, b: unknown, message?: string): void {
    if (Object.is(a, b)) fail(`both are ${shown(a)}`, message);
  },
  deepEqual(a: unknown, b: unknown, message?: string): void {
    if (!isSame(a, b)) fail(`${shown(a)} is not ${shown(b)}`, message);
  },
  notDeepEqual(a: unknown, b: unknown, message?: string): void {
    if (isSame(a, b)) fail(`both are ${shown(a)}`, message);
  },
  match(text: string, pattern: RegExp, message?: string): void {
    if (!pattern.test(text)) fail(`${shown(text)} does not match ${pattern}`, message);
  },
  doesNotMatch(text: string, pattern: RegExp, message?: string): void {
    if (pattern.test(text)) fail(`${shown(text)} matches ${pattern}`, message);
  },
  fail(message?: string): never {
    fail("it failed", message);
  },
  throws(work: () => unknown, expected?: Expected, message?: string): void {
    try {
      work();
    } catch (error) {
      return checkError(error, expected, message);
    }
    fail("nothing was thrown", message);
  },
  doesNotThrow(work: () => unknown): void {
    work();
  },
  async rejects(
    work: Promise<unknown> | (() => Promise<unknown>),
    expected?: Expected,
    message?: string,
  ): Promise<void> {
    try {
      await (typeof work === "function" ? work() : work);
    } catch (error) {
      return checkError(error, expected, message);
    }
    fail("nothing was rejected", message);
  },
});
