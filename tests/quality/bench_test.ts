/**
 * The bench: that it measures what it promises, and that it refuses to time a kernel that is wrong.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { convCases } from "../../bench/conv_cases.ts";
import { benchKernel, type KernelCase } from "../../bench/kernel_case.ts";
import { kernelCases } from "../../bench/kernels.ts";
import { type BenchReport, DEFAULT_SECTIONS, runBench } from "../../bench/run.ts";
import { compareLevels, cropToMultiple, shrink } from "../../bench/shrink.ts";
import { formatReport } from "../../bench/table.ts";
import { median } from "../../bench/timing.ts";
import { Gpu } from "../../src/gpu/device.ts";
import type { QuadStorage } from "../../src/kernels/dispatch.ts";
import { defaultStyle, type Style } from "../../src/kernels/styles.ts";
import { encodePicture } from "../../src/pictures/mod.ts";
import type { Picture } from "../../src/pictures/picture.ts";
import { toPicture, toTensor } from "../reference/pictures.ts";
import { Random, withRandom } from "../reference/random.ts";
import { resample } from "../reference/resample.ts";
import { inFolder, runProgram } from "../cli/program.ts";

/** Sides that no patch of a kernel divides. */
const SIZE = { width: 37, height: 21 };

const BUDGET = { seconds: 0 };

async function withGpu(body: (gpu: Gpu) => Promise<void>): Promise<void> {
  const gpu = await Gpu.open();
  try {
    await body(gpu);
    assert.equal(gpu.bytes, 0, "bytes that were not given back");
  } finally {
    gpu.destroy();
  }
}

function randomPicture(random: Random, width: number, height: number): Picture {
  const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(0, 255));
  return { width, height, channels: 3, depth: 8, data, metadata: {} };
}

function assertPositive(row: object, fields: string[]): void {
  for (const field of fields) {
    const value = (row as Record<string, unknown>)[field];
    assert.ok(typeof value === "number" && value > 0, `${field} is ${value}`);
  }
}

function assertReport(report: BenchReport): void {
  assert.ok(report.adapter.description.length > 0);
  assert.equal(report.deno, Deno.version.deno);
  assert.ok(Math.abs(Date.parse(report.date) - Date.now()) < 600_000, report.date);
  assert.deepEqual(report.size, SIZE);
  assertPositive(report.peak!, ["gflops", "accumulators", "gbps"]);
  for (const row of report.kernels!) assertPositive(row, ["ms", "minMs", "runs", "gbps"]);
  const convolutions = report.kernels!.filter(({ kernel }) => kernel.includes("conv3x3"));
  for (const row of convolutions) assertPositive(row, ["gflops", "peakShare"]);
  for (const row of report.networks!) {
    assertPositive(row, ["ms", "minMs", "runs", "firstMs", "msPerMegapixel", "gpuBytes"]);
    assertPositive(row, ["timesBicubic", "scale"]);
  }
}

Deno.test("runBench() reports every part on tiny sizes", async () => {
  await inFolder(async (folder) => {
    const picture = randomPicture(new Random(1), 70, 61);
    await Deno.writeFile(join(folder, "a.png"), await encodePicture(picture, { format: "png" }));
    const report: BenchReport = JSON.parse(JSON.stringify(
      await runBench({
        sections: DEFAULT_SECTIONS,
        models: ["fast-x4", "lanczos3"],
        images: folder,
        size: SIZE,
        seconds: 0,
      }),
    ));
    assertReport(report);
    const networks = report.networks!.map(({ model, storage }) => `${model} ${storage}`);
    assert.deepEqual(networks, ["fast-x4 f32", "fast-x4 f16", "bicubic pixels"]);
    const quality = report.quality!.models;
    assert.deepEqual(quality.map(({ model }) => model), ["bicubic", "fast-x4", "lanczos3"]);
    for (const row of quality) assertPositive(row, ["psnrY", "ssimY", "scale"]);
    const text = formatReport(report);
    for (const { kernel } of report.kernels!) assert.ok(text.includes(kernel), kernel);
  });
});

function defaultStyles({ adapter, enabled }: Gpu): Record<QuadStorage, Style> {
  const style = defaultStyle(adapter, enabled);
  return { f32: style, f16: style };
}

