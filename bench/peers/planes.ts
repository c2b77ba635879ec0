/** Pictures as networks take them elsewhere: planes of numbers. */

import { decodePicture, encodePicture } from "../../src/pictures/mod.ts";
import type { Size } from "../../src/raster/size.ts";

/** RGB, `[3][height][width]` in 0..1. */
export interface Planes extends Size {
  planes: Float32Array;
}

/** Reads a file of 8-bit RGB. */
export async function readPlanes(path: string): Promise<Planes> {
  const { width, height, data } = await decodePicture(await Deno.readFile(path));
  const area = width * height;
  const planes = new Float32Array(3 * area);
  for (let i = 0; i < planes.length; i++) {
    planes[i] = data[i % area * 3 + Math.floor(i / area)] / 255;
  }
  return { width, height, planes };
}

/** Writes a PNG of 8-bit RGB; what is outside of 0..1 is clamped. */
export async function writePlanes(path: string, { width, height, planes }: Planes): Promise<void> {
  const area = width * height;
  const data = new Uint8ClampedArray(3 * area);
  for (let i = 0; i < data.length; i++) data[i] = 255 * planes[i % 3 * area + Math.floor(i / 3)];
  const picture = {
    ...{ width, height, channels: 3, depth: 8, metadata: {} } as const,
    data: new Uint8Array(data.buffer),
  };
  await Deno.writeFile(path, await encodePicture(picture, { format: "png" }));
}
