/**
 * ONNX Runtime Web, in each way in which it runs in Deno.
 *
 * Its package has one entry per way, and each keeps settings, threads and WASM memory of its own, so
 * that they can take turns in one process. The main entry is its Node build, the only one here that
 * starts threads: the others would load them from a blob URL, which Deno refuses to a package.
 */

import * as threaded from "onnxruntime-web";
import * as single from "onnxruntime-web/wasm";
import * as webGpu from "onnxruntime-web/webgpu";
import { GpuError } from "../../src/errors.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { INPUT, OUTPUT, toOnnx } from "./onnx.ts";
import { type Peer, type Runner, type TestPicture, toPlanes } from "./runner.ts";

/** What every entry exports. */
type OnnxRuntime = typeof single;

/** Returns a peer for each way; with threads only where there is more than one processor. */
export function onnxRuntimePeers(gpu: Gpu, processors: number): Peer[] {
  const ways = [onWebGpu(gpu), onWasm(single, 1)];
  return processors > 1 ? [...ways, onWasm(threaded, processors)] : ways;
}

function onWebGpu(gpu: Gpu): Peer {
  configure(webGpu, 1);
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

function onWasm(runtime: OnnxRuntime, threads: number): Peer {
  configure(runtime, threads);
  return {
    name: `${nameOf(runtime)}, WASM, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    open: ({ network }, picture) => open(runtime, "wasm", toOnnx(network, picture), picture),
  };
}

function configure({ env }: OnnxRuntime, threads: number): void {
  env.logLevel = "error";
  env.wasm.numThreads = threads;
}

function nameOf({ env }: OnnxRuntime): string {
  return `onnxruntime-web ${env.versions.web}`;
}

async function checkAdapter(gpu: Gpu): Promise<void> {
  const { adapterInfo } = await webGpu.env.webgpu.device as GPUDevice;
  if (adapterInfo.description === gpu.adapter.description) return;
  throw new GpuError(
    `Tessera runs on "${gpu.adapter.description}", ${nameOf(webGpu)} on ` +
      `"${adapterInfo.description}": their times cannot be compared`,
  );
}

async function open(
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
