/**
 * Everything that the core asks of the runtime and that differs between runtimes: here, for Deno. A
 * bundle for pages puts `web.ts` in this file's place, one for Node.js `node.ts`; all export the same
 * names.
 */

import { DAWN, FACE_API, type FaceApiFiles, type FileReader, type Thread } from "./contract.ts";
import { BUILTIN } from "./node_builtin.ts";
import { stampOfDrivers } from "./node_drivers.ts";
import { tensorPlatform, withoutNode } from "./node_faces.ts";
import { startNodeThread } from "./node_thread.ts";

export * from "./contract.ts";
export * from "./node_zlib.ts";
export { turnOfEventLoop } from "./node_thread.ts";

/** The runtime's WebGPU, if it has one. */
export function runtimeGpu(): Promise<GPU | undefined> {
  return Promise.resolve(globalThis.navigator?.gpu);
}

/** Whether `onSubmittedWorkDone()` of the runtime's own WebGPU waits, before it returns its promise. */
export const QUEUE_WAITS_IN_CALL = true;

/**
 * Returns a text that is another one after a graphics driver was updated; an empty one where drivers
 * cannot be seen. Nobody is asked for permission.
 */
export function driverStamp(): string {
  const mayRead = Deno.permissions.querySync({ name: "read" }).state === "granted";
  return mayRead ? stampOfDrivers() : "";
}

/** Buffers that a `mapAsync()` has been fulfilled for. */
const mappedBefore = new WeakSet<GPUBuffer>();

/** The same for a buffer of another WebGPU than Deno's own, whose range ends with the mapping. */
async function readForeign(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
  await buffer.mapAsync(GPUMapMode.READ, 0, bytes);
  const range = buffer.getMappedRange(0, bytes).slice(0);
  buffer.unmap();
  return range;
}

/** Makes the first {@linkcode readMapped} of a buffer as fast as the others. */
export function prepareMapping(buffer: GPUBuffer): void {
  if (!(buffer instanceof GPUBuffer)) return;
  const mapped = buffer.mapAsync(GPUMapMode.READ, 0, 4);
  buffer.unmap();
  mapped.then(() => mappedBefore.add(buffer), () => {});
}

/**
 * Returns the first bytes of a buffer, once the work submitted so far is done, and leaves it unmapped.
 *
 * Deno does the waiting inside `mapAsync()` and then sleeps 10 ms before the promise is fulfilled; the
 * buffer is mapped before that. Only the first promise of a buffer has to be awaited: what Deno keeps of
 * a mapping is not there earlier. And the range is a copy already, which only has to be kept from being
 * detached.
 */
export async function readMapped(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
  if (!(buffer instanceof GPUBuffer)) return await readForeign(buffer, bytes);
  const mapped = buffer.mapAsync(GPUMapMode.READ, 0, bytes);
  if (mappedBefore.has(buffer)) mapped.catch(() => {});
  else {
    await mapped;
    mappedBefore.add(buffer);
  }
  const range = buffer.getMappedRange(0, bytes).transfer();
  // Of a lost device a buffer may still be mapped, whatever it holds; this then fails.
  buffer.unmap();
  return range;
}

/**
 * Reads a file as a whole.
 *
 * @throws Whatever the system says; {@linkcode isNotFound} knows a file that is not there.
 */
export async function readFile(place: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(place);
}

/** Says whether an error of {@linkcode readFile} means that there is no such file. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound;
}

/** Where the file of an embedded network lies: beside the modules, wherever those came from. */
export function modelUrl(file: string): URL {
  return new URL(`../../models/${file}`, import.meta.url);
}

/**
 * Imports the encoder of imagescript, which knows no browser. The specifier is whole, with the version,
 * because code imported by URL has no import map.
 */
export function imagescriptEncoder(): Promise<unknown> {
  return import("npm:imagescript@1.3.1/codecs/node/index.js");
}

/** What an instance of a codec has to be told to find its WebAssembly: here, nothing. */
export function codecOptions(_file: string): Promise<object> {
  return Promise.resolve({});
}

/**
 * Starts the thread that libvips works in.
 *
 * @param onMessage Receives what the thread posts.
 * @param onError Told when it ended by itself.
 */
export function startVipsThread(
  onMessage: (message: unknown) => void,
  onError: (error: Error) => void,
): Thread {
  const code = new URL("../pictures/vips/thread.ts", import.meta.url);
  return startNodeThread(code, onMessage, onError);
}

