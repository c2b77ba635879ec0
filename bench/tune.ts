/**
 * The tuner: every style of convolution that an adapter can run, and every way to use its matrix units,
 * checked, timed on the shapes that networks use, and the fastest one kept for later runs.
 *
 * One that computes something wrong anywhere is out, whatever its speed.
 */

import { GpuError } from "../src/errors.ts";
import { offeredUnits } from "../src/engine/matrix_units.ts";
import type { Gpu } from "../src/gpu/device.ts";
import type { QuadStorage } from "../src/kernels/dispatch.ts";
import { type MatrixShape, STAGED, type Staged } from "../src/kernels/matrix_shape.ts";
import { defaultStyle, type Style, stylesFor } from "../src/kernels/styles.ts";
import { keepStyles, type KeptStyles, type MatrixChoice } from "../src/kernels/tuning.ts";
import { convCases, type ConvWay } from "./conv_cases.ts";
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

/** How one way to use matrix units did. */
export interface MatrixFigures {
  staged: Staged;
  gflops?: number;
  refused?: string;
}

/** What the tuner found. */
export interface TuneReport {
  adapter: string;
  size: Size;
  styles: StyleFigures[];
  /** Empty where there are no matrix units. */
  matrix: MatrixFigures[];
  chosen: KeptStyles;
  /** What runs on this adapter when it is not tuned. */
  untuned: Style;
  /** Whether later runs will know. */
  kept: boolean;
}

/** What is measured. */
export interface TuneSetting {
  size: Size;
  /** Of the matrix units, where the adapter has any. */
  matrix: MatrixShape | undefined;
  /** The convolutions, by how they are computed. */
  cases: typeof convCases;
}

const SIZES = {
  software: { width: 128, height: 64 },
  hardware: { width: 512, height: 512 },
} as const;

/** What one way to compute took so far. */
interface Runner<Name> {
  name: Name;
  way: ConvWay;
  flop: number;
  ms: number;
  refused?: string;
}

/** What an adapter is measured with. */
export function settingFor(gpu: Gpu): TuneSetting {
  const size = gpu.adapter.software ? SIZES.software : SIZES.hardware;
  return { size, matrix: offeredUnits(gpu).shape, cases: convCases };
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
  setting: TuneSetting = settingFor(gpu),
): Promise<TuneReport> {
  const { size, matrix } = setting;
  const run = <Name>(runners: Runner<Name>[]) => race(gpu, runners, setting, budget, onStart);
  const styled = (storage: QuadStorage) =>
    stylesFor(gpu.adapter, gpu.enabled, storage).map((style) => runner(style, { storage, style }));
  const staged = matrix === undefined
    ? []
    : STAGED.map((each) => runner(each, { storage: "matrix", shape: { ...matrix, staged: each } }));
  const races = { f32: await run(styled("f32")), f16: await run(styled("f16")) };
  const onUnits = await run(staged);
  const [f32, f16] = [fastest(gpu, races.f32), fastest(gpu, races.f16)];
  const chosen = {
    f32: f32.name,
    f16: f16.name,
    ...onUnits.length > 0 && { matrix: chosenWay(onUnits, f32.ms) },
  };
  return {
    adapter: gpu.adapter.description,
    size,
    styles: figuresOf(races),
    matrix: onUnits.map((each) => ({ staged: each.name, ...figuresOfOne(each) })),
    chosen,
    untuned: defaultStyle(gpu.adapter, gpu.enabled),
    kept: await keepStyles(gpu, chosen),
  };
}

function runner<Name>(name: Name, way: ConvWay): Runner<Name> {
  return { name, way, flop: 0, ms: 0 };
}

/** Kernel by kernel, all in turn: what a GPU's clocks do meanwhile falls on all alike. */
async function race<Name>(
  gpu: Gpu,
  runners: Runner<Name>[],
  { size, cases }: TuneSetting,
  budget: TimingBudget,
  onStart: (kernel: string) => void,
): Promise<Runner<Name>[]> {
  const kernels = runners.length === 0 ? 0 : cases(size, runners[0].way).length;
  for (let kernel = 0; kernel < kernels; kernel++) {
    for (const [i, runner] of runners.entries()) {
      if (runner.refused !== undefined) continue;
      budget.signal?.throwIfAborted();
      const kernelCase = cases(size, runner.way)[kernel]();
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
  return runners;
}

function fastest(gpu: Gpu, runners: Runner<Style>[]): Runner<Style> {
  const right = runners.filter(({ refused }) => refused === undefined);
  if (right.length > 0) return quickest(right);
  const reasons = runners.map(({ refused }) => refused).join("; ");
  throw new GpuError(`No convolution is right on "${gpu.adapter.description}": ${reasons}`);
}

function quickest<Name>(runners: Runner<Name>[]): Runner<Name> {
  return runners.reduce((a, b) => b.ms < a.ms ? b : a);
}

/** The fastest way to use matrix units, if it is faster than what runs without them. */
function chosenWay(onUnits: Runner<Staged>[], ordinaryMs: number): MatrixChoice["way"] {
  const right = onUnits.filter(({ refused }) => refused === undefined);
  if (right.length === 0) return "unused";
  const { name, ms } = quickest(right);
  return ms < ordinaryMs ? name : "unused";
}

function figuresOf(races: Record<QuadStorage, Runner<Style>[]>): StyleFigures[] {
  const styles = [...new Set([...races.f32, ...races.f16].map(({ name }) => name))];
  return styles.map((style) => {
    const figures: StyleFigures = { style, gflops: {} };
    for (const storage of ["f32", "f16"] as const) {
      const runner = races[storage].find(({ name }) => name === style);
      if (runner === undefined) continue;
      const { gflops, refused } = figuresOfOne(runner);
      if (refused !== undefined) figures.refused = refused;
      else figures.gflops[storage] = gflops!;
    }
    return figures;
  });
}

function figuresOfOne(
  { flop, ms, refused }: Runner<unknown>,
): { gflops?: number; refused?: string } {
  return refused === undefined ? { gflops: flop / ms / 1e6 } : { refused };
}
