/**
 * Everything that the core asks of the runtime and that differs between runtimes: here, for pages and
 * their workers. A bundle puts this file in the place of `deno.ts`; both export the same names, and the
 * same comments hold.
 */

import type { FaceApiFiles, FileReader, Thread } from "./contract.ts";

export * from "./contract.ts";

export class InflateError extends Error {
  override readonly name: string = "InflateError";
}

export function runtimeGpu(): Promise<GPU | undefined> {
  return Promise.resolve(globalThis.navigator?.gpu);
}

export const QUEUE_WAITS_IN_CALL = false;

export function driverStamp(): string {
  return "";
}

export function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

export function prepareMapping(_buffer: GPUBuffer): void {}

/** A page's range ends with the mapping, and has to be copied. */
export async function readMapped(buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
  await buffer.mapAsync(GPUMapMode.READ, 0, bytes);
  const range = buffer.getMappedRange(0, bytes).slice(0);
  buffer.unmap();
  return range;
}

/** What a server says of a file that is not there. */
class NotFound extends Error {
  override readonly name: string = "NotFound";
}

export async function readFile(place: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(place);
  if (response.status === 404) throw new NotFound(`There is no ${place}`);
  if (!response.ok) throw new Error(`HTTP ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

export function isNotFound(error: unknown): boolean {
  return error instanceof NotFound;
}

/** In `models/`, beside the bundle. */
export function modelUrl(file: string): URL {
  return new URL(`models/${file}`, import.meta.url);
}

/** Others take over: mozjpeg, and PNG where a file is written in rows. */
export function imagescriptEncoder(): Promise<unknown> {
  return Promise.reject(new Error("pages cannot load it"));
}

export function codecOptions(_file: string): Promise<object> {
  return Promise.resolve({});
}

/** From `vips_thread.js` beside the bundle: `src/pictures/vips/thread.ts`, bundled. */
export function startVipsThread(
  onMessage: (message: unknown) => void,
  onError: (error: Error) => void,
): Thread {
  const worker = new Worker(new URL("vips_thread.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<unknown>) => onMessage(data);
  worker.onerror = ({ message }) => onError(new Error(message));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    rest() {},
    end: () => worker.terminate(),
  };
}

/** From `vips/` beside the bundle, where a page puts the package's `lib`; it has to be isolated. */
export async function loadVips(): Promise<(options: object) => Promise<unknown>> {
  return (await import(new URL("vips/vips-es6.js", import.meta.url).href)).default;
}

export function openFile(path: string): FileReader {
  throw new Error(`Pages cannot open ${path} by its path`);
}

/** From `face-api/` beside the bundle, where a page that finds faces puts the package. */
export async function loadFaceApi(network: string): Promise<FaceApiFiles> {
  const folder = new URL("face-api/", import.meta.url);
  const model = `model/${network}_model`;
  const manifest = await readFile(new URL(`${model}-weights_manifest.json`, folder));
  return {
    module: await import(new URL("dist/face-api.esm.js", folder).href),
    manifest: JSON.parse(new TextDecoder().decode(manifest)),
    weights: await readFile(new URL(`${model}.bin`, folder)),
  };
}

/** A page has its browser's. */
export function loadDawn(): Promise<GPU> {
  return Promise.reject(new Error("pages cannot load it"));
}

export function hasDawn(): boolean | undefined {
  return false;
}

/** Remainders of single bytes, for the reversed polynomial of IEEE 802.3. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

export function crc32(bytes: Uint8Array, before = 0): number {
  let rest = ~before;
  for (let i = 0; i < bytes.length; i++) {
    rest = REMAINDERS[(rest ^ bytes[i]) & 0xff] ^ (rest >>> 8);
  }
  return ~rest >>> 0;
}

export function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  return joined(deflateBlocks(once(bytes), 0), Infinity);
}

export function inflate(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  return joined(inflateBlocks(once(bytes), 0), most);
}

export async function inflateBrotli(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  // Not every browser knows it, and no library of types does.
  const transform = new DecompressionStream("brotli" as CompressionFormat);
  return await joined(
    through(once(bytes), transform, (error) => {
      return new InflateError(error instanceof Error ? error.message : String(error));
    }),
    most,
  );
}

export async function* deflateBlocks(
  blocks: AsyncIterable<Uint8Array>,
  _level: number,
): AsyncGenerator<Uint8Array> {
  yield* through(blocks, new CompressionStream("deflate"));
}

export async function* inflateBlocks(
  blocks: AsyncIterable<Uint8Array>,
  _pieceBytes: number,
): AsyncGenerator<Uint8Array> {
  yield* through(blocks, new DecompressionStream("deflate"), (error) => {
    return new InflateError(error instanceof Error ? error.message : String(error));
  });
}

/** The error of the source, if it fails, is what the reader gets, and not what the transform makes of it. */
async function* through(
  blocks: AsyncIterable<Uint8Array>,
  transform: CompressionStream | DecompressionStream,
  explain: (error: unknown) => unknown = (error) => error,
): AsyncGenerator<Uint8Array> {
  const source = blocks[Symbol.asyncIterator]();
  const writer = transform.writable.getWriter();
  let failed: { error: unknown } | undefined;
  const writing = (async () => {
    for (;;) {
      const { done, value } = await source.next().catch((error) => {
        failed = { error };
        throw error;
      });
      if (done) return await writer.close();
      await writer.write(value as Uint8Array<ArrayBuffer>);
    }
  })().catch((error) => writer.abort(error).catch(() => {}));
  const reader = transform.readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw failed === undefined ? explain(error) : failed.error;
  } finally {
    await reader.cancel().catch(() => {});
    await writing;
    await source.return?.();
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** @throws {InflateError} If more bytes than `most` come. */
async function joined(pieces: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array> {
  const kept: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > most) throw new InflateError(`more than ${most} bytes come out`);
    kept.push(piece);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of kept) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
