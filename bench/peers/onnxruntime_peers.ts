/**
 * ONNX Runtime Web, in each way in which it runs in Deno.
 *
 * Its package has one entry per way, and each keeps settings, threads and WASM memory of its own, so
 * that they can take turns in one process. The main entry is its Node build, the only one here that
 * starts threads: the others would load them from a blob URL, which Deno refuses to a package.
 */

import * as threaded from "onnxruntime-web";
import * as single from "onnxruntime-web/wasm";
import type { Gpu } from "../../src/gpu/device.ts";
import { toOnnx } from "./onnx.ts";
import { configure, nameOf, type OnnxRuntime, onWebGpu, open } from "./onnxruntime.ts";
import type { Peer } from "./runner.ts";

/** Returns a peer for each way; with threads only where there is more than one processor. */
export function onnxRuntimePeers(gpu: Gpu, processors: number): Peer[] {
  const ways = [onWebGpu(gpu), onWasm(single, 1)];
  return processors > 1 ? [...ways, onWasm(threaded, processors)] : ways;
}

function onWasm(runtime: OnnxRuntime, threads: number): Peer {
  configure(runtime, threads);
  return {
    name: `${nameOf(runtime)}, WASM, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    open: ({ network }, picture) => open(runtime, "wasm", toOnnx(network, picture), picture),
  };
}
