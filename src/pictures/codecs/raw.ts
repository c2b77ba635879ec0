/**
 * Raw files of cameras in. The one file that knows `libraw-wasm`, which is LibRaw in WebAssembly, in a thread
 * of its own: the sensor's values become sRGB in 16 bits, with the white balance that the camera recorded,
 * upright.
 */

import { checkSize, damaged, unsupported } from "../limits.ts";
import type { Metadata, Picture } from "../picture.ts";
import { uprightExif } from "../metadata/exif.ts";
import { notLoaded } from "./wasm.ts";

/** LibRaw's settings; colour space 1 is sRGB, whose curve `gamm` is. */
const SETTINGS = { useCameraWb: true, outputBps: 16, outputColor: 1, gamm: [1 / 2.4, 12.92] };

const CODEC = "libraw-wasm@1.6.0";

interface LibRaw {
  open(bytes: Uint8Array, settings: object): Promise<unknown>;
  metadata(): Promise<{ width: number; height: number } | undefined>;
  imageData(): Promise<
    { width: number; height: number; colors: number; data: Uint8Array | Uint16Array }
  >;
  dispose(): void;
}

/**
 * Develops a raw file.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @param beside what the file says beside its pixels, if it is known
 * @throws {InputError} if the file is damaged, of a camera that LibRaw does not know, or claims too much
 * @throws {UsageError} if the codec cannot be loaded
 */
export async function decodeRaw(
  bytes: Uint8Array,
  maxPixels: number,
  beside: Metadata = {},
): Promise<Picture> {
  const raw = await load();
  try {
    await raw.open(bytes.slice(), SETTINGS);
    const claimed = await raw.metadata();
    if (claimed === undefined || claimed.width === 0) {
      throw unsupported("raw", "is of a kind that LibRaw does not know");
    }
    checkSize("raw", claimed.width, claimed.height, maxPixels);
    const { width, height, colors, data } = await raw.imageData();
    const { exif, density: _, ...metadata } = beside;
    const upright = exif && uprightExif(exif);
    return {
      width,
      height,
      channels: colors === 1 ? 1 : 3,
      depth: 16,
      data: samplesOf(data, width * height * (colors === 1 ? 1 : 3)),
      metadata: { ...metadata, ...upright && { exif: upright } },
    };
  } catch (error) {
    if (error instanceof Error && error.name !== "Error") throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw damaged("raw", `LibRaw cannot develop it (${reason})`);
  } finally {
    raw.dispose();
  }
}

/** Samples of 16 bits, which may come as bytes. */
function samplesOf(data: Uint8Array | Uint16Array, count: number): Uint16Array {
  const samples = data instanceof Uint16Array ? data : new Uint16Array(data.slice().buffer);
  if (samples.length === count) return samples;
  throw damaged("raw", `${samples.length} samples came out of it, not ${count}`);
}

async function load(): Promise<LibRaw> {
  try {
    const { default: Raw } = await import("npm:libraw-wasm@1.6.0");
    return new Raw() as unknown as LibRaw;
  } catch (error) {
    throw notLoaded(CODEC, error);
  }
}
