/**
 * 3x3 or 1x1 convolution with bias, activation or gate, and residuals: host side of
 * `wgsl/conv3x3.wgsl`, `wgsl/conv3x3_tile.wgsl` and `wgsl/conv1x1.wgsl`.
 *
 * A convolution over concatenated tensors is a chain of dispatches, one per tensor, that add up in
 * the output. That costs one more read and write of the output per tensor, and keeps one small
 * shader for every network.
 */

import {
  conv1x1 as oneTap,
  conv3x3 as ownWindows,
  conv3x3Tile as sharedWindow,
  convEnd,
  convHead as head,
} from "../wgsl/sources.ts";
import { specialise } from "../gpu/specialise.ts";
import { type ConvOperation, type Gate, tensorsBeside } from "../networks/network.ts";
import {
  type Activate,
  activate,
  activateBy,
  epilogueIndex,
  packEmptyEpilogue,
  packEpilogue,
} from "./conv_epilogue.ts";
import { type Dispatch, paramWords, type Shader, shaderOf, type Storage } from "./dispatch.ts";
import { indexOf, type Layout, type OutQuads, quadsPerInvocation, storedQuads } from "./layout.ts";
import { activations, weightsOf } from "./prelude.ts";
import { type Style, STYLES } from "./styles.ts";

/** One link of a convolution over laid-out tensors. */
export interface ConvLink {
  operation: ConvOperation;
  /** Which of the operation's inputs this link adds. */
  link: number;
  /** That input. */
  input: Layout;
  /** Output pixel (0, 0) lies at this pixel of the input. */
  inputAt: { x: number; y: number };
  output: Layout;
  style: Style;
}

/** What of the epilogue is chosen when the shader is made. */
export interface Ending {
  activate: Activate;
  /** What is done with the first tensor beside the output. */
  gate: Gate["kind"] | "none";
}

/** The end of a partial sum. */
export const PARTIAL: Ending = { activate: "slope", gate: "none" };

/** The shaders' constants for gates. */
export const GATES = { none: 0, attention: 1, product: 2 };

/**
 * Plans one link of a convolution; bindings: weights, input, two tensors beside the output, output.
 *
 * @throws {RangeError} If the tensors do not fit the operation.
 */
export function conv(request: ConvLink): Dispatch {
  const { operation, link, input, inputAt, output, style } = request;
  checkFit(operation, output);
  const outQuads = quadsPerInvocation(operation.outChannels);
  const { patch: { [outQuads]: patch }, workgroup } = STYLES[style];
  const quads = Math.ceil(input.channels / 4);
  const { kernel } = operation;
  const epilogue = epilogueIndex(operation.outChannels, quads * 4 * kernel ** 2);
  const last = isLast(operation, link);
  const scales = last ? scalesBeside(operation) : [];
  const ending = last ? endingOf(operation) : PARTIAL;
  return {
    shader: shaderFor(kernel, output.storage, style, outQuads, ending),
    params: paramWords([
      indexOf(input, inputAt.x - (kernel >> 1), inputAt.y - (kernel >> 1)),
      input.pitch,
      input.plane,
      quads,
      indexOf(output, 0, 0),
      output.pitch,
      output.plane,
      output.width,
      output.height,
      epilogue.bias,
      epilogue.slope,
      link > 0 ? 1 : 0,
      { f32: scales[0] ?? 0 },
      { f32: scales[1] ?? 0 },
    ]),
    workgroups: [
      Math.ceil(output.width / (workgroup.x * patch.width)),
      Math.ceil(output.height / (workgroup.y * patch.height)),
      output.quads / outQuads,
    ],
    flop: 2 * kernel ** 2 * input.channels * operation.outChannels * output.width * output.height,
  };
}

/**
 * Packs the weights of one link, then bias and slopes, in the order in which the shader reads them.
 *
 * @param operation The convolution.
 * @param link Which of its inputs the link adds.
 * @param inputChannels Channels of each of its inputs; their sum is `inChannels`.
 * @returns `[outBlock][input quad][out quad][ky][kx][4 in][4 out]`, then `[bias, slope][out channel]`.
 * @throws {RangeError} If the inputs do not have the operation's channels.
 */
