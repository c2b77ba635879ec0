/**
 * Puts Dawn in the place of Deno's own WebGPU, for every test of a run:
 * `deno test --preload=tests/on_dawn.ts`; `./test --dawn` does it.
 *
 * Classes of which a test makes objects, or asks whether one is of them, are Dawn's as well; `GPUDevice`
 * stays Deno's, which is how a device of another implementation is told.
 */

import { DAWN, loadDawn } from "../src/platform/mod.ts";

const { globals } = await import(`npm:${DAWN}`);
for (const [name, value] of Object.entries(globals)) {
  if (name === "GPUDevice") continue;
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
Object.defineProperty(navigator, "gpu", { value: await loadDawn(), configurable: true });
