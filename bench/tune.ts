/**
 * The tuner: every style of convolution that an adapter can run, checked, timed on the shapes that
 * networks use, and the fastest one kept for later runs.
 *
 * A style that computes something wrong anywhere is out, whatever its speed.
 */

import { GpuError } from "../src/errors.ts";
import type { Gpu } from "../src/gpu/device.ts";
import type { Storage } from "../src/kernels/dispatch.ts";
import { defaultStyle, type Style, stylesFor } from "../src/kernels/styles.ts";
import { keepStyle } from "../src/kernels/tuning.ts";
import { convCases } from "./conv_cases.ts";
import { benchKernel, type KernelFigures } from "./kernel_case.ts";
import type { Size } from "./test_tensor.ts";
import type { TimingBudget } from "./timing.ts";

/** How one style did. */
export interface StyleFigures {
  style: Style;
  /** All kernels together, by the time they take, in each storage; undefined when one was wrong. */
  gflops?: Record<"f32" | "f16", number>;
  /** Why it is out. */
  refused?: string;
}

/** What the tuner found. */
export interface TuneReport {
  adapter: string;
  size: Size;
  styles: StyleFigures[];
  chosen: Style;
  /** What runs on this adapter when it is not tuned. */
  untuned: Style;
  /** Whether later runs will know. */
  kept: boolean;
}

const SIZES = {
  software: { width: 128, height: 64 },
  hardware: { width: 512, height: 512 },
} as const;

/**
 * Measures the styles and keeps the fastest.
 *
 * @param onStart Told each style before its turn.
 * @throws {GpuError} If no style computes what it should.
 */
export async function tune(
  gpu: Gpu,
  budget: TimingBudget,
  onStart: (style: Style) => void,
): Promise<TuneReport> {
  const size = gpu.adapter.software ? SIZES.software : SIZES.hardware;
  const styles = [];
  for (const style of stylesFor(gpu.adapter, gpu.enabled)) {
    onStart(style);
    styles.push(await measureStyle(gpu, style, size, budget));
  }
  const chosen = fastest(gpu, styles);
  return {
    adapter: gpu.adapter.description,
    size,
    styles,
    chosen,
    untuned: defaultStyle(gpu.adapter, gpu.enabled),
    kept: await keepStyle(gpu, chosen),
  };
}

async function measureStyle(
  gpu: Gpu,
  style: Style,
  size: Size,
  budget: TimingBudget,
): Promise<StyleFigures> {
  try {
    const f32 = await measureStorage(gpu, style, "f32", size, budget);
    const f16 = await measureStorage(gpu, style, "f16", size, budget);
    return { style, gflops: { f32, f16 } };
  } catch (error) {
    if (!(error instanceof GpuError)) throw error;
    return { style, refused: error.message };
  }
}

async function measureStorage(
  gpu: Gpu,
  style: Style,
  storage: Storage,
  size: Size,
  budget: TimingBudget,
): Promise<number> {
  const figures: KernelFigures[] = [];
  let flop = 0;
  for (const make of convCases(size, storage, style)) {
    budget.signal?.throwIfAborted();
    const kernelCase = make();
    flop += kernelCase.flop;
    figures.push(await benchKernel(gpu, kernelCase, 1, budget));
  }
  return flop / figures.reduce((sum, { minMs }) => sum + minMs, 0) / 1e6;
}

/** The style with the highest rate in f32, in which networks run unless memory is short. */
function fastest(gpu: Gpu, styles: StyleFigures[]): Style {
  const right = styles.filter((figures) => figures.gflops !== undefined);
  if (right.length === 0) {
    const reasons = styles.map(({ refused }) => refused).join("; ");
    throw new GpuError(`No convolution is right on "${gpu.adapter.description}": ${reasons}`);
  }
  return right.reduce((a, b) => b.gflops!.f32 > a.gflops!.f32 ? b : a).style;
}
