/**
 * The pictures that super-resolution is measured on: large ones, shrunk as MATLAB's `imresize` does it.
 *
 * `imresize` keeps the picture's 8 bits between its two passes, columns first. So do two runs of the
 * resampler here, each of which changes one side only.
 */

import type { Gpu } from "../src/gpu/device.ts";
import { resampleColumns, resampleRows } from "../src/kernels/resample.ts";
import { resampleTaps } from "../src/kernels/taps.ts";
import { fromGpuPixels, toGpuPixels } from "../src/pictures/mod.ts";
import type { Picture } from "../src/pictures/picture.ts";
import { DispatchRun, type Work } from "./dispatch_run.ts";
import type { Size } from "./test_tensor.ts";

/** How two pictures of one size differ. */
export interface Differences {
  pixels: number;
  /** Pixels that are not equal. */
  different: number;
  /** Largest difference of a sample, in levels. */
  largest: number;
}

/** Cuts a picture so that both sides are multiples of a factor; what is cut off is right and below. */
export function cropToMultiple(picture: Picture, factor: number): Picture {
  const width = Math.floor(picture.width / factor) * factor;
  const height = Math.floor(picture.height / factor) * factor;
  const { channels } = picture;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = y * picture.width * channels;
    data.set(picture.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { ...picture, width, height, data };
}

/** Shrinks an 8-bit picture by a whole factor that both sides are multiples of, antialiased. */
export async function shrink(gpu: Gpu, picture: Picture, factor: number): Promise<Picture> {
  const { width, height, channels } = picture;
  const low = { width, height: height / factor };
  const small = { width: width / factor, height: height / factor };
  const lowWords = await resampleOnce(gpu, toGpuPixels(picture), picture, low);
  const words = await resampleOnce(gpu, lowWords, low, small);
  return {
    ...picture,
    ...small,
    data: fromGpuPixels(words, small.width, small.height, channels, 8),
  };
}

/** Compares two 8-bit pictures of one size, leaving out `border` pixels on each side. */
export function compareLevels(a: Picture, b: Picture, border = 0): Differences {
  const [wordsA, wordsB] = [toGpuPixels(a), toGpuPixels(b)];
  const [bytesA, bytesB] = [new Uint8Array(wordsA.buffer), new Uint8Array(wordsB.buffer)];
  const result = { pixels: 0, different: 0, largest: 0 };
  for (let y = border; y < a.height - border; y++) {
    for (let x = border; x < a.width - border; x++) {
      const at = y * a.width + x;
      result.pixels++;
      if (wordsA[at] === wordsB[at]) continue;
      result.different++;
      for (let i = at * 4; i < at * 4 + 4; i++) {
        result.largest = Math.max(result.largest, Math.abs(bytesA[i] - bytesB[i]));
      }
    }
  }
  return result;
}

async function resampleOnce(
  gpu: Gpu,
  words: Uint32Array,
  from: Size,
  to: Size,
): Promise<Uint32Array> {
  const run = await DispatchRun.create(gpu, resampling(words, from, to));
  try {
    await run.run();
    return await run.read(4);
  } finally {
    run.destroy();
  }
}

function resampling(words: Uint32Array, from: Size, to: Size): Work {
  const columns = resampleTaps(from.width, to.width, "bicubic");
  const rows = resampleTaps(from.height, to.height, "bicubic");
  const source = { width: from.width, rows: from.height, depth: 8 as const };
  const band = { firstRow: 0, rows: to.height, firstSourceRow: 0, depth: 8 as const };
  const between = new Uint32Array(from.height * to.width * 4);
  const result = new Uint32Array(to.width * to.height);
  return {
    label: `Shrinking ${from.width}x${from.height}`,
    buffers: [words, columns.words, between, rows.words, result],
    passes: [
      { dispatch: resampleRows(source, columns, to.width), buffers: [0, 1, 2] },
      { dispatch: resampleColumns({ width: to.width, ...band }, rows), buffers: [2, 3, 4] },
    ],
  };
}
