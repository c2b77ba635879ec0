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

/** What may be an error, which has a code. */
interface Result {
  code?: unknown;
}

/** Decoded pixels. */
interface Decoded extends Result {
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

/** Its own class for files prints to the console: these are what is below it. */
interface HeifModule {
  heif_context_alloc(): Result;
  heif_context_read_from_memory(context: Result, bytes: Uint8Array): Result;
  heif_js_context_get_primary_image_handle(context: Result): Result | undefined;
  heif_js_decode_image2(handle: Result, colours: unknown, layout: unknown): Decoded | undefined;
  heif_image_release(image: unknown): void;
  heif_image_handle_release(handle: Result): void;
  heif_context_free(context: Result): void;
  heif_error_code: { heif_error_Ok: unknown };
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
  const context = heif.heif_context_alloc();
  try {
    const { code } = heif.heif_context_read_from_memory(context, file);
    const handle = code === heif.heif_error_code.heif_error_Ok
      ? heif.heif_js_context_get_primary_image_handle(context)
      : undefined;
    if (handle === undefined || handle.code !== undefined) {
      throw damaged("HEIC", "it has no picture that can be decoded");
    }
    const pixels = decodePixels(heif, handle, bits, maxPixels);
    const picture = pictureOfRgba(pixels, turnedMetadata(metadata));
    const straight = premultiplied ? unpremultiply(picture) : picture;
    return notes.length === 0 ? straight : { ...straight, notes };
  } finally {
    heif.heif_context_free(context);
  }
}

function decodePixels(
  heif: HeifModule,
  handle: Result,
  bits: number,
  maxPixels: number,
): RgbaPixels {
  const { heif_chroma_interleaved_RGBA: shallow, heif_chroma_interleaved_RRGGBBAA_LE: deep } =
    heif.heif_chroma;
  const decoded = heif.heif_js_decode_image2(
    handle,
    heif.heif_colorspace.heif_colorspace_RGB,
    bits > 8 ? deep : shallow,
  );
  heif.heif_image_handle_release(handle);
  // There may be a channel before it that holds nothing.
  const pixels = decoded?.code === undefined ? decoded?.channels.at(-1) : undefined;
  if (pixels === undefined) {
    throw damaged("HEIC", "its picture data cannot be decoded to the end");
  }
  try {
    const { width, height } = pixels;
    checkSize("HEIC", width, height, maxPixels);
    return { width, height, data: bits > 8 ? deepSamples(pixels) : shallowSamples(pixels) };
  } finally {
    heif.heif_image_release(decoded!.image);
  }
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
