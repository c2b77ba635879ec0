/**
 * The kernels for matrix units where no GPU has them: lavapipe of Mesa 26 computes with them, and the
 * compilers of real GPUs compile them, for stubs of the hardware. Slow, and only where the chroot of
 * `scripts/gpu_stubs.sh` can be set up: `./test --all`.
 */

import assert from "node:assert/strict";
import { STAGED, type Staged } from "../../src/kernels/matrix_shape.ts";
import { loadDawn } from "../../src/platform/mod.ts";
import {
  type Chip,
  environmentOf,
  inStubs,
  setUpStubs,
  type Stubs,
} from "../kernels/stubs/stubs.ts";
import type { CompiledKernel } from "./compile_kernels.ts";
import { loopMix } from "./instruction_mix.ts";

const stubs = await setUp();
const needs = "missing" in stubs ? ` (${stubs.missing})` : "";

/** What the names of tests on matrix units say. */
const UNITS = "on matrix units";

/** Kernels of `compile_kernels.ts`. */
const KERNELS = 4;

/**
 * The share of matrix instructions that must be reached at least, as it was when this was written. On AMD:
 * of the cycles of the vector units in the loop, where a product of 16x16x16 takes `cycles`, others one.
 * On NVIDIA: of what is issued. What copies pixels counts in full, though only one step in three does.
 */
const CHIPS: { chip: Chip; cycles?: number; least: Record<Staged, number> }[] = [
  { chip: "rdna3", cycles: 32, least: { nothing: 0.98, weights: 0.93, pixels: 0.82, both: 0.81 } },
  { chip: "rdna4", cycles: 16, least: { nothing: 0.94, weights: 0.89, pixels: 0.69, both: 0.68 } },
  { chip: "turing", least: { nothing: 0.06, weights: 0.06, pixels: 0.03, both: 0.03 } },
  { chip: "ampere", least: { nothing: 0.06, weights: 0.06, pixels: 0.03, both: 0.03 } },
  { chip: "ada", least: { nothing: 0.06, weights: 0.06, pixels: 0.03, both: 0.03 } },
];

for (const { chip, cycles, least } of CHIPS) {
  Deno.test({
    name: `kernels for matrix units compile for ${chip}, without spills${needs}`,
    ignore: "missing" in stubs,
    fn: async () => {
      const { folder } = stubs as { folder: string };
      const script = "tests/matrix/compile_kernels.ts";
      const environment = [...environmentOf(chip, folder), "TESSERA_ASSEMBLY=1"];
      const { code, text } = await inRoot(folder, [...environment, ...deno("run", script)]);
      assert.equal(code, 0, text);
      const [shape, ...kernels] = text.split("\n").filter((line) => line.startsWith("{"));
      const { m, n, k, lanes } = JSON.parse(shape);
      assert.deepEqual([m, n, k, lanes], [16, 16, 16, 32]);
      assert.equal(kernels.length, KERNELS * STAGED.length);
      for (const line of kernels) {
        const { kernel, staged, told }: CompiledKernel = JSON.parse(line);
        const label = `${kernel}, ${staged} staged`;
        for (const spills of ["Spilled VGPRs", "Spills to memory"]) {
          assert.equal(
            Number(new RegExp(`^${spills}: (\\d+)$`, "m").exec(told)?.[1] ?? 0),
            0,
            label,
          );
        }
        const { matrix, vector, instructions } = loopMix(told);
        const share = cycles === undefined
          ? matrix / instructions
          : matrix * cycles / (matrix * cycles + vector);
        assert.ok(share >= least[staged], `${label}: ${share.toFixed(3)} of the loop`);
      }
    },
  });
}

Deno.test({
  name: `matrix units of lavapipe compute what the float64 twin computes${needs}`,
  ignore: "missing" in stubs,
  fn: async () => {
    const tests = "tests/kernels/matrix_conv_test.ts";
    const preload = "--preload=tests/on_dawn.ts";
    const { folder } = stubs as { folder: string };
    const command = deno("test", preload, "--filter", UNITS, tests);
    const { code, text } = await inRoot(folder, command);
    assert.equal(code, 0, text);
    assert.match(text, /\| [1-9]\d* passed \| 0 failed \| \d+ filtered out \(/);
  },
});

Deno.test({
  name: `Dawn on lavapipe gives the bytes that Deno's own WebGPU gives there${needs}`,
  ignore: "missing" in stubs,
  fn: async () => {
    const { folder } = stubs as { folder: string };
    const { code, text } = await inRoot(folder, deno("test", "tests/dawn_test.ts"));
    assert.equal(code, 0, text);
    assert.match(text, /\| 1 passed \| 0 failed \(/);
  },
});

/** The chroot, which has no network: Dawn is fetched before. */
async function setUp(): Promise<Stubs> {
  if (Deno.env.get("TESSERA_TEST") !== "all") return { missing: "TESSERA_TEST=all" };
  try {
    await loadDawn();
  } catch (error) {
    return { missing: `Dawn cannot be loaded: ${(error as Error).message}` };
  }
  return await setUpStubs();
}

/** Without a lock and from what is there. */
function deno(command: "run" | "test", ...args: string[]): string[] {
  return ["deno", command, "--no-lock", "--no-check", "--cached-only", "--allow-all", ...args];
}

/** Runs a command in the chroot; returns what it wrote to both streams. */
async function inRoot(folder: string, command: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await inStubs(folder, ["NO_COLOR=1", ...command]);
  const texts = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, text: texts.join("") };
}
