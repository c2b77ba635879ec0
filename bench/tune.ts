/**
 * The tuner: every style of convolution that an adapter can run, checked, timed on the shapes that
 * networks use, and the fastest one kept for later runs.
 *
 * A style that computes something wrong anywhere is out, whatever its speed.
 */

import { GpuError } from "../src/errors.ts";
import type { Gpu } from "../src/gpu/device.ts";
import type { QuadStorage } from "../src/kernels/dispatch.ts";
import { defaultStyle, type Style, stylesFor } from "../src/kernels/styles.ts";
import { keepStyles } from "../src/kernels/tuning.ts";
import { convCases } from "./conv_cases.ts";
import { benchKernel } from "./kernel_case.ts";
import type { Size } from "./test_tensor.ts";
import type { TimingBudget } from "./timing.ts";

/** How one style did. */
export interface StyleFigures {
  style: Style;
  /** All kernels together, by the time they take, in each storage that the style is for. */
  gflops: Partial<Record<QuadStorage, number>>;
  /** Why it is out: it was wrong somewhere. */
  refused?: string;
}

/** What the tuner found. */
export interface TuneReport {
  adapter: string;
  size: Size;
  styles: StyleFigures[];
  chosen: Record<QuadStorage, Style>;
  /** What runs on this adapter when it is not tuned. */
  untuned: Style;
  /** Whether later runs will know. */
  kept: boolean;
}

const SIZES = {
  software: { width: 128, height: 64 },
  hardware: { width: 512, height: 512 },
} as const;

/** What a style took so far. */
interface Race {
  style: Style;
  flop: number;
  ms: number;
  refused?: string;
}

/**
 * Measures the styles and keeps the fastest.
 *
 * @param onStart Told each kernel before its turn.
 * @throws {GpuError} If no style computes what it should.
 */
export async function tune(
  gpu: Gpu,
  budget: TimingBudget,
  onStart: (kernel: string) => void,
): Promise<TuneReport> {
  const size = gpu.adapter.software ? SIZES.software : SIZES.hardware;
  const races = {
    f32: await race(gpu, "f32", size, budget, onStart),
    f16: await race(gpu, "f16", size, budget, onStart),
  };
  const chosen = { f32: fastest(gpu, races.f32), f16: fastest(gpu, races.f16) };
  return {
    adapter: gpu.adapter.description,
    size,
    styles: figuresOf(races),
    chosen,
    untuned: defaultStyle(gpu.adapter, gpu.enabled),
    kept: await keepStyles(gpu, chosen),
  };
}

/** Kernel by kernel, all styles in turn: what a GPU's clocks do meanwhile falls on all alike. */
async function race(
  gpu: Gpu,
  storage: QuadStorage,
  size: Size,
  budget: TimingBudget,
  onStart: (kernel: string) => void,
): Promise<Race[]> {
  const races: Race[] = stylesFor(gpu.adapter, gpu.enabled, storage).map((style) => {
    return { style, flop: 0, ms: 0 };
  });
  const kernels = convCases(size, storage, races[0].style).length;
  for (let kernel = 0; kernel < kernels; kernel++) {
    for (const [i, runner] of races.entries()) {
      if (runner.refused !== undefined) continue;
      budget.signal?.throwIfAborted();
      const kernelCase = convCases(size, storage, runner.style)[kernel]();
      if (i === 0) onStart(kernelCase.label);
      try {
        runner.ms += (await benchKernel(gpu, kernelCase, 1, budget)).minMs;
        runner.flop += kernelCase.flop;
      } catch (error) {
        if (!(error instanceof GpuError)) throw error;
        runner.refused = error.message;
      }
    }
  }
  return races;
}

function fastest(gpu: Gpu, races: Race[]): Style {
  const right = races.filter(({ refused }) => refused === undefined);
  if (right.length === 0) {
    const reasons = races.map(({ refused }) => refused).join("; ");
    throw new GpuError(`No convolution is right on "${gpu.adapter.description}": ${reasons}`);
  }
  return right.reduce((a, b) => b.ms < a.ms ? b : a).style;
}

function figuresOf(races: Record<QuadStorage, Race[]>): StyleFigures[] {
  const styles = [...new Set([...races.f32, ...races.f16].map(({ style }) => style))];
  return styles.map((style) => {
    const figures: StyleFigures = { style, gflops: {} };
    for (const storage of ["f32", "f16"] as const) {
      const runner = races[storage].find((other) => other.style === style);
      if (runner?.refused !== undefined) figures.refused = runner.refused;
      else if (runner !== undefined) figures.gflops[storage] = runner.flop / runner.ms / 1e6;
    }
    return figures;
  });
}
