/**
 * Enlargement by learned positions: host side of `wgsl/dysample.wgsl`.
 */

import { dysample as body } from "../wgsl/sources.ts";
import type { DySampleOperation } from "../networks/network.ts";
import { type Dispatch, paramWords, shaderOf } from "./dispatch.ts";
import { indexOf, type Layout } from "./layout.ts";
import { activations } from "./prelude.ts";

/** One enlargement over laid-out tensors of one size. */
export interface DySample {
  operation: DySampleOperation;
  input: Layout;
  offsets: Layout;
  output: Layout;
}

/**
 * Plans it; bindings: layer, input, offsets, output.
 *
 * @throws {RangeError} If the tensors do not fit the operation.
 */
export function dySample({ operation, input, offsets, output }: DySample): Dispatch {
  checkFit(operation, input, offsets, output);
  const { channels, groups, factor } = operation;
  const { width, height, storage } = output;
  return {
    shader: shaderOf(`dysample ${storage}`, () => activations(storage) + body),
    params: paramWords([
      ...placeOf(input),
      ...placeOf(offsets),
      ...placeOf(output),
      width,
      height,
      channels,
      groups,
      factor,
    ]),
    workgroups: [Math.ceil(width / 8), Math.ceil(height / 8), output.quads],
    flop: 6 * channels * factor ** 2 * width * height,
  };
}

/** Packs weights and bias. */
export function packDySample({ weight, bias }: DySampleOperation): Float32Array {
  const packed = new Float32Array(weight.length + bias.length);
  packed.set(weight);
  packed.set(bias, weight.length);
  return packed;
}

function placeOf(layout: Layout): number[] {
  return [indexOf(layout, 0, 0), layout.pitch, layout.plane];
}

function checkFit(
  { name, channels, groups, factor }: DySampleOperation,
  input: Layout,
  offsets: Layout,
  output: Layout,
): void {
  const { width, height } = output;
  const expected = [channels, 2 * groups * factor ** 2, 3 * factor ** 2];
  const found = [input, offsets, output].map((layout) => layout.channels);
  const sameSize = [input, offsets].every((l) => l.width === width && l.height === height);
  if (expected.join() === found.join() && sameSize && channels % groups === 0) return;
  throw new RangeError(
    `Enlargement "${name}" expects input, offsets and output of ${
      expected.join(", ")
    } channels and ` +
      `one size, but they have ${found.join(", ")}`,
  );
}