export function packConv(
  operation: ConvOperation,
  link: number,
  inputChannels: number[],
): Float32Array {
  checkChannels(operation, inputChannels);
  const firstInput = inputChannels.slice(0, link).reduce((sum, count) => sum + count, 0);
  const inputs = inputChannels[link];
  const blockChannels = quadsPerInvocation(operation.outChannels) * 4;
  const stored = storedQuads(operation.outChannels) * 4;
  const taps = operation.kernel ** 2;
  const packed = new Float32Array(stored * Math.ceil(inputs / 4) * 4 * taps + 2 * stored);
  let at = 0;
  for (let block = 0; block < stored; block += blockChannels) {
    for (let quad = 0; quad < inputs; quad += 4) {
      for (let out = block; out < block + blockChannels; out += 4) {
        for (let tap = 0; tap < taps; tap++) {
          for (let i = quad; i < quad + 4; i++) {
            for (let o = out; o < out + 4; o++, at++) {
              if (i >= inputs || o >= operation.outChannels) continue;
              const from = (o * operation.inChannels + firstInput + i) * taps + tap;
              packed[at] = operation.gain * operation.weight[from];
            }
          }
        }
      }
    }
  }
  if (isLast(operation, link)) packEpilogue(operation, packed.subarray(at));
  else packEmptyEpilogue(packed.subarray(at));
  return packed;
}

/** Whether a link is the one that has bias, activation, gate and residuals. */
export function isLast(operation: ConvOperation, link: number): boolean {
  return link === operation.inputs.length - 1;
}

/** What of an operation's epilogue is chosen when the shader is made. */
export function endingOf({ activation, gate }: ConvOperation): Ending {
  return { activate: activateBy(activation), gate: gate?.kind ?? "none" };
}

/** The factor of each tensor beside the output; the gate's own is 0: it is multiplied, not added. */
export function scalesBeside({ gate, residuals }: ConvOperation): number[] {
  return [...gate === undefined ? [] : [0], ...residuals.map(({ scale }) => scale)];
}

function shaderFor(
  kernel: 1 | 3,
  storage: Storage,
  style: Style,
  outQuads: OutQuads,
  ending: Ending,
): Shader {
  const label = `conv${kernel}x${kernel} ${storage} ${style} quads=${outQuads} ${ending.activate}` +
    (ending.gate === "none" ? "" : ` ${ending.gate}`);
  return shaderOf(label, () => {
    const { patch, workgroup } = STYLES[style];
    const text = activations(storage) + activate(ending.activate) + convEnd + head +
      bodyOf(kernel, style);
    return specialise(text, {
      GATE: GATES[ending.gate],
      PX: patch[outQuads].width,
      PY: patch[outQuads].height,
      OUT_QUADS: outQuads,
      WORKGROUP_X: workgroup.x,
      WORKGROUP_Y: workgroup.y,
    });
  });
}

/** One tap has no neighbours that could share a window. */
function bodyOf(kernel: 1 | 3, style: Style): string {
  if (kernel === 1) return weightsOf(style) + oneTap;
  return STYLES[style].window === "own" ? weightsOf(style) + ownWindows : sharedWindow;
}

/** @throws {RangeError} If the inputs do not have the operation's channels. */
export function checkChannels(operation: ConvOperation, inputChannels: number[]): void {
  const channels = inputChannels.reduce((sum, count) => sum + count, 0);
  if (channels !== operation.inChannels || inputChannels.length !== operation.inputs.length) {
    throw new RangeError(
      `Convolution "${operation.name}" expects ${operation.inChannels} channels in ` +
        `${operation.inputs.length} tensors but has ${channels} in ${inputChannels.length}`,
    );
  }
}

/** @throws {RangeError} If the output does not have the operation's channels, or too much is beside it. */
export function checkFit(operation: ConvOperation, output: Layout): void {
  if (output.channels !== operation.outChannels) {
    throw new RangeError(
      `Convolution "${operation.name}" writes ${operation.outChannels} channels but its output ` +
        `has ${output.channels}`,
    );
  }
  const beside = tensorsBeside(operation).length;
  if (beside > 2) {
    throw new RangeError(
      `Convolution "${operation.name}" reads ${beside} tensors beside its output; at most 2 are possible`,
    );
  }
}
