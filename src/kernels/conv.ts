/**
 * 3x3 or 1x1 convolution with bias, activation or gate, and residuals: host side of
 * `wgsl/conv3x3.wgsl`, `wgsl/conv3x3_columns.wgsl`, `wgsl/conv3x3_winograd.wgsl`,
 * `wgsl/conv3x3_half.wgsl` and `wgsl/conv1x1.wgsl`.
 *
 * A convolution over concatenated tensors is a chain of dispatches, one per tensor, that add up in
 * the output. That costs one more read and write of the output per tensor, and keeps one small
 * shader for every network.
 */

import {
  activationsHalf,
  columnsDirect,
  columnsHalf,
  columnsStaged,
  conv1x1,
  conv3x3,
  conv3x3Columns,
  conv3x3Half,
  conv3x3Winograd,
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
import { indexOf, type Layout, outputWords, roundUp, storedQuads } from "./layout.ts";
import { activations, weightsOf } from "./prelude.ts";
import { type Patch, type Style, STYLES } from "./styles.ts";

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
export function conv(request: ConvLink & { style: Style }): Dispatch {
  const { operation, link, input, inputAt, output, style } = request;
  checkFit(operation, output);
  const { kernel } = operation;
  const { workgroup } = STYLES[style];
  const patch = patchOf(operation.outChannels, style);
  const quads = Math.ceil(input.channels / 4);
  const filters = columnsOfFilters(kernel, style).flat().length;
  const epilogue = epilogueIndex(operation.outChannels, quads * 4 * filters);
  const last = isLast(operation, link);
  const scales = last ? scalesBeside(operation) : [];
  const ending = last ? endingOf(operation) : PARTIAL;
  return {
    shader: shaderFor(kernel, output.storage, style, patch, ending),
    params: paramWords([
      indexOf(input, inputAt.x - (kernel >> 1), inputAt.y - (kernel >> 1)),
      input.pitch,
      input.plane,
      quads,
      ...outputWords(output),
      epilogue.bias,
      epilogue.slope,
      link > 0 ? 1 : 0,
      { f32: scales[0] ?? 0 },
      { f32: scales[1] ?? 0 },
    ]),
    workgroups: [
      Math.ceil(output.width / (workgroup.x * patch.width)),
      output.quads / patch.quads,
      Math.ceil(output.height / (workgroup.y * patch.height)),
    ],
    flop: 2 * kernel ** 2 * input.channels * operation.outChannels * output.width * output.height,
  };
}

/**
 * Packs the weights of one link, then bias and slopes, in the order in which the style's shader reads
 * them.
 *
 * @param operation The convolution.
 * @param link Which of its inputs the link adds.
 * @param inputChannels Channels of each of its inputs; their sum is `inChannels`.
 * @param style The style that will run.
 * @returns Words of `[outBlock][input quad][column][out quad][filter][4 in][4 out]`, then
 * `[bias, slope][out channel]`, then zeros up to a whole column; f32, or f16 in the style `half`.
 * @throws {RangeError} If the inputs do not have the operation's channels.
 */
export function packConv(
  operation: ConvOperation,
  link: number,
  inputChannels: number[],
  style: Style,
): Uint32Array {
  checkChannels(operation, inputChannels);
  const { kernel, outChannels } = operation;
  const stored = storedQuads(outChannels) * 4;
  const columns = columnsOfFilters(kernel, style);
  const perColumn = patchOf(outChannels, style).quads * columns[0].length * 16;
  const weights = stored * Math.ceil(inputChannels[link] / 4) * 4 * columns.flat().length;
  const packed = new Float32Array(roundUp(weights + 2 * stored, perColumn));
  packWeights(operation, link, inputChannels, style, packed);
  const epilogue = packed.subarray(weights, weights + 2 * stored);
  if (isLast(operation, link)) packEpilogue(operation, epilogue);
  else packEmptyEpilogue(epilogue);
  const isHalf = kernel === 3 && STYLES[style].way === "half";
  return new Uint32Array((isHalf ? Float16Array.from(packed) : packed).buffer);
}

function packWeights(
  operation: ConvOperation,
  link: number,
  inputChannels: number[],
  style: Style,
  to: Float32Array,
): void {
  const { weight, gain, kernel, inChannels, outChannels } = operation;
  const firstInput = inputChannels.slice(0, link).reduce((sum, count) => sum + count, 0);
  const inputs = inputChannels[link];
  const columns = columnsOfFilters(kernel, style);
  const blockChannels = patchOf(outChannels, style).quads * 4;
  const stored = storedQuads(outChannels) * 4;
  let at = 0;
  for (let block = 0; block < stored; block += blockChannels) {
    for (let quad = 0; quad < inputs; quad += 4) {
      for (const filters of columns) {
        for (let out = block; out < block + blockChannels; out += 4) {
          for (const filter of filters) {
            for (let i = quad; i < quad + 4; i++) {
              for (let o = out; o < out + 4; o++, at++) {
                if (i >= inputs || o >= outChannels) continue;
                const from = (o * inChannels + firstInput + i) * kernel ** 2;
                let sum = 0;
                for (const { tap, factor } of filter) sum += factor * weight[from + tap];
                to[at] = gain * sum;
              }
            }
          }
        }
      }
    }
  }
}

/** A sum of taps that the shader multiplies with a value. */
type Filter = { tap: number; factor: number }[];

/** The sums of a column's taps in Winograd's F(4,3), for interpolation at 0, 1, -1, 2, -2 and infinity. */
const WINOGRAD = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];

