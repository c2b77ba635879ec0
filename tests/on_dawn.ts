/**
 * Puts Dawn in the place of Deno's own WebGPU, for every test of a run and for the programs that tests
 * start: `deno test --preload=tests/on_dawn.ts`; `./test --dawn` does it.
 *
 * Errors and events, which tests make, are Dawn's as well. Buffers and devices are not: by their class it
 * is told that they are another implementation's than the runtime's.
 */

import { DAWN, loadDawn } from "../src/platform/mod.ts";

/** Milliseconds between two questions whether something is done. */
const POLLING = 1;

const { globals } = await import(`npm:${DAWN}`);
for (const [name, value] of Object.entries(globals)) {
  if (!/(Error|Event)$/.test(name)) continue;
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
Object.defineProperty(navigator, "gpu", { value: await loadDawn(), configurable: true });
pollInPauses();

/**
 * While something is under way Dawn asks for it in every turn of the event loop, by `setImmediate()`.
 * `deno test` becomes slower with each of these turns, until nothing ends.
 */
function pollInPauses(): void {
  const value = (call: (...args: unknown[]) => void, ...args: unknown[]) =>
    setTimeout(call, POLLING, ...args);
  Object.defineProperty(globalThis, "setImmediate", { value, configurable: true, writable: true });
}
