/**
 * The one file that knows `@jsquash/jpeg`, which is mozjpeg in WebAssembly. It decodes exactly as
 * libjpeg does, and encodes what imagescript cannot: colour at half resolution, progressive files, and
 * grey. Needs `--allow-read`, as it reads its own `.wasm` files.
 */

import {
  type Decoder,
  type Encoder,
  encodeRgba,
  loadCodec,
  type RgbaPixels,
} from "../codecs/wasm.ts";

const CODEC = "@jsquash/jpeg@1.6.0";

const COLOUR_GREY = 1;
const COLOUR_YCBCR = 3;

/**
 * mozjpeg's settings, all of which its encoder wants to be told. `optimize_coding` makes files 8 %
 * smaller and costs nothing that can be measured; `quant_table` 3 is mozjpeg's own default.
 */
const SETTINGS = {
  quality: 92,
  baseline: true,
  arithmetic: false,
  progressive: false,
  optimize_coding: true,
  smoothing: 0,
  color_space: COLOUR_YCBCR,
  quant_table: 3,
  trellis_multipass: false,
  trellis_opt_zero: false,
  trellis_opt_table: false,
  trellis_loops: 1,
  auto_subsample: false,
  chroma_subsample: 1,
  separate_chroma_quality: false,
  chroma_quality: 75,
};

/** What the decoder says of labels that it does not know, which is no damage. */
const HARMLESS = /^Unknown Adobe|^Warning: unknown JFIF/;

/** How a file is to be written. */
export interface MozjpegOptions {
  /** 1 to 100. */
  quality: number;
  /** Whether only brightness is written: the picture is grey. */
  grey: boolean;
  /** Whether colour has the full resolution. */
  fullColour: boolean;
  progressive: boolean;
}

/**
 * Decodes a JPEG file of 1 or 3 components as it is stored, whatever orientation EXIF says.
 *
 * @param onComplaint is called if the decoder met damage that it could pass over
 * @returns `null` if the decoder cannot make sense of the file
 * @throws {UsageError} if the codec cannot be loaded
 */
export async function decodeMozjpeg(
  bytes: Uint8Array,
  onComplaint: () => void,
): Promise<RgbaPixels | null> {
  const decoder = await loadCodec<Decoder>(
    CODEC,
    "mozjpeg_dec.wasm",
    () => import("npm:@jsquash/jpeg@1.6.0/codec/dec/mozjpeg_dec.js"),
    (message) => {
      if (!HARMLESS.test(message)) onComplaint();
    },
  );
  try {
    return decoder.decode(bytes, false);
  } catch {
    // What it throws says only that it gave up.
    return null;
  }
}

/**
 * Encodes pixels as a JPEG file that begins with a JFIF header.
 *
 * @param rgba `[height][width][4]`; the fourth sample is ignored
 * @throws {UsageError} if the codec cannot be loaded
 */
export async function encodeMozjpeg(
  rgba: Uint8Array,
  width: number,
  height: number,
  { quality, grey, fullColour, progressive }: MozjpegOptions,
): Promise<Uint8Array> {
  const encoder = await loadCodec<Encoder>(
    CODEC,
    "mozjpeg_enc.wasm",
    () => import("npm:@jsquash/jpeg@1.6.0/codec/enc/mozjpeg_enc.js"),
  );
  return encodeRgba("JPEG", encoder, rgba, width, height, {
    ...SETTINGS,
    quality,
    progressive,
    baseline: !progressive,
    color_space: grey ? COLOUR_GREY : COLOUR_YCBCR,
    chroma_subsample: fullColour || grey ? 1 : 2,
  });
}
