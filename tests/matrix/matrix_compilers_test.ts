/**
 * The kernels for matrix units where no GPU has them: lavapipe of Mesa 26 computes with them, and the
 * compilers of real GPUs compile them, for stubs of the hardware. Slow, and only as root with the tools of
 * `../shared/gpu-stubs`: `./test --all`.
 */

import assert from "node:assert/strict";
import { loopMix } from "./instruction_mix.ts";
import { inStubRoot, readNotes, setUpStubRoot } from "./stub_root.ts";

const isSetUp = Deno.env.get("TESSERA_TEST") === "all" && await setUpStubRoot();

/** Without a lock and from what is there: the root has no network. */
const DENO = ["--no-lock", "--no-check", "--cached-only", "--allow-all"];

/** What the names of tests on matrix units say. */
const UNITS = "on matrix units";

/** Shaders of `compile_kernels.ts`. */
const KERNELS = ["conv3x3_32", "conv3x3_32_48", "conv3x3_64", "upconv3x3_64"];

/**
 * What must be reached at least, as it was when this was written. On AMD: the share of the cycles of the
 * vector units in the loop; a product of 16x16x16 takes `cycles`, others one. On NVIDIA: of what is issued.
 */
const CHIPS: { chip: string; name: string; cycles?: number; least: number }[] = [
  { chip: "navi31", name: "RDNA3", cycles: 32, least: 0.98 },
  { chip: "gfx1201", name: "RDNA4", cycles: 16, least: 0.94 },
  { chip: "turing", name: "Turing", least: 0.06 },
  { chip: "ampere", name: "Ampere", least: 0.06 },
  { chip: "ada", name: "Ada", least: 0.06 },
];

for (const { chip, name, cycles, least } of CHIPS) {
  Deno.test({
    name: `kernels for matrix units compile for ${name}, without spills (needs gpu-stubs)`,
    ignore: !isSetUp,
    fn: async () => {
      const script = "tests/matrix/compile_kernels.ts";
      const { code, text } = await inStubRoot(chip, chip, ["deno", "run", ...DENO, script]);
      assert.equal(code, 0, text);
      assert.match(text, /^16x16x16, 32 lanes$/m);
      for (const kernel of KERNELS) {
        const { statistics, assembly } = await readNotes(chip, kernel);
        for (const spills of ["Spilled VGPRs", "Spills to memory"]) {
          assert.equal(statistics.get(spills) ?? 0, 0, `${kernel}: ${spills}`);
        }
        const { matrix, vector, instructions } = loopMix(assembly);
        const share = cycles === undefined
          ? matrix / instructions
          : matrix * cycles / (matrix * cycles + vector);
        assert.ok(share >= least, `${kernel}: ${share.toFixed(3)} of the loop, not ${least}`);
      }
    },
  });
}

Deno.test({
  name: "matrix units of lavapipe compute what the float64 twin computes (needs gpu-stubs)",
  ignore: !isSetUp,
  fn: async () => {
    const script = "tests/matrix/run_tests.ts";
    const command = ["deno", "run", ...DENO, script, "tests/kernels/matrix_conv_test.ts", UNITS];
    const { code, text } = await inStubRoot("lavapipe", "lavapipe", command);
    assert.equal(code, 0, text);
    assert.match(text, /^[1-9]\d* passed, 0 ignored$/m);
  },
});

Deno.test({
  name: "Dawn on lavapipe gives the bytes that Deno's own WebGPU gives there (needs gpu-stubs)",
  ignore: !isSetUp,
  fn: async () => {
    const command = ["deno", "test", ...DENO, "tests/dawn_test.ts"];
    const { code, text } = await inStubRoot("lavapipe", "lavapipe", command);
    assert.equal(code, 0, text);
    assert.match(text, /\| 1 passed \| 0 failed \(/, text);
  },
});
