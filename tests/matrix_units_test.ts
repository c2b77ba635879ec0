/**
 * Whether matrix units are trusted: the trial that decides it, on a kernel that computes the right thing,
 * on one that does not, and on one that a driver refuses.
 */

import assert from "node:assert/strict";
import { matrixUnits, tryMatrixUnits } from "../src/engine/matrix_units.ts";
import type { Gpu } from "../src/gpu/device.ts";
import type { MatrixShape } from "../src/kernels/matrix_shape.ts";
import { gpu } from "./gpu_harness.ts";

const TWIN: MatrixShape = { m: 8, n: 8, k: 8, lanes: 8, by: "twin", staged: "nothing" };

/** A device that changes the shaders of convolutions in chunks before it compiles them. */
function changing(change: (code: string) => string): Gpu {
  return new Proxy(gpu, {
    get(target, name) {
      if (name === "pipeline") {
        return (label: string, code: string) =>
          target.pipeline(label, label.startsWith("matrix") ? change(code) : code);
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test("matrix units that compute what the ordinary kernel computes are used", async () => {
  const before = gpu.bytes;
  assert.deepEqual(await tryMatrixUnits(gpu, TWIN), { shape: TWIN });
  assert.equal(gpu.bytes, before, "every buffer is given back");
});

Deno.test("matrix units that compute something else are not used", async () => {
  const wrong = changing((code) => code.replace("products.x + products.y", "products.x"));
  const { shape, missing } = await tryMatrixUnits(wrong, TWIN) as {
    shape?: MatrixShape;
    missing: string;
  };
  assert.equal(shape, undefined);
  assert.match(missing, /^they compute another convolution than the ordinary kernels: [\d.]+ off$/);
});

Deno.test("matrix units that compute nothing at all are not used", async () => {
  const idle = changing((code) => code.replace("output[at] = narrow", "let unused = narrow"));
  const units = await tryMatrixUnits(idle, TWIN);
  assert.equal(units.shape, undefined);
});

Deno.test("matrix units whose shader is refused are not used", async () => {
  const broken = changing((code) => code.replace("fn convolve(", "fn convolve(("));
  const units = await tryMatrixUnits(broken, TWIN);
  assert.ok(units.shape === undefined);
  assert.match(units.missing, /^they fail: The GPU refused the shader matrix/);
  gpu.check();
});

Deno.test("an adapter without matrix units says what is missing", async () => {
  const bare = new Proxy(gpu, {
    get: (target, name) => name === "enabled" ? new Set() : Reflect.get(target, name, target),
  });
  assert.deepEqual(await matrixUnits(bare), {
    missing: "the adapter lacks the feature shader-f16",
  });
});
