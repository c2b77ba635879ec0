/**
 * What `tessera tune` found holds for the adapter and the drivers that it was found with, and for nothing
 * else.
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import type { Gpu } from "../../src/gpu/device.ts";
import { defaultStyle } from "../../src/kernels/styles.ts";
import { chosenStyles, forgetStyles, keepStyles } from "../../src/kernels/tuning.ts";
import { stampOfDrivers } from "../../src/platform/node_drivers.ts";
import { inFolder } from "../cli/program.ts";
import { gpu } from "../gpu_harness.ts";

const DRIVERS = "a driver of the tests, 1.0";
const NEWER = "a driver of the tests, 1.1";
const CHOSEN = { f32: "columns", f16: "staged" } as const;

/** The same adapter, as another process would open it: nothing is known of it yet. */
function openedAgain(change: Partial<Gpu["adapter"]> = {}): Gpu {
  return { adapter: { ...gpu.adapter, ...change }, enabled: gpu.enabled } as Gpu;
}

async function stylesOf(gpu: Gpu, drivers: string): Promise<string[]> {
  const { f32, f16 } = await chosenStyles(gpu, drivers);
  return [f32.style, f32.source, f16.style, f16.source];
}

Deno.test("a measured style holds for its adapter and drivers alone", async () => {
  const style = defaultStyle(gpu.adapter, gpu.enabled);
  const table = [style, "table", style, "table"];
  try {
    assert.equal(await keepStyles(openedAgain(), CHOSEN, DRIVERS), true);
    const measured = [CHOSEN.f32, "measured", CHOSEN.f16, "measured"];
    assert.deepEqual(await stylesOf(openedAgain(), DRIVERS), measured);
    assert.deepEqual(await stylesOf(openedAgain(), NEWER), table);
    assert.deepEqual(await stylesOf(openedAgain({ device: "another" }), DRIVERS), table);
    await forgetStyles(openedAgain(), DRIVERS);
    assert.deepEqual(await stylesOf(openedAgain(), DRIVERS), table);
  } finally {
    await forgetStyles(openedAgain(), DRIVERS);
  }
});

Deno.test("lavapipe's default style is that of its lanes, and with wide ones of its compiler", () => {
  const styleOf = (lanes: number, llvm: string) =>
    defaultStyle(
      {
        ...gpu.adapter,
        software: true,
        description: `llvmpipe (LLVM ${llvm}, ${32 * lanes} bits)`,
        subgroupSizes: { min: lanes, max: lanes },
      },
      new Set(["subgroups"]),
    );
  assert.equal(styleOf(8, "15.0.6"), "subgroup");
  assert.equal(styleOf(8, "22.1.8"), "subgroup");
  assert.equal(styleOf(16, "15.0.6"), "subgroup16");
  assert.equal(styleOf(16, "22.1.8"), "uniform");
  assert.equal(styleOf(4, "15.0.6"), "columns");
});

Deno.test("the stamp of drivers changes with manifests, libraries and versions", () =>
  inFolder(async (root) => {
    const write = async (path: string, text: string) => {
      await Deno.mkdir(dirname(join(root, path)), { recursive: true });
      await Deno.writeTextFile(join(root, path), text);
    };
    const manifest = (library: string, version: string) =>
      JSON.stringify({ ICD: { library_path: library, api_version: version } });
    const libraries = join(root, "usr/lib/x86_64-linux-gnu");
    const steps: (() => Promise<void>)[] = [
      () => write("usr/share/vulkan/icd.d/a.json", manifest("libA.so.0", "1.3.1")),
      () => write("usr/lib/x86_64-linux-gnu/libA.so.1.1", "machine code"),
      () => Deno.symlink("libA.so.1.1", join(libraries, "libA.so.0")),
      () => write("usr/lib/x86_64-linux-gnu/libA.so.1.1", "more machine code"),
      () => Deno.utime(join(libraries, "libA.so.1.1"), 1e9, 1e9),
      () => write("usr/share/vulkan/icd.d/a.json", manifest("libA.so.0", "1.3.2")),
      () => write("etc/vulkan/icd.d/b.json", manifest("/opt/b/libB.so", "1.3.2")),
      () => write("opt/b/libB.so", "other machine code"),
      () => write("sys/module/nvidia/version", "580.1"),
      () => write("sys/module/nvidia/version", "580.2"),
    ];
    const stamps = [stampOfDrivers(root)];
    for (const step of steps) {
      await step();
      stamps.push(stampOfDrivers(root));
      assert.equal(stampOfDrivers(root), stamps.at(-1), "it is the same when nothing changed");
    }
    // A library that is there, but not under the name that the manifest has, is nobody's.
    assert.equal(stamps[2], stamps[1]);
    assert.equal(new Set(stamps).size, stamps.length - 1);
  }));
