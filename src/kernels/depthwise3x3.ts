/**
 * Depthwise 3x3 convolution: host side of `wgsl/depthwise3x3.wgsl`.
 */

import { depthwise3x3 as body } from "../wgsl/sources.ts";
import { specialise } from "../gpu/specialise.ts";
import type { DepthwiseOperation } from "../networks/network.ts";
import { type Dispatch, paramWords, shaderOf } from "./dispatch.ts";
import { indexOf, type Layout, outputWords, storedQuads } from "./layout.ts";
import { activations } from "./prelude.ts";
import { type Style, STYLES } from "./styles.ts";

/** One such convolution over laid-out tensors of one size. */
export interface Depthwise3x3 {
  operation: DepthwiseOperation;
  input: Layout;
  output: Layout;
  style: Style;
}

/**
 * Plans it; bindings: weights, input, output.
 *
 * @throws {RangeError} If the tensors do not fit the operation.
 */
export function depthwise3x3({ operation, input, output, style }: Depthwise3x3): Dispatch {
  const { name, channels } = operation;
  const sizes = [input, output].map((l) => `${l.channels} ${l.width}x${l.height}`);
  if (sizes.some((size) => size !== `${channels} ${output.width}x${output.height}`)) {
    throw new RangeError(
      `Convolution "${name}" has ${channels} channels but its tensors are ${sizes.join(" and ")}`,
    );
  }
  const { width, workgroup } = STYLES[style].rows;
  const label = `depthwise3x3 ${output.storage} ${style}`;
  return {
    shader: shaderOf(label, () =>
      specialise(activations(output.storage) + body, {
        PX: width,
        WORKGROUP_X: workgroup.x,
        WORKGROUP_Y: workgroup.y,
      })),
    params: paramWords([
      indexOf(input, -1, -1),
      input.pitch,
      input.plane,
      ...outputWords(output),
      storedQuads(channels) * 9,
    ]),
    workgroups: [
      Math.ceil(output.width / (workgroup.x * width)),
      Math.ceil(output.height / workgroup.y),
      output.quads,
    ],
    flop: 18 * channels * output.width * output.height,
  };
}

/** Packs the weights as `[quad][ky][kx][4 channels]`, and the bias behind them. */
export function packDepthwise3x3(operation: DepthwiseOperation): Float32Array {
  const { channels, weight, bias } = operation;
  const stored = storedQuads(channels) * 4;
  const packed = new Float32Array(stored * 10);
  for (let c = 0; c < channels; c++) {
    const quad = Math.floor(c / 4) * 36 + c % 4;
    for (let tap = 0; tap < 9; tap++) packed[quad + tap * 4] = weight[c * 9 + tap];
    packed[stored * 9 + c] = bias[c];
  }
  return packed;
}
