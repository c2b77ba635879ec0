/**
 * Runs single kernels on the adapter: tensors go in and out in the layout that the shaders read, and
 * the output buffer is poisoned first, so that a value that nobody wrote cannot pass for a result.
 *
 * Opening the device here makes a missing adapter fail every test that needs one.
 */

import assert from "node:assert/strict";
import { Gpu, OutOfGpuMemoryError } from "../src/gpu/device.ts";
import type { Dispatch, QuadStorage, Storage } from "../src/kernels/dispatch.ts";
import { defaultStyle, type Style, stylesFor } from "../src/kernels/styles.ts";
import { besideIn, byteLength, elementIndex, type Layout } from "../src/kernels/layout.ts";
import { assertClose, type Tolerance } from "./reference/compare.ts";
import { at, type Tensor, tensorOf } from "./reference/tensor.ts";

/** The device of this test file. */
export const gpu: Gpu = await Gpu.open();

export const STORAGES: QuadStorage[] = ["f32", "f16"];

/** Styles of convolution that the adapter can run with activations stored in a way, its own first. */
export function testedStyles(storage: QuadStorage): Style[] {
  const { adapter, enabled } = gpu;
  return [...new Set([defaultStyle(adapter, enabled), ...stylesFor(adapter, enabled, storage)])];
}

/** One dispatch and the words of what it reads, in the order of its bindings. */
export interface Run {
  dispatch: Dispatch;
  inputs: Uint32Array[];
}

/** Runs dispatches that write one buffer, one after another, and returns its words. */
export async function runKernel(runs: Run[], output: Uint32Array): Promise<Uint32Array> {
  const { STORAGE, UNIFORM, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const buffers: GPUBuffer[] = [];
  const upload = (words: Uint32Array, usage: number) => {
    const buffer = gpu.createBuffer("test", words.byteLength, usage | COPY_DST);
    buffers.push(buffer);
    gpu.writeBuffer(buffer, words);
    return buffer;
  };
  try {
    const result = upload(output, STORAGE | COPY_SRC);
    const encoder = gpu.device.createCommandEncoder();
    for (const { dispatch, inputs } of runs) {
      const { shader, params, workgroups } = dispatch;
      const pipeline = await gpu.pipeline(shader.label, shader.code);
      const bound = [upload(params, UNIFORM), ...inputs.map((w) => upload(w, STORAGE)), result];
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, gpu.bindGroup(pipeline, bound.map((buffer) => ({ buffer }))));
      pass.dispatchWorkgroups(...workgroups);
      pass.end();
    }
    const staging = gpu.createBuffer("staging", output.byteLength, COPY_DST | MAP_READ);
    buffers.push(staging);
    encoder.copyBufferToBuffer(result, 0, staging, 0, output.byteLength);
    gpu.device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const words = new Uint32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    gpu.check();
    return words;
  } finally {
    for (const buffer of buffers) gpu.destroyBuffer(buffer);
  }
}

/** Lets memory run out while more than `limit` bytes are in use, `times` times at most. */
export async function withShortage(
  limit: number,
  times: number,
  body: () => Promise<void>,
): Promise<number> {
  const checked = gpu.checked;
  let shortages = 0;
  gpu.checked = async (what, work) => {
    const result = await checked.call(gpu, what, work);
    if (gpu.bytes > limit && shortages < times) {
      shortages++;
      throw new OutOfGpuMemoryError("GPU memory ran out, says the test");
    }
    return result as never;
  };
  try {
    await body();
  } finally {
    gpu.checked = checked;
  }
  return shortages;
}

/** Rounds a tensor's values to what the storage holds, so that a twin sees what the kernel sees. */
export function stored(tensor: Tensor, storage: Storage): Tensor {
  const round = storage === "f32" ? Math.fround : Math.f16round;
  return { ...tensor, data: tensor.data.map((value) => round(value)) };
}

/** Lays a tensor out; everything around its values is zero. */
export function pack(tensor: Tensor, layout: Layout): Uint32Array {
  return fill(layout, (c, y, x) => {
    const inside = c < tensor.channels && y >= 0 && x >= 0 && y < tensor.height && x < tensor.width;
    return inside ? at(tensor, c, y, x) : 0;
  });
}

/** An output buffer before a kernel ran: NaN wherever values have to be, zero around. */
export function poison(layout: Layout): Uint32Array {
  const { width, height } = layout;
  return fill(layout, (_, y, x) => y >= 0 && x >= 0 && y < height && x < width ? NaN : 0);
}

/** A buffer of words that no kernel writes by chance. */
export function poisonWords(length: number): Uint32Array {
  return new Uint32Array(length).fill(0xdeadbeef);
}

/**
 * Asserts that a buffer holds a tensor, and zero in the pixels around it and in the channels that
 * fill up its last quad or chunk: that is what the next convolution reads.
 */
export function assertTensor(
  words: Uint32Array,
  layout: Layout,
  expected: Tensor,
  tolerance: Tolerance,
): void {
  const { channels, width, height } = layout;
  const values = elementsOf(words, layout.storage);
  const beside = besideIn(layout);
  const read = (c: number, y: number, x: number) => values[elementIndex(layout, c, y, x)];
  const actual = tensorOf(channels, height, width, read);
  const shape = [channels, height, width];
  assertClose(actual.data, expected.data, { shape, ...tolerance });
  for (let c = 0; c < Math.ceil(channels / beside) * beside; c++) {
    for (let y = -1; y <= height; y++) {
      for (let x = -1; x <= width; x++) {
        const inside = c < channels && y >= 0 && x >= 0 && y < height && x < width;
        if (inside) continue;
        assert.equal(
          Math.abs(read(c, y, x)),
          0,
          `${tolerance.label}: around, at [${c}, ${y}, ${x}]`,
        );
      }
    }
  }
}

/** Asserts that words are equal; the message names the first that is not, and how many are not. */
export function assertSameWords(actual: Uint32Array, expected: Uint32Array, label: string): void {
  assert.equal(actual.length, expected.length, `${label}: number of words`);
  const first = actual.findIndex((word, i) => word !== expected[i]);
  if (first < 0) return;
  const count = actual.reduce((sum, word, i) => sum + (word !== expected[i] ? 1 : 0), 0);
  const [a, b] = [actual[first], expected[first]].map((word) => `0x${word.toString(16)}`);
  assert.fail(
    `${label}: ${count} of ${actual.length} words differ; word ${first} is ${a}, not ${b}`,
  );
}

/** Elements of a buffer as numbers. */
function elementsOf(words: Uint32Array, storage: Storage): Float32Array | Float16Array {
  const { buffer } = words;
  return storage === "f32" ? new Float32Array(buffer) : new Float16Array(buffer);
}

/** Fills a layout, all allocated planes with border and padding, from a function of coordinates. */
function fill(layout: Layout, value: (c: number, y: number, x: number) => number): Uint32Array {
  const { quads, plane, pitch, storage } = layout;
  const beside = besideIn(layout);
  const words = new Uint32Array(byteLength(layout) / 4);
  const elements = elementsOf(words, storage);
  for (let i = 0; i < quads * plane * 4; i++) {
    const pixel = Math.floor(i / beside) % plane;
    const channel = Math.floor(i / beside / plane) * beside + i % beside;
    elements[i] = value(channel, Math.floor(pixel / pitch) - 1, pixel % pitch - 1);
  }
  return words;
}