/** What of a kernel's taps the shader of a style goes through together, in its order. */
function columnsOfFilters(kernel: 1 | 3, style: Style): Filter[][] {
  const plain = (tap: number): Filter => [{ tap, factor: 1 }];
  const { way } = STYLES[style];
  if (kernel === 1) return [[plain(0)]];
  if (way === "window") return [Array.from({ length: 9 }, (_, tap) => plain(tap))];
  return [0, 1, 2].map((kx) => {
    const taps = [kx, kx + 3, kx + 6];
    if (way !== "winograd") return taps.map(plain);
    return WINOGRAD.map((factors) => taps.map((tap, ky) => ({ tap, factor: factors[ky] })));
  });
}

/** What an invocation of a style computes of a layer. */
function patchOf(outChannels: number, style: Style): Patch {
  const quads = storedQuads(outChannels);
  return STYLES[style].patches.find((patch) => quads % patch.quads === 0)!;
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
  patch: Patch,
  ending: Ending,
): Shader {
  const label =
    `conv${kernel}x${kernel} ${storage} ${style} quads=${patch.quads} ${ending.activate}` +
    (ending.gate === "none" ? "" : ` ${ending.gate}`);
  return shaderOf(label, () => {
    const { workgroup } = STYLES[style];
    const { values, weights, body } = textsOf(kernel, storage, style);
    const text = values + activate(ending.activate) + convEnd + weights + head + body;
    return specialise(text, {
      GATE: GATES[ending.gate],
      PX: patch.width,
      PY: patch.height,
      OUT_QUADS: patch.quads,
      WORKGROUP_X: workgroup.x,
      WORKGROUP_Y: workgroup.y,
    });
  });
}

/** How values and weights are read, and the convolution itself; one tap has no columns. */
function textsOf(
  kernel: 1 | 3,
  storage: Storage,
  style: Style,
): { values: string; weights: string; body: string } {
  const { way, weights } = STYLES[style];
  const values = activations(storage);
  if (kernel === 1) return { values, weights: weightsOf(style), body: conv1x1 };
  if (way === "window") return { values, weights: weightsOf(style), body: conv3x3 };
  if (way === "half") return { values: activationsHalf, weights: columnsHalf, body: conv3x3Half };
  const columns = weights === "staged" ? columnsStaged : columnsDirect;
  return { values, weights: columns, body: way === "winograd" ? conv3x3Winograd : conv3x3Columns };
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
