/**
 * Whether an adapter's matrix units are used: where it has a shape that the kernels know, and a small
 * convolution on them gives what the ordinary kernel gives. It is found out once for a device.
 *
 * Shaders for matrix units are young in every driver: one that computes something else must not be found
 * by a person, in a picture.
 */

import type { Gpu } from "../gpu/device.ts";
import { Readback } from "../gpu/readback.ts";
import { conv, packConv } from "../kernels/conv.ts";
import type { Dispatch } from "../kernels/dispatch.ts";
import { byteLength, elementIndex, type Layout, layoutOf } from "../kernels/layout.ts";
import { matrixConv, packMatrixConv } from "../kernels/matrix_conv.ts";
import { type MatrixShape, matrixShapeOf } from "../kernels/matrix_shape.ts";
import { chosenStyles } from "../kernels/tuning.ts";
import type { ConvOperation } from "../networks/network.ts";

/** The shape that is used, or why none is, for people. */
export type MatrixUnits = { shape: MatrixShape } | { shape?: undefined; missing: string };

const found = new WeakMap<Gpu, Promise<MatrixUnits>>();

/** Finds out whether a device's matrix units are used. */
export function matrixUnits(gpu: Gpu): Promise<MatrixUnits> {
  let units = found.get(gpu);
  if (units === undefined) {
    units = examine(gpu);
    found.set(gpu, units);
  }
  return units;
}

/** Has a device compute with a shape without asking whether it can: for checks of it. */
export function assumeMatrixUnits(gpu: Gpu, shape: MatrixShape): void {
  found.set(gpu, Promise.resolve({ shape }));
}

async function examine(gpu: Gpu): Promise<MatrixUnits> {
  const offered = offeredUnits(gpu);
  if (offered.shape === undefined) return offered;
  const { matrix: { way } } = await chosenStyles(gpu);
  if (way === "unused") {
    return { missing: "the ordinary kernels were measured to be faster" };
  }
  return await tryMatrixUnits(gpu, { ...offered.shape, staged: way });
}

/** Returns the shape that is worth a try on a device, or why there is none. */
export function offeredUnits(gpu: Gpu): MatrixUnits {
  const shape = matrixShapeOf(gpu.adapter, gpu.enabled);
  if ("missing" in shape) return { missing: `the adapter lacks ${shape.missing}` };
  if (gpu.adapter.software) {
    return { missing: "the adapter is software, which has none to speak of" };
  }
  return { shape };
}

/** Compares a small convolution on matrix units with that of the ordinary kernel. */
export async function tryMatrixUnits(gpu: Gpu, shape: MatrixShape): Promise<MatrixUnits> {
  try {
    const error = await errorOf(gpu, shape);
    if (error < MOST_ERROR) return { shape };
    return { missing: `they compute another convolution than the ordinary kernels: ${error} off` };
  } catch (error) {
    if (gpu.lost) found.delete(gpu);
    return { missing: `they fail: ${(error as Error).message}` };
  }
}

/** Channels of the convolution that is tried, and its size: neither whole chunks nor whole matrices. */
const TRIED = { channels: 40, width: 21, height: 11 } as const;

/** How far a value around 1 may be off: f16 has 11 bits, and the last of them is rounded. */
const MOST_ERROR = 4e-3;

/** Returns the largest difference between the two kernels, where all that goes in is exact in f16. */
async function errorOf(gpu: Gpu, shape: MatrixShape): Promise<number> {
  const operation = triedOperation();
  const { f32: { style } } = await chosenStyles(gpu);
  const layouts = (["f32", "matrix"] as const).map((storage) => layoutOf(TRIED, storage, style));
  const [quads, chunks] = layouts;
  const place = { operation, link: 0, inputAt: { x: 0, y: 0 } };
  const packed = packMatrixConv(operation, 0, [TRIED.channels]);
  const ordinary = await run(gpu, conv({ ...place, input: quads, output: quads, style }), quads, [
    packConv(operation, 0, [TRIED.channels], style),
  ]);
  const onUnits = await run(
    gpu,
    matrixConv({ ...place, input: chunks, output: chunks, shape }),
    chunks,
    [packed.weights, packed.epilogue],
  );
  let worst = 0;
  eachValue((channel, y, x) => {
    const difference = ordinary[elementIndex(quads, channel, y, x)] -
      onUnits[elementIndex(chunks, channel, y, x)];
    // NaN must not pass for small.
    if (!(Math.abs(difference) <= worst)) worst = Math.abs(difference);
  });
  return worst;
}

/** A convolution whose weights and bias are small multiples of powers of two. */
function triedOperation(): ConvOperation {
  const { channels } = TRIED;
  return {
    kind: "conv",
    name: "matrix units",
    inputs: ["input"],
    output: "output",
    inChannels: channels,
    outChannels: channels,
    kernel: 3,
    weight: Float32Array.from({ length: channels ** 2 * 9 }, (_, i) => (i * 31 % 67 - 33) / 1024),
    bias: Float32Array.from({ length: channels }, (_, i) => (i % 7 - 3) / 8),
    gain: 1,
    activation: { kind: "leaky", slope: 0.25 },
    residuals: [],
    upsample: 1,
  };
}

function inputValue(channel: number, y: number, x: number): number {
  return ((channel * 11 + y * 29 + x * 17) % 61 - 30) / 64;
}

function eachValue(visit: (channel: number, y: number, x: number) => void): void {
  const { channels, width, height } = TRIED;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) visit(c, y, x);
  }
}

/** Runs a convolution of one input and nothing beside it, and returns what it wrote. */
async function run(
  gpu: Gpu,
  { shader, params, workgroups }: Dispatch,
  layout: Layout,
  weights: (Uint32Array | Float32Array)[],
): Promise<Float32Array | Float16Array> {
  const { STORAGE, UNIFORM, COPY_DST, COPY_SRC } = GPUBufferUsage;
  const Elements = layout.storage === "matrix" ? Float16Array : Float32Array;
  const bytes = byteLength(layout);
  const values = new Elements(bytes / Elements.BYTES_PER_ELEMENT);
  eachValue((c, y, x) => values[elementIndex(layout, c, y, x)] = inputValue(c, y, x));
  const pipeline = await gpu.pipeline(shader.label, shader.code);
  const readback = new Readback(gpu, bytes);
  const buffers: GPUBuffer[] = [];
  const upload = (data: Uint32Array | Float32Array, usage: number = STORAGE) => {
    const buffer = gpu.createBuffer("trial", data.byteLength, usage | COPY_DST);
    buffers.push(buffer);
    gpu.writeBuffer(buffer, data);
    return buffer;
  };
  try {
    const output = gpu.createBuffer("trial", bytes, STORAGE | COPY_SRC);
    buffers.push(output);
    await gpu.checked("a trial of the matrix units", () => {
      const input = upload(new Uint32Array(values.buffer));
      const bound = [upload(params, UNIFORM), ...weights.map((each) => upload(each))];
      const parts = [...bound, input, input, input, output].map((buffer) => ({ buffer }));
      const encoder = gpu.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, gpu.bindGroup(pipeline, parts));
      pass.dispatchWorkgroups(...workgroups);
      pass.end();
      gpu.device.queue.submit([encoder.finish()]);
    });
    const words = await readback.read({ buffer: output, bytes });
    const { buffer } = words as Uint32Array<ArrayBuffer>;
    return layout.storage === "matrix" ? new Float16Array(buffer) : new Float32Array(buffer);
  } finally {
    readback.destroy();
    for (const buffer of buffers) gpu.destroyBuffer(buffer);
  }
}
