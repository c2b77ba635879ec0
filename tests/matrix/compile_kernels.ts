// deno-lint-ignore-file no-console -- its lines are its result
/**
 * Compiles the convolutions for matrix units on the adapter that Dawn finds, which may be a stub of a
 * GPU that nobody has: `matrix_compilers_test.ts` runs it so. Prints lines of JSON: the shape, then for
 * each kernel, staged in each way, what the driver's compiler told, with its machine code.
 */

import { Gpu } from "../../src/gpu/device.ts";
import { layoutOf } from "../../src/kernels/layout.ts";
import { matrixConv } from "../../src/kernels/matrix_conv.ts";
import { matrixShapeOf, STAGED, type Staged } from "../../src/kernels/matrix_shape.ts";
import type { ConvOperation } from "../../src/networks/network.ts";
import { loadDawn } from "../../src/platform/mod.ts";

/** What was compiled. */
export interface CompiledKernel {
  kernel: string;
  staged: Staged;
  /** Lines of `name: value`, then texts behind `##### name`. */
  told: string;
}

const NONE = new Float32Array();

/** Convolutions that the embedded networks, RRDBNet and SRVGGNetCompact are made of. */
const KERNELS: Record<string, Partial<ConvOperation> & { inChannels: number }> = {
  "conv3x3_32": { inChannels: 32, outChannels: 32, activation: { kind: "silu" } },
  "conv3x3_32_48": { inChannels: 32, outChannels: 48 },
  "conv3x3_64": { inChannels: 64, outChannels: 64, activation: { kind: "leaky", slope: 0.2 } },
  "upconv3x3_64": { inChannels: 64, outChannels: 64, upsample: 2 },
};

if (import.meta.main) {
  const statistics = Deno.env.get("TESSERA_STATISTICS")!;
  const gpu = await Gpu.open({ gpu: await loadDawn() });
  const shape = matrixShapeOf(gpu.adapter, gpu.enabled);
  if ("missing" in shape) throw new Error(`${gpu.adapter.description} lacks ${shape.missing}`);
  console.log(JSON.stringify(shape));
  for (const kernel of Object.keys(KERNELS)) {
    for (const staged of STAGED) {
      const { shader } = matrixConv({ ...placed(kernel), shape: { ...shape, staged } });
      await Deno.writeTextFile(statistics, "");
      await gpu.pipeline(shader.label, shader.code);
      const told = await Deno.readTextFile(statistics);
      console.log(JSON.stringify({ kernel, staged, told } satisfies CompiledKernel));
    }
  }
  // A stub has no work to wait for.
  Deno.exit(0);
}

/** A kernel's operation, and tensors for it. */
function placed(name: string): Omit<Parameters<typeof matrixConv>[0], "shape"> {
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
    ...KERNELS[name],
  };
  const tensor = (channels: number, side: number) =>
    layoutOf({ channels, width: side, height: side }, "matrix", "uniform");
  return {
    operation,
    link: 0,
    input: tensor(operation.inChannels, 32),
    inputAt: { x: 0, y: 0 },
    output: tensor(operation.outChannels, 32 * operation.upsample),
  };
}
