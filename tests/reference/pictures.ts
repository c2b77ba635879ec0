/**
 * Between 8-bit pictures and the planar tensors of the CPU twins.
 */

import type { Picture } from "../../src/pictures/picture.ts";
import { at, type Tensor, tensorOf } from "./tensor.ts";

/** Returns the samples as they are, one plane per channel. */
export function toTensor({ channels, height, width, data }: Picture): Tensor {
  return tensorOf(channels, height, width, (c, y, x) => data[(y * width + x) * channels + c]);
}

/** Rounds and clamps values of 0..255 to an 8-bit picture. */
export function toPicture(tensor: Tensor): Picture {
  const { channels, height, width } = tensor;
  const data = new Uint8Array(tensor.data.length);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    const value = at(tensor, i % channels, Math.floor(pixel / width), pixel % width);
    data[i] = Math.min(255, Math.max(0, Math.round(value)));
  }
  return { width, height, channels: channels as Picture["channels"], depth: 8, data, metadata: {} };
}
