/**
 * RRDBNet, the network of ESRGAN, Real-ESRGAN, BSRGAN and RealSR.
 *
 * A trunk of residual-in-residual dense blocks works at the small size; then each upsampling is a
 * nearest-neighbour enlargement and a convolution, and two convolutions end at the large size.
 * Residual scaling by 0.2 is carried by the convolutions' gain, so that no step only adds.
 */

import { ModelError } from "../../errors.ts";
import type { Architecture } from "../architecture.ts";
import type { Checkpoint, Shapes } from "../checkpoint.ts";
import { addLayer, convolution, convolve, readLayer } from "../convolution.ts";
import type { Activation, Network, Operation, Residual } from "../network.ts";
import { rrdbNetNaming } from "./dialects.ts";
import { FAST_HALO } from "./halo.ts";

/** What an RRDBNet's shapes follow from. */
export interface RrdbNetSizes {
  /** Residual-in-residual dense blocks. */
  blocks: number;
  /** Channels of the trunk. */
  features: number;
  /** Channels that each convolution of a dense block adds. */
  growth: number;
  /** Pixel-unshuffle factor of the input; 1 is none. */
  unshuffle: 1 | 2 | 4;
  /** Twofold enlargements: the scale is 2^upsamplings / unshuffle. */
  upsamplings: number;
  /** ESRGAN+ (Rakotonirina and Rasoanaivo, 2020): a second residual path inside the dense blocks. */
  plus?: boolean;
}

/** RRDBNet, under the names of Real-ESRGAN, BSRGAN or RealSR, and old ESRGAN. */
export const rrdbNet: Architecture = {
  name: "RRDBNet",
  knownAs: ["ESRGAN", "ESRGAN+", "Real-ESRGAN", "BSRGAN", "RealSR"],
  match(names) {
    const naming = rrdbNetNaming(names);
    if (naming === undefined) return undefined;
    const { upsamplings, ...dialect } = naming;
    return { ...dialect, read: (checkpoint) => readRrdbNet(checkpoint, upsamplings) };
  },
};

const RESIDUAL_SCALE = 0.2;
const LEAKY: Activation = { kind: "leaky", slope: 0.2 };

const DENSE_BLOCKS = [1, 2, 3];
const GROWING_CONVOLUTIONS = [1, 2, 3, 4];

/** Largest scale that the network's type allows. */
const MAX_SCALE = 8;

/**
 * Returns the shape of each tensor of such a network, under Real-ESRGAN's names.
 *
 * @example
 * ```ts
 * const sizes = { blocks: 6, features: 64, growth: 32, unshuffle: 1, upsamplings: 2 } as const;
 * console.log(rrdbNetShapes(sizes).get("body.0.rdb1.conv2.weight")); // [ 32, 96, 3, 3 ]
 * ```
 */
export function rrdbNetShapes(sizes: RrdbNetSizes): Shapes {
  const { blocks, features, growth, unshuffle, upsamplings, plus } = sizes;
  const shapes: Shapes = new Map();
  addLayer(shapes, "conv_first", features, 3 * unshuffle ** 2);
  for (let block = 0; block < blocks; block++) {
    for (const dense of DENSE_BLOCKS) {
      const prefix = `body.${block}.rdb${dense}`;
      for (const k of GROWING_CONVOLUTIONS) {
        addLayer(shapes, `${prefix}.conv${k}`, growth, features + (k - 1) * growth);
      }
      addLayer(shapes, `${prefix}.conv5`, features, features + 4 * growth);
      if (plus) addLayer(shapes, `${prefix}.conv1x1`, growth, features, { kernel: 1, bias: false });
    }
  }
  addLayer(shapes, "conv_body", features, features);
  for (let k = 1; k <= upsamplings; k++) addLayer(shapes, `conv_up${k}`, features, features);
  addLayer(shapes, "conv_hr", features, features);
  addLayer(shapes, "conv_last", 3, features);
  return shapes;
}

function readRrdbNet(checkpoint: Checkpoint, upsamplings: number): Network {
  const sizes = readSizes(checkpoint, upsamplings);
  const { blocks, features, growth, unshuffle } = sizes;
  const scale = 2 ** upsamplings / unshuffle;
  if (scale < 1 || scale > MAX_SCALE) {
    throw new ModelError(
      `RRDBNet with ${upsamplings} upsamplings and ${3 * unshuffle ** 2} input channels would ` +
        `scale by ${scale}, expected 1 to ${MAX_SCALE}`,
    );
  }
  const description = `RRDBNet (${blocks} blocks${sizes.plus ? " of ESRGAN+" : ""}, ` +
    `${features} features, growth ${growth}, scale ${scale})`;
  checkpoint.expect(rrdbNetShapes(sizes), description);
  const operations = [...trunk(checkpoint, sizes), ...tail(checkpoint, upsamplings)];
  return {
    architecture: rrdbNet.name,
    description,
    tiling: { halo: FAST_HALO },
    scale,
    features,
    depth: blocks,
    operations,
  };
}

