/**
 * Layer norm over the channels of a pixel, and group norm over a whole picture: host side of
 * `wgsl/norm_*.wgsl`.
 */

import {
  normApply as apply,
  normHead as head,
  normMoments as moments,
  normPixel as pixel,
  normScales as scales,
} from "../wgsl/sources.ts";
import type { NormOperation } from "../networks/network.ts";
import { type Dispatch, paramWords, shaderOf } from "./dispatch.ts";
import { indexOf, type Layout, outputWords, storedQuads } from "./layout.ts";
import { activations } from "./prelude.ts";

/** Parts in which a picture is summed, and threads of a workgroup; as the shaders have them. */
const PARTS = 64;
const THREADS = 64;

/** One normalisation over laid-out tensors of one size. */
export interface Norm {
  operation: NormOperation;
  input: Layout;
  output: Layout;
}

/** The dispatches of a normalisation. */
export type NormDispatches =
  /** Bindings: layer, input, output. */
  | { over: "pixel"; norm: Dispatch }
  /** Bindings of the first two: layer, input; of the last: layer, input, residual, output. */
  | { over: "picture"; moments: Dispatch; scales: Dispatch; apply: Dispatch };

/**
 * Plans a normalisation.
 *
 * @throws {RangeError} If the tensors do not fit the operation, or a group is too large.
 */
export function norm({ operation, input, output }: Norm): NormDispatches {
  checkFit(operation, input, output);
  const { storage, width, height } = output;
  const params = paramsOf(operation, input, output);
  const dispatch = (name: string, text: string, workgroups: Dispatch["workgroups"]): Dispatch => ({
    shader: shaderOf(`${name} ${storage}`, () => activations(storage) + head + text),
    params,
    workgroups,
    flop: 0,
  });
  const [across, down] = [Math.ceil(width / 8), Math.ceil(height / 8)];
  if (operation.over === "pixel") {
    return { over: "pixel", norm: dispatch("norm_pixel", pixel, [across, down, 1]) };
  }
  const quads = storedQuads(operation.channels);
  return {
    over: "picture",
    moments: dispatch("norm_moments", moments, [PARTS, quads, 1]),
    scales: dispatch("norm_scales", scales, [operation.groups, 1, 1]),
    apply: dispatch("norm_apply", apply, [across, down, quads]),
  };
}

/** Packs weight and bias; behind them there is room for what a norm over the picture finds. */
export function packNorm({ channels, over, weight, bias }: NormOperation): Float32Array {
  const stored = storedQuads(channels) * 4;
  const found = over === "pixel" ? 0 : 2 * stored + stored * PARTS * 2;
  const packed = new Float32Array(2 * stored + found);
  packed.set(weight);
  packed.set(bias, stored);
  return packed;
}

function paramsOf(operation: NormOperation, input: Layout, output: Layout): Uint32Array {
  const { channels, groups, epsilon, residual } = operation;
  return paramWords([
    indexOf(input, 0, 0),
    input.pitch,
    input.plane,
    ...outputWords(output),
    channels,
    storedQuads(channels) * 4,
    channels / groups,
    { f32: epsilon },
    { f32: residual?.scale ?? 0 },
  ]);
}

function checkFit(operation: NormOperation, input: Layout, output: Layout): void {
  const { name, channels, groups, over } = operation;
  const sizes = [input, output].map((l) => `${l.channels} ${l.width}x${l.height}`);
  if (sizes.some((size) => size !== `${channels} ${output.width}x${output.height}`)) {
    throw new RangeError(
      `Norm "${name}" has ${channels} channels but its tensors are ${sizes.join(" and ")}`,
    );
  }
  const perGroup = channels / groups;
  const most = over === "picture" ? THREADS : channels;
  if (!Number.isInteger(perGroup) || perGroup > most) {
    throw new RangeError(
      `Norm "${name}" has ${groups} groups of ${channels} channels; groups of at most ${most} ` +
        "are possible",
    );
  }
}
