/**
 * Everything that the core asks of the runtime and that differs between runtimes: here, for Node.js 24
 * and later. The npm package puts this file in the place of `deno.ts`; both export the same names, and
 * the same comments hold. What a package brings along lies beside the bundle.
 */

import fs from "node:fs";
import { setImmediate } from "node:timers";
import { Worker as NodeWorker } from "node:worker_threads";
import { stampOfDrivers } from "./node_drivers.ts";
import { tensorPlatform, withoutNode } from "./node_faces.ts";

export * from "./node_zlib.ts";

/** Deno's or, in Node.js, that of the package `webgpu`, if it is installed. */
export async function runtimeGpu(): Promise<GPU | undefined> {
  return globalThis.navigator?.gpu ?? await loadDawn().catch(() => undefined);
}

export const QUEUE_WAITS_IN_CALL = false;

export function driverStamp(): string {
  return stampOfDrivers();
}

export function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => resolve()));
}

export function prepareMapping(_buffer: GPUBuffer): void {}

export async function readMapped(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
  await buffer.mapAsync(GPUMapMode.READ, 0, bytes);
  const range = buffer.getMappedRange(0, bytes).slice(0);
  buffer.unmap();
  return range;
}

export async function readFile(place: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await fs.promises.readFile(place));
}

export function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

export function modelUrl(file: string): URL {
  return new URL(`models/${file}`, import.meta.url);
}

/** mozjpeg takes over. */
export function imagescriptEncoder(): Promise<unknown> {
  return Promise.reject(new Error("the npm package does not bring it along"));
}

/** Codecs would fetch their files, which Node.js does for no file. */
export async function codecOptions(file: string): Promise<object> {
  return { wasmBinary: await readFile(new URL(file, import.meta.url)) };
}

export interface Thread {
  post(message: unknown, transfer: Transferable[]): void;
  rest(): void;
  end(): void;
}

/** From `vips_thread_node.js`: `src/pictures/vips/thread.ts`, bundled. */
export function startVipsThread(
  onMessage: (message: unknown) => void,
  onError: (error: Error) => void,
): Thread {
  const worker = new NodeWorker(new URL("vips_thread_node.js", import.meta.url));
  worker.on("message", onMessage);
  worker.on("error", (error) => onError(error as Error));
  return {
    post(message, transfer) {
      worker.ref();
      worker.postMessage(message, transfer as ArrayBuffer[]);
    },
    rest: () => worker.unref(),
    end: () => void worker.terminate(),
  };
}

export const VIPS = "wasm-vips@0.0.19";

export async function loadVips(): Promise<(options: object) => Promise<unknown>> {
  return (await import(new URL("vips/vips-node.mjs", import.meta.url).href)).default;
}

export interface FileReader extends Disposable {
  readonly length: number;
  read(at: number, into: Uint8Array): number;
}

export function openFile(path: string): FileReader {
  const file = fs.openSync(path, "r");
  return {
    length: fs.fstatSync(file).size,
    read(at, into) {
      let filled = 0;
      while (filled < into.length) {
        const count = fs.readSync(file, into, filled, into.length - filled, at + filled);
        if (count === 0) break;
        filled += count;
      }
      return filled;
    },
    [Symbol.dispose]: () => fs.closeSync(file),
  };
}

export const FACE_API = "@vladmandic/face-api@1.7.15";

export interface FaceApiFiles {
  module: unknown;
  manifest: unknown;
  weights: Uint8Array<ArrayBuffer>;
}

export async function loadFaceApi(network: string): Promise<FaceApiFiles> {
  const folder = new URL("face-api/", import.meta.url);
  const model = `model/${network}_model`;
  const manifest = await readFile(new URL(`${model}-weights_manifest.json`, folder));
  const code = new URL("dist/face-api.esm.js", folder).href;
  const module = await withoutNode(() => import(code));
  module.tf.env().setPlatform("node", tensorPlatform());
  return {
    module,
    manifest: JSON.parse(new TextDecoder().decode(manifest)),
    weights: await readFile(new URL(`${model}.bin`, folder)),
  };
}

export const DAWN = "webgpu@0.6.2";

let dawn: Promise<GPU> | undefined;

/** From the package as it is installed, by a name that the bundler does not follow. */
export function loadDawn(): Promise<GPU> {
  const [name] = DAWN.split("@");
  dawn ??= import(name).then(({ create, globals }) => {
    // What a browser has of itself: the flags of buffers, and classes.
    for (const [key, value] of Object.entries(globals)) {
      if (!(key in globalThis)) Object.defineProperty(globalThis, key, { value, writable: true });
    }
    return create(["enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia"]);
  });
  return dawn;
}

export function hasDawn(): boolean | undefined {
  return undefined;
}
