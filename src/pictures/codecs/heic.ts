/**
 * HEIC in. The one file that knows `libheif-js`, which is libheif with a decoder of HEVC in WebAssembly:
 * libvips in WebAssembly has none. Pixels come upright, in 8 bits.
 */

import { pictureOfRgba } from "../colour/rgba.ts";
import { checkSize, damaged } from "../limits.ts";
import { turnedMetadata } from "../metadata/metadata.ts";
import type { Picture } from "../picture.ts";
import { readHeifParts } from "./heif_container.ts";
import { notLoaded } from "./wasm.ts";

const CODEC = "libheif-js@1.23.2";

/** A picture in a file. */
interface HeifImage {
  get_width(): number;
  get_height(): number;
  is_primary(): boolean;
  display(into: RgbaTarget, done: (filled: RgbaTarget | null) => void): void;
  free(): void;
}

interface RgbaTarget {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

interface HeifModule {
  HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] };
}

/**
 * Decodes a HEIC file, upright: the picture that it calls its primary one.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, or claims too much
 * @throws {UsageError} if the codec cannot be loaded
 */
export async function decodeHeic(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const { metadata } = readHeifParts("HEIC", bytes, maxPixels);
  const { HeifDecoder } = await load();
  const images = new HeifDecoder().decode(bytes);
  const image = images.find((image) => image.is_primary()) ?? images[0];
  if (image === undefined) throw damaged("HEIC", "it has no picture that can be decoded");
  try {
    const [width, height] = [image.get_width(), image.get_height()];
    checkSize("HEIC", width, height, maxPixels);
    const target = { data: new Uint8ClampedArray(width * height * 4), width, height };
    const { promise, resolve } = Promise.withResolvers<RgbaTarget | null>();
    image.display(target, resolve);
    if (await promise === null) {
      throw damaged("HEIC", "its picture data cannot be decoded to the end");
    }
    return pictureOfRgba(target, turnedMetadata(metadata));
  } finally {
    for (const one of images) one.free();
  }
}

async function load(): Promise<HeifModule> {
  try {
    return (await import("npm:libheif-js@1.23.2/wasm-bundle.js")).default;
  } catch (error) {
    throw notLoaded(CODEC, error);
  }
}
