/** Pictures as canvases take them. */

import { convertDepth, type Picture, toSrgb } from "../../src/pictures/mod.ts";
import { rgbaOf } from "../../src/pictures/colour/rgba.ts";
import type { Pixels } from "../protocol.ts";

/** Returns a picture's pixels as RGBA of 8 bits in sRGB. */
export async function pixelsOf(picture: Picture): Promise<Pixels> {
  const shallow = await toSrgb(convertDepth(picture, 8, {}));
  const rgba = rgbaOf(shallow) as Uint8Array;
  const own = rgba === picture.data || rgba.byteLength !== rgba.buffer.byteLength;
  const { buffer } = own ? rgba.slice() : rgba;
  const { width, height } = picture;
  return { width, height, data: new Uint8ClampedArray(buffer as ArrayBuffer) };
}
