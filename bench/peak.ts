/**
 * What the adapter can do at best, measured: multiply-adds in registers and bytes through memory.
 * The kernels are judged by these figures, and not by a data sheet's.
 */

import { GpuError } from "../src/errors.ts";
import type { Gpu } from "../src/gpu/device.ts";
import { specialise } from "../src/gpu/specialise.ts";
import { paramWords } from "../src/kernels/dispatch.ts";
import { DispatchRun, type Work } from "./dispatch_run.ts";
import type { Timing, TimingBudget } from "./timing.ts";
import copyShader from "./copy.wgsl" with { type: "text" };
import multiplyAddShader from "./multiply_add.wgsl" with { type: "text" };

/** What was measured. */
export interface Peak {
  /** Multiply-adds in f32, two operations each, in 10^9 per second. */
  gflops: number;
  /** Accumulators (vec4f) per invocation with which that was reached. */
  accumulators: number;
  /** Copying, bytes read and written together, in 10^9 per second. */
  gbps: number;
}

/** Numbers of accumulators that are tried. */
const ACCUMULATORS = [2, 3, 4, 8];

/** As the shaders have them. */
const WORKGROUP = 64;
const STEPS = 32;
const COPIED_PER_WORKGROUP = WORKGROUP * 4 * 4;

/** Enough workgroups to fill an adapter several times over. */
const WORKGROUPS = { software: 256, hardware: 16384 } as const;
const ITERATIONS = 256;

/** Slow to grow and to fade, so that every step that was left out would show in the result. */
const FACTOR = Math.fround(0.99999);
const ADDEND = Math.fround(0.00001);

/** Bytes that are copied: more than fits a cache, within what every adapter binds. */
const COPY_BYTES = { software: 1 << 25, hardware: 1 << 27 } as const;

/**
 * Measures the adapter.
 *
 * @throws {GpuError} If it computes something else than it was asked for.
 */
export async function measurePeak(gpu: Gpu, budget: TimingBudget): Promise<Peak> {
  const kind = gpu.adapter.software ? "software" : "hardware";
  const share = { ...budget, seconds: budget.seconds / ACCUMULATORS.length };
  let best = { gflops: 0, accumulators: 0 };
  for (const accumulators of ACCUMULATORS) {
    const { minMs } = await timeMultiplyAdds(gpu, accumulators, WORKGROUPS[kind], share);
    const gflops = multiplyAddFlop(accumulators, WORKGROUPS[kind]) / minMs / 1e6;
    if (gflops > best.gflops) best = { gflops, accumulators };
  }
  const { minMs } = await timeCopy(gpu, COPY_BYTES[kind], budget);
  return { ...best, gbps: 2 * COPY_BYTES[kind] / minMs / 1e6 };
}

function multiplyAddFlop(accumulators: number, workgroups: number): number {
  return 2 * 4 * accumulators * STEPS * ITERATIONS * WORKGROUP * workgroups;
}

async function timeMultiplyAdds(
  gpu: Gpu,
  accumulators: number,
  workgroups: number,
  budget: TimingBudget,
): Promise<Timing> {
  const run = await DispatchRun.create(gpu, multiplyAdds(accumulators, workgroups));
  try {
    await run.run();
    checkMultiplyAdds(gpu, new Float32Array((await run.read(0)).buffer), accumulators);
    return await run.time(budget);
  } finally {
    run.destroy();
  }
}

function multiplyAdds(accumulators: number, workgroups: number): Work {
  const label = `multiply_add accumulators=${accumulators}`;
  const code = specialise(multiplyAddShader, { ACCUMULATORS: accumulators, STEPS, WORKGROUP });
  const dispatch = {
    shader: { label, code },
    params: paramWords([ITERATIONS, { f32: FACTOR }, { f32: ADDEND }]),
    workgroups: [workgroups, 1, 1] as [number, number, number],
    flop: multiplyAddFlop(accumulators, workgroups),
  };
  const results = new Uint32Array(WORKGROUP * workgroups);
  return { label, buffers: [results], passes: [{ dispatch, buffers: [0] }] };
}

/** Compares each invocation's sum with that of the geometric series, up to what f32 rounds. */
function checkMultiplyAdds(gpu: Gpu, sums: Float32Array, accumulators: number): void {
  const power = FACTOR ** (ITERATIONS * STEPS);
  const grown = ADDEND * (1 - power) / (1 - FACTOR);
  for (let i = 0; i < sums.length; i++) {
    let expected = 0;
    for (let quarter = 0; quarter < accumulators * 4; quarter++) {
      expected += (i % WORKGROUP / WORKGROUP + quarter / 4) * power + grown;
    }
    if (!(Math.abs(sums[i] - expected) <= 2e-3 * expected)) {
      throw new GpuError(
        `The adapter "${gpu.adapter.description}" computes ${sums[i]} instead of ${expected} ` +
          `in invocation ${i} of multiply_add`,
      );
    }
  }
}

async function timeCopy(gpu: Gpu, bytes: number, budget: TimingBudget): Promise<Timing> {
  const source = new Uint32Array(bytes / 4);
  for (let i = 0; i < source.length; i++) source[i] = i + 1;
  const run = await DispatchRun.create(gpu, copy(source));
  try {
    await run.run();
    const different = (await run.read(1)).findIndex((word, i) => word !== source[i]);
    if (different >= 0) {
      throw new GpuError(
        `The adapter "${gpu.adapter.description}" does not copy word ${different} of ` +
          `${source.length}`,
      );
    }
    return await run.time(budget);
  } finally {
    run.destroy();
  }
}

function copy(source: Uint32Array): Work {
  const dispatch = {
    shader: { label: "copy", code: specialise(copyShader) },
    params: new Uint32Array(),
    workgroups: [source.length / COPIED_PER_WORKGROUP, 1, 1] as [number, number, number],
    flop: 0,
  };
  const buffers = [source, new Uint32Array(source.length)];
  return { label: "copy", buffers, passes: [{ dispatch, buffers: [0, 1] }] };
}
