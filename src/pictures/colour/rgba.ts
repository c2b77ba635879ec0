/**
 * Pictures as most codecs hold them: four samples for each pixel.
 */

import { packColours } from "../gpu_pixels.ts";
import { isOpaque } from "./alpha.ts";
import { allocateSamples, hasAlpha, type Metadata, type Picture, whiteOf } from "../picture.ts";
import type { RgbaPixels } from "../codecs/wasm.ts";

/** Returns the picture's samples with grey as three equal ones and missing alpha as full. */
export function rgbaOf(picture: Picture): Picture["data"] {
  const { width, height, channels, depth, data } = picture;
  if (channels === 4) return data;
  if (channels === 3 && data instanceof Uint8Array) {
    const words = packColours(data, new Uint32Array(width * height));
    return new Uint8Array(words.buffer);
  }
  const rgba = allocateSamples(depth, width * height * 4).fill(whiteOf(depth));
  const [green, blue] = channels <= 2 ? [0, 0] : [1, 2];
  const alpha = hasAlpha(picture);
  for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) {
    rgba[to] = data[from];
    rgba[to + 1] = data[from + green];
    rgba[to + 2] = data[from + blue];
    if (alpha) rgba[to + 3] = data[from + channels - 1];
  }
  return rgba;
}

/**
 * Makes a picture of decoded pixels. Alpha that is full everywhere is dropped.
 *
 * @param pixels 8 or 16 bits
 * @param grey whether red, green and blue are known to be equal: one of them is kept
 */
export function pictureOfRgba(pixels: RgbaPixels, metadata: Metadata, grey = false): Picture {
  const { width, height, data } = pixels;
  const depth = data instanceof Uint16Array ? 16 : 8;
  const alpha = !isOpaque({ channels: 4, depth, data });
  const colours = grey ? 1 : 3;
  const channels = (alpha ? colours + 1 : colours) as Picture["channels"];
  const samples = allocateSamples(depth, width * height * channels);
  if (channels === 4) samples.set(data);
  else {
    for (let from = 0, to = 0; from < data.length; from += 4) {
      for (let c = 0; c < colours; c++) samples[to++] = data[from + c];
      if (alpha) samples[to++] = data[from + 3];
    }
  }
  return { width, height, channels, depth, data: samples, metadata };
}
