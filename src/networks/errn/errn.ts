/**
 * ERRN2, of the NTIRE 2026 challenge on efficient super-resolution.
 *
 *   f = conv_1(rgb)
 *   block: o = four convolutions of x with LeakyReLU 0.1 between them, result (o + x) * (sigmoid(o) - 1/2)
 *   y = pixel_shuffle(upsampler(conv_2(b) + f))
 */

import { ModelError } from "../../errors.ts";
import type { Architecture } from "../architecture.ts";
import type { Checkpoint, Shapes } from "../checkpoint.ts";
import { addLayer, convolution, type ConvOptions } from "../convolution.ts";
import type { Activation, Network, Operation } from "../network.ts";

/** ERRN2, collapsed. */
export const errn: Architecture = {
  name: "ERRN2",
  knownAs: [],
  match(names) {
    const collapsed = names.some((name) => /^block_\d+\.rep1\.rep_conv\.weight$/.test(name));
    return collapsed ? { read: readErrn } : undefined;
  },
};

const LEAKY: Activation = { kind: "leaky", slope: 0.1 };

/** Convolutions of a block. */
const CONVOLUTIONS = 4;

function readErrn(checkpoint: Checkpoint): Network {
  const { outChannels: features, inChannels } = checkpoint.convShape("conv_1");
  if (inChannels !== 3) {
    throw new ModelError(`ERRN2 takes 3 channels (RGB), the checkpoint's conv_1 ${inChannels}`);
  }
  const blocks = Math.max(
    ...checkpoint.names.map((name) => Number(/^block_(\d+)\./.exec(name)?.[1] ?? 0)),
  );
  const scale = checkpoint.shuffleFactor("upsampler.0");
  const description = `ERRN2 (${features} features, ${blocks} blocks, scale ${scale})`;
  checkpoint.expect(shapesOf(features, blocks, scale), description);
  return {
    architecture: errn.name,
    description,
    tiling: { halo: "exact" },
    scale,
    features,
    depth: blocks,
    operations: readOperations(checkpoint, blocks, scale),
  };
}

function shapesOf(features: number, blocks: number, scale: number): Shapes {
  const shapes: Shapes = new Map();
  addLayer(shapes, "conv_1", features, 3);
  for (let block = 1; block <= blocks; block++) {
    for (let k = 1; k <= CONVOLUTIONS; k++) {
      addLayer(shapes, layerName(block, k), features, features);
    }
  }
  addLayer(shapes, "conv_2", features, features);
  addLayer(shapes, "upsampler.0", 3 * scale ** 2, features);
  return shapes;
}

function readOperations(
  checkpoint: Checkpoint,
  blocks: number,
  scale: 1 | 2 | 3 | 4,
): Operation[] {
  const operations: Operation[] = [
    { kind: "input", output: "picture", factor: 1 },
    convolution(checkpoint, "conv_1", ["picture"]),
  ];
  let before = "conv_1";
  for (let block = 1; block <= blocks; block++) {
    const end: ConvOptions = { gate: { kind: "attention", tensor: before } };
    let input = before;
    for (let k = 1; k <= CONVOLUTIONS; k++) {
      const layer = layerName(block, k);
      const options = k === CONVOLUTIONS ? end : { activation: LEAKY };
      operations.push(convolution(checkpoint, layer, [input], options));
      input = layer;
    }
    before = input;
  }
  const residuals = [{ tensor: "conv_1", scale: 1 }];
  operations.push(
    convolution(checkpoint, "conv_2", [before], { residuals }),
    convolution(checkpoint, "upsampler.0", ["conv_2"]),
    { kind: "output", input: "upsampler.0", factor: scale, base: false },
  );
  return operations;
}

/** Blocks and their convolutions are numbered from 1. */
function layerName(block: number, k: number): string {
  return `block_${block}.rep${k}.rep_conv`;
}
