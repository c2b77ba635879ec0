/**
 * The convolution kernel from naive to final, step by step: the figures of docs/convolution.md.
 * `deno task ladder` prints them for this adapter.
 */

import { printResult } from "../src/cli/terminal/print.ts";
import { Gpu } from "../src/gpu/device.ts";
import type { Shader } from "../src/kernels/dispatch.ts";
import { type Style, stylesFor } from "../src/kernels/styles.ts";
import { convCases } from "./conv_cases.ts";
import { benchKernel, type KernelCase } from "./kernel_case.ts";
import naive from "./ladder_naive.wgsl" with { type: "text" };
import quads from "./ladder_quads.wgsl" with { type: "text" };
import { measurePeak } from "./peak.ts";

/** 64 to 64 channels on this many pixels. */
const SIZE = { width: 256, height: 64 };

const BUDGET = { seconds: 2 };

/** One step: its name, and the case to run. */
type Step = [name: string, kernelCase: KernelCase];

/** The convolution from 64 to 64 channels in a style, which is the first of the cases. */
function finalCase(style: Style): KernelCase {
  return convCases(SIZE, { storage: "f32", style })[0]();
}

/** The same convolution with a shader of the ladder in the place of ours. */
function withShader(shader: Shader, zWorkgroups: number): KernelCase {
  const kernelCase = finalCase("uniform");
  const [{ dispatch, buffers: [weights, input, , , output] }] = kernelCase.passes;
  const workgroups: [number, number, number] = [SIZE.width / 8, SIZE.height / 8, zWorkgroups];
  const buffers = [weights, input, output];
  return { ...kernelCase, passes: [{ dispatch: { ...dispatch, shader, workgroups }, buffers }] };
}

function steps(styles: Style[]): Step[] {
  return [
    ["naive: one value each", withShader({ label: "ladder naive", code: naive }, 64)],
    ["quads: four channels to a vector", withShader({ label: "ladder quads", code: quads }, 16)],
    ...styles.map((style): Step => [style, finalCase(style)]),
  ];
}

if (import.meta.main) {
  const gpu = await Gpu.open();
  const peak = await measurePeak(gpu, BUDGET);
  printResult(`${gpu.adapter.description}: peak ${peak.gflops.toFixed(1)} GFLOP/s`);
  for (const [name, kernelCase] of steps(stylesFor(gpu.adapter, gpu.enabled, "f32"))) {
    const { ms, gflops, peakShare } = await benchKernel(gpu, kernelCase, peak.gflops, BUDGET);
    const share = (100 * peakShare).toFixed(1);
    printResult(`${name}: ${ms.toFixed(1)} ms, ${gflops.toFixed(1)} GFLOP/s, ${share} % of peak`);
  }
  gpu.destroy();
}