/**
 * Imports the build of libvips for the web, which asks for `--allow-read` alone. Deno resolves only the
 * package's build for Node.js; but that one says where it lies when it looks for its files.
 *
 * @returns The module: a function that makes an instance.
 */
export async function loadVips(): Promise<(options: object) => Promise<unknown>> {
  const { default: forNode } = await import("npm:wasm-vips@0.0.19");
  let folder = "";
  const locateFile = (_: string, place: string) => {
    folder = place;
    throw new Error("Only the place is wanted");
  };
  // The build for Node.js puts its kind of worker in the place of the web's, which the other one needs.
  const { Worker } = globalThis;
  await forNode({ locateFile }).catch((error: unknown) => {
    if (folder === "") throw error;
  });
  // And that one takes only what has this name for a thread of the web.
  Object.assign(globalThis, { Worker, WorkerGlobalScope: Object });
  return (await import(new URL("vips-es6.js", BUILTIN.url.pathToFileURL(folder)).href)).default;
}

/** Opens a file for {@linkcode FileReader}. */
export function openFile(path: string): FileReader {
  const file = Deno.openSync(path);
  return {
    length: file.statSync().size,
    read(at, into) {
      file.seekSync(at, Deno.SeekMode.Start);
      let filled = 0;
      while (filled < into.length) {
        const count = file.readSync(into.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      return filled;
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/**
 * Loads the package that finds faces, by a name that is put together at run time: with a literal one
 * Deno would fetch its 24 MB for everybody.
 *
 * @param network As its files are named: "tiny_face_detector".
 * @throws Whatever the runtime says if it cannot be had.
 */
export async function loadFaceApi(network: string): Promise<FaceApiFiles> {
  const name = `npm:${FACE_API}`;
  const model = `model/${network}_model`;
  const manifest = await import(`${name}/${model}-weights_manifest.json`, {
    with: { type: "json" },
  });
  const module = await withoutNode(() => import(`${name}/dist/face-api.esm.js`));
  if (module.tf.env().platformName !== "deno") {
    module.tf.env().setPlatform("deno", tensorPlatform());
  }
  const weights = await Deno.readFile(new URL(`${model}.bin`, folderOfFaceApi(module)));
  return { module, manifest: manifest.default, weights };
}

/**
 * Finds the folder that Deno keeps the package in. Deno resolves no file of a package that is no module;
 * but a call that the package refuses tells the place of its code.
 */
function folderOfFaceApi({ tf }: { tf: { tensor3d(data: number[], shape: number[]): void } }): URL {
  try {
    tf.tensor3d([0], [1]);
  } catch (error) {
    const place = /file:.*\/(?=dist\/)/.exec((error as Error).stack ?? "");
    if (place !== null) return new URL(place[0]);
  }
  throw new Error("The folder of the package was not found");
}

/** Kept alive: what Dawn's `create()` returns must outlive its devices, or the process is aborted. */
let dawn: Promise<GPU> | undefined;

/**
 * Loads Dawn, by a name that is put together at run time: with a literal one Deno would fetch it for
 * everybody. Needs permission for native libraries (`--allow-ffi`) and to read.
 *
 * @throws Whatever the runtime says if it cannot be had.
 */
export function loadDawn(): Promise<GPU> {
  dawn ??= import(`npm:${DAWN}`).then(({ create }) =>
    create(["enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia"])
  );
  return dawn;
}

/**
 * Says whether Deno has Dawn on this machine already; undefined where that cannot be told. Nothing is
 * fetched.
 */
export function hasDawn(): boolean | undefined {
  try {
    const packages = `${cacheFolder()}/npm`;
    const path = DAWN.replace("@", "/");
    return [...Deno.readDirSync(packages)].some(({ name }) =>
      isThere(`${packages}/${name}/${path}`)
    );
  } catch {
    return undefined;
  }
}

/** Where Deno keeps what it fetched, unless `DENO_DIR` says otherwise. */
function cacheFolder(): string {
  const home = Deno.env.get("HOME");
  if (Deno.build.os === "windows") return `${Deno.env.get("LOCALAPPDATA")}/deno`;
  if (Deno.build.os === "darwin") return `${home}/Library/Caches/deno`;
  return `${Deno.env.get("XDG_CACHE_HOME") || `${home}/.cache`}/deno`;
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
