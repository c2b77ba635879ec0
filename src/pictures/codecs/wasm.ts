/**
 * What the codecs in WebAssembly share: how one is loaded, and what becomes of its failures.
 *
 * Each of them needs `--allow-read`, as it reads its own `.wasm` file, and nothing else. Every use
 * takes a fresh instance: its memory goes with it, and a file that makes a codec stumble leaves
 * nothing behind for the next one.
 */

import { InputError, UsageError } from "../../errors.ts";
import { codecOptions } from "../../platform/mod.ts";
import { damaged } from "../limits.ts";

/** The module of a codec as Emscripten makes it: a function that makes an instance. */
export interface WasmModule<T> {
  default: (options: Record<string, unknown>) => Promise<T>;
}

/** An instance of a decoder as the packages of `@jsquash` have it. */
export interface Decoder {
  decode(bytes: Uint8Array, ...options: unknown[]): RgbaPixels | null;
}

/** An instance of an encoder as the packages of `@jsquash` have it. */
export interface Encoder {
  encode(rgba: Uint8Array, width: number, height: number, options: object): Uint8Array | null;
}

/** Decoded pixels, `[height][width][4]`. */
export interface RgbaPixels {
  width: number;
  height: number;
  data: Uint8Array | Uint8ClampedArray | Uint16Array;
}

/**
 * Makes an instance of a codec that prints nothing.
 *
 * @param name the package with its version, for the error
 * @param file the name of its WebAssembly
 * @param load imports the module
 * @param onMessage receives what the codec would print: complaints about a file
 * @throws {UsageError} if it cannot be loaded
 */
export async function loadCodec<T>(
  name: string,
  file: string,
  load: () => Promise<WasmModule<T>>,
  onMessage: (message: string) => void = () => {},
): Promise<T> {
  try {
    const module = await load();
    const messages = { print: onMessage, printErr: onMessage };
    return await module.default({ noInitialRun: true, ...messages, ...await codecOptions(file) });
  } catch (error) {
    throw notLoaded(name, error);
  }
}

/** The error for a codec that could not be loaded. */
export function notLoaded(name: string, error: unknown): UsageError {
  return new UsageError(
    `The codec npm:${name} could not be loaded ` +
      `(${error instanceof Error ? error.message : error})`,
    { cause: error, remedies: ["permissions", "another format"] },
  );
}

/**
 * Decodes with a fresh decoder and checks the size of what comes out.
 *
 * @param format for the error
 * @param decode calls the decoder, which throws many things and returns null
 * @param width as the file claims it, before any turning
 * @param height as the file claims it
 * @throws {InputError} if the decoder fails, or its pixels are not what the file claims
 */
export function decodeRgba(
  format: string,
  decode: () => RgbaPixels | null,
  width: number,
  height: number,
): RgbaPixels {
  let pixels: RgbaPixels | null = null;
  try {
    pixels = decode();
  } catch {
    // Whatever a decoder throws says only that it gave up: numbers, strings, traps of WebAssembly.
  }
  if (pixels === null) throw damaged(format, "its picture data cannot be decoded to the end");
  const { data } = pixels;
  if (
    pixels.width !== width || pixels.height !== height || data.length !== width * height * 4
  ) {
    throw damaged(
      format,
      `it claims ${width} x ${height} pixels and holds ${pixels.width} x ${pixels.height}`,
    );
  }
  return pixels;
}

/**
 * Encodes, and copies the result out of the encoder's memory.
 *
 * @throws {InputError} if the encoder gives up, which sound pictures cause by their size only
 */
export function encodeRgba(
  format: string,
  encoder: Encoder,
  rgba: Uint8Array,
  width: number,
  height: number,
  options: object,
): Uint8Array {
  let cause: unknown;
  try {
    const file = encoder.encode(rgba, width, height, options);
    if (file !== null) return file.slice();
  } catch (error) {
    cause = error;
  }
  throw new InputError(
    `The ${format} encoder cannot write ${width} x ${height} pixels. Choose PNG.`,
    { cause },
  );
}
