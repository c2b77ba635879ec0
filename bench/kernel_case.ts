/**
 * One kernel on random data: what is run, what must come out, and what it costs.
 *
 * A case is checked before it is timed: the time of a kernel that computes something else is not a
 * time of this kernel.
 */

import { GpuError } from "../src/errors.ts";
import type { Gpu } from "../src/gpu/device.ts";
import type { Storage } from "../src/kernels/dispatch.ts";
import { DispatchRun, type Work } from "./dispatch_run.ts";
import type { Timing, TimingBudget } from "./timing.ts";

/** A kernel at one shape and size. Pure: no device is needed to make one. */
export interface KernelCase extends Work {
  /** Operation and shape, such as `conv3x3 64->64`. */
  kernel: string;
  /** How activations are stored; pixels where there are none. */
  storage: Storage | "pixels";
  /** The buffer that holds the result. */
  output: number;
  /** Floating-point operations by the mathematical definition. */
  flop: number;
  /** Those that are really done, where the kernel gets by with fewer. */
  executedFlop: number;
  /** Bytes that must be read and written at the least. */
  bytes: number;
  /** Compares the result with a scalar reference at some positions. */
  check: (result: Uint32Array) => Difference | undefined;
}

/** Where a result is not what it should be. */
export interface Difference {
  position: string;
  actual: number;
  expected: number;
}

/** The figures of one kernel. */
export interface KernelFigures extends Timing {
  kernel: string;
  storage: KernelCase["storage"];
  gflops: number;
  /** Share of the adapter's measured multiply-add peak that is in use, by operations really done. */
  peakShare: number;
  gbps: number;
}

/** Positions at which a result is compared, beside its corners. */
const POSITIONS = 500;

/**
 * Checks a kernel and times it.
 *
 * @param peakGflops The adapter's measured peak.
 * @throws {GpuError} If the kernel computes something else, or the device fails.
 */
export async function benchKernel(
  gpu: Gpu,
  kernelCase: KernelCase,
  peakGflops: number,
  budget: TimingBudget,
): Promise<KernelFigures> {
  const { kernel, storage, flop, executedFlop, bytes } = kernelCase;
  const run = await DispatchRun.create(gpu, kernelCase);
  try {
    await run.run();
    refuseWrong(gpu, kernelCase, await run.read(kernelCase.output));
    const timing = await run.time(budget);
    const perSecond = 1 / timing.ms / 1e6;
    return {
      kernel,
      storage,
      ...timing,
      gflops: flop * perSecond,
      peakShare: executedFlop * perSecond / peakGflops,
      gbps: bytes * perSecond,
    };
  } finally {
    run.destroy();
  }
}

function refuseWrong(gpu: Gpu, { label, check }: KernelCase, result: Uint32Array): void {
  const difference = check(result);
  if (difference === undefined) return;
  const { position, actual, expected } = difference;
  throw new GpuError(
    `The kernel ${label} is wrong on "${gpu.adapter.description}": ` +
      `${actual} instead of ${expected} at ${position}; it was not timed`,
  );
}

/** Compares `channels` x `height` x `width` values at the corners and at random positions. */
export function compareSome(
  shape: { channels: number; height: number; width: number },
  actual: (c: number, y: number, x: number) => number,
  expected: (c: number, y: number, x: number) => number,
  tolerance: { atol: number; rtol?: number },
): Difference | undefined {
  const { atol, rtol = 0 } = tolerance;
  for (const [c, y, x] of positionsIn(shape)) {
    const [is, should] = [actual(c, y, x), expected(c, y, x)];
    if (Math.abs(is - should) <= atol + rtol * Math.abs(should)) continue;
    return { position: `channel ${c}, row ${y}, column ${x}`, actual: is, expected: should };
  }
}

function* positionsIn(
  { channels, height, width }: { channels: number; height: number; width: number },
): Generator<[c: number, y: number, x: number]> {
  for (const c of [0, channels - 1]) {
    for (const y of [0, height - 1]) {
      for (const x of [0, width - 1]) yield [c, y, x];
    }
  }
  const below = (end: number) => Math.floor(Math.random() * end);
  for (let i = 0; i < POSITIONS; i++) yield [below(channels), below(height), below(width)];
}
