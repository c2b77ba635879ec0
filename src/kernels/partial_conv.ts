/**
 * Partial large-kernel convolution, in which only the first channels are convolved: host side of
 * `wgsl/partial_conv.wgsl`.
 */

import { partialConv as body } from "../wgsl/sources.ts";
import { specialise } from "../gpu/specialise.ts";
import type { PartialConvOperation } from "../networks/network.ts";
import { type Dispatch, paramWords, type Shader, shaderOf } from "./dispatch.ts";
import { indexOf, type Layout, OUT_QUADS, outputWords } from "./layout.ts";
import { activations, weightsOf } from "./prelude.ts";
import { type Style, STYLES } from "./styles.ts";

/** Numbers that lanes may fetch behind the last weight. */
const ROOM = 16 * 4;

/** One such convolution over laid-out tensors of one size. */
export interface PartialConv {
  operation: PartialConvOperation;
  input: Layout;
  output: Layout;
  style: Style;
}

/**
 * Plans it; bindings: weights, input, output.
 *
 * @throws {RangeError} If the tensors do not fit the operation, or a quad is convolved only in part.
 */
export function partialConv({ operation, input, output, style }: PartialConv): Dispatch {
  checkFit(operation, input, output);
  const { convolved, kernel } = operation;
  const quads = convolved / 4;
  const outQuads = blockOf(convolved);
  const { width, workgroup } = STYLES[style].rows;
  return {
    shader: shaderFor(operation, output, style),
    params: paramWords([
      indexOf(input, -1, -1),
      input.pitch,
      input.plane,
      ...outputWords(output),
      quads * quads * kernel ** 2 * 4,
    ]),
    workgroups: [
      Math.ceil(output.width / (workgroup.x * width)),
      Math.ceil(output.height / workgroup.y),
      quads / outQuads + output.quads - quads,
    ],
    flop: 2 * kernel ** 2 * convolved ** 2 * output.width * output.height,
  };
}

/**
 * Packs the weights in the order in which the shader reads them, and the bias behind them.
 *
 * @returns `[outBlock][input quad][ky][out quad][kx][4 in][4 out]`, then `[out channel]`.
 */
export function packPartialConv(operation: PartialConvOperation): Float32Array {
  const { convolved, kernel, weight, bias } = operation;
  const blockChannels = blockOf(convolved) * 4;
  const packed = new Float32Array(convolved ** 2 * kernel ** 2 + convolved + ROOM);
  let at = 0;
  for (let block = 0; block < convolved; block += blockChannels) {
    for (let quad = 0; quad < convolved; quad += 4) {
      for (let ky = 0; ky < kernel; ky++) {
        for (let out = block; out < block + blockChannels; out += 4) {
          for (let kx = 0; kx < kernel; kx++) {
            for (let i = quad; i < quad + 4; i++) {
              for (let o = out; o < out + 4; o++) {
                packed[at++] = weight[((o * convolved + i) * kernel + ky) * kernel + kx];
              }
            }
          }
        }
      }
    }
  }
  packed.set(bias, at);
  return packed;
}

/** Output quads of one invocation: the first of the usual numbers that leaves none over. */
function blockOf(convolved: number): number {
  return [...OUT_QUADS, 1].find((quads) => convolved % (4 * quads) === 0) ?? 1;
}

function shaderFor({ convolved, kernel }: PartialConvOperation, to: Layout, style: Style): Shader {
  const outQuads = blockOf(convolved);
  const blocks = convolved / 4 / outQuads;
  const label = `partial_conv ${to.storage} ${style} ${kernel}x${kernel} ${convolved}`;
  return shaderOf(label, () => {
    const { width, workgroup } = STYLES[style].rows;
    return specialise(activations(to.storage) + weightsOf(style) + body, {
      KERNEL: kernel,
      PX: width,
      OUT_QUADS: outQuads,
      BLOCKS: blocks,
      WORKGROUP_X: workgroup.x,
      WORKGROUP_Y: workgroup.y,
    });
  });
}

function checkFit({ name, channels, convolved }: PartialConvOperation, input: Layout, to: Layout) {
  const sizes = [input, to].map(({ channels, width, height }) => `${channels} ${width}x${height}`);
  const expected = `${channels} ${to.width}x${to.height}`;
  if (sizes.some((size) => size !== expected)) {
    throw new RangeError(
      `Convolution "${name}" has ${channels} channels but its tensors are ${sizes.join(" and ")}`,
    );
  }
  if (convolved % 4 !== 0) {
    throw new RangeError(
      `Convolution "${name}" convolves ${convolved} channels; the kernel needs a multiple of 4`,
    );
  }
}
