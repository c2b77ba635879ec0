/** What the passes that go by bands of rows have in common. */

import { UsageError } from "../errors.ts";
import { type Gpu, OutOfGpuMemoryError } from "../gpu/device.ts";
import type { Command } from "../gpu/submission.ts";
import type { Dispatch } from "../kernels/dispatch.ts";

/** What a plan for bands of rows says of its buffers. */
interface BandPlan {
  gpuBytes: number;
  /** Rows of the result per band; the last one may have fewer. */
  bandRows: number;
}

/**
 * Plans bands and creates their buffers; if the device runs out of memory, with half of it.
 *
 * @param what What the buffers are for, in errors.
 * @param memory Bytes that may be planned with at first.
 * @throws {OutOfGpuMemoryError} If the smallest bands are too large for the device; nothing is left
 *   allocated.
 * @throws {UsageError} Of `planWithin`, if it says that `memory` is too little.
 */
export async function allocateBands<P extends BandPlan, B extends { destroy(): void }>(
  gpu: Gpu,
  what: string,
  memory: number,
  planWithin: (memory: number) => P,
  create: (plan: P) => B,
): Promise<{ plan: P; buffers: B }> {
  let plan = planWithin(memory);
  for (;;) {
    let buffers: B | undefined;
    try {
      await gpu.checked(what, () => {
        buffers = create(plan);
      });
      return { plan, buffers: buffers! };
    } catch (error) {
      buffers?.destroy();
      if (!(error instanceof OutOfGpuMemoryError) || plan.bandRows === 1) throw error;
      plan = afterShortage(plan, planWithin, error);
    }
  }
}

/** The plan for half the memory; without one, the shortage is the error, not what was asked for. */
function afterShortage<P extends BandPlan>(
  { gpuBytes }: P,
  planWithin: (memory: number) => P,
  shortage: OutOfGpuMemoryError,
): P {
  try {
    return planWithin(gpuBytes / 2);
  } catch (error) {
    throw error instanceof UsageError ? shortage : error;
  }
}

/**
 * Makes a dispatch ready to be recorded.
 *
 * @param params Receives the parameters, so that it serves one command of a submission.
 * @param buffers What the shader binds behind them.
 */
export async function commandOf(
  gpu: Gpu,
  dispatch: Dispatch,
  params: GPUBuffer,
  buffers: GPUBuffer[],
): Promise<Command> {
  const { shader, workgroups, flop } = dispatch;
  gpu.writeBuffer(params, dispatch.params);
  const pipeline = await gpu.pipeline(shader.label, shader.code);
  const parts = [params, ...buffers].map((buffer) => ({ buffer }));
  return { pipeline, bindGroup: gpu.bindGroup(pipeline, parts), workgroups, flop };
}
