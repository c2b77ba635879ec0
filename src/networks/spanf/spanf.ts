/**
 * SPANF, a SPAN without normalisation and with a near-skip, of the NTIRE 2025 challenge on efficient
 * super-resolution.
 *
 *   n = conv_near(rgb), which gives each output pixel's three colours a start from its input pixel
 *   block 1: conv(silu(conv(silu(conv(rgb))))); blocks 2 to 5 as in SPAN
 *   y = pixel_shuffle(conv_2(conv_cat(n, b5, b1)))
 */

import type { Architecture } from "../architecture.ts";
import type { Checkpoint, Shapes } from "../checkpoint.ts";
import { addLayer, convolve, readLayer } from "../convolution.ts";
import { readDepthwise } from "../depthwise.ts";
import type { Network, Operation } from "../network.ts";
import { endOf, layersOf, readBlock } from "../span/block.ts";
import { addConv3xc, conv3xcShape, readConv3xc } from "../span/conv3xc.ts";

/** SPANF, as it was trained or collapsed. */
export const spanf: Architecture = {
  name: "SPANF",
  knownAs: [],
  match(names) {
    const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
    const isSpanf = has(/^conv_near\.weight$/) && has(/^block_5\.c1_r\./);
    return isSpanf ? { read: readSpanf } : undefined;
  },
};

const BLOCKS = [1, 2, 3, 4, 5];

function readSpanf(checkpoint: Checkpoint): Network {
  const { outChannels: features } = conv3xcShape(checkpoint, "block_1.c1_r");
  const { outChannels } = conv3xcShape(checkpoint, "conv_2");
  const scale = checkpoint.factorOf(outChannels, "conv_2");
  const description = `SPANF (${features} features, ${BLOCKS.length} blocks, scale ${scale})`;
  checkpoint.expect(shapesOf(checkpoint, features, scale), description);
  return {
    architecture: spanf.name,
    description,
    tiling: { halo: "exact" },
    scale,
    features,
    depth: BLOCKS.length,
    operations: readOperations(checkpoint, scale),
  };
}

function shapesOf(checkpoint: Checkpoint, features: number, scale: number): Shapes {
  const shapes: Shapes = new Map();
  const near = 3 * scale ** 2;
  addLayer(shapes, "conv_near", near, 1, { bias: false });
  for (const block of BLOCKS) {
    const [first, ...others] = layersOf(block);
    addConv3xc(checkpoint, shapes, first, features, block === 1 ? 3 : features);
    for (const layer of others) addConv3xc(checkpoint, shapes, layer, features, features);
  }
  addLayer(shapes, "conv_cat", features, near + 2 * features, { kernel: 1 });
  addConv3xc(checkpoint, shapes, "conv_2", near, features);
  return shapes;
}

function readOperations(checkpoint: Checkpoint, scale: 1 | 2 | 3 | 4): Operation[] {
  const operations: Operation[] = [
    { kind: "input", output: "picture", factor: 1 },
    convolve(readDepthwise(checkpoint, "conv_near", 3), ["picture"], "conv_near"),
  ];
  let before = "picture";
  for (const block of BLOCKS) {
    operations.push(...readBlock(checkpoint, block, before, block > 1));
    before = endOf(block);
  }
  const parts = ["conv_near", before, endOf(1)];
  operations.push(
    convolve(readLayer(checkpoint, "conv_cat", 1), parts, "conv_cat"),
    convolve(readConv3xc(checkpoint, "conv_2"), ["conv_cat"], "conv_2"),
    { kind: "output", input: "conv_2", factor: scale, base: false },
  );
  return operations;
}
