// deno-lint-ignore-file no-console -- its lines are its result
/**
 * Runs the tests of a file whose names hold a text, on Dawn: `deno run -A tests/matrix/run_tests.ts FILE
 * TEXT`. In place of `deno test`, in which Dawn's waiting for a compiler that takes seconds, as
 * lavapipe's does here, never ends.
 */

import "../on_dawn.ts";

type Test = { name: string; ignore?: boolean; fn: () => void | Promise<void> };

const [file, text] = Deno.args;
const tests: Test[] = [];
Object.defineProperty(Deno, "test", {
  value: (first: string | Test, fn: Test["fn"]) =>
    tests.push(typeof first === "string" ? { name: first, fn } : first),
});
await import(new URL(file, `file://${Deno.cwd()}/`).href);
const chosen = tests.filter(({ name, ignore }) => name.includes(text) && !ignore);
for (const { name, fn } of chosen) {
  await fn();
  console.log(`ok ${name}`);
}
const ignored = tests.filter(({ name, ignore }) => name.includes(text) && ignore);
console.log(`${chosen.length} passed, ${ignored.length} ignored`);
// Dawn has threads that would keep the process alive.
Deno.exit(chosen.length > 0 ? 0 : 1);
