/**
 * HEIC in. The one file that knows `libheif-js`, which is libheif with a decoder of HEVC in WebAssembly:
 * libvips in WebAssembly has none. Pixels come upright.
 */

import { pictureOfRgba } from "../colour/rgba.ts";
import { unpremultiply } from "../colour/alpha.ts";
import { viewOf } from "../bytes.ts";
import { checkSize, damaged, unsupported } from "../limits.ts";
import { turnedMetadata } from "../metadata/metadata.ts";
import type { Picture } from "../picture.ts";
import { readHeifParts } from "./heif_container.ts";
import { notLoaded, type RgbaPixels } from "./wasm.ts";

const CODEC = "libheif-js@1.23.2";

/** Codings that libheif-js has no decoder of, by the types of their items. */
const OTHER_CODINGS: Readonly<Record<string, string>> = {
  avc1: "H.264",
  vvc1: "H.266",
  evc1: "EVC",
  jpeg: "JPEG",
  j2k1: "JPEG 2000",
  unci: "no codec",
};

/** A picture in a file. */
interface HeifImage {
  /** What the decoder knows it by. */
  handle: unknown;
  is_primary(): boolean;
  free(): void;
}

/** Decoded pixels; or an error, which has a code. */
interface Decoded {
  code?: unknown;
  image: unknown;
  channels: {
    width: number;
    height: number;
    /** Bytes from one row to the next. */
    stride: number;
    /** Of each sample, which has two bytes. */
    bits_per_pixel: number;
    data: Uint8Array;
  }[];
}

interface HeifModule {
  HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] };
  heif_js_decode_image2(handle: unknown, colours: unknown, layout: unknown): Decoded | undefined;
  heif_image_release(image: unknown): void;
  heif_colorspace: { heif_colorspace_RGB: unknown };
  heif_chroma: {
    heif_chroma_interleaved_RGBA: unknown;
    heif_chroma_interleaved_RRGGBBAA_LE: unknown;
  };
}

/**
 * Decodes a HEIC file, upright: the picture that it calls its primary one. 9 bits and more become 16.
 *
 * @param bytes the whole file
 * @param maxPixels the most pixels that the file may claim
 * @throws {InputError} if the file is cut off, damaged, of an unreadable kind, or claims too much
 * @throws {UsageError} if the codec cannot be loaded
 */
export async function decodeHeic(bytes: Uint8Array, maxPixels: number): Promise<Picture> {
  const { file, coding, bits, metadata, premultiplied, notes } = readHeifParts(
    "HEIC",
    bytes,
    maxPixels,
  );
  if (coding in OTHER_CODINGS) {
    throw unsupported("HEIC", `is coded by ${OTHER_CODINGS[coding]}`);
  }
  const heif = await load();
  const images = new heif.HeifDecoder().decode(file);
  try {
    const image = images.find((image) => image.is_primary()) ?? images[0];
    if (image === undefined) throw damaged("HEIC", "it has no picture that can be decoded");
    const pixels = decodePixels(heif, image, bits, maxPixels);
    const picture = pictureOfRgba(pixels, turnedMetadata(metadata));
    const straight = premultiplied ? unpremultiply(picture) : picture;
    return notes.length === 0 ? straight : { ...straight, notes };
  } finally {
    for (const one of images) one.free();
  }
}

function decodePixels(
  heif: HeifModule,
  image: HeifImage,
  bits: number,
  maxPixels: number,
): RgbaPixels {
  const { heif_chroma_interleaved_RGBA: shallow, heif_chroma_interleaved_RRGGBBAA_LE: deep } =
    heif.heif_chroma;
  const decoded = heif.heif_js_decode_image2(
    image.handle,
    heif.heif_colorspace.heif_colorspace_RGB,
    bits > 8 ? deep : shallow,
  );
  // There may be a channel before it that holds nothing.
  const pixels = decoded?.code === undefined ? decoded?.channels.at(-1) : undefined;
  if (pixels === undefined) {
    throw damaged("HEIC", "its picture data cannot be decoded to the end");
  }
  const { width, height } = pixels;
  checkSize("HEIC", width, height, maxPixels);
  const data = bits > 8 ? deepSamples(pixels) : shallowSamples(pixels);
  heif.heif_image_release(decoded!.image);
  return { width, height, data };
}

function shallowSamples({ width, height, stride, data }: Decoded["channels"][0]): Uint8Array {
  const samples = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    samples.set(data.subarray(y * stride, y * stride + width * 4), y * width * 4);
  }
  return samples;
}

/** Makes the largest number 65535. */
function deepSamples(
  { width, height, stride, bits_per_pixel, data }: Decoded["channels"][0],
): Uint16Array {
  const samples = new Uint16Array(width * height * 4);
  const scale = 65535 / (2 ** bits_per_pixel - 1);
  const view = viewOf(data);
  for (let y = 0, at = 0; y < height; y++) {
    for (let from = y * stride; from < y * stride + width * 8; from += 2) {
      samples[at++] = view.getUint16(from, true) * scale + 0.5;
    }
  }
  return samples;
}

async function load(): Promise<HeifModule> {
  try {
    return (await import("npm:libheif-js@1.23.2/wasm-bundle.js")).default;
  } catch (error) {
    throw notLoaded(CODEC, error);
  }
}
