/**
 * Twofold nearest-neighbour enlargement and 3x3 convolution in one dispatch, as four 2x2 phases with
 * summed weights: host side of `wgsl/upconv3x3.wgsl`.
 */

import { upconv3x3 as body, upweightsDirect, upweightsStaged } from "../wgsl/sources.ts";
import { specialise } from "../gpu/specialise.ts";
import { type ConvOperation, tensorsBeside } from "../networks/network.ts";
import type { ConvLink } from "./conv.ts";
import {
  type Activate,
  activate,
  activateBy,
  epilogueIndex,
  packEpilogue,
} from "./conv_epilogue.ts";
import { type Dispatch, paramWords, type Shader, shaderOf, type Storage } from "./dispatch.ts";
import { indexOf, type Layout, outputWords, storedQuads } from "./layout.ts";
import { activations, weightsOf } from "./prelude.ts";
import { type Style, STYLES } from "./styles.ts";

/**
 * Output quads of one invocation. Odd numbers of quads occur in no published network with such a
 * convolution; they go one by one.
 */
function quadsPerInvocation(channels: number, style: Style): 1 | 2 {
  return storedQuads(channels) % 2 === 0 ? STYLES[style].enlargedQuads : 1;
}

/**
 * Plans one enlarging convolution; output pixels (0, 0) to (1, 1) come from pixel `inputAt` of the input.
 *
 * @throws {RangeError} If the tensors do not fit the operation.
 */
export function upconv3x3(request: Omit<ConvLink, "link"> & { style: Style }): Dispatch {
  const { operation, input, inputAt, output, style } = request;
  checkUpconv(operation, input, output);
  const quads = Math.ceil(input.channels / 4);
  const { width, workgroup } = STYLES[style].rows;
  const outQuads = quadsPerInvocation(operation.outChannels, style);
  const epilogue = epilogueIndex(operation.outChannels, quads * 64);
  return {
    shader: shaderFor(output.storage, style, outQuads, activateBy(operation.activation)),
    params: paramWords([
      indexOf(input, inputAt.x - 1, inputAt.y - 1),
      input.pitch,
      input.plane,
      quads,
      ...outputWords(output),
      epilogue.bias,
      epilogue.slope,
    ]),
    workgroups: [
      Math.ceil(output.width / (2 * workgroup.x * width)),
      output.quads / outQuads,
      Math.ceil(output.height / (2 * workgroup.y)),
    ],
    flop: 18 * operation.inChannels * operation.outChannels * output.width * output.height,
  };
}

/**
 * Packs weights summed per phase, bias and slopes in the order in which the style's shader reads them.
 *
 * @returns `[outBlock][input quad][out quad][phase y][phase x][tap y][tap x][4 in][4 out]`, then
 * `[bias, slope][out channel]`.
 */
export function packUpconv3x3(operation: ConvOperation, style: Style): Float32Array {
  const stored = storedQuads(operation.outChannels) * 4;
  const inQuads = Math.ceil(operation.inChannels / 4);
  const packed = new Float32Array(stored * inQuads * 64 + 2 * stored);
  const blockChannels = quadsPerInvocation(operation.outChannels, style) * 4;
  let at = 0;
  for (let block = 0; block < stored; block += blockChannels) {
    for (let quad = 0; quad < inQuads * 4; quad += 4) {
      for (let out = block; out < block + blockChannels; out += 4) {
        for (let k = 0; k < 16; k++) {
          for (let i = quad; i < quad + 4; i++) {
            for (let o = out; o < out + 4; o++) packed[at++] = phaseWeight(operation, o, i, k);
          }
        }
      }
    }
  }
  packEpilogue(operation, packed.subarray(at));
  return packed;
}

/** Rows (or columns) of the 3x3 kernel that fall on each of the two source pixels of a phase. */
const TAPS_OF_PHASE = [[[0], [1, 2]], [[0, 1], [2]]] as const;

/** Sum of the taps that fall on one source pixel; `k` counts phase y, phase x, tap y, tap x. */
export function phaseWeight(
  operation: ConvOperation,
  out: number,
  input: number,
  k: number,
): number {
  if (out >= operation.outChannels || input >= operation.inChannels) return 0;
  const at = (out * operation.inChannels + input) * 9;
  let sum = 0;
  for (const ky of TAPS_OF_PHASE[k >> 3 & 1][k >> 1 & 1]) {
    for (const kx of TAPS_OF_PHASE[k >> 2 & 1][k & 1]) sum += operation.weight[at + ky * 3 + kx];
  }
  return operation.gain * sum;
}

function shaderFor(storage: Storage, style: Style, outQuads: 1 | 2, way: Activate): Shader {
  const label = `upconv3x3 ${storage} ${style} quads=${outQuads} ${way}`;
  return shaderOf(label, () => {
    const { rows: { width, workgroup }, weights } = STYLES[style];
    const upweights = weights === "staged" ? upweightsStaged : upweightsDirect;
    const head = activations(storage) + activate(way) + weightsOf(style) + upweights;
    return specialise(head + body, {
      PX: width,
      OUT_QUADS: outQuads,
      WORKGROUP_X: workgroup.x,
      WORKGROUP_Y: workgroup.y,
    });
  });
}

/** @throws {RangeError} If the tensors do not fit the operation, or something is beside its output. */
export function checkUpconv(operation: ConvOperation, input: Layout, output: Layout): void {
  const name = `Convolution "${operation.name}"`;
  if (input.channels !== operation.inChannels || output.channels !== operation.outChannels) {
    throw new RangeError(
      `${name} goes from ${operation.inChannels} to ${operation.outChannels} channels but its ` +
        `tensors have ${input.channels} and ${output.channels}`,
    );
  }
  if (tensorsBeside(operation).length > 0) {
    throw new RangeError(`${name} enlarges and has a residual or gate; the kernel cannot do both`);
  }
}
