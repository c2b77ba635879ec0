/**
 * The kernels between pixels and activations, and the resamplers, on random data.
 */

import type { Storage } from "../src/kernels/dispatch.ts";
import type { Style } from "../src/kernels/styles.ts";
import { type PixelLayout, pixelsIn, pixelsOut } from "../src/kernels/pixels.ts";
import { resampleColumns, resampleRows } from "../src/kernels/resample.ts";
import { type ResampleKernel, resampleTaps, type Taps, weightsAt } from "../src/kernels/taps.ts";
import { compareSome, type KernelCase } from "./kernel_case.ts";
import {
  poison,
  poisonedTensor,
  randomTensor,
  readerOf,
  type Size,
  valueBytes,
} from "./test_tensor.ts";

/** Pixel-shuffle and resampling factor: that of the embedded networks. */
const FACTOR = 4;

/** A level of 8 bits may be rounded the other way. */
const ONE_LEVEL = { atol: 1 };

/** Makes the ways in and out, for a source picture of the given size. */
export function pixelCases(size: Size, storage: Storage, style: Style): (() => KernelCase)[] {
  return [
    () => pixelsInCase(size, storage, style),
    () => pixelsOutCase(size, storage, style),
  ];
}

/** Makes the resamplers, for a source picture of the given size. */
export function resampleCases(size: Size): (() => KernelCase)[] {
  return [() => resampleCase(size, "bicubic"), () => resampleCase(size, "lanczos3")];
}

function pixelsInCase(size: Size, storage: Storage, style: Style): KernelCase {
  const pixels = randomPixels(size);
  const output = poisonedTensor(3, size, storage, style);
  const { layout } = output;
  const level = levelsOf(pixels, size.width);
  const tolerance = { atol: storage === "f32" ? 1e-6 : 1e-3 };
  return {
    kernel: "pixels_in",
    label: `pixels_in ${storage}`,
    storage,
    buffers: [pixels, output.words],
    passes: [{ dispatch: pixelsIn(pixelLayout(size), { factor: 1 }, layout), buffers: [0, 1] }],
    output: 1,
    flop: 0,
    executedFlop: 0,
    bytes: pixels.byteLength + valueBytes(output),
    check: (words) =>
      compareSome(
        layout,
        readerOf({ layout, words }),
        (c, y, x) => level(c, y, x) / 255,
        tolerance,
      ),
  };
}

function pixelsOutCase(size: Size, storage: Storage, style: Style): KernelCase {
  const pixels = randomPixels(size);
  const input = randomTensor(3 * FACTOR * FACTOR, size, storage, style);
  const rectangle = { x: 0, y: 0, width: size.width * FACTOR, height: size.height * FACTOR };
  const dispatch = pixelsOut(input.layout, FACTOR, pixelLayout(size), rectangle, 8);
  const result = poison(rectangle.width * rectangle.height);
  const value = readerOf(input);
  const base = levelsOf(pixels, size.width);
  const expected = (c: number, y: number, x: number) => {
    const [row, column] = [Math.floor(y / FACTOR), Math.floor(x / FACTOR)];
    const channel = (c * FACTOR + y % FACTOR) * FACTOR + x % FACTOR;
    return toLevel(value(channel, row, column) + base(c, row, column) / 255);
  };
  return {
    kernel: `pixels_out x${FACTOR}`,
    label: `pixels_out ${storage}`,
    storage,
    buffers: [input.words, pixels, new Uint32Array(1), result],
    passes: [{ dispatch, buffers: [0, 1, 2, 3] }],
    output: 3,
    flop: 0,
    executedFlop: 0,
    bytes: valueBytes(input) + pixels.byteLength + result.byteLength,
    check: (words) =>
      compareSome(
        { channels: 3, ...rectangle },
        levelsOf(words, rectangle.width),
        expected,
        ONE_LEVEL,
      ),
  };
}

function resampleCase(size: Size, kernel: ResampleKernel): KernelCase {
  const { width, height } = { width: size.width * FACTOR, height: size.height * FACTOR };
  const pixels = randomPixels(size);
  const columns = resampleTaps(size.width, width, kernel);
  const rows = resampleTaps(size.height, height, kernel);
  const band = { width, firstRow: 0, rows: height, firstSourceRow: 0, depth: 8 as const };
  const alongRows = resampleRows({ ...pixelLayout(size), rows: size.height }, columns, width);
  const alongColumns = resampleColumns(band, rows);
  const between = poison(size.height * width * 4);
  const result = poison(width * height);
  const level = levelsOf(pixels, size.width);
  const flop = alongRows.flop + alongColumns.flop;
  return {
    kernel: `resample ${kernel} x${FACTOR}`,
    label: `resample ${kernel}`,
    storage: "pixels",
    buffers: [pixels, columns.words, between, rows.words, result],
    passes: [
      { dispatch: alongRows, buffers: [0, 1, 2] },
      { dispatch: alongColumns, buffers: [2, 3, 4] },
    ],
    output: 4,
    flop,
    executedFlop: flop,
    bytes: pixels.byteLength + 2 * between.byteLength + result.byteLength,
    check: (words) =>
      compareSome(
        { channels: 4, height, width },
        levelsOf(words, width),
        (c, y, x) =>
          toLevel(weigh(rows, y, (row) => weigh(columns, x, (at) => level(c, row, at))) / 255),
        ONE_LEVEL,
      ),
  };
}

/** Returns the weighted sum of the source values of one output position. */
function weigh(taps: Taps, output: number, value: (at: number) => number): number {
  let sum = 0;
  for (const [position, weight] of weightsAt(taps, output)) sum += weight * value(position);
  return sum;
}

function pixelLayout(size: Size): PixelLayout {
  return { ...size, depth: 8 };
}

function randomPixels({ width, height }: Size): Uint32Array {
  const words = new Uint32Array(width * height);
  for (let i = 0; i < words.length; i++) words[i] = Math.random() * 2 ** 32;
  return words;
}

/** Returns a reader of single levels of 8-bit pixels. */
function levelsOf(words: Uint32Array, width: number): (c: number, y: number, x: number) => number {
  return (c, y, x) => words[y * width + x] >>> 8 * c & 255;
}

function toLevel(value: number): number {
  return Math.round(255 * Math.min(1, Math.max(0, value)));
}
