/**
 * How a tensor lies in a buffer: quads of 4 channels, a zero border, and room for whole patches.
 *
 * `[quad][row][column]` of 4 channels, or `[chunk][row][column]` of 16 for matrix units. Each plane has
 * a border of one pixel on every side, which is never written and so gives the zero padding of a
 * convolution, and its rows and columns are padded so that no kernel needs to test for the edge when it
 * reads.
 */

import type { Storage } from "./dispatch.ts";
import { CHUNK, MATRIX_MULTIPLE } from "./matrix_shape.ts";
import { patchMultiple, type Style } from "./styles.ts";

/** One tensor's place in memory. */
export interface Layout {
  channels: number;
  /** Quads that are allocated, at least `ceil(channels / 4)`: planes, or 4 for each of them in chunks. */
  quads: number;
  /** Pixels that hold values. */
  width: number;
  height: number;
  /** Pixels from one row to the next. */
  pitch: number;
  /** Pixels from one plane to the next. */
  plane: number;
  storage: Storage;
}

/** Lays out a tensor of `width` x `height` pixels. */
export function layoutOf(
  tensor: { channels: number; width: number; height: number },
  storage: Storage,
  style: Style,
): Layout {
  const inChunks = storage === "matrix";
  const multiple = inChunks ? MATRIX_PATCH : patchMultiple(style);
  const pitch = roundUp(tensor.width, multiple.width) + 2;
  const rows = roundUp(tensor.height, multiple.height) + 2;
  const quads = inChunks ? roundUp(tensor.channels, CHUNK) / 4 : storedQuads(tensor.channels);
  return { ...tensor, quads, pitch, plane: pitch * rows, storage };
}

const MATRIX_PATCH = { width: MATRIX_MULTIPLE, height: MATRIX_MULTIPLE };

/** Output quads that one invocation of a convolution can compute, those that are preferred first. */
export const OUT_QUADS = [4, 5, 6, 3, 7, 2] as const;

/** One of them. */
export type OutQuads = typeof OUT_QUADS[number];

/** Planes for a number of channels: those that the convolution that writes them computes. */
export function storedQuads(channels: number): number {
  return roundUp(Math.ceil(channels / 4), quadsPerInvocation(channels));
}

/**
 * Output quads that one invocation of a convolution computes: so many that the fewest are computed in
 * vain (24 channels are once 6 quads, 28 once 7, 40 two times 5).
 */
export function quadsPerInvocation(channels: number): OutQuads {
  const quads = Math.ceil(channels / 4);
  const computed = OUT_QUADS.map((count) => roundUp(quads, count));
  return OUT_QUADS[computed.indexOf(Math.min(...computed))];
}

/** Index of a pixel of the first plane; (-1, -1) is the border's corner. */
export function indexOf(layout: Layout, x: number, y: number): number {
  return (y + 1) * layout.pitch + x + 1;
}

/** Index of one value of a tensor among the elements of its buffer; a pixel outside lies in the border. */
export function elementIndex(layout: Layout, channel: number, y: number, x: number): number {
  const beside = besideIn(layout);
  const pixel = Math.floor(channel / beside) * layout.plane + indexOf(layout, x, y);
  return pixel * beside + channel % beside;
}

/** Channels of a pixel that lie beside each other. */
export function besideIn({ storage }: Layout): number {
  return storage === "matrix" ? CHUNK : 4;
}

/** What a shader is told of the tensor that it writes: first pixel, pitch, plane, width and height. */
export function outputWords(layout: Layout): number[] {
  const { pitch, plane, width, height } = layout;
  return [indexOf(layout, 0, 0), pitch, plane, width, height];
}

/** Size of the buffer in bytes. */
export function byteLength({ quads, plane, pitch, storage }: Layout): number {
  // A matrix that a tail reads at the end of a trunk's last plane must not reach beyond the buffer, or
  // none of it is read.
  const behind = storage === "matrix" ? (MATRIX_MULTIPLE + 1) * pitch * CHUNK / 4 : 0;
  return (quads * plane + behind) * (storage === "f32" ? 16 : 8);
}

/** Rounds up to a multiple. */
export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
