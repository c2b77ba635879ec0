/**
 * ONNX Runtime Web from file to file: `run_onnxruntime.ts webgpu|wasm|threads MODEL INPUT OUTPUT`.
 *
 * Its package has one entry per way. The main one is its Node build, the only one here that starts
 * threads: the others would load them from a blob URL, which Deno refuses to a package.
 */

import type { InferenceSession } from "onnxruntime-web";
import { loadModel } from "../../src/weights/library.ts";
import { INPUT, OUTPUT, toOnnx } from "./onnx.ts";
import { readPlanes, writePlanes } from "./planes.ts";

type OnnxRuntime = typeof import("onnxruntime-web");

/** How each way is loaded, and what its provider is called. */
const WAYS: Record<string, { load: () => Promise<unknown>; provider: "webgpu" | "wasm" }> = {
  webgpu: { load: () => import("onnxruntime-web/webgpu"), provider: "webgpu" },
  wasm: { load: () => import("onnxruntime-web/wasm"), provider: "wasm" },
  threads: { load: () => import("onnxruntime-web"), provider: "wasm" },
};

const [way, model, input, output] = Deno.args;
const { load, provider } = WAYS[way];
const runtime = await load() as OnnxRuntime;
runtime.env.logLevel = "error";
runtime.env.wasm.numThreads = way === "threads" ? navigator.hardwareConcurrency : 1;
// As Tessera asks for it.
runtime.env.webgpu.powerPreference = "high-performance";
const picture = await readPlanes(input);
const { network } = await loadModel(model);
const options: InferenceSession.SessionOptions = { executionProviders: [provider] };
const session = await runtime.InferenceSession.create(toOnnx(network, picture), options);
const { width, height, planes } = picture;
const tensor = new runtime.Tensor("float32", planes, [1, 3, height, width]);
const result = (await session.run({ [INPUT]: tensor }))[OUTPUT].data as Float32Array;
const size = { width: width * network.scale, height: height * network.scale };
await writePlanes(output, { ...size, planes: result });
// Threads of the WASM runtime stay behind and would keep the program alive.
Deno.exit(0);
