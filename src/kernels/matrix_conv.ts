/**
 * Convolutions as products of matrices, on matrix units or their twin: host side of
 * `wgsl/matrix_conv.wgsl`. One kernel serves 3x3 and 1x1 taps and the enlarging convolution.
 */

import {
  activationsF16,
  convEnd,
  matrixConv as body,
  matrixPixelsDirect,
  matrixPixelsStaged,
  matrixTwin,
  matrixUnits,
  matrixWeightsDirect,
  matrixWeightsStaged,
  quadsChunks,
} from "../wgsl/sources.ts";
import { specialise } from "../gpu/specialise.ts";
import type { ConvOperation, Network } from "../networks/network.ts";
import {
  checkChannels,
  checkFit,
  type ConvLink,
  type Ending,
  endingOf,
  GATES,
  isLast,
  PARTIAL,
  scalesBeside,
} from "./conv.ts";
import { activate, packEmptyEpilogue, packEpilogue } from "./conv_epilogue.ts";
import { type Dispatch, paramWords, type Shader, shaderOf } from "./dispatch.ts";
import { indexOf, outputWords, roundUp } from "./layout.ts";
import {
  CHUNK,
  type MatrixBlock,
  matrixBlock,
  type MatrixShape,
  stagesOf,
} from "./matrix_shape.ts";
import { checkUpconv, phaseWeight } from "./upconv3x3.ts";

/** Weights of one link as the shader reads them. */
export interface MatrixWeights {
  /** `[phase][chunk][kx][ky][output][16 inputs]` of f16. */
  weights: Uint32Array;
  /** `[bias, slope][output]`. */
  epilogue: Float32Array;
}

/** Says whether every operation between a network's pixels is one that matrix units do. */
export function isMatrixNetwork({ operations }: Network): boolean {
  return operations.every(({ kind }) => kind === "input" || kind === "conv" || kind === "output");
}

/**
 * Plans one link of a convolution; bindings: weights, epilogue, input, two tensors beside the output,
 * output.
 *
 * @throws {RangeError} If the tensors do not fit the operation.
 */
export function matrixConv(request: ConvLink & { shape: MatrixShape }): Dispatch {
  const { operation, link, input, inputAt, output, shape } = request;
  const { kernel, outChannels, upsample } = operation;
  if (upsample === 2) checkUpconv(operation, input, output);
  else checkFit(operation, output);
  const outputs = roundUp(outChannels, CHUNK);
  const taps = upsample === 2 ? 2 : kernel;
  const block = matrixBlock(shape, outputs, taps);
  const last = isLast(operation, link);
  const scales = last ? scalesBeside(operation) : [];
  const before = upsample === 2 ? 1 : kernel >> 1;
  const across = Math.ceil(output.width / upsample);
  const down = Math.ceil(output.height / upsample);
  return {
    shader: shaderFor(shape, block, taps, upsample ** 2, last ? endingOf(operation) : PARTIAL),
    params: paramWords([
      indexOf(input, inputAt.x - before, inputAt.y - before),
      input.pitch,
      input.plane,
      taps * Math.ceil(input.channels / CHUNK),
      outputs,
      ...outputWords(output),
      link > 0 ? 1 : 0,
      { f32: scales[0] ?? 0 },
      { f32: scales[1] ?? 0 },
    ]),
    workgroups: [
      Math.ceil(across / shape.m),
      Math.ceil(down / (block.rows * block.subgroups)),
      outputs / (block.tiles * shape.n) * upsample ** 2,
    ],
    flop: 2 * kernel ** 2 * input.channels * outChannels * output.width * output.height,
  };
}

/**
 * Packs the weights of one link, rounded to f16, and what follows the sums.
 *
 * @param inputChannels Channels of each of the operation's inputs; their sum is `inChannels`.
 * @throws {RangeError} If the inputs do not have the operation's channels.
 */
export function packMatrixConv(
  operation: ConvOperation,
  link: number,
  inputChannels: number[],
): MatrixWeights {
  checkChannels(operation, inputChannels);
  const first = inputChannels.slice(0, link).reduce((sum, count) => sum + count, 0);
  const inputs = inputChannels[link];
  const outputs = roundUp(operation.outChannels, CHUNK);
  const taps = operation.upsample === 2 ? 2 : operation.kernel;
  const phases = operation.upsample ** 2;
  const chunks = Math.ceil(inputs / CHUNK);
  const weights = new Float16Array(phases * chunks * taps ** 2 * outputs * CHUNK);
  const weightAt = operation.upsample === 2
    ? (o: number, i: number, phase: number, ky: number, kx: number) =>
      phaseWeight(operation, o, i, phase * 4 + ky * 2 + kx)
    : (o: number, i: number, _: number, ky: number, kx: number) =>
      operation.gain *
      operation.weight[((o * operation.inChannels + i) * taps + ky) * taps + kx];
  let at = 0;
  for (let phase = 0; phase < phases; phase++) {
    for (let chunk = 0; chunk < chunks * CHUNK; chunk += CHUNK) {
      for (let kx = 0; kx < taps; kx++) {
        for (let ky = 0; ky < taps; ky++) {
          for (let o = 0; o < outputs; o++) {
            for (let i = chunk; i < chunk + CHUNK; i++, at++) {
              if (i >= inputs || o >= operation.outChannels) continue;
              weights[at] = weightAt(o, first + i, phase, ky, kx);
            }
          }
        }
      }
    }
  }
  const epilogue = new Float32Array(2 * outputs);
  if (isLast(operation, link)) packEpilogue(operation, epilogue);
  else packEmptyEpilogue(epilogue);
  // Channels that only fill up a chunk stay zero behind a sigmoid, too.
  if (operation.activation.kind === "sigmoid") epilogue.fill(-80, operation.outChannels, outputs);
  return { weights: new Uint32Array(weights.buffer), epilogue };
}

function shaderFor(
  shape: MatrixShape,
  block: MatrixBlock,
  taps: number,
  phases: number,
  ending: Ending,
): Shader {
  const { m, n, k, lanes, by, staged } = shape;
  const { rows, tiles, subgroups, held } = block;
  const label = `matrix ${by} ${m}x${n}x${k} lanes=${lanes} staged=${staged} taps=${taps} ` +
    `phases=${phases} rows=${rows} tiles=${tiles} ${ending.activate}` +
    (ending.gate === "none" ? "" : ` ${ending.gate}`);
  return shaderOf(label, () => {
    const stages = stagesOf(staged);
    const pixels = stages.pixels ? matrixPixelsStaged : matrixPixelsDirect;
    const weights = stages.weights ? matrixWeightsStaged : matrixWeightsDirect;
    const common = quadsChunks + body + pixels + weights;
    // What the twin calls is long: written out, it would take a compiler minutes.
    const kernel = by === "units"
      ? matrixUnits + common
      : activationsF16 + matrixTwin + common.replaceAll(/^ *\/\/ unroll\n/gm, "");
    const text = kernel + activate(ending.activate) + convEnd;
    return specialise(text, {
      GATE: GATES[ending.gate],
      M: m,
      N: n,
      K: k,
      LANES: lanes,
      SUBGROUPS: subgroups,
      ROWS: rows,
      TILES: tiles,
      HELD: held,
      TAPS: taps,
      PHASES: phases,
    });
  });
}
