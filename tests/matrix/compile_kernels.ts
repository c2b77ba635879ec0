// deno-lint-ignore-file no-console -- its lines are its result
/**
 * Compiles the convolutions for matrix units on the adapter that Dawn finds, which may be a stub of a
 * GPU that nobody has: `deno run -A tests/matrix/compile_kernels.ts`, as `matrix_compilers_test.ts` runs
 * it. Prints the shape, then a line for each shader: its label.
 *
 * Before a pipeline is made, its name is written to the file `$STATS_LABEL`, for a driver's layer that
 * writes down what its compiler says.
 */

import { Gpu } from "../../src/gpu/device.ts";
import { layoutOf } from "../../src/kernels/layout.ts";
import { matrixConv } from "../../src/kernels/matrix_conv.ts";
import { matrixShapeOf } from "../../src/kernels/matrix_shape.ts";
import type { ConvOperation } from "../../src/networks/network.ts";
import { loadDawn } from "../../src/platform/mod.ts";

const NONE = new Float32Array();

/** Convolutions that the embedded networks, RRDBNet and SRVGGNetCompact are made of. */
const KERNELS: Record<string, Partial<ConvOperation> & { inChannels: number }> = {
  "conv3x3_32": { inChannels: 32, outChannels: 32, activation: { kind: "silu" } },
  "conv3x3_32_48": { inChannels: 32, outChannels: 48 },
  "conv3x3_64": { inChannels: 64, outChannels: 64, activation: { kind: "leaky", slope: 0.2 } },
  "upconv3x3_64": { inChannels: 64, outChannels: 64, upsample: 2 },
};

const gpu = await Gpu.open({ gpu: await loadDawn() });
const shape = matrixShapeOf(gpu.adapter, gpu.enabled);
console.log(gpu.adapter.description);
if ("missing" in shape) {
  console.log(`missing: ${shape.missing}`);
  Deno.exit(1);
}
console.log(`${shape.m}x${shape.n}x${shape.k}, ${shape.lanes} lanes`);
const label = Deno.env.get("STATS_LABEL");
for (const [name, kernel] of Object.entries(KERNELS)) {
  const operation: ConvOperation = {
    kind: "conv",
    name,
    inputs: ["input"],
    output: "output",
    outChannels: 64,
    kernel: 3,
    weight: NONE,
    bias: NONE,
    gain: 1,
    activation: { kind: "none" },
    residuals: [],
    upsample: 1,
    ...kernel,
  };
  const tensor = (channels: number, side: number) =>
    layoutOf({ channels, width: side, height: side }, "matrix", "uniform");
  const { shader } = matrixConv({
    operation,
    link: 0,
    input: tensor(operation.inChannels, 32),
    inputAt: { x: 0, y: 0 },
    output: tensor(operation.outChannels, 32 * operation.upsample),
    shape,
  });
  if (label !== undefined) Deno.writeTextFileSync(label, name);
  await gpu.pipeline(shader.label, shader.code);
  console.log(`${name}: ${shader.label}`);
}
// A stub has no work to wait for.
Deno.exit(0);
