/**
 * The tuner: what it chooses is kept for the adapter that it was measured on, and heard by what runs.
 */

import assert from "node:assert/strict";
import { convCases } from "../../bench/conv_cases.ts";
import { settingFor, tune } from "../../bench/tune.ts";
import { matrixUnits, offeredUnits } from "../../src/engine/matrix_units.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { type MatrixShape, STAGED } from "../../src/kernels/matrix_shape.ts";
import { defaultStyle } from "../../src/kernels/styles.ts";
import { chosenStyles, forgetStyles, keepStyles } from "../../src/kernels/tuning.ts";
import { gpu } from "../gpu_harness.ts";

const TWIN: MatrixShape = { m: 16, n: 16, k: 16, lanes: 32, by: "twin", staged: "nothing" };

/** Nothing that an earlier run left behind is met. */
const RUN = crypto.randomUUID();

/** The device as another adapter's: what is kept for this machine's own stays. */
function another(name: string, about: Partial<Gpu["adapter"]> = {}): Gpu {
  const adapter = { ...gpu.adapter, description: `tune_test.ts: ${name} ${RUN}`, ...about };
  return new Proxy(gpu, {
    get(target, key) {
      if (key === "adapter") return adapter;
      if (key === "enabled" && about.matrixConfigs) return new Set(UNIT_FEATURES);
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const UNIT_FEATURES = [
  "shader-f16",
  "chromium-experimental-subgroup-matrix",
  "subgroup-size-control",
];

/** A graphics card that says that it has matrix units. */
function withUnits(name: string): Gpu {
  const matrixConfigs = [{ from: "f16", to: "f32", m: 16, n: 16, k: 16 }];
  return another(name, { matrixConfigs, software: false, subgroupSizes: { min: 32, max: 32 } });
}

Deno.test("what was measured is kept for the adapter, and forgotten when asked", async () => {
  const here = another("kept");
  const style = defaultStyle(here.adapter, here.enabled);
  const table = { way: STAGED[0], source: "table" } as const;
  assert.deepEqual((await chosenStyles(here)).matrix, table);
  for (const matrix of ["weights", "unused"] as const) {
    const later = another("kept");
    assert.ok(await keepStyles(here, { f32: style, f16: style, matrix }));
    for (const device of [here, later]) {
      assert.deepEqual(await chosenStyles(device), {
        f32: { style, source: "measured" },
        f16: { style, source: "measured" },
        matrix: { way: matrix, source: "measured" },
      });
    }
    await forgetStyles(later);
    assert.deepEqual((await chosenStyles(later)).matrix, table);
  }
});

Deno.test("a style or a way that this version does not know is not used", async () => {
  const device = another("unknown");
  const kept = { f32: "fastest", f16: 1, matrix: "everything" };
  await keepStyles(device, kept as unknown as Parameters<typeof keepStyles>[1]);
  const later = another("unknown");
  const sources = Object.values(await chosenStyles(later)).map(({ source }) => source);
  assert.deepEqual(sources, ["table", "table", "table"]);
  await forgetStyles(later);
});

Deno.test("matrix units that were measured to be slower are not used", async () => {
  const device = withUnits("slower");
  const style = defaultStyle(device.adapter, device.enabled);
  await keepStyles(device, { f32: style, f16: style, matrix: "unused" });
  assert.equal(offeredUnits(device).shape?.m, 16);
  assert.deepEqual(await matrixUnits(device), {
    missing: "the ordinary kernels were measured to be faster",
  });
  await forgetStyles(device);
});

Deno.test("a setting has the matrix units that an adapter offers, and none that are software", () => {
  const { size, matrix } = settingFor(withUnits("setting"));
  assert.deepEqual(size, { width: 512, height: 512 });
  assert.deepEqual(matrix, { ...TWIN, by: "units" });
  assert.equal(settingFor(another("software", { software: true })).matrix, undefined);
});

Deno.test("tune() races every style and every way to use matrix units", async () => {
  const device = another("raced");
  const setting = {
    size: { width: 9, height: 5 },
    matrix: TWIN,
    cases: (...how: Parameters<typeof convCases>) => convCases(...how).slice(2, 3),
  };
  const report = await tune(device, { seconds: 0 }, () => {}, setting);
  assert.deepEqual(report.matrix.map(({ staged }) => staged), STAGED);
  for (const { staged, gflops, refused } of report.matrix) {
    assert.ok(gflops! > 0, `${staged}: ${refused}`);
  }
  for (const { style, refused } of report.styles) assert.equal(refused, undefined, style);
  assert.ok([...STAGED, "unused"].includes(report.chosen.matrix!));
  assert.deepEqual((await chosenStyles(another("raced"))).matrix, {
    way: report.chosen.matrix,
    source: "measured",
  });
  await forgetStyles(device);
});
