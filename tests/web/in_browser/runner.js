// @ts-check
/// <reference lib="webworker" />
/**
 * A worker that runs a bundled test file: `#name` of its address. It stands in for what such a file asks of
 * Deno, runs the tests one after the other, and posts what became of each.
 */

/** @type {{ name: string, fn: (context: unknown) => unknown, ignore?: boolean }[]} */
const tests = [];

class NotFound extends Error {}

/** @param {string | URL} url */
async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new NotFound(String(url));
  return response;
}

/** @param {unknown} path */
function nowhere(path) {
  throw new NotFound(String(path));
}

Object.assign(globalThis, {
  Deno: {
    /** @param {any} named @param {any} [work] @param {any} [last] */
    test(named, work, last) {
      const given = typeof named === "string" ? { name: named } : named;
      const options = typeof work === "object" ? work : {};
      tests.push({ ...options, ...given, fn: last ?? given.fn ?? work });
    },
    errors: { NotFound },
    env: { get: () => undefined },
    build: { os: "linux" },
    statSync: nowhere,
    readDirSync: nowhere,
    /** @param {string | URL} url */
    readFile: async (url) => new Uint8Array(await (await fetched(url)).arrayBuffer()),
    /** @param {string | URL} url */
    readTextFile: async (url) => await (await fetched(url)).text(),
  },
});

const context = {
  /** @param {any} named @param {any} work */
  async step(named, work) {
    if (named.ignore !== true) await (named.fn ?? work)(context);
    return true;
  },
};

await import(`./${location.hash.slice(1)}`);
for (const { name, fn, ignore = false } of tests) {
  let error;
  try {
    if (!ignore) await fn(context);
  } catch (reason) {
    error = String(reason);
  }
  postMessage({ name, ignore, error });
}
postMessage("done");
