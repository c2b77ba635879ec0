/**
 * Tensors of random numbers as the kernels hold them, and access to single values of them.
 */

import type { Storage } from "../src/kernels/dispatch.ts";
import type { Style } from "../src/kernels/styles.ts";
import {
  besideIn,
  byteLength,
  elementIndex,
  type Layout,
  layoutOf,
} from "../src/kernels/layout.ts";

/** A tensor's place in memory and what lies there. */
export interface TestTensor {
  layout: Layout;
  words: Uint32Array;
}

/** Size in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Bits that are NaN as f32, as two f16, and white as a pixel: no kernel may leave them. */
const POISON = 0xffffffff;

/** Makes a tensor of values from -1 to 1, with the zero border that convolutions need. */
export function randomTensor(
  channels: number,
  size: Size,
  storage: Storage,
  style: Style,
): TestTensor {
  const layout = layoutOf({ channels, ...size }, storage, style);
  const words = new Uint32Array(byteLength(layout) / 4);
  const samples = samplesOf({ layout, words });
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < size.height; y++) {
      let at = elementIndex(layout, c, y, 0);
      for (let x = 0; x < size.width; x++, at += besideIn(layout)) {
        samples[at] = 2 * Math.random() - 1;
      }
    }
  }
  return { layout, words };
}

/** Makes a tensor for a kernel to write into. */
export function poisonedTensor(
  channels: number,
  size: Size,
  storage: Storage,
  style: Style,
): TestTensor {
  const layout = layoutOf({ channels, ...size }, storage, style);
  return { layout, words: poison(byteLength(layout) / 4) };
}

/** Makes words for a kernel to write into. */
export function poison(length: number): Uint32Array {
  return new Uint32Array(length).fill(POISON);
}

/** Returns a reader of single values; one pixel outside the picture lies the border. */
export function readerOf(tensor: TestTensor): (c: number, y: number, x: number) => number {
  const samples = samplesOf(tensor);
  return (c, y, x) => samples[elementIndex(tensor.layout, c, y, x)];
}

/** Bytes of the values alone, without borders and padding. */
export function valueBytes({ layout }: TestTensor): number {
  const { channels, width, height, storage } = layout;
  return channels * width * height * (storage === "f32" ? 4 : 2);
}

function samplesOf({ layout, words }: TestTensor): Float32Array | Float16Array {
  const { buffer, byteOffset, byteLength } = words;
  if (layout.storage === "f32") return new Float32Array(buffer, byteOffset, byteLength / 4);
  return new Float16Array(buffer, byteOffset, byteLength / 2);
}