function readSizes(checkpoint: Checkpoint, upsamplings: number): RrdbNetSizes {
  const blocks = checkpoint.countLayers(
    /^body\.(\d+)\.rdb/,
    1,
    (block) => `body.${block}.rdb1.conv1.weight`,
  );
  const first = checkpoint.convShape("conv_first");
  const unshuffle = ([1, 2, 4] as const).find((factor) => 3 * factor ** 2 === first.inChannels);
  if (unshuffle === undefined) {
    throw new ModelError(
      `Tensor "${checkpoint.ownName("conv_first.weight")}" takes ${first.inChannels} channels, ` +
        "expected 3 (RGB), or 12 or 48 (RGB after pixel-unshuffle by 2 or 4)",
    );
  }
  const growth = checkpoint.convShape("body.0.rdb1.conv1").outChannels;
  const plus = checkpoint.shape("body.0.rdb1.conv1x1.weight") !== undefined;
  return { blocks, features: first.outChannels, growth, unshuffle, upsamplings, plus };
}

/** Everything at the small size: `conv_first`, the blocks, and `conv_body` with its residual. */
function trunk(checkpoint: Checkpoint, { blocks, unshuffle }: RrdbNetSizes): Operation[] {
  const operations: Operation[] = [
    { kind: "input", output: "picture", factor: unshuffle },
    convolution(checkpoint, "conv_first", ["picture"]),
  ];
  let input = "conv_first";
  for (let block = 0; block < blocks; block++) {
    const prefix = `body.${block}`;
    operations.push(...residualBlock(checkpoint, prefix, input));
    input = `${prefix}.rdb3.conv5`;
  }
  const residuals = [{ tensor: "conv_first", scale: 1 }];
  operations.push(convolution(checkpoint, "conv_body", [input], { residuals }));
  return operations;
}

/** Three dense blocks: `x + 0.2 * rdb3(rdb2(rdb1(x)))`, the outer residual folded into the third. */
function residualBlock(checkpoint: Checkpoint, prefix: string, input: string): Operation[] {
  const [first, second, third] = DENSE_BLOCKS.map((dense) => `${prefix}.rdb${dense}`);
  const [afterFirst, afterSecond] = [`${first}.conv5`, `${second}.conv5`];
  return [
    ...denseBlock(checkpoint, first, input, RESIDUAL_SCALE, [{ tensor: input, scale: 1 }]),
    ...denseBlock(checkpoint, second, afterFirst, RESIDUAL_SCALE, [
      { tensor: afterFirst, scale: 1 },
    ]),
    ...denseBlock(checkpoint, third, afterSecond, RESIDUAL_SCALE ** 2, [
      { tensor: afterSecond, scale: RESIDUAL_SCALE },
      { tensor: input, scale: 1 },
    ]),
  ];
}

/** Five convolutions, each of which sees the block's input and what those before it added. */
function denseBlock(
  checkpoint: Checkpoint,
  prefix: string,
  input: string,
  gain: number,
  residuals: Residual[],
): Operation[] {
  const inputs = [input];
  const operations: Operation[] = [];
  const shortcut = `${prefix}.conv1x1`;
  const plus = checkpoint.shape(`${shortcut}.weight`) !== undefined;
  if (plus) operations.push(convolve(readLayer(checkpoint, shortcut, 1), [input], shortcut));
  for (const k of GROWING_CONVOLUTIONS) {
    const layer = `${prefix}.conv${k}`;
    const added = plus ? addedInPlus(prefix, k) : [];
    const options = { activation: LEAKY, residuals: added };
    operations.push(convolution(checkpoint, layer, [...inputs], options));
    inputs.push(layer);
  }
  operations.push(convolution(checkpoint, `${prefix}.conv5`, inputs, { gain, residuals }));
  return operations;
}

/** ESRGAN+ adds to the second convolution a 1x1 one of the block's input, to the fourth the second. */
function addedInPlus(prefix: string, k: number): Residual[] {
  if (k === 2) return [{ tensor: `${prefix}.conv1x1`, scale: 1 }];
  return k === 4 ? [{ tensor: `${prefix}.conv2`, scale: 1 }] : [];
}

/** Everything after the trunk: the upsamplings and two convolutions at the large size. */
function tail(checkpoint: Checkpoint, upsamplings: number): Operation[] {
  const operations: Operation[] = [];
  let input = "conv_body";
  for (let k = 1; k <= upsamplings; k++) {
    const layer = `conv_up${k}`;
    operations.push(convolution(checkpoint, layer, [input], { activation: LEAKY, upsample: 2 }));
    input = layer;
  }
  operations.push(
    convolution(checkpoint, "conv_hr", [input], { activation: LEAKY }),
    convolution(checkpoint, "conv_last", ["conv_hr"]),
    { kind: "output", input: "conv_last", factor: 1, base: false },
  );
  return operations;
}
