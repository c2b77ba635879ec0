/**
 * Every kernel in turn: checked, then timed.
 */

import type { Gpu } from "../src/gpu/device.ts";
import type { Style } from "../src/kernels/styles.ts";
import { matrixUnits } from "../src/engine/matrix_units.ts";
import type { QuadStorage } from "../src/kernels/dispatch.ts";
import type { MatrixShape } from "../src/kernels/matrix_shape.ts";
import { chosenStyles } from "../src/kernels/tuning.ts";
import { convCases } from "./conv_cases.ts";
import { benchKernel, type KernelCase, type KernelFigures } from "./kernel_case.ts";
import { pixelCases, resampleCases } from "./pixel_cases.ts";
import type { Size } from "./test_tensor.ts";
import type { TimingBudget } from "./timing.ts";
import { trunkCases } from "./trunk_cases.ts";

/**
 * Measures the kernels one after the other.
 *
 * @param onStart Told each kernel's name before its turn.
 * @throws {GpuError} If a kernel computes something else than its reference.
 */
export async function benchKernels(
  gpu: Gpu,
  size: Size,
  peakGflops: number,
  budget: TimingBudget,
  onStart: (label: string) => void,
): Promise<KernelFigures[]> {
  const figures = [];
  const { f32, f16 } = await chosenStyles(gpu);
  const { shape } = await matrixUnits(gpu);
  for (const make of kernelCases({ f32: f32.style, f16: f16.style }, size, shape)) {
    budget.signal?.throwIfAborted();
    const kernelCase = make();
    onStart(kernelCase.label);
    figures.push(await benchKernel(gpu, kernelCase, peakGflops, budget));
  }
  return figures;
}

/**
 * Lists the kernels; each is made when its turn comes, as its data takes memory.
 *
 * @param matrix Of the matrix units, where they are used.
 */
export function kernelCases(
  styles: Record<QuadStorage, Style>,
  size: Size,
  matrix?: MatrixShape,
): (() => KernelCase)[] {
  const storages = ["f32", "f16"] as const;
  return [
    ...storages.flatMap((storage) => convCases(size, { storage, style: styles[storage] })),
    ...matrix === undefined ? [] : convCases(size, { storage: "matrix", shape: matrix }),
    ...storages.flatMap((storage) => trunkCases(size, storage, styles[storage])),
    ...storages.flatMap((storage) => pixelCases(size, storage, styles[storage])),
    ...resampleCases(size),
  ];
}
