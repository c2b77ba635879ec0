/** What the ways of ONNX Runtime Web have in common, and the one on WebGPU, which pages have as well. */

import * as webGpu from "onnxruntime-web/webgpu";
import { GpuError } from "../../src/errors.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { INPUT, OUTPUT, toOnnx } from "./onnx.ts";
import { type Peer, type Runner, type TestPicture, toPlanes } from "./runner.ts";

/** What every entry of the package exports. */
export type OnnxRuntime = typeof webGpu;

/** ONNX Runtime Web on WebGPU, on a device of its own. @param wasmPaths Where a page has its WASM. */
export function onWebGpu(gpu: Gpu, wasmPaths?: string): Peer {
  configure(webGpu, 1);
  if (wasmPaths !== undefined) webGpu.env.wasm.wasmPaths = wasmPaths;
  // The same wish as Tessera's, and so the same adapter, but a device of its own with all it wants.
  webGpu.env.webgpu.powerPreference = "high-performance";
  return {
    name: `${nameOf(webGpu)}, WebGPU`,
    async open({ network }, picture) {
      const runner = await open(webGpu, "webgpu", toOnnx(network, picture), picture);
      await checkAdapter(gpu);
      return runner;
    },
  };
}

/** Sets the threads, and that it prints nothing but errors. */
export function configure({ env }: OnnxRuntime, threads: number): void {
  env.logLevel = "error";
  env.wasm.numThreads = threads;
}

/** Its name with its version. */
export function nameOf({ env }: OnnxRuntime): string {
  return `onnxruntime-web ${env.versions.web}`;
}

async function checkAdapter(gpu: Gpu): Promise<void> {
  const { adapterInfo } = await webGpu.env.webgpu.device as GPUDevice;
  const { description, vendor, architecture } = adapterInfo;
  // Browsers keep the description to themselves.
  const name = description || `${vendor} ${architecture}`;
  if (name === gpu.adapter.description) return;
  throw new GpuError(
    `Tessera runs on "${gpu.adapter.description}", ${nameOf(webGpu)} on ` +
      `"${name}": their times cannot be compared`,
  );
}

/** Opens a network in one of its ways. */
export async function open(
  runtime: OnnxRuntime,
  provider: "webgpu" | "wasm",
  model: Uint8Array,
  { width, height, samples }: TestPicture,
): Promise<Runner> {
  const executionProviders = [provider];
  const session = await runtime.InferenceSession.create(model, { executionProviders });
  const input = new runtime.Tensor("float32", toPlanes(samples, 255), [1, 3, height, width]);
  const run = () => session.run({ [INPUT]: input });
  return {
    run,
    async result() {
      const values = (await run())[OUTPUT].data as Float32Array;
      return values.map((value) => Math.min(1, Math.max(0, value)));
    },
    close: () => session.release(),
  };
}
