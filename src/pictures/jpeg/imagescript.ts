/**
 * The one file that knows imagescript. Its two halves are imported apart, each when first needed, and
 * not by its main module, which would copy every picture once more, turn grey into colour, and ask for
 * the native library even to decode:
 *
 * - decoder: WebAssembly, for CMYK and for files that mozjpeg refuses. Needs `--allow-read` (it reads
 *   its own `.wasm` file) and `--allow-env=IMAGESCRIPT_WASM_SIMD` (it asks for that variable).
 * - encoder: a native library for Linux, macOS (x64, arm64) and Windows (x64). Needs `--allow-read`
 *   and `--allow-ffi`.
 */

import { imagescript } from "../../platform/mod.ts";
import { damaged } from "../limits.ts";
import { notLoaded } from "../codecs/wasm.ts";

const CODEC = "imagescript@1.3.1";

/** Decoded samples, `[height][width][components]`: grey, RGB, or CMYK with 0 as no ink. */
export interface JpegPixels {
  width: number;
  height: number;
  components: 1 | 3 | 4;
  data: Uint8Array;
}

/** The decoder's module: `init` makes a fresh instance, whose memory goes when it does. */
interface DecoderModule {
  default: {
    init(): Promise<
      {
        decode(
          bytes: Uint8Array,
        ): { width: number; height: number; format: number; buffer: Uint8Array };
      }
    >;
  };
}

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

/** Components by the decoder's number for a pixel format. */
const COMPONENTS = [1, 3, 4] as const;

/**
 * Decodes a JPEG file: baseline or progressive, 8 bits, any sampling. Nothing but pixels is read.
 *
 * @throws {InputError} if the decoder cannot make sense of the file
 * @throws {UsageError} if the decoder cannot be loaded
 */
export async function decodeImagescript(bytes: Uint8Array): Promise<JpegPixels> {
  const decoder = await loadDecoder();
  try {
    const { width, height, format, buffer } = decoder.decode(bytes);
    return { width, height, components: COMPONENTS[format], data: buffer };
  } catch {
    throw damaged("JPEG", "its picture data cannot be decoded to the end");
  }
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

async function loadDecoder(): Promise<Awaited<ReturnType<DecoderModule["default"]["init"]>>> {
  try {
    const module = await imagescript.decoder() as DecoderModule;
    return await module.default.init();
  } catch (error) {
    throw notLoaded(CODEC, error);
  }
}

async function loadEncoder(): Promise<EncoderModule["default"]["jpeg"]> {
  try {
    const module = await imagescript.encoder() as EncoderModule;
    return module.default.jpeg;
  } catch (error) {
    throw notLoaded(CODEC, error);
  }
}
