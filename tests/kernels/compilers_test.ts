/**
 * Every shader text through both compilers that people's machines have: naga (Deno, Firefox) and Tint
 * (Chromium, Dawn). Texts are compiled to modules only; every product of block and ending, which takes a
 * minute: `TESSERA_TEST=all`.
 */

import assert from "node:assert/strict";
import { withExtensions } from "../../src/gpu/device.ts";
import type { Shader } from "../../src/kernels/dispatch.ts";
import { gpu } from "../gpu_harness.ts";
import { everyShader } from "./every_shader.ts";
import { findChromium, refusedByTint } from "./tint.ts";

const SHADERS = await everyShader(Deno.env.get("TESSERA_TEST") === "all" ? "all" : "some");
const CHROMIUM = findChromium();

/** The head of the kernels for matrix units: only Dawn knows them, see tests/matrix/. */
const FOR_DAWN = "matrix_units.wgsl";

/** Broken for every compiler, and for Tint alone: a test that lets them pass tests nothing. */
const BROKEN = { label: "broken", code: "fn main() { let a = 1u + 1.5f; }" };
const MIXED = { label: "mixed", code: "fn f(a: u32) -> u32 { return a | a << 8u; }" };

Deno.test("every text of wgsl/ is in a shader that is compiled here", async () => {
  for (const folder of ["../../src/wgsl/", "../../src/wgsl/shared/"]) {
    for (const { name } of Deno.readDirSync(new URL(folder, import.meta.url))) {
      if (!name.endsWith(".wgsl") || name === FOR_DAWN) continue;
      const text = await Deno.readTextFile(new URL(folder + name, import.meta.url));
      const head = /^(\/\/.*\n)+/.exec(text)?.[0];
      assert.ok(head !== undefined, `${name} has no head comment`);
      assert.ok(SHADERS.some(({ code }) => code.includes(head)), `no shader has ${name}`);
    }
  }
});

Deno.test("the runtime's compiler takes every shader: naga, or on Dawn Tint", async () => {
  const possible = SHADERS.filter(({ code }) =>
    gpu.enabled.has("subgroups") || withExtensions(code) === code
  );
  const refused = [];
  for (const shader of [...possible, BROKEN]) {
    if (await isRefused(shader)) refused.push(shader.label);
  }
  assert.deepEqual(refused, ["broken"]);
});

Deno.test({
  name: "Tint takes every shader (needs Chromium)",
  ignore: CHROMIUM === undefined,
  fn: async () => {
    const texts = SHADERS.map(({ label, code }) => ({ label, code: withExtensions(code) }));
    const refused = await refusedByTint(CHROMIUM!, [...texts, MIXED, BROKEN]);
    const [mixed, broken] = refused.splice(-2);
    assert.deepEqual(refused, []);
    assert.match(mixed.reason, /mixing '\|' and '<<' requires parenthesis/);
    assert.equal(broken.label, "broken");
  },
});

async function isRefused({ label, code }: Shader): Promise<boolean> {
  gpu.device.pushErrorScope("validation");
  const isNaga = gpu.device instanceof GPUDevice;
  gpu.device.createShaderModule({ label, code: isNaga ? code : withExtensions(code) });
  return await gpu.device.popErrorScope() !== null;
}
