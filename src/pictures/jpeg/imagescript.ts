/**
 * The one file that knows imagescript, and of it the encoder alone: a native library for Linux, macOS (x64,
 * arm64) and Windows (x64), which needs `--allow-read` and `--allow-ffi`. Its main module would copy every
 * picture once more.
 */

import { imagescriptEncoder } from "../../platform/mod.ts";
import { notLoaded } from "../codecs/wasm.ts";

const CODEC = "imagescript@1.3.1";

/** The encoder's module. A buffer of the wrong length would end the process. */
interface EncoderModule {
  default: {
    jpeg: {
      encode_async(
        rgba: Uint8Array,
        options: { width: number; height: number; quality: number },
      ): Promise<Uint8Array>;
    };
  };
}

/**
 * Encodes pixels as a baseline JPEG file with full colour resolution (4:4:4), outside this thread.
 *
 * @param rgba `[height][width][4]`; the fourth sample is ignored
 * @param width 1 to 65535
 * @param height 1 to 65535
 * @param quality 1 to 100
 * @throws {UsageError} if the encoder cannot be loaded
 */
export async function encodeImagescript(
  rgba: Uint8Array,
  width: number,
  height: number,
  quality: number,
): Promise<Uint8Array> {
  if (rgba.length !== width * height * 4) {
    throw new RangeError(`${rgba.length} bytes are not ${width} x ${height} pixels of 4 bytes.`);
  }
  const encoder = await loadEncoder();
  return await encoder.encode_async(rgba, { width, height, quality });
}

async function loadEncoder(): Promise<EncoderModule["default"]["jpeg"]> {
  try {
    const module = await imagescriptEncoder() as EncoderModule;
    return module.default.jpeg;
  } catch (error) {
    throw notLoaded(CODEC, error);
  }
}
