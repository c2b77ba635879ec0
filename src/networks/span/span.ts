/**
 * SPAN, the swift parameter-free attention network (Wan et al., CVPR Workshops 2024).
 *
 *   x = (rgb - mean) * 255, unless the checkpoint has the tensor `no_norm`
 *   f = conv_1(x)
 *   block: o1 = conv(x), o2 = conv(silu(o1)), o3 = conv(silu(o2)), result (o3 + x) * (sigmoid(o3) - 1/2)
 *   b1 ... b6 = six blocks one after another
 *   y = pixel_shuffle(upsampler(conv_cat(f, conv_2(b6), b1, silu(o1 of block 6))))
 *
 * That the last of the four is activated is not in the paper: its SiLU works in place, and the published
 * weights were trained with it.
 */

import { ModelError } from "../../errors.ts";
import type { Architecture } from "../architecture.ts";
import type { Checkpoint, Shapes } from "../checkpoint.ts";
import { addLayer, convolution, convolve, type Layer, readLayer } from "../convolution.ts";
import type { Network, Operation } from "../network.ts";
import { endOf, layersOf, readBlock } from "./block.ts";
import { addConv3xc, conv3xcShape, readConv3xc } from "./conv3xc.ts";

/** SPAN, as it was trained or collapsed. */
export const span: Architecture = {
  name: "SPAN",
  knownAs: [],
  match(names) {
    const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
    const isSpan = has(/^block_6\.c1_r\.(eval_conv|sk)\.weight$/) && has(/^conv_1\./);
    return isSpan ? { read: readSpan } : undefined;
  },
};

/** Mean colour of the architecture's training pictures, in 0..1. */
const MEAN: [number, number, number] = [0.4488, 0.4371, 0.4040];

/** What 1 becomes where the input is normalised. */
const RANGE = 255;

/** A tensor that says that the input is taken as it is. */
const NO_NORM = "no_norm";

const BLOCKS = [1, 2, 3, 4, 5, 6];

function readSpan(checkpoint: Checkpoint): Network {
  const { outChannels: features, inChannels } = conv3xcShape(checkpoint, "conv_1");
  if (inChannels !== 3) {
    throw new ModelError(`SPAN takes 3 channels (RGB), the checkpoint's conv_1 ${inChannels}`);
  }
  const scale = checkpoint.shuffleFactor("upsampler.0");
  const description = `SPAN (${features} features, ${BLOCKS.length} blocks, scale ${scale})`;
  checkpoint.expect(shapesOf(checkpoint, features, scale), description);
  return {
    architecture: span.name,
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
  if (checkpoint.shape(NO_NORM) !== undefined) shapes.set(NO_NORM, [1]);
  addConv3xc(checkpoint, shapes, "conv_1", features, 3);
  for (const block of BLOCKS) {
    for (const layer of layersOf(block)) addConv3xc(checkpoint, shapes, layer, features, features);
  }
  addConv3xc(checkpoint, shapes, "conv_2", features, features);
  addLayer(shapes, "conv_cat", features, 4 * features, { kernel: 1 });
  addLayer(shapes, "upsampler.0", 3 * scale ** 2, features);
  return shapes;
}

function readOperations(checkpoint: Checkpoint, scale: 1 | 2 | 3 | 4): Operation[] {
  const normalised = checkpoint.shape(NO_NORM) === undefined;
  const read = (layer: string) => readConv3xc(checkpoint, layer);
  const first = read("conv_1");
  const operations: Operation[] = [
    { kind: "input", output: "picture", factor: 1, ...normalised ? { mean: MEAN } : {} },
    convolve(normalised ? times(first, RANGE) : first, ["picture"], "conv_1"),
  ];
  let before = "conv_1";
  for (const block of BLOCKS) {
    operations.push(...readBlock(checkpoint, block, before, true));
    before = endOf(block);
  }
  const [insideLast] = layersOf(6);
  const parts = ["conv_1", "conv_2", endOf(1), insideLast];
  operations.push(
    convolve(read("conv_2"), [before], "conv_2"),
    convolve(readLayer(checkpoint, "conv_cat", 1), parts, "conv_cat"),
    convolution(checkpoint, "upsampler.0", ["conv_cat"]),
    { kind: "output", input: "upsampler.0", factor: scale, base: false },
  );
  return operations;
}

/** The same convolution of an input that is so much larger. */
function times(layer: Layer, factor: number): Layer {
  return { ...layer, weight: layer.weight.map((value) => factor * value) };
}