Deno.test("kernelCases() name every kernel in both storages", async () => {
  await withGpu((gpu) => {
    const labels = kernelCases(defaultStyles(gpu), { width: 1, height: 1 }).map(
      (make) => make().label,
    );
    for (const storage of ["f32", "f16"]) {
      for (const shape of ["64->64", "64->32", "32->32", "3->64", "64->3"]) {
        assert.ok(labels.includes(`conv3x3 ${shape} ${storage}`), shape);
      }
      assert.ok(labels.includes(`conv3x3 64+32+32+32+32->64 ${storage}`));
      for (const kernel of ["upconv3x3 64->64", "pixels_in", "pixels_out"]) {
        assert.ok(labels.includes(`${kernel} ${storage}`), kernel);
      }
    }
    assert.ok(labels.includes("resample bicubic") && labels.includes("resample lanczos3"));
    return Promise.resolve();
  });
});

/** Changes one piece of each shader's text, as a mistake would. */
function spoil(kernelCase: KernelCase, from: string | RegExp, to: string): KernelCase {
  const passes = kernelCase.passes.map((pass) => {
    const { label, code } = pass.dispatch.shader;
    const spoilt = code.replace(from, to);
    assert.notEqual(spoilt, code, `${label} has no ${from}`);
    return { ...pass, dispatch: { ...pass.dispatch, shader: { label, code: spoilt } } };
  });
  return { ...kernelCase, passes };
}

const MISTAKES: [kernel: string, from: string | RegExp, to: string][] = [
  ["conv3x3 64->64 f32", /\[\w+\]\[3u\]/, "[0u][2u]"],
  ["conv3x3 64->64 f16", "value >= vec4f()", "value >= vec4f(-9.0)"],
  ["conv3x3 64+32+32+32+32->64 f32", "params.add == 1u", "params.add == 2u"],
  ["upconv3x3 64->64 f32", "] + bias;", "] + bias * 1.01;"],
  ["pixels_in f32", "255.0", "256.0"],
  ["pixels_out f16", "BASE == 1u", "BASE == 2u"],
];

for (const [label, from, to] of MISTAKES) {
  Deno.test(`benchKernel() refuses to time ${label} with ${to}`, async () => {
    await withGpu(async (gpu) => {
      const kernelCase = kernelCases(defaultStyles(gpu), SIZE).map((make) => make())
        .find((made) => made.label === label)!;
      await assert.rejects(benchKernel(gpu, spoil(kernelCase, from, to), 1, BUDGET), {
        name: "GpuError",
        message: /^The kernel .* is wrong on ".*": .* instead of .* it was not timed$/,
      });
    });
  });
}

Deno.test("benchKernel() refuses a kernel that writes nothing", async () => {
  await withGpu(async (gpu) => {
    const style = defaultStyle(gpu.adapter, gpu.enabled);
    const kernelCase = convCases(SIZE, { storage: "f32", style })[0]();
    const passes = kernelCase.passes.map((pass) => {
      const workgroups: [number, number, number] = [1, 1, 1];
      return { ...pass, dispatch: { ...pass.dispatch, workgroups } };
    });
    await assert.rejects(benchKernel(gpu, { ...kernelCase, passes }, 1, BUDGET), /NaN instead of/);
  });
});

Deno.test("shrink() equals MATLAB's rounding after each pass, up to ties", async () => {
  await withGpu(async (gpu) => {
    await withRandom(async (random) => {
      const picture = cropToMultiple(randomPicture(random, 83, 62), 4);
      assert.deepEqual([picture.width, picture.height], [80, 60]);
      const expected = toPicture(resample(toTensor(picture), 15, 20, { bytes: true }));
      const { different, largest, pixels } = compareLevels(
        await shrink(gpu, picture, 4),
        expected,
      );
      assert.ok(largest <= 1 && different <= pixels / 20, `${different} differ by ${largest}`);
    });
  });
});

Deno.test("median() is the middle, or between the middle two", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});

Deno.test("`tessera bench --json` prints one document", async () => {
  const args = ["bench", "--only", "peak", "--size", "8x8", "--seconds", "0", "--json"];
  const { code, stdout, stderr } = await runProgram(args);
  assert.equal(code, 0, stderr);
  const report: BenchReport = JSON.parse(stdout);
  assertPositive(report.peak!, ["gflops", "gbps"]);
  assert.equal(report.kernels, undefined);
});

const REFUSED: [args: string[], message: string][] = [
  [["--only", "speed"], "Expected some of peak,kernels,networks,quality,texture for --only"],
  [["--only", "quality"], "Expected --images FOLDER"],
  [["--only", "texture"], "Expected --images FOLDER: texture is measured on pictures"],
  [["--size", "8"], "Expected a size such as 640x480"],
  [["a.png"], 'Unexpected argument "a.png"'],
];

for (const [args, message] of REFUSED) {
  Deno.test(`\`tessera bench ${args.join(" ")}\` is wrong usage`, async () => {
    const { code, stderr } = await runProgram(["bench", ...args]);
    assert.equal(code, 2);
    assert.ok(stderr.includes(message), stderr);
  });
}
