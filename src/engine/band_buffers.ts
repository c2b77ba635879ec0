/** What the buffers of bands of rows have in common. */

import type { Gpu } from "../gpu/device.ts";
import type { Command } from "../gpu/submission.ts";
import type { Dispatch } from "../kernels/dispatch.ts";

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

/**
 * Creates buffers, all or none.
 *
 * @param what What they are for, in errors.
 * @throws {OutOfGpuMemoryError} If they do not fit.
 */
export async function createChecked<B extends { destroy(): void }>(
  gpu: Gpu,
  what: string,
  create: () => B,
): Promise<B> {
  let buffers: B | undefined;
  try {
    return await gpu.checked(what, () => buffers = create());
  } catch (error) {
    buffers?.destroy();
    throw error;
  }
}
