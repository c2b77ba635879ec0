/** What Deno and Node.js have in common of the door to the runtime: zlib streams and their checksums. */

import type { Transform } from "node:stream";
import { BUILTIN } from "./node_builtin.ts";

/** A zlib stream that cannot be inflated. */
export class InflateError extends Error {
  override readonly name: string = "InflateError";
}

/** Returns the CRC-32 of bytes, going on from that of the bytes before them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  return BUILTIN.zlib.crc32(bytes, before);
}

/** Compresses bytes to a zlib stream. */
export function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  return Promise.resolve(plain(BUILTIN.zlib.deflateSync(bytes)));
}

/**
 * Inflates a zlib stream.
 *
 * @param most The most bytes that may come out.
 * @throws {InflateError} If it is damaged, or more would come.
 */
export async function inflate(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  try {
    return await Promise.resolve(plain(BUILTIN.zlib.inflateSync(bytes, { maxOutputLength: most })));
  } catch (error) {
    throw new InflateError((error as Error).message, { cause: error });
  }
}

/**
 * Inflates a Brotli stream.
 *
 * @param most The most bytes that may come out.
 * @throws {InflateError} If it is damaged, or more would come.
 */
export async function inflateBrotli(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  try {
    return await Promise.resolve(
      plain(BUILTIN.zlib.brotliDecompressSync(bytes, { maxOutputLength: most })),
    );
  } catch (error) {
    throw new InflateError((error as Error).message, { cause: error });
  }
}

/**
 * Compresses blocks to one zlib stream and yields its pieces.
 *
 * @param level 1 (fast) to 9 (small); a runtime without a choice takes its own.
 */
export async function* deflateBlocks(
  blocks: AsyncIterable<Uint8Array>,
  level: number,
): AsyncGenerator<Uint8Array> {
  yield* through(blocks, BUILTIN.zlib.createDeflate({ level, chunkSize: 2 ** 18 }));
}

/**
 * Inflates a zlib stream that comes in blocks and yields its pieces; what follows its end is ignored.
 *
 * @param pieceBytes The most bytes of a piece.
 * @throws {InflateError} If it is damaged, or ends too early.
 */
export async function* inflateBlocks(
  blocks: AsyncIterable<Uint8Array>,
  pieceBytes: number,
): AsyncGenerator<Uint8Array> {
  try {
    yield* through(blocks, BUILTIN.zlib.createInflate({ chunkSize: pieceBytes }));
  } catch (error) {
    if (!isZlibError(error)) throw error;
    throw new InflateError(error.message, { cause: error });
  }
}

/**
 * Sends blocks through a transform. However it ends, the source has ended when it does: what the source
 * holds is then free.
 */
async function* through(
  blocks: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array> {
  const { pipeline, Readable } = BUILTIN.stream;
  const source = blocks[Symbol.asyncIterator]();
  // A failure of the source destroys the transform with that error, so the loop below throws it.
  pipeline(Readable.from({ [Symbol.asyncIterator]: () => source }), transform, () => {});
  try {
    for await (const piece of transform) yield plain(piece);
  } finally {
    transform.destroy();
    await source.return?.();
  }
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}

/** The same bytes, without the methods of Node's buffers. */
function plain({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
