/**
 * Everything that the core asks of the runtime and that differs between runtimes: here, for Node.js 24
 * and later. The npm package puts this file in the place of `deno.ts`; both export the same names, and
 * the same comments hold. What a package brings along lies beside the bundle.
 */

import fs from "node:fs";
import { DAWN, type FaceApiFiles, type FileReader, type Thread } from "./contract.ts";
import { stampOfDrivers } from "./node_drivers.ts";
import { tensorPlatform, withoutNode } from "./node_faces.ts";
import { startNodeThread } from "./node_thread.ts";

export * from "./contract.ts";
export * from "./node_zlib.ts";
export { turnOfEventLoop } from "./node_thread.ts";

/** Deno's or, in Node.js, that of the package `webgpu`, if it is installed. */
export async function runtimeGpu(): Promise<GPU | undefined> {
  return globalThis.navigator?.gpu ?? await loadDawn().catch(() => undefined);
}

export const QUEUE_WAITS_IN_CALL = false;

export function driverStamp(): string {
  return stampOfDrivers();
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

/** From `vips_thread_node.js`: `src/pictures/vips/thread.ts`, bundled. */
export function startVipsThread(
  onMessage: (message: unknown) => void,
  onError: (error: Error) => void,
): Thread {
  const code = new URL("vips_thread_node.js", import.meta.url);
  return startNodeThread(code, onMessage, onError);
}

export async function loadVips(): Promise<(options: object) => Promise<unknown>> {
  return (await import(new URL("vips/vips-node.mjs", import.meta.url).href)).default;
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
